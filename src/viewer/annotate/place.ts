/** The world point that is meant by a pixel: in a slice there, in 3D on the surface; drawn to voxels and vertices where that is asked for. */

import { vertexCount, vertexOf } from '../../annotation/forms.js';
import { boxCorners } from '../../annotation/box.js';
import { type Form, isPath, type PointCoords } from '../../annotation/kinds.js';
import type { MarkIndex } from '../../annotation/mark_index.js';
import type { Annotation } from '../../annotation/model.js';
import { pixelDistance } from '../../annotation/pixels.js';
import { partsOf, turnedCorners } from '../../annotation/turned.js';
import { sliceFrame, sliceToWorld } from '../../renderer/slice_view.js';
import type { Pixel, View } from '../../renderer/views.js';
import type { ToolContext } from '../annotation_tools.js';
import { clampTo, snapped } from '../slice_controls.js';
import { projector, rayOf, worldPerPixel } from '../view_geometry.js';

/** Pixels from which a vertex draws what is placed to itself. */
const SNAP = 9;

/** Annotations that may be under a pixel; what they show there decides. */
export function nearPixel(index: MarkIndex, view: View, px: Pixel, reach: number): Annotation[] {
  if (view.kind === 'slice') return index.nearPlace(sliceToWorld(view, px), (reach + 5) * view.pixelSize);
  return index.nearRay(rayOf(view, px), (reach * worldPerPixel(view)) / view.camera.distance);
}

/** Annotations that a slice may show. */
export function nearSlice(index: MarkIndex, view: Extract<View, { kind: 'slice' }>, voxel: number): Annotation[] {
  const { middle, normal } = sliceFrame(view);
  return index.nearPlane(middle, normal, Math.max(voxel, 5 * view.pixelSize));
}

/** Places that others can be drawn to. */
export function anchorsOf(form: Form): PointCoords[] {
  if (form.kind === 'point') return [form.coords];
  if (isPath(form)) return Array.from({ length: vertexCount(form.coords) }, (_, i) => vertexOf(form.coords, i));
  if (form.kind === 'box') return boxCorners(form.coords);
  return form.kind === 'ellipsoid' ? [partsOf(form.coords).centre] : turnedCorners(form.coords);
}

export class Placer {
  constructor(
    readonly context: ToolContext,
    readonly index: MarkIndex,
  ) {}

  /**
   * The place under a pixel; undefined in 3D where nothing is hit.
   *
   * @param except an annotation that is not drawn to: the one being moved
   */
  at(view: View, px: Pixel, except?: string): PointCoords | undefined {
    const free = view.kind === 'slice' ? clampTo(this.context.bounds(), sliceToWorld(view, px)) : this.context.pick(view.id, px)?.world;
    return free && (this.snap(view, px, free, except) ?? free);
  }

  /** What a place is drawn to; undefined where nothing draws. */
  snap(view: View, px: Pixel, place: PointCoords, except?: string): PointCoords | undefined {
    const { snapVertices, snapVoxels } = this.context.store.state.drawing;
    const vertex = snapVertices ? this.#vertex(view, px, except) : undefined;
    const grid = snapVoxels ? this.context.grid() : undefined;
    // In a turned slice the centres of voxels lie beside it: a polygon there would be bent.
    return vertex ?? (grid && !(view.kind === 'slice' && view.turn) ? snapped(place, grid) : undefined);
  }

  #vertex(view: View, px: Pixel, except: string | undefined): PointCoords | undefined {
    const at = projector(view);
    let nearest: PointCoords | undefined;
    let least = SNAP;
    for (const annotation of nearPixel(this.index, view, px, SNAP)) {
      if (annotation.id === except) continue;
      for (const anchor of anchorsOf(annotation)) {
        const shown = at(anchor);
        const distance = shown ? pixelDistance(px, shown) : least;
        if (distance < least) [nearest, least] = [anchor, distance];
      }
    }
    return nearest;
  }
}
