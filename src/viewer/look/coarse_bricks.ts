/** What is learnt of a volume from the bricks of its coarsest levels that have come anyway: no pass over the data, and a bounded cost. */

import { BRICK_EDGE, BRICK_HALO, STORED_EDGE } from '../../protocol/limits.js';
import type { Brick, SessionVolume } from '../../session/types.js';
import { type BrickKey, brickGrid, keyText, levelCount, levelShape } from '../../volume/geometry.js';

/** Levels that are looked at: at most 1 + 8 + 64 bricks. */
const LEVELS = 3;

/** How often the coarsest brick of a time point is looked for, and how soon again. */
const TRIES = 20;
const AGAIN_MS = 300;

/** Where a brick is, whatever its time point. */
const placeText = ({ level, z, y, x }: BrickKey): string => keyText({ level, z, y, x });

/** Something learnt of one brick. */
export interface Learnt<T> {
  readonly key: BrickKey;
  readonly generation: number;
  readonly value: T;
}

/** Finds a brick in browser memory. */
export type Peek = (volume: number, key: BrickKey) => Brick | undefined;

/** Later, when the page has nothing better to do. */
const whenIdle = (work: () => void): void => {
  if (typeof requestIdleCallback === 'function') requestIdleCallback(work, { timeout: 2000 });
  else setTimeout(work, 30);
};

/** Looks once at each coarse brick that is in browser memory, one at a time, in idle time. */
export class CoarseBricks<T> {
  readonly #known = new Map<string, Learnt<T>>();
  readonly #due: Brick[] = [];
  readonly #keys: readonly BrickKey[];
  /** Of the bricks that are known. */
  #time = 0;
  #tries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param read what a brick teaches
   * @param changed called when something was learnt and nothing waits
   */
  constructor(
    readonly volume: SessionVolume,
    readonly peek: Peek,
    readonly read: (brick: Brick) => T,
    readonly changed: () => void,
  ) {
    this.#keys = coarseKeys(volume);
  }

  /** Looks for bricks that have come since; of another time point once the coarsest of it is here. */
  look(): void {
    this.#tries = TRIES;
    this.#look();
  }

  #look(): void {
    const root = this.#keys[0] && this.peek(this.volume.handle, this.#keys[0]);
    if (!root) {
      this.#tries -= 1;
      if (this.#tries > 0) this.#retry ??= setTimeout(this.#again, AGAIN_MS);
      return;
    }
    const { time = 0 } = root;
    if (time !== this.#time) {
      this.#time = time;
      this.#known.clear();
      this.#due.length = 0;
    }
    const idle = this.#due.length === 0;
    for (const key of this.#keys) {
      const brick = this.peek(this.volume.handle, key);
      const name = placeText(key);
      if (!brick || (brick.time ?? 0) !== time || (this.#known.get(name)?.generation ?? -1) >= brick.generation || this.#due.some((due) => placeText(due) === name)) continue;
      this.#due.push(brick);
    }
    if (idle && this.#due.length > 0) whenIdle(this.#next);
  }

  /** Bricks that together are the whole volume, each part as fine as it is known; none while the coarsest is not. */
  cover(): readonly Learnt<T>[] {
    const root = this.#keys[0];
    return root ? this.#coverOf(root) : [];
  }

  #coverOf(key: BrickKey): readonly Learnt<T>[] {
    const own = this.#known.get(placeText(key));
    const children = childrenOf(key, this.volume);
    if (children.length > 0 && children.every((child) => this.#known.has(placeText(child)))) return children.flatMap((child) => this.#coverOf(child));
    return own ? [own] : [];
  }

  readonly #again = (): void => {
    this.#retry = undefined;
    this.#look();
  };

  readonly #next = (): void => {
    const brick = this.#due.shift();
    if (!brick) return;
    const { level, z, y, x, generation } = brick;
    this.#known.set(placeText(brick), { key: { level, z, y, x }, generation, value: this.read(brick) });
    if (this.#due.length > 0) whenIdle(this.#next);
    else this.changed();
  };
}

function coarseKeys({ description: { shape } }: SessionVolume): BrickKey[] {
  const top = levelCount(shape) - 1;
  const keys: BrickKey[] = [];
  for (let level = top; level >= Math.max(0, top - LEVELS + 1); level -= 1) {
    const [nz, ny, nx] = brickGrid(shape, level);
    for (let z = 0; z < nz; z += 1) for (let y = 0; y < ny; y += 1) for (let x = 0; x < nx; x += 1) keys.push({ level, z, y, x });
  }
  return keys;
}

function childrenOf({ level, z, y, x }: BrickKey, { description: { shape } }: SessionVolume): BrickKey[] {
  if (level === 0 || level <= levelCount(shape) - LEVELS) return [];
  const [nz, ny, nx] = brickGrid(shape, level - 1);
  const pair = (n: number, count: number) => [2 * n, 2 * n + 1].filter((m) => m < count);
  return pair(z, nz).flatMap((cz) => pair(y, ny).flatMap((cy) => pair(x, nx).map((cx) => ({ level: level - 1, z: cz, y: cy, x: cx }))));
}

/** Visits the voxels of a brick row by row, without halo and padding. */
export function eachRow(brick: Brick, shape: SessionVolume['description']['shape'], visit: (from: number, to: number) => void): void {
  const whole = levelShape(shape, brick.level);
  const [nz, ny, nx] = [brick.z, brick.y, brick.x].map((at, axis) => Math.min(BRICK_EDGE, (whole[axis] as number) - at * BRICK_EDGE)) as [number, number, number];
  for (let z = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      const from = ((z + BRICK_HALO) * STORED_EDGE + y + BRICK_HALO) * STORED_EDGE + BRICK_HALO;
      visit(from, from + nx);
    }
  }
}

/** Voxels of level 0 that one of a level stands for. */
export function voxelWeight({ description: { shape } }: SessionVolume, level: number): number {
  const count = (of: readonly number[]) => of.reduce((product, n) => product * n, 1);
  return count(shape) / count(levelShape(shape, level));
}
