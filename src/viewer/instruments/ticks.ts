/** Axes with tick labels along the edges of the box around the volumes, where those stand free on the screen. */

import { boxCorners } from '../../annotation/box.js';
import { cameraBasis } from '../../renderer/camera.js';
import { sliceAxes, worldToSlice } from '../../renderer/slice_view.js';
import type { Pixel, SliceView, View, VolumeView } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import { formatNumber } from '../format.js';
import type { OverlayScene } from '../overlay.js';
import { AXIS_COLORS, FONT, type GuideStyle, inkText, line } from '../overlay_guides.js';
import { projector } from '../view_geometry.js';
import type { Bounds } from '../view_state.js';
import { coordsOf } from './clip.js';
import type { Instrument, InstrumentHost } from './instrument.js';

/** Pixels between ticks, at least. */
const APART = 46;
const TICK = 5;
/** Pixels of a slice's corners that its title and its scale bar take. */
const TITLE = 22;
const SCALE_BAR = 126;
const BAR_HEIGHT = 30;
/** Height of a line of text. */
const LINE = 12;
type Axis = 0 | 1 | 2;

/** Round numbers from `low` to `high`, so many that they stand `APART` pixels apart on a line of `pixels`. */
export function tickValues(low: number, high: number, pixels: number): number[] {
  if (!(high > low) || !(pixels >= APART)) return [];
  const least = ((high - low) * APART) / pixels;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The box's edge along an axis that stands at the border of its picture: the lower one on the screen. Undefined from inside. */
export function freeEdge(view: VolumeView, bounds: Bounds, axis: Axis): readonly [Vec3, Vec3] | undefined {
  const { eye } = cameraBasis(view.camera);
  const at = projector(view);
  const seen = ([0, 1, 2] as const).map((i) => (eye[i] < bounds.min[i] ? 0 : eye[i] > bounds.max[i] ? 1 : -1));
  const corners = boxCorners(coordsOf(bounds));
  const [u, v] = ([0, 1, 2] as const).filter((i) => i !== axis) as [Axis, Axis];
  let best: readonly [Vec3, Vec3] | undefined;
  let lowest = Number.NEGATIVE_INFINITY;
  for (const [su, sv] of [[0, 0], [1, 0], [1, 1], [0, 1]] as const) {
    // An edge is on the border where one of its two faces is seen and the other is not.
    if ((seen[u] === su) === (seen[v] === sv)) continue;
    const low = (su << u) | (sv << v);
    const edge = [corners[low], corners[low | (1 << axis)]] as unknown as readonly [Vec3, Vec3];
    const [a, b] = edge.map(at);
    if (!a || !b) continue;
    // Upright ones stand best on the left, all others below.
    const height = axis === 2 ? -(a[0] + b[0]) : a[1] + b[1];
    if (height <= lowest) continue;
    lowest = height;
    best = edge;
  }
  return best;
}

export class TickedAxes implements Instrument {
  constructor(readonly host: InstrumentHost) {}

  draw(context: CanvasRenderingContext2D, view: View, scene: OverlayScene): void {
    const bounds = this.host.bounds();
    if (!scene.state.shows.ticks || !bounds) return;
    if (view.kind === 'slice') drawRulers(context, view, scene);
    else for (const axis of [0, 1, 2] as const) drawAxis(context, view, bounds, axis, scene);
  }
}

function drawAxis(context: CanvasRenderingContext2D, view: VolumeView, bounds: Bounds, axis: Axis, { style, unit }: OverlayScene): void {
  const edge = freeEdge(view, bounds, axis);
  const at = projector(view);
  const [a, b] = edge?.map(at) ?? [];
  const middle = at([0, 1, 2].map((i) => ((bounds.min[i] as number) + (bounds.max[i] as number)) / 2) as unknown as Vec3);
  if (!edge || !a || !b || !middle) return;
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const ink = { ...style, ink: AXIS_COLORS[axis] };
  stroke(context, a, b, ink.ink, style.halo);
  // Ticks point away from the box.
  let [nx, ny] = [-(b[1] - a[1]) / Math.max(length, 1e-6), (b[0] - a[0]) / Math.max(length, 1e-6)];
  if (nx * ((a[0] + b[0]) / 2 - middle[0]) + ny * ((a[1] + b[1]) / 2 - middle[1]) < 0) [nx, ny] = [-nx, -ny];
  context.textAlign = nx > 0.5 ? 'left' : nx < -0.5 ? 'right' : 'center';
  context.textBaseline = ny > 0.5 ? 'top' : ny < -0.5 ? 'bottom' : 'middle';
  for (const value of tickValues(bounds.min[axis], bounds.max[axis], length)) {
    const world: [number, number, number] = [...edge[0]];
    world[axis] = value;
    const px = at(world);
    if (!px) continue;
    stroke(context, px, [px[0] + nx * TICK, px[1] + ny * TICK], ink.ink, style.halo);
    inkWithin(context, view, formatNumber(value), [px[0] + nx * (TICK + 3), px[1] + ny * (TICK + 3)], style);
  }
  const title = `${'xyz'[axis]}${unit ? ` (${unit})` : ''}`;
  inkWithin(context, view, title, [(a[0] + b[0]) / 2 + nx * 30, (a[1] + b[1]) / 2 + ny * 26], ink);
}

/** Where a text stands with the context's alignment: left, top, right, bottom. */
function boxOf(context: CanvasRenderingContext2D, text: string, [x, y]: Pixel): readonly [number, number, number, number] {
  context.font = FONT;
  const { width } = context.measureText(text);
  const left = x - { left: 0, right: width, center: width / 2 }[context.textAlign as 'left' | 'right' | 'center'];
  const top = y - { top: 0, bottom: LINE, middle: LINE / 2 }[context.textBaseline as 'top' | 'bottom' | 'middle'];
  return [left, top, left + width, top + LINE];
}

/** Text that is not drawn where it would be cut off, and read as something else, or where the scale bar, the cube and the title are. */
function inkWithin(context: CanvasRenderingContext2D, { rect }: VolumeView, text: string, place: Pixel, style: GuideStyle): void {
  const [left, top, right, bottom] = boxOf(context, text, place);
  const [x1, y1] = [rect.x + rect.width, rect.y + rect.height];
  if (left < rect.x || right > x1 || top < rect.y || bottom > y1) return;
  const taken = [
    [x1 - SCALE_BAR, y1 - BAR_HEIGHT, x1, y1],
    [rect.x, rect.y, rect.x + BAR_HEIGHT, rect.y + TITLE],
  ] as const;
  if (taken.some(([a, b, c, d]) => left < c && right > a && top < d && bottom > b)) return;
  inkText(context, text, place, style);
}

/** Ticks along the lower and the left border of a slice. */
function drawRulers(context: CanvasRenderingContext2D, view: SliceView, { style }: OverlayScene): void {
  if (view.turn) return; // no axis of the world runs along its borders
  const { rect, center, pixelSize } = view;
  const { u, v } = sliceAxes(view.axis);
  const reach = (middle: number, pixels: number) => [middle - (pixels * pixelSize) / 2, middle + (pixels * pixelSize) / 2] as const;
  const place = (along: Axis, value: number): Pixel => {
    const world: [number, number, number] = [0, 0, 0];
    world[u] = center[0];
    world[v] = center[1];
    world[along] = value;
    return worldToSlice(view, world);
  };
  context.textAlign = 'center';
  context.textBaseline = 'bottom';
  for (const value of tickValues(...reach(center[0], rect.width), rect.width)) {
    const [x] = place(u, value);
    if (x > rect.x + rect.width - SCALE_BAR || x < rect.x + TITLE) continue;
    const y = rect.y + rect.height;
    stroke(context, [x, y], [x, y - TICK], AXIS_COLORS[u], style.halo);
    inkText(context, formatNumber(value), [x, y - TICK - 1], style);
  }
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  for (const value of tickValues(...reach(center[1], rect.height), rect.height)) {
    const [, y] = place(v, value);
    if (y < rect.y + TITLE || y > rect.y + rect.height - TITLE) continue;
    stroke(context, [rect.x, y], [rect.x + TICK, y], AXIS_COLORS[v], style.halo);
    inkText(context, formatNumber(value), [rect.x + TICK + 2, y], style);
  }
}

function stroke(context: CanvasRenderingContext2D, from: Pixel, to: Pixel, color: string, halo: string): void {
  for (const [ink, width] of [[halo, 3], [color, 1.3]] as const) {
    context.strokeStyle = ink;
    context.lineWidth = width;
    line(context, from, to);
  }
}
