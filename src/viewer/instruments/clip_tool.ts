/** The clipping box and planes over the picture: drawn, and their faces, corners, lines and tips dragged. */

import { boxCorners, edgesBehind, handlePosition, type Sides } from '../../annotation/box.js';
import { handleAt, projectEdges } from '../../annotation/hit.js';
import type { BoxCoords } from '../../annotation/model.js';
import { pixelDistance, segmentDistance } from '../../annotation/pixels.js';
import { nearestOnLine } from '../../annotation/ray.js';
import { cameraBasis } from '../../renderer/camera.js';
import { sliceAxes, sliceToWorld } from '../../renderer/slice_view.js';
import type { Clip, ClipPlane, Pixel, View } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import { dragHandle } from '../annotate/grips.js';
import { boxSection, handlesIn } from '../marks.js';
import type { OverlayScene } from '../overlay.js';
import { line } from '../overlay_guides.js';
import type { Drag } from '../pointer.js';
import { projector, rayOf } from '../view_geometry.js';
import type { Bounds } from '../view_state.js';
import {
  boxOf, clipOf, coordsOf, dot, keptWithin, planeCentre, planeInSlice, planeOutline, planeTip, plus, turnedPlane,
} from './clip.js';
import { type Instrument, type InstrumentHost, REACH, steering } from './instrument.js';

/** What of the clip is under the pointer. */
type Grip =
  | { readonly part: 'box'; readonly sides: Sides }
  | { readonly part: 'plane' | 'tip'; readonly at: number; readonly plane: ClipPlane };

export const CLIP_COLOR = '#f7b500';
/** Clipping keeps at least a voxel. */
const LEAST_VOXELS = 1;

export class ClipTool implements Instrument {
  constructor(readonly host: InstrumentHost) {}

  draw(context: CanvasRenderingContext2D, view: View, { style, state }: OverlayScene): void {
    const bounds = this.host.bounds();
    if (!state.shows.clip || !state.clip || !bounds) return;
    const stroke = (from: Pixel, to: Pixel, faint = false) => {
      for (const [color, width] of [[style.halo, 3], [CLIP_COLOR, 1.4]] as const) {
        context.globalAlpha = faint ? 0.35 : 1;
        context.strokeStyle = color;
        context.lineWidth = width;
        line(context, from, to);
      }
      context.globalAlpha = 1;
    };
    const at = projector(view);
    const { box, planes = [] } = state.clip;
    if (box) {
      const coords = coordsOf(box);
      if (view.kind === 'volume') {
        const behind = edgesBehind(cameraBasis(view.camera).forward);
        for (const [i, [a, b]] of projectEdges(boxCorners(coords), at).entries()) stroke(a, b, behind[i]);
      } else for (const [a, b] of rectangle(boxSection(view, coords))) stroke(a, b);
      if (view.kind === 'volume' || boxSection(view, coords)) for (const sides of handlesIn(view)) knob(context, at(handlePosition(coords, sides)));
    }
    for (const plane of planes) {
      if (view.kind === 'slice') {
        const cut = planeInSlice(plane, view, bounds);
        if (cut) stroke(...cut);
        continue;
      }
      const outline = planeOutline(plane, bounds).map(at);
      outline.forEach((from, i) => {
        const to = outline[(i + 1) % outline.length];
        if (from && to) stroke(from, to);
      });
      const [foot, tip] = [at(planeCentre(plane, bounds)), at(planeTip(plane, bounds))];
      if (foot && tip) stroke(foot, tip);
      knob(context, foot);
      knob(context, tip, true);
    }
  }

  hover(view: View, px: Pixel): string | undefined {
    return this.#grip(view, px) && 'move';
  }

  press(view: View, px: Pixel): Drag | undefined {
    const grip = this.#grip(view, px);
    const { store } = this.host;
    const before = store.state.clip;
    const bounds = this.host.bounds();
    if (!grip || !before || !bounds) return undefined;
    const move = (to: Pixel) => {
      const now = this.host.view(view.id) ?? view;
      const clip = grip.part === 'box' ? this.#boxMoved(now, before, grip.sides, px, to, bounds) : planeMoved(now, before, grip, px, to, bounds);
      if (clip) store.update({ clip });
    };
    return steering(this.host, move, () => store.update({ clip: before }));
  }

