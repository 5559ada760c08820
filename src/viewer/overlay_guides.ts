/** What helps to read a view: its name, the cross, the directions of the axes, the scale bar. */

import { cameraBasis, project } from '../renderer/camera.js';
import { sliceAxes, worldToSlice } from '../renderer/slice_view.js';
import type { Pixel, SliceView, View, VolumeView } from '../renderer/views.js';
import { formatNumber } from './format.js';
import { VIEW_TITLES, type ViewId } from './layout.js';
import type { OverlayScene } from './overlay.js';
import { scaleBar } from './scale_bar.js';
import { worldPerPixel } from './view_geometry.js';

/** Colours that go with the background. */
export interface GuideStyle {
  readonly ink: string;
  /** Around letters and lines, so that they are read on any picture. */
  readonly halo: string;
}

/** Colours of what is normal to x, y and z. */
export const AXIS_COLORS = ['#ff6b6b', '#51c46f', '#5aa9ff'] as const;
const AXIS_NAMES = ['x', 'y', 'z'] as const;
const MARGIN = 9;
export const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** Draws the guides of one view. The context is clipped to it. */
export function drawGuides(context: CanvasRenderingContext2D, view: View, scene: OverlayScene): void {
  const small = Math.min(view.rect.width, view.rect.height) < 90;
  if (view.kind === 'slice') {
    drawCross(context, view, scene);
    if (!small) drawDirections(context, view, scene.style);
  } else if (!small) drawTriad(context, view, scene.style);
  drawTitle(context, view, scene);
  if (!small) drawScaleBar(context, view, scene);
}

/** Text with a halo. */
export function inkText(context: CanvasRenderingContext2D, text: string, [x, y]: Pixel, { ink, halo }: GuideStyle): void {
  context.font = FONT;
  context.lineJoin = 'round';
  context.lineWidth = 3;
  context.strokeStyle = halo;
  context.strokeText(text, x, y);
  context.fillStyle = ink;
  context.fillText(text, x, y);
}

function drawTitle(context: CanvasRenderingContext2D, view: View, { style, unit }: OverlayScene): void {
  const { x, y } = view.rect;
  context.textAlign = 'left';
  context.textBaseline = 'top';
  const title = VIEW_TITLES[view.id as ViewId];
  if (view.kind === 'volume') {
    inkText(context, title, [x + MARGIN, y + MARGIN - 1], style);
    return;
  }
  const { normal } = sliceAxes(view.axis);
  context.fillStyle = AXIS_COLORS[normal];
  context.beginPath();
  context.arc(x + MARGIN + 3, y + MARGIN + 5, 3.5, 0, 2 * Math.PI);
  context.fill();
  const place = `${AXIS_NAMES[normal]} ${formatNumber(view.position)}${unit ? ` ${unit}` : ''}`;
  inkText(context, `${title}   ${place}`, [x + MARGIN + 11, y + MARGIN - 1], style);
}

/** Lines where the other two slices cut this one, in their colours, open around the middle. */
function drawCross(context: CanvasRenderingContext2D, view: SliceView, { state }: OverlayScene): void {
  const { rect } = view;
  const { u, v } = sliceAxes(view.axis);
  const [px, py] = worldToSlice(view, state.cross).map((n) => Math.round(n) + 0.5) as [number, number];
  const gap = 9;
  context.lineWidth = 1;
  context.globalAlpha = 0.6;
  context.strokeStyle = AXIS_COLORS[u];
  line(context, [px, rect.y], [px, py - gap]);
  line(context, [px, py + gap], [px, rect.y + rect.height]);
  context.strokeStyle = AXIS_COLORS[v];
  line(context, [rect.x, py], [px - gap, py]);
  line(context, [px + gap, py], [rect.x + rect.width, py]);
  context.globalAlpha = 1;
}

/** Which way the axes grow, at the right and upper edge. */
function drawDirections(context: CanvasRenderingContext2D, view: SliceView, style: GuideStyle): void {
  const { rect } = view;
  const { u, v } = sliceAxes(view.axis);
  context.globalAlpha = 0.75;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  inkText(context, `${AXIS_NAMES[u]} →`, [rect.x + rect.width - MARGIN, rect.y + rect.height / 2 - 9], style);
  context.textAlign = 'center';
  context.textBaseline = 'top';
  inkText(context, `${AXIS_NAMES[v]} ↑`, [rect.x + rect.width / 2 + 12, rect.y + MARGIN - 1], style);
  context.globalAlpha = 1;
}

/** The three axes as the camera sees them, in the lower left corner; the far ones first. */
function drawTriad(context: CanvasRenderingContext2D, view: VolumeView, style: GuideStyle): void {
  const { right, up, forward } = cameraBasis(view.camera);
  const origin: Pixel = [view.rect.x + 30, view.rect.y + view.rect.height - 30];
  const length = 18;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (const axis of [0, 1, 2].sort((a, b) => forward[b]! - forward[a]!) as (0 | 1 | 2)[]) {
    const [dx, dy] = [right[axis] * length, -up[axis] * length];
    context.strokeStyle = AXIS_COLORS[axis];
    context.lineWidth = 2;
    line(context, origin, [origin[0] + dx, origin[1] + dy]);
    inkText(context, AXIS_NAMES[axis], [origin[0] + dx * 1.45, origin[1] + dy * 1.45], { ...style, ink: AXIS_COLORS[axis] });
  }
}

function drawScaleBar(context: CanvasRenderingContext2D, view: View, { unit, style }: OverlayScene): void {
  const { rect } = view;
  const bar = scaleBar(worldPerPixel(view), unit, Math.min(110, rect.width * 0.3));
  // In perspective a length holds at one depth: that of the target, which must be in view for it to mean anything.
  if (!bar || (view.kind === 'volume' && !project(view.camera, rect, view.camera.target))) return;
  const [x, y] = [rect.x + rect.width - MARGIN, rect.y + rect.height - MARGIN - 1];
  for (const [color, width] of [[style.halo, 4], [style.ink, 1.5]] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.lineCap = width > 2 ? 'round' : 'butt';
    context.beginPath();
    context.moveTo(x - bar.pixels, y - 4);
    context.lineTo(x - bar.pixels, y);
    context.lineTo(x, y);
    context.lineTo(x, y - 4);
    context.stroke();
  }
  context.lineCap = 'butt';
  context.textAlign = 'center';
  context.textBaseline = 'bottom';
  inkText(context, bar.label, [x - bar.pixels / 2, y - 3], style);
}

/** A straight line. */
export function line(context: CanvasRenderingContext2D, from: Pixel, to: Pixel): void {
  context.beginPath();
  context.moveTo(from[0], from[1]);
  context.lineTo(to[0], to[1]);
  context.stroke();
}
