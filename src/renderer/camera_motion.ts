/** How a camera moves, from where it was: turned, shifted and drawn nearer at a steady rate. Pure. */

import type { Vec3 } from '../volume/geometry.js';
import type { OrbitCamera } from './camera.js';

/** Only the last so many milliseconds count. */
const MEMORY_MS = 250;
/** A camera that did not move for this long stands still. */
const REST_MS = 200;
/** A prediction turns no further than this, in radians. */
const MOST_TURN = 0.6;

interface Place {
  readonly camera: OrbitCamera;
  readonly at: number;
}

/** Follows one camera. */
export class CameraMotion {
  #places: Place[] = [];

  /** The camera is here now. */
  add(camera: OrbitCamera, now: number): void {
    this.#places = this.#places.filter(({ at }) => now - at <= MEMORY_MS && at < now);
    this.#places.push({ camera, at: now });
  }

  /** Where the camera will be `ms` after `now` if it goes on like this; undefined where it stands still. */
  predict(now: number, ms: number): OrbitCamera | undefined {
    const [first, last] = [this.#places[0], this.#places[this.#places.length - 1]];
    if (!first || !last || last.at === first.at || now - last.at > REST_MS) return undefined;
    const factor = (now - last.at + ms) / (last.at - first.at);
    const [a, b] = [first.camera, last.camera];
    const turn = (from: number, to: number): number => Math.min(Math.max((to - from) * factor, -MOST_TURN), MOST_TURN);
    const yaw = b.yaw + turn(a.yaw, b.yaw);
    const pitch = Math.min(Math.max(b.pitch + turn(a.pitch, b.pitch), -Math.PI / 2), Math.PI / 2);
    const distance = b.distance * Math.min(Math.max((b.distance / a.distance) ** factor, 0.25), 4);
    const target = b.target.map((n, i) => n + (n - (a.target[i] as number)) * factor) as unknown as Vec3;
    const same = yaw === b.yaw && pitch === b.pitch && distance === b.distance && target.every((n, i) => n === b.target[i]);
    return same ? undefined : { ...b, yaw, pitch, distance, target };
  }
}

