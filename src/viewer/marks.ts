/** What a view shows of an annotation, and which handles it offers. Pure. */

import { BOX_EDGES, edgesBehind, FACE_HANDLES, type Sides, sliceCuts, sliceHandles } from '../annotation/box.js';
import { type Drawn, projectEdges } from '../annotation/hit.js';
import type { BoxCoords, Form } from '../annotation/model.js';
import type { Px } from '../annotation/pixels.js';
import { cameraBasis } from '../renderer/camera.js';
import { sliceAxes, sliceDistance, worldToSlice } from '../renderer/slice_view.js';
import type { SliceView, View } from '../renderer/views.js';
import { projector } from './view_geometry.js';

/** What has a place: an annotation, or one being drawn. */
export type Shape = Form;

/** How near to a slice, in pixels of its scale, a point shows in it. */
const POINT_REACH = 5;

/** How strongly a slice shows a point: 1 in the slice, less beside it, 0 beyond reach. */
export function pointStrength(view: View, coords: readonly [number, number, number], voxel: number): number {
  if (view.kind === 'volume') return 1;
  const away = Math.abs(sliceDistance(view, coords));
  const reach = Math.max(voxel, POINT_REACH * view.pixelSize);
  return away <= voxel / 2 ? 1 : Math.max(0, 1 - away / reach);
}

/** Lines and dots of a shape in a view; undefined where the view does not show it. */
export function drawn(view: View, shape: Shape, voxel: number): Drawn | undefined {
  if (shape.kind === 'point') {
    const coords = shape.coords as readonly [number, number, number];
    const dot = pointStrength(view, coords, voxel) > 0 ? projector(view)(coords) : undefined;
    return dot && { dot, lines: [] };
  }
  if (shape.kind !== 'box') return undefined;
  const box = shape.coords;
  if (view.kind === 'volume') {
    const lines = projectEdges(box, projector(view));
    return lines.length === BOX_EDGES.length ? { lines, behind: edgesBehind(cameraBasis(view.camera).forward) } : { lines };
  }
  const corners = boxSection(view, box);
  return corners && { lines: corners.map((corner, i) => [corner, corners[(i + 1) % 4] as Px] as const) };
}

/** The corners of a box's rectangle in a slice, in order; undefined where the slice does not cut it, or not in a rectangle. */
export function boxSection(view: SliceView, box: BoxCoords): Px[] | undefined {
  const { u, v, normal } = sliceAxes(view.axis);
  if (view.turn || !sliceCuts(box, normal, view.position)) return undefined;
  const corner = (uSide: 0 | 3, vSide: 0 | 3): Px => {
    const world: [number, number, number] = [box[0], box[1], box[2]];
    world[u] = box[(u + uSide) as 0];
    world[v] = box[(v + vSide) as 0];
    return worldToSlice(view, world);
  };
  return [corner(0, 0), corner(3, 0), corner(3, 3), corner(0, 3)];
}

/** The handles of a box in a view. */
export function handlesIn(view: View): readonly Sides[] {
  return view.kind === 'volume' ? FACE_HANDLES : sliceHandles(sliceAxes(view.axis).normal);
}
