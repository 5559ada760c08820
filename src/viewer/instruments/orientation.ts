/** The orientation marker: a small cube with named faces that turns with the camera. A click on a face looks at it. */

import { cameraBasis, type OrbitCamera } from '../../renderer/camera.js';
import type { Pixel, Rect, View } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import type { OverlayScene } from '../overlay.js';
import { AXIS_COLORS, inkText } from '../overlay_guides.js';
import type { Drag } from '../pointer.js';
import { dot } from './clip.js';
import type { Flight } from './flight.js';
import { hasRoom, type Instrument, type InstrumentHost } from './instrument.js';

/** Half an edge, and where the middle stands from the view's lower left corner. */
const HALF = 15;
const INSET = 36;
const UPRIGHT = Math.PI / 2 - 1e-3;

export type Side = '+x' | '−x' | '+y' | '−y' | '+z' | '−z';
export const SIDES: readonly Side[] = ['+x', '−x', '+y', '−y', '+z', '−z'];

const axisOf = (side: Side): 0 | 1 | 2 => ('xyz'.indexOf(side[1] as string) as 0 | 1 | 2);
const normalOf = (side: Side): Vec3 => [0, 1, 2].map((axis) => (axis === axisOf(side) ? (side[0] === '+' ? 1 : -1) : 0)) as unknown as Vec3;

/** A face of the cube as it appears. */
export interface Face {
  readonly side: Side;
  readonly corners: readonly Pixel[];
  readonly middle: Pixel;
  /** 1 where it faces the viewer, towards 0 where it is seen from its edge. */
  readonly facing: number;
}

/** The camera that looks at a side of its target. From above and below, x grows to the right as in the axial slice. */
export function lookingAt(camera: OrbitCamera, side: Side): OrbitCamera {
  const [x, y, z] = normalOf(side);
  return z === 0 ? { ...camera, yaw: Math.atan2(y, x), pitch: 0 } : { ...camera, yaw: -Math.PI / 2, pitch: z * UPRIGHT };
}

/** The faces that are seen, in the marker's place. */
export function cubeFaces(camera: OrbitCamera, rect: Rect): Face[] {
  const { right, up, forward } = cameraBasis(camera);
  const [cx, cy] = [rect.x + INSET, rect.y + rect.height - INSET];
  const place = (p: Vec3): Pixel => [cx + HALF * dot(p, right), cy - HALF * dot(p, up)];
  return SIDES.flatMap((side) => {
    const normal = normalOf(side);
    const facing = -dot(normal, forward);
    if (facing <= 0.02) return [];
    const [u, v] = [1, 2].map((step) => (axisOf(side) + step) % 3) as [0 | 1 | 2, 0 | 1 | 2];
    const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([a, b]) => {
      const corner: [number, number, number] = [...normal];
      corner[u] = a as number;
      corner[v] = b as number;
      return place(corner);
    });
    return [{ side, corners, middle: place(normal), facing }];
  });
}

/** Whether a pixel lies in a convex polygon. */
export function inPolygon([px, py]: Pixel, corners: readonly Pixel[]): boolean {
  const turns = corners.map(([ax, ay], i) => {
    const [bx, by] = corners[(i + 1) % corners.length] as Pixel;
    return (bx - ax) * (py - ay) - (by - ay) * (px - ax);
  });
  return turns.every((turn) => turn >= 0) || turns.every((turn) => turn <= 0);
}

export class OrientationMarker implements Instrument {
  constructor(
    readonly host: InstrumentHost,
    readonly flight: Flight,
  ) {}

  draw(context: CanvasRenderingContext2D, view: View, { style, state }: OverlayScene): void {
    if (view.kind !== 'volume' || !state.shows.marker || !hasRoom(view)) return;
    for (const { side, corners, middle, facing } of cubeFaces(view.camera, view.rect)) {
      context.beginPath();
      for (const [x, y] of corners) context.lineTo(x, y);
      context.closePath();
      context.globalAlpha = 0.35 + 0.5 * facing;
      context.fillStyle = AXIS_COLORS[axisOf(side)];
      context.fill();
      context.globalAlpha = 1;
      context.strokeStyle = style.halo;
      context.lineWidth = 1;
      context.stroke();
      if (facing < 0.3) continue;
      context.textAlign = 'center';
      context.textBaseline = 'middle';
      inkText(context, side, middle, style);
    }
  }

  hover(view: View, px: Pixel): string | undefined {
    return this.#side(view, px) && 'pointer';
  }

  press(view: View, px: Pixel): Drag | undefined {
    const side = this.#side(view, px);
    if (!side) return undefined;
    return {
      move: () => undefined,
      end: (to, cancelled) => {
        if (!cancelled && this.#side(this.host.view(view.id) ?? view, to) === side) this.look(side);
      },
    };
  }

  /** Looks at a side. */
  look(side: Side): void {
    this.flight.to({ camera: lookingAt(this.host.store.state.camera, side) });
  }

  #side(view: View, px: Pixel): Side | undefined {
    if (view.kind !== 'volume' || !this.host.store.state.shows.marker || !hasRoom(view)) return undefined;
    return cubeFaces(view.camera, view.rect).find(({ corners }) => inPolygon(px, corners))?.side;
  }
}
