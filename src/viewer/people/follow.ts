/** Following somebody: their camera, slices, layout and time point are this viewer's, until it is moved by hand. */

import type { OrbitCamera } from '../../renderer/camera.js';
import type { Vec3 } from '../../volume/geometry.js';
import { between, stillWanted } from '../instruments/flight.js';
import type { ViewState, ViewStore } from '../view_state.js';

/** Time in which two thirds of the way to the one followed are made. */
const GLIDE_MS = 70;
/** Of the way, what is not seen any more. */
const ARRIVED = 1e-3;
/** What moves smoothly; the rest is there at once: a slice that swept over all between would ask for all of them. */
type Gliding = Pick<ViewState, 'camera' | 'center' | 'pixelSize'>;
/** What is moved by hand. */
const OWN = ['camera', 'center', 'pixelSize', 'cross', 'layout', 'maximised', 'time', 'turn', 'slab'] as const;

export class Follow {
  #goal: Gliding | undefined;
  #request: number | undefined;
  #last = 0;
  #applying = false;
  #on = false;
  readonly #end: () => void;

  /** @param ended told when this viewer was moved by hand */
  constructor(
    readonly store: ViewStore,
    readonly moving: (active: boolean) => void,
    readonly ended: () => void,
    readonly still: () => boolean = stillWanted,
  ) {
    this.#end = store.onChange((now, before) => {
      if (!this.#on || this.#applying || OWN.every((field) => now[field] === before[field])) return;
      this.stop();
      this.ended();
    });
  }

  /** Goes where the one followed is now; until {@link stop} this viewer is theirs. */
  to({ camera, center, pixelSize, ...rest }: Partial<ViewState>): void {
    this.#on = true;
    const { state } = this.store;
    this.#goal = { camera: camera ?? state.camera, center: center ?? state.center, pixelSize: pixelSize ?? state.pixelSize };
    this.#apply(rest);
    if (this.still()) {
      this.#apply(this.#goal);
      return;
    }
    if (this.#request !== undefined || arrived(this.store.state, this.#goal)) return;
    this.moving(true);
    this.#last = performance.now();
    this.#request = requestAnimationFrame(this.#step);
  }

  stop(): void {
    this.#on = false;
    this.#goal = undefined;
    if (this.#request === undefined) return;
    cancelAnimationFrame(this.#request);
    this.#request = undefined;
    this.moving(false);
  }

  dispose(): void {
    this.stop();
    this.#end();
  }

  readonly #step = (now: number): void => {
    this.#request = undefined;
    const goal = this.#goal;
    if (!goal) return;
    const part = 1 - Math.exp(-Math.max(0, now - this.#last) / GLIDE_MS);
    this.#last = now;
    const next = nearer(this.store.state, goal, part);
    const there = arrived(next, goal);
    this.#apply(there ? goal : next);
    if (there) this.moving(false);
    else this.#request = requestAnimationFrame(this.#step);
  };

  #apply(patch: Partial<ViewState>): void {
    this.#applying = true;
    this.store.update(patch);
    this.#applying = false;
  }
}

/** A state at part `part` of the way to a goal. */
export function nearer(state: Gliding, goal: Gliding, part: number): Gliding {
  return {
    camera: between(state.camera, goal.camera, part),
    center: state.center.map((value, i) => value + ((goal.center[i] as number) - value) * part) as unknown as Vec3,
    pixelSize: Math.exp(Math.log(state.pixelSize) + (Math.log(goal.pixelSize) - Math.log(state.pixelSize)) * part),
  };
}

function arrived(state: Gliding, goal: Gliding): boolean {
  const [a, b]: readonly [OrbitCamera, OrbitCamera] = [state.camera, goal.camera];
  const away = (p: Vec3, q: Vec3, scale: number) => Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) / scale;
  return (
    Math.max(
      away(a.target, b.target, b.distance), Math.abs(Math.log(a.distance / b.distance)), Math.abs(Math.sin((a.yaw - b.yaw) / 2)), Math.abs(a.pitch - b.pitch),
      away(state.center, goal.center, goal.pixelSize * 1000), Math.abs(Math.log(state.pixelSize / goal.pixelSize)),
    ) < ARRIVED
  );
}
