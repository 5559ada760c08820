/** What a viewer may take and how it draws, as numbers with limits: each a bound that holds from the moment it is set. */

import { TARGET_MS } from '../renderer/adaptive_resolution.js';
import { DEFAULT_GPU_BYTES } from '../renderer/gpu_budget.js';
import { PASSES } from '../renderer/picture.js';
import { DEFAULT_CACHE_BYTES } from '../session/kept_client.js';
import { DEFAULT_BROWSER_BYTES } from '../session/session.js';

export interface Dials {
  /** Bytes of all textures and render targets together. */
  readonly maxGpuBytes: number;
  /** Bytes of bricks in the page's memory, beside what is under way. */
  readonly maxBrowserBytes: number;
  /** Bytes of bricks in the browser's storage, of all pages of an origin together; 0 keeps nothing. */
  readonly maxCacheBytes: number;
  /** Milliseconds that a frame of a moving picture may take. */
  readonly frameMs: number;
  /** Passes that a still picture is the mean of, at most. */
  readonly passes: number;
}

export const DEFAULT_DIALS: Dials = {
  maxGpuBytes: DEFAULT_GPU_BYTES, maxBrowserBytes: DEFAULT_BROWSER_BYTES, maxCacheBytes: DEFAULT_CACHE_BYTES, frameMs: TARGET_MS, passes: PASSES,
};

const LIMITS: Readonly<Record<keyof Dials, readonly [number, number]>> = {
  maxGpuBytes: [0, 2 ** 40], maxBrowserBytes: [0, 2 ** 40], maxCacheBytes: [0, 2 ** 40], frameMs: [5, 1000], passes: [1, 64],
};

/** The least and the most that a dial can be. */
export const dialLimits = (name: keyof Dials): readonly [number, number] => LIMITS[name];

/**
 * Checks dials that a program gave.
 *
 * @throws RangeError for a name that is no dial, and for a number beyond its limits
 */
export function checkedDials(dials: Partial<Dials>): Partial<Dials> {
  for (const [name, value] of Object.entries(dials)) {
    const limits = LIMITS[name as keyof Dials];
    if (!limits) throw new RangeError(`${name} is no dial of a viewer; there are ${Object.keys(LIMITS).join(', ')}`);
    const [least, most] = limits;
    const whole = name === 'frameMs' || Number.isInteger(value);
    if (!(value >= least && value <= most && whole)) throw new RangeError(`${name} is ${value}; give ${whole ? 'a' : 'a whole'} number from ${least} to ${most}`);
  }
  return dials;
}
