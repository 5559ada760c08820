/** The slices in the 3D view: their outlines, moved along their normals by a square and turned by a round handle. */

import { pixelDistance } from '../../annotation/pixels.js';
import { nearestOnLine } from '../../annotation/ray.js';
import type { Pixel, View, VolumeView } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import type { OverlayScene } from '../overlay.js';
import { AXIS_COLORS, line } from '../overlay_guides.js';
import type { Drag } from '../pointer.js';
import { clampTo } from '../slice_controls.js';
import { projector, rayOf } from '../view_geometry.js';
import { dot, planeOutline, plus } from './clip.js';
import { type Instrument, type InstrumentHost, REACH, steering } from './instrument.js';
import { combined, slicePlanes, type SlicePlaneHandles, turnAbout } from './slice_planes.js';

export class SliceTool implements Instrument {
  constructor(readonly host: InstrumentHost) {}

  draw(context: CanvasRenderingContext2D, view: View, { style, state }: OverlayScene): void {
    const bounds = this.host.bounds();
    if (view.kind !== 'volume' || !bounds) return;
    const at = projector(view);
    for (const { id, plane, axis, move, turn } of slicePlanes(state, bounds)) {
      const look = state.planes[id];
      if (look === 'none' || (look === 'textured' && !state.shows.slices)) continue;
      const corners = planeOutline(plane, bounds).map(at);
      for (const [i, from] of corners.entries()) {
        const to = corners[(i + 1) % corners.length];
        if (!from || !to) continue;
        for (const [color, width] of [[style.halo, 3], [AXIS_COLORS[axis], 1.4]] as const) {
          context.strokeStyle = color;
          context.lineWidth = width;
          line(context, from, to);
        }
      }
      if (!state.shows.slices) continue;
      for (const [place, round] of [[at(move), false], [at(turn), true]] as const) {
        if (!place) continue;
        context.beginPath();
        if (round) context.arc(place[0], place[1], 5, 0, 2 * Math.PI);
        else context.rect(place[0] - 4, place[1] - 4, 8, 8);
        context.fillStyle = '#ffffff';
        context.strokeStyle = AXIS_COLORS[axis];
        context.lineWidth = 1.8;
        context.fill();
        context.stroke();
      }
    }
  }

  hover(view: View, px: Pixel): string | undefined {
    return this.#grip(view, px) && 'move';
  }

  press(view: View, px: Pixel): Drag | undefined {
    const grip = this.#grip(view, px);
    const { store } = this.host;
    const { cross, turn } = store.state;
    const bounds = this.host.bounds();
    if (!grip || !bounds || view.kind !== 'volume') return undefined;
    const { handles, part } = grip;
    const handle = part === 'move' ? handles.move : handles.turn;
    const along = (to: Pixel): number | undefined => {
      const [a, b] = [this.#onNormal(view, handle, handles, px), this.#onNormal(view, handle, handles, to)];
      return a && b && dot(plus(b, a, -1), handles.plane.normal);
    };
    const move = (to: Pixel) => {
      const far = along(to);
      if (far === undefined) return;
      if (part === 'move') store.update({ cross: clampTo(bounds, plus(cross, handles.plane.normal, far)) });
      else {
        // The handle goes round the hinge: towards the side that it is dragged to.
        const arm = plus(handle, cross, -1);
        const side = Math.sign(dot(crossProduct(handles.hinge, arm), handles.plane.normal)) || 1;
        store.update({ turn: combined(turnAbout(handles.hinge, side * Math.atan2(far, Math.hypot(...arm))), turn) });
      }
    };
    return steering(this.host, move, () => store.update({ cross, turn }));
  }

  #onNormal(view: VolumeView, place: Vec3, { plane }: SlicePlaneHandles, px: Pixel): Vec3 | undefined {
    return nearestOnLine(rayOf(view, px), place, plane.normal);
  }

  #grip(view: View, px: Pixel): { handles: SlicePlaneHandles; part: 'move' | 'turn' } | undefined {
    const { state } = this.host.store;
    const bounds = this.host.bounds();
    if (view.kind !== 'volume' || !state.shows.slices || !bounds) return undefined;
    const at = projector(view);
    for (const handles of slicePlanes(state, bounds)) {
      if (state.planes[handles.id] === 'none') continue;
      for (const part of ['move', 'turn'] as const) {
        const place = at(handles[part]);
        if (place && pixelDistance(px, place) <= REACH) return { handles, part };
      }
    }
    return undefined;
  }
}

const crossProduct = (a: Vec3, b: Vec3): Vec3 => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
