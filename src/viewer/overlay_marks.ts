/** Points and boxes on the overlay. */

import { handlePosition } from '../annotation/box.js';
import type { BoxCoords, PointCoords } from '../annotation/model.js';
import { sliceAxes } from '../renderer/slice_view.js';
import type { Pixel, View } from '../renderer/views.js';
import { drawn, handlesIn, pointStrength, type Shape } from './marks.js';
import type { OverlayScene } from './overlay.js';
import { inkText, line } from './overlay_guides.js';
import { projector } from './view_geometry.js';

/** How a mark stands out. */
export interface MarkLook {
  readonly name: string;
  readonly selected?: boolean;
  readonly hovered?: boolean;
  /** Not there yet. */
  readonly dashed?: boolean;
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
  context.setLineDash(look.dashed ? [5, 4] : []);
  form.lines.forEach(([from, to], i) => {
    context.globalAlpha = form.behind?.[i] ? 0.35 : 1;
    outlined(context, shape.color, style.halo, look, () => line(context, from, to));
  });
  context.globalAlpha = shape.kind === 'point' ? 0.25 + 0.75 * pointStrength(view, shape.coords as PointCoords, depth) : 1;
  if (form.dot) drawDot(context, form.dot, shape.color, style.halo, look);
  context.setLineDash([]);
  if (look.selected && shape.kind === 'box') drawHandles(context, view, shape.coords as BoxCoords, shape.color);
  const place = form.dot ?? topmost(form.lines.flat());
  if (look.name && place) {
    context.textAlign = 'left';
    context.textBaseline = form.dot ? 'middle' : 'bottom';
    inkText(context, look.name, form.dot ? [place[0] + 10, place[1]] : [place[0], place[1] - 3], style);
  }
  context.globalAlpha = 1;
}

function outlined(context: CanvasRenderingContext2D, color: string, halo: string, look: MarkLook, stroke: () => void): void {
  const width = look.selected || look.hovered ? 2.2 : 1.5;
  context.lineCap = 'round';
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

function drawHandles(context: CanvasRenderingContext2D, view: View, box: BoxCoords, color: string): void {
  const at = projector(view);
  context.lineWidth = 1.5;
  context.strokeStyle = color;
  context.fillStyle = '#ffffff';
  for (const sides of handlesIn(view)) {
    const px = at(handlePosition(box, sides));
    if (!px) continue;
    context.beginPath();
    context.rect(px[0] - 3.5, px[1] - 3.5, 7, 7);
    context.fill();
    context.stroke();
  }
}

function topmost(pixels: readonly Pixel[]): Pixel | undefined {
  return pixels.reduce<Pixel | undefined>((best, px) => (!best || px[1] < best[1] ? px : best), undefined);
}
