/** The light that can be moved: a small ball in the corner of the 3D view with the light on it. The light stays with the volume as that turns. */

import { type CameraBasis, cameraBasis } from '../../renderer/camera.js';
import type { Pixel, Rect, View } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import type { OverlayScene } from '../overlay.js';
import type { Drag } from '../pointer.js';
import { dot, plus, unitVector } from './clip.js';
import { hasRoom, type Instrument, type InstrumentHost, steering } from './instrument.js';

const RADIUS = 20;
/** Room around the ball in which a drag begins: beyond its rim the light is behind the volume. */
const REACH = 1.3;
/** Where the renderer's own light is, as parts of right, up and towards the viewer. */
export const SHOULDER: Vec3 = [-0.35, 0.6, 0.72];

/** Middle of the ball. */
export const ballCentre = (rect: Rect): Pixel => [rect.x + 100, rect.y + rect.height - 36];

/** Right, up and towards the viewer → world. */
function toWorld([r, u, b]: Vec3, { right, up, forward }: CameraBasis): Vec3 {
  return unitVector(plus(plus(plus([0, 0, 0], right, r), up, u), forward, -b)) ?? [0, 0, 1];
}

/** World → right, up and towards the viewer. */
export function toCamera(world: Vec3, { right, up, forward }: CameraBasis): Vec3 {
  return [dot(world, right), dot(world, up), -dot(world, forward)];
}

/** The light under a pixel of the ball: up to the rim before the volume, as far again beyond it behind. */
export function lightAt(px: Pixel, rect: Rect, basis: CameraBasis): Vec3 {
  const [cx, cy] = ballCentre(rect);
  const [x, y] = [(px[0] - cx) / RADIUS, (cy - px[1]) / RADIUS];
  const away = Math.min(2, Math.hypot(x, y));
  const within = away <= 1 ? away : 2 - away;
  const scale = away > 0 ? within / Math.hypot(x, y) : 0;
  return toWorld([x * scale, y * scale, Math.sqrt(Math.max(0, 1 - within * within)) * (away <= 1 ? 1 : -1)], basis);
}

/** Azimuth from +x towards +y and elevation, in degrees. */
export function anglesOf([x, y, z]: Vec3): readonly [number, number] {
  return [(Math.atan2(y, x) * 180) / Math.PI, (Math.asin(Math.max(-1, Math.min(1, z))) * 180) / Math.PI];
}

/** The direction of these angles. */
export function directionOf(azimuth: number, elevation: number): Vec3 {
  const [a, e] = [(azimuth * Math.PI) / 180, (elevation * Math.PI) / 180];
  return [Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e)];
}

/** The light as it is now, in the world. */
export function lightNow(light: Vec3 | undefined, basis: CameraBasis): Vec3 {
  return light ?? toWorld(SHOULDER, basis);
}

export class LightTool implements Instrument {
  constructor(readonly host: InstrumentHost) {}

  draw(context: CanvasRenderingContext2D, view: View, { style, state }: OverlayScene): void {
    if (view.kind !== 'volume' || !state.shows.light || !hasRoom(view)) return;
    const [cx, cy] = ballCentre(view.rect);
    const [x, y, towards] = toCamera(lightNow(state.light, cameraBasis(view.camera)), cameraBasis(view.camera));
    const at: Pixel = [cx + x * RADIUS, cy - y * RADIUS];
    const shade = context.createRadialGradient(at[0], at[1], 1, cx, cy, RADIUS * 1.6);
    shade.addColorStop(0, towards >= 0 ? '#fff6d5' : '#8b8574');
    shade.addColorStop(1, '#33363c');
    context.beginPath();
    context.arc(cx, cy, RADIUS, 0, 2 * Math.PI);
    context.fillStyle = shade;
    context.fill();
    context.strokeStyle = style.halo;
    context.lineWidth = 1.5;
    context.stroke();
    context.beginPath();
    context.arc(at[0], at[1], 4.5, 0, 2 * Math.PI);
    context.fillStyle = towards >= 0 ? '#ffd166' : style.halo;
    context.strokeStyle = '#ffd166';
    context.fill();
    context.stroke();
  }

  hover(view: View, px: Pixel): string | undefined {
    return this.#over(view, px) ? 'move' : undefined;
  }

  press(view: View, px: Pixel): Drag | undefined {
    if (!this.#over(view, px)) return undefined;
    const { store } = this.host;
    const before = store.state.light;
    const move = (to: Pixel) => {
      const now = this.host.view(view.id) ?? view;
      if (now.kind === 'volume') store.update({ light: lightAt(to, now.rect, cameraBasis(now.camera)) });
    };
    move(px);
    return steering(this.host, move, () => store.update({ light: before }));
  }

  #over(view: View, px: Pixel): boolean {
    if (view.kind !== 'volume' || !this.host.store.state.shows.light || !hasRoom(view)) return false;
    const [cx, cy] = ballCentre(view.rect);
    return Math.hypot(px[0] - cx, px[1] - cy) <= RADIUS * REACH;
  }
}
