/** What helps to read a view: its name, the cross, the directions of the axes, the scale bar. */

import { cameraBasis, project } from '../renderer/camera.js';
import { sliceAxes, sliceFrame, worldToSlice } from '../renderer/slice_view.js';
import type { Pixel, SliceView, View, VolumeView } from '../renderer/views.js';
import { formatNumber } from './format.js';
import { hasRoom } from './instruments/instrument.js';
import { VIEW_TITLES, type ViewId } from './layout.js';
import type { OverlayScene } from './overlay.js';
import { scaleBar } from './scale_bar.js';
import type { Theme } from './theme.js';
import { worldPerPixel } from './view_geometry.js';

/** Colours that go with the background. */
export interface GuideStyle {
  readonly ink: string;
  /** Around letters and lines, so that they are read on any picture. */
  readonly halo: string;
  /** Between the views. */
  readonly seam: string;
}

/** For a dark and a light page. */
export const GUIDE_STYLES: Readonly<Record<Theme, GuideStyle>> = {
  dark: { ink: '#e9edf2', halo: 'rgba(8, 10, 13, 0.72)', seam: '#30353d' },
  light: { ink: '#1b2026', halo: 'rgba(255, 255, 255, 0.9)', seam: '#d7dce2' },
};

/** Colours of what is normal to x, y and z. */
export const AXIS_COLORS = ['#ff6b6b', '#51c46f', '#5aa9ff'] as const;
const AXIS_NAMES = ['x', 'y', 'z'] as const;
const MARGIN = 9;
export const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** Draws the guides of one view. The context is clipped to it. */
export function drawGuides(context: CanvasRenderingContext2D, view: View, scene: OverlayScene): void {
  const small = Math.min(view.rect.width, view.rect.height) < 90;
  if (view.kind === 'slice') drawCross(context, view, scene);
  // The orientation cube names the axes better, and so do rulers.
  const named = view.kind === 'slice' ? scene.state.shows.ticks : scene.state.shows.marker && hasRoom(view);
  if (!small && !named) drawAxes(context, view, scene.style);
  if (!small) drawScaleBar(context, view, scene);
}

/** Text with a halo. */
export function inkText(context: CanvasRenderingContext2D, text: string, [x, y]: Pixel, { ink, halo }: GuideStyle): void {
  context.font = FONT;
  context.lineJoin = 'round';
  context.lineWidth = 4;
  context.strokeStyle = halo;
  context.strokeText(text, x, y);
  context.fillStyle = ink;
  context.fillText(text, x, y);
}

/** The view's name, over all else that stands in it: lines and handles go behind it. */
export function drawTitle(context: CanvasRenderingContext2D, view: View, { style, unit }: OverlayScene): void {
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
  const place = view.turn ? 'turned' : `${AXIS_NAMES[normal]} ${formatNumber(view.position)}${unit ? ` ${unit}` : ''}`;
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

/** The directions in which the axes grow, in the lower left corner; those that point away first. */
function drawAxes(context: CanvasRenderingContext2D, view: View, style: GuideStyle): void {
  const length = 18;
  const axes = view.kind === 'slice' ? sliceDirections(view) : cameraDirections(view);
  const inset = view.kind === 'slice' ? 16 : 32;
  const origin: Pixel = [view.rect.x + inset, view.rect.y + view.rect.height - inset];
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineCap = 'round';
  for (const { axis, dx, dy } of axes) {
    const [x, y] = [dx * length, dy * length];
    for (const [color, width] of [[style.halo, 4], [AXIS_COLORS[axis], 2]] as const) {
      context.strokeStyle = color;
      context.lineWidth = width;
      line(context, origin, [origin[0] + x, origin[1] + y]);
    }
    const beyond = 1 + 8 / Math.max(8, Math.hypot(x, y));
    inkText(context, AXIS_NAMES[axis], [origin[0] + x * beyond, origin[1] + y * beyond], { ...style, ink: AXIS_COLORS[axis] });
  }
  context.lineCap = 'butt';
}

interface Direction {
  readonly axis: 0 | 1 | 2;
  /** On the screen, of length 1 at most. */
  readonly dx: number;
  readonly dy: number;
}

function sliceDirections(view: SliceView): Direction[] {
  const { right, up } = sliceFrame(view);
  const axes = ([0, 1, 2] as const).map((axis) => ({ axis, dx: right[axis], dy: -up[axis] }));
  return axes.filter(({ dx, dy }) => Math.hypot(dx, dy) > 0.05);
}

function cameraDirections(view: VolumeView): Direction[] {
  const { right, up, forward } = cameraBasis(view.camera);
  const axes = [0, 1, 2].sort((a, b) => forward[b]! - forward[a]!) as (0 | 1 | 2)[];
  return axes.map((axis) => ({ axis, dx: right[axis], dy: -up[axis] }));
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
