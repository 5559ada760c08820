/** Moves of the camera that the eye can follow; who asks the system for less motion is there at once. */

import type { OrbitCamera } from '../../renderer/camera.js';
import type { Vec3 } from '../../volume/geometry.js';
import type { ViewState, ViewStore } from '../view_state.js';

export const FLIGHT_MS = 450;

/** The camera at part `t` (0..1) of the way: by the shorter turn, and at a steady rate of zoom. */
export function between(a: OrbitCamera, b: OrbitCamera, t: number): OrbitCamera {
  if (t >= 1) return b;
  const mix = (from: number, to: number) => from + (to - from) * t;
  const turn = b.yaw - a.yaw - 2 * Math.PI * Math.round((b.yaw - a.yaw) / (2 * Math.PI));
  return {
    target: a.target.map((value, i) => mix(value, b.target[i] as number)) as unknown as Vec3,
    distance: Math.exp(mix(Math.log(a.distance), Math.log(b.distance))),
    yaw: a.yaw + turn * t,
    pitch: mix(a.pitch, b.pitch),
    fovY: mix(a.fovY, b.fovY),
  };
}

/** Slow at both ends. */
export const eased = (t: number): number => t * t * (3 - 2 * t);

/** Whether the system asks for less motion. */
export const stillWanted = (): boolean => globalThis.matchMedia?.('(prefers-reduced-motion: reduce)').matches ?? false;

export class Flight {
  #request: number | undefined;

  constructor(
    readonly store: ViewStore,
    readonly moving: (active: boolean) => void,
    readonly still: () => boolean = stillWanted,
  ) {}

  /** Takes the view over: the camera by a move, the rest at once. A move under way ends where it is. */
  to({ camera, ...rest }: Partial<ViewState>): void {
    this.stop();
    this.store.update(rest);
    if (!camera) return;
    if (this.still()) {
      this.store.update({ camera });
      return;
    }
    const from = this.store.state.camera;
    let last = from;
    let begun: number | undefined;
    const step = (now: number) => {
      this.#request = undefined;
      begun ??= now;
      const t = Math.min(1, (now - begun) / FLIGHT_MS);
      // Whoever takes hold of the camera has it.
      if (this.store.state.camera === last) {
        last = between(from, camera, eased(t));
        this.store.update({ camera: last });
        if (t < 1) {
          this.#request = requestAnimationFrame(step);
          return;
        }
      }
      this.moving(false);
    };
    this.moving(true);
    this.#request = requestAnimationFrame(step);
  }

  stop(): void {
    if (this.#request === undefined) return;
    cancelAnimationFrame(this.#request);
    this.#request = undefined;
    this.moving(false);
  }
}
