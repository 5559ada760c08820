/** What a view shows of an annotation, and which handles it offers. Pure. */

import { BOX_EDGES, boxCorners, edgesBehind, FACE_HANDLES, type Sides, sliceCuts, sliceHandles } from '../annotation/box.js';
import { edgeCount, vertexCount, vertexOf } from '../annotation/forms.js';
import { type Drawn, projectEdges } from '../annotation/hit.js';
import { isPath, type PathForm } from '../annotation/kinds.js';
import type { BoxCoords, Form, TurnedCoords } from '../annotation/model.js';
import type { Px } from '../annotation/pixels.js';
import { axesOf, boxCut, ellipsoidCut, ellipsoidOutline, partsOf, turnedCorners } from '../annotation/turned.js';
import { dot, minus, rotateBack } from '../annotation/vectors.js';
import { cameraBasis } from '../renderer/camera.js';
import { sliceAxes, sliceDistance, sliceFrame, worldToSlice } from '../renderer/slice_view.js';
import type { SliceView, View, VolumeView } from '../renderer/views.js';
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
    const dot = pointStrength(view, shape.coords, voxel) > 0 ? projector(view)(shape.coords) : undefined;
    return dot && { dot, lines: [] };
  }
  if (isPath(shape)) return drawnPath(view, shape, voxel);
  if (shape.kind === 'ellipsoid') return view.kind === 'slice' ? cutEllipsoid(view, shape.coords) : outlinedEllipsoid(view, shape.coords);
  if (view.kind === 'volume') return drawnEdges(view, shape);
  const section = shape.kind === 'box' ? boxSection(view, shape.coords) : undefined;
  if (section) return { lines: ring(section) };
  if (shape.kind === 'box' && !view.turn) return undefined;
  const { middle, normal } = sliceFrame(view);
  const cut = boxCut(shape.kind === 'box' ? boxCorners(shape.coords) : turnedCorners(shape.coords), middle, normal);
  return cut && { lines: ring(cut.map((corner) => worldToSlice(view, corner))) };
}

/** The lines of a closed outline. */
const ring = (outline: readonly Px[]): [Px, Px][] => outline.map((px, i) => [px, outline[(i + 1) % outline.length] as Px]);

function drawnEdges(view: VolumeView, shape: Extract<Shape, { kind: 'box' | 'oriented_box' }>): Drawn {
  const { forward } = cameraBasis(view.camera);
  const corners = shape.kind === 'box' ? boxCorners(shape.coords) : turnedCorners(shape.coords);
  const lines = projectEdges(corners, projector(view));
  if (lines.length < BOX_EDGES.length) return { lines };
  return { lines, behind: edgesBehind(shape.kind === 'box' ? forward : rotateBack(partsOf(shape.coords).turn, forward)) };
}

function cutEllipsoid(view: SliceView, coords: TurnedCoords): Drawn | undefined {
  const { middle, normal } = sliceFrame(view);
  const cut = ellipsoidCut(coords, middle, normal);
  return cut && { lines: ring(cut.map((world) => worldToSlice(view, world))) };
}

/** The outline, and the three sections through the middle, fainter: without them a ball is a circle. */
function outlinedEllipsoid(view: VolumeView, coords: TurnedCoords): Drawn | undefined {
  const at = projector(view);
  const { eye } = cameraBasis(view.camera);
  const { centre, turn } = partsOf(coords);
  const rings = [ellipsoidOutline(coords, eye), ...axesOf(turn).map((axis) => ellipsoidCut(coords, centre, axis))];
  const [lines, behind]: [[Px, Px][], boolean[]] = [[], []];
  rings.forEach((points, i) => {
    const pixels = (points ?? []).map(at);
    if (pixels.some((px) => !px)) return;
    for (const pair of ring(pixels as Px[])) {
      lines.push(pair);
      behind.push(i > 0);
    }
  });
  return lines.length > 0 ? { lines, behind } : undefined;
}

/** A path: in 3D all of it, in a slice what of it lies as near as a point would have to. */
function drawnPath(view: View, shape: PathForm, voxel: number): Drawn | undefined {
  const { coords } = shape;
  const count = vertexCount(coords);
  const vertices = Array.from({ length: count }, (_, i) => vertexOf(coords, i));
  if (view.kind === 'volume') {
    const pixels = vertices.map(projector(view));
    const lines = Array.from({ length: edgeCount(shape) }, (_, i) => [pixels[i], pixels[(i + 1) % count]]).filter(([a, b]) => a && b) as [Px, Px][];
    if (lines.length === 0) return undefined;
    return { lines, ...(shape.kind === 'polygon' && lines.length === count && { fill: pixels as Px[] }) };
  }
  const { middle, normal } = sliceFrame(view);
  const reach = Math.max(voxel, POINT_REACH * view.pixelSize);
  const away = vertices.map((vertex) => dot(minus(vertex, middle), normal));
  const pixels = vertices.map((vertex) => worldToSlice(view, vertex));
  const lines: [Px, Px][] = [];
  for (let i = 0; i < edgeCount(shape); i += 1) {
    const j = (i + 1) % count;
    const part = withinReach(away[i] as number, away[j] as number, reach);
    if (part) lines.push([between(pixels[i] as Px, pixels[j] as Px, part[0]), between(pixels[i] as Px, pixels[j] as Px, part[1])]);
  }
  if (lines.length === 0) return undefined;
  return { lines, ...(shape.kind === 'polygon' && away.every((d) => Math.abs(d) <= reach) && { fill: pixels }) };
}

/** The part, from 0 to 1, of a line whose ends lie `a` and `b` beside a plane that is within `reach` of it. */
export function withinReach(a: number, b: number, reach: number): readonly [number, number] | undefined {
  if (a === b) return Math.abs(a) <= reach ? [0, 1] : undefined;
  const [t, u] = [(-reach - a) / (b - a), (reach - a) / (b - a)];
  const [from, to] = [Math.max(0, Math.min(t, u)), Math.min(1, Math.max(t, u))];
  return from <= to ? [from, to] : undefined;
}

const between = (a: Px, b: Px, t: number): Px => (t === 0 ? a : t === 1 ? b : [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]);

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
