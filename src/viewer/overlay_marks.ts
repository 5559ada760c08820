/** Annotations on the overlay, one by one. */

import type { PlacedGrip } from '../annotation/hit.js';
import { sliceAxes } from '../renderer/slice_view.js';
import type { Pixel, Rect, View } from '../renderer/views.js';
import { gripsOf } from './annotate/grips.js';
import { drawn, pointStrength, type Shape } from './marks.js';
import type { OverlayScene } from './overlay.js';
import { FONT, inkText } from './overlay_guides.js';

/** How a mark stands out. */
export interface MarkLook {
  readonly name: string;
  readonly selected?: boolean;
  readonly hovered?: boolean;
  /** Not there yet. */
  readonly dashed?: boolean;
  /** Index of the vertex that is chosen. */
  readonly vertex?: number | undefined;
}

/** Draws a shape in a view, where the view shows it. */
export function drawMark(
  context: CanvasRenderingContext2D,
  view: View,
  shape: Shape & { readonly color: string },
  look: MarkLook,
  { voxel, style }: OverlayScene,
): void {
  const depth = view.kind === 'slice' ? voxel[sliceAxes(view.axis).normal] : 0;
  const form = drawn(view, shape, depth);
  if (!form) return;
  if (form.fill) fillFaintly(context, form.fill, shape.color, look);
  context.setLineDash(look.dashed ? [5, 4] : []);
  // All lines of a kind in one stroke: a path of thousands of points costs no more than a few calls.
  for (const behind of [true, false]) {
    const lines = form.lines.filter((_, i) => (form.behind?.[i] ?? false) === behind);
    if (lines.length === 0) continue;
    context.globalAlpha = behind ? 0.35 : 1;
    traceLines(context, lines);
    outlined(context, shape.color, style.halo, look, () => context.stroke());
  }
  context.globalAlpha = shape.kind === 'point' ? 0.25 + 0.75 * pointStrength(view, shape.coords, depth) : 1;
  if (form.dot) drawDot(context, form.dot, shape.color, style.halo, look);
  context.setLineDash([]);
  if (look.selected) drawGrips(context, gripsOf(view, shape, depth), shape.color, look.vertex);
  const place = form.dot ?? topmost(form.lines.flat());
  if (look.name && place) {
    context.textAlign = 'left';
    context.textBaseline = form.dot ? 'middle' : 'bottom';
    inkText(context, look.name, form.dot ? [place[0] + 10, place[1]] : [place[0], place[1] - 3], style);
  }
  context.globalAlpha = 1;
}

/** More than grips, dots and lines reach beyond their places, in pixels. */
const BEYOND = 12;
/** Height of a name, in pixels. */
const NAME = 20;

/** Where a shape that a view shows is seen, with its name and all that it is taken hold of by; undefined where the view does not show it. */
export function markAround(context: CanvasRenderingContext2D, view: View, shape: Shape, look: MarkLook, { voxel }: OverlayScene): Rect | undefined {
  const depth = view.kind === 'slice' ? voxel[sliceAxes(view.axis).normal] : 0;
  const form = drawn(view, shape, depth);
  if (!form) return undefined;
  const grips = look.selected ? gripsOf(view, shape, depth).map(({ px }) => px) : [];
  const [low, high]: [[number, number], [number, number]] = [[Infinity, Infinity], [-Infinity, -Infinity]];
  for (const px of [...form.lines.flat(), ...(form.dot ? [form.dot] : []), ...grips]) {
    for (const axis of [0, 1] as const) {
      low[axis] = Math.min(low[axis], px[axis]);
      high[axis] = Math.max(high[axis], px[axis]);
    }
  }
  if (low[0] > high[0]) return undefined;
  context.font = FONT;
  // The name begins at the dot or at the topmost place, wherever that is.
  const name = look.name ? context.measureText(look.name).width + BEYOND : 0;
  return { x: low[0] - BEYOND, y: low[1] - BEYOND - NAME, width: high[0] - low[0] + 2 * BEYOND + name, height: high[1] - low[1] + 2 * BEYOND + 2 * NAME };
}

/** Lines as one path; those that go on where the last one ended are joined. */
function traceLines(context: CanvasRenderingContext2D, lines: readonly (readonly [Pixel, Pixel])[]): void {
  context.beginPath();
  let last: Pixel | undefined;
  for (const [from, to] of lines) {
    if (!last || last[0] !== from[0] || last[1] !== from[1]) context.moveTo(from[0], from[1]);
    context.lineTo(to[0], to[1]);
    last = to;
  }
}

function fillFaintly(context: CanvasRenderingContext2D, outline: readonly Pixel[], color: string, look: MarkLook): void {
  traceLines(context, outline.map((px, i) => [px, outline[(i + 1) % outline.length] as Pixel]));
  context.globalAlpha = look.selected || look.hovered ? 0.24 : 0.14;
  context.fillStyle = color;
  context.fill('evenodd');
  context.globalAlpha = 1;
}

function outlined(context: CanvasRenderingContext2D, color: string, halo: string, look: MarkLook, stroke: () => void): void {
  const width = look.selected || look.hovered ? 2.2 : 1.5;
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.strokeStyle = halo;
  context.lineWidth = width + 1.6;
  stroke();
  context.strokeStyle = color;
  context.lineWidth = width;
  stroke();
  context.lineCap = 'butt';
}

/** A ring with a dot: it shows what it marks. */
function drawDot(context: CanvasRenderingContext2D, [x, y]: Pixel, color: string, halo: string, look: MarkLook): void {
  const radius = look.selected || look.hovered ? 6.5 : 5;
  const ring = () => {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
  };
  outlined(context, color, halo, look, ring);
  context.fillStyle = color;
  context.beginPath();
  context.arc(x, y, 1.8, 0, 2 * Math.PI);
  context.fill();
}

/** Squares where a shape is reshaped, small ones where a vertex comes in, a disc where it is turned. */
function drawGrips(context: CanvasRenderingContext2D, grips: readonly PlacedGrip[], color: string, chosen: number | undefined): void {
  context.lineWidth = 1.5;
  context.strokeStyle = color;
  for (const { grip, px } of grips) {
    const half = grip.part === 'edge' ? 2.2 : 3.5;
    context.fillStyle = grip.part === 'vertex' && grip.index === chosen ? color : '#ffffff';
    context.beginPath();
    if (grip.part === 'turn') context.arc(px[0], px[1], 4.5, 0, 2 * Math.PI);
    else context.rect(px[0] - half, px[1] - half, 2 * half, 2 * half);
    context.fill();
    context.stroke();
  }
}

function topmost(pixels: readonly Pixel[]): Pixel | undefined {
  return pixels.reduce<Pixel | undefined>((best, px) => (!best || px[1] < best[1] ? px : best), undefined);
}
