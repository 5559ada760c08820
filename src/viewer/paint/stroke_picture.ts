/** What is being painted, drawn over the picture until the picture has it. */

import { sliceDistance } from '../../renderer/slice_view.js';
import type { Pixel, View } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import { projector, worldPerPixel } from '../view_geometry.js';
import type { Stroke } from './stroke.js';

/** A stroke as a view sees it: a disc in the slice it was drawn in, a ball cut by every slice near it; a lasso or box filled in its slice. */
export function drawStroke(context: CanvasRenderingContext2D, view: View, { view: own, points, radius, deep, color, area, scales }: Stroke): void {
  if (view.id !== own && !deep) return;
  if (area) {
    drawArea(context, view, area, points, color);
    return;
  }
  const at = projector(view);
  const away = view.kind === 'slice' && view.id !== own ? Math.max(...points.map((point) => Math.abs(sliceDistance(view, point)))) : 0;
  const cut = Math.sqrt(Math.max(radius * radius - away * away, 0)) / worldPerPixel(view);
  const pixels = points.map((point) => at(point)).filter((px): px is Pixel => px !== undefined);
  const [first, ...others] = pixels;
  if (!first || cut === 0) return;
  context.save();
  context.globalAlpha = 0.5;
  context.strokeStyle = context.fillStyle = color;
  context.lineCap = context.lineJoin = 'round';
  if (scales && pixels.length === points.length) drawPressed(context, pixels, scales, cut);
  else {
    context.beginPath();
    if (others.length > 0) {
      context.lineWidth = Math.max(2 * cut, 1);
      context.moveTo(...first);
      for (const px of others) context.lineTo(...px);
      context.stroke();
    } else {
      // A line of no length is not drawn, round ends or not.
      context.arc(...first, Math.max(cut, 0.5), 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.restore();
}

/** A line as wide as the pen was pressed: one path of discs and what joins them, so that where they meet it is no darker. */
function drawPressed(context: CanvasRenderingContext2D, pixels: readonly Pixel[], scales: readonly number[], radius: number): void {
  context.beginPath();
  for (const [i, [x, y]] of pixels.entries()) {
    const [bx, by] = pixels[i - 1] ?? [x, y];
    const r = Math.max((radius * ((scales[i] ?? 1) + (scales[i - 1] ?? scales[i] ?? 1))) / 2, 0.5);
    const length = Math.hypot(x - bx, y - by) || 1;
    const [nx, ny] = [((by - y) / length) * r, ((x - bx) / length) * r];
    context.moveTo(bx + nx, by + ny);
    context.lineTo(x + nx, y + ny);
    context.lineTo(x - nx, y - ny);
    context.lineTo(bx - nx, by - ny);
    context.closePath();
    for (const [cx, cy] of [[bx, by], [x, y]] as const) {
      context.moveTo(cx + r, cy);
      // The same way round as the rectangles: what is covered twice is still inside.
      context.arc(cx, cy, r, 0, 2 * Math.PI, true);
    }
  }
  context.fill();
}

function drawArea(context: CanvasRenderingContext2D, view: View, area: 'lasso' | 'box', points: readonly Vec3[], color: string): void {
  const at = projector(view);
  const pixels = points.map((point) => at(point)).filter((px): px is Pixel => px !== undefined);
  const [first, last] = [pixels[0], pixels.at(-1)];
  if (!first || !last) return;
  context.save();
  context.beginPath();
  if (area === 'box') context.rect(Math.min(first[0], last[0]), Math.min(first[1], last[1]), Math.abs(last[0] - first[0]), Math.abs(last[1] - first[1]));
  else for (const px of pixels) context.lineTo(...px);
  context.closePath();
  context.globalAlpha = 0.35;
  context.fillStyle = color;
  context.fill('evenodd');
  context.globalAlpha = 1;
  for (const [stroke, width] of [['#000000', 3], [color, 1.5]] as const) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.stroke();
  }
  context.restore();
}