  #boxMoved(view: View, { box, planes }: Clip, sides: Sides, from: Pixel, to: Pixel, bounds: Bounds): Clip | undefined {
    const moved = box && dragHandle(view, coordsOf(box), sides, from, to);
    const least = ([0, 1, 2] as const).map((axis) => LEAST_VOXELS * this.host.voxel(axis)) as unknown as Vec3;
    return moved && clipOf(boxOf(keptWithin(moved, bounds, least)), planes);
  }

  #grip(view: View, px: Pixel): Grip | undefined {
    const { shows, clip } = this.host.store.state;
    const bounds = this.host.bounds();
    if (!shows.clip || !clip || !bounds) return undefined;
    const at = projector(view);
    const planes = clip.planes ?? [];
    for (const [i, plane] of planes.entries()) {
      if (view.kind === 'slice') {
        const cut = planeInSlice(plane, view, bounds);
        if (cut && segmentDistance(px, ...cut) <= REACH) return { part: 'plane', at: i, plane };
        continue;
      }
      const [tip, foot] = [at(planeTip(plane, bounds)), at(planeCentre(plane, bounds))];
      if (tip && pixelDistance(px, tip) <= REACH) return { part: 'tip', at: i, plane };
      if (foot && pixelDistance(px, foot) <= REACH) return { part: 'plane', at: i, plane };
    }
    const sides = clip.box && boxGrip(view, coordsOf(clip.box), px);
    return sides && { part: 'box', sides };
  }
}

/** The handle of a box under the pixel; in a slice its lines are handles too. */
function boxGrip(view: View, box: BoxCoords, px: Pixel): Sides | undefined {
  if (view.kind === 'volume') return handleAt(px, box, handlesIn(view), projector(view), REACH);
  const corners = boxSection(view, box);
  if (!corners) return undefined;
  const knobbed = handleAt(px, box, handlesIn(view), projector(view), REACH);
  if (knobbed) return knobbed;
  const { u, v } = sliceAxes(view.axis);
  // As the corners go round: low v, high u, high v, low u.
  const edges = [[v, -1], [u, 1], [v, 1], [u, -1]] as const;
  const near = rectangle(corners).findIndex(([a, b]) => segmentDistance(px, a, b) <= REACH);
  const edge = edges[near];
  return edge && ([0, 1, 2].map((axis) => (axis === edge[0] ? edge[1] : 0)) as unknown as Sides);
}

function planeMoved(
  view: View, { box, planes = [] }: Clip, grip: Extract<Grip, { at: number }>, from: Pixel, to: Pixel, bounds: Bounds,
): Clip | undefined {
  const moved = grip.part === 'tip' ? tilted(view, grip.plane, to, bounds) : shifted(view, grip.plane, from, to, bounds);
  return moved && clipOf(box, planes.map((plane, i) => (i === grip.at ? moved : plane)));
}

/** A plane moved along its normal by what the drag covered of it. */
function shifted(view: View, plane: ClipPlane, from: Pixel, to: Pixel, bounds: Bounds): ClipPlane | undefined {
  const foot = planeCentre(plane, bounds);
  const place = (px: Pixel) => (view.kind === 'slice' ? sliceToWorld(view, px) : nearestOnLine(rayOf(view, px), foot, plane.normal));
  const [a, b] = [place(from), place(to)];
  if (!a || !b) return undefined;
  return { ...plane, offset: plane.offset + dot(plane.normal, plus(b, a, -1)) };
}

function tilted(view: View, plane: ClipPlane, to: Pixel, bounds: Bounds): ClipPlane | undefined {
  if (view.kind === 'slice') return undefined;
  return turnedPlane(plane, bounds, rayOf(view, to), dot(plane.normal, cameraBasis(view.camera).forward) < 0);
}

function rectangle(corners: readonly Pixel[] | undefined): (readonly [Pixel, Pixel])[] {
  return corners?.map((corner, i) => [corner, corners[(i + 1) % corners.length] as Pixel] as const) ?? [];
}

/** A square, or a round one for what turns. */
function knob(context: CanvasRenderingContext2D, px: Pixel | undefined, round = false): void {
  if (!px) return;
  context.beginPath();
  if (round) context.arc(px[0], px[1], 5, 0, 2 * Math.PI);
  else context.rect(px[0] - 4, px[1] - 4, 8, 8);
  context.fillStyle = '#ffffff';
  context.strokeStyle = CLIP_COLOR;
  context.lineWidth = 1.6;
  context.fill();
  context.stroke();
}
