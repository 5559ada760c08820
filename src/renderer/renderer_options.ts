/** What a renderer is made with. */

import type { LoadingPolicy } from '../volume/policy.js';
import type { Rgb } from './colormaps.js';
import type { BrickLookup } from './pick.js';
import type { TileLookup } from './slice_tiles.js';

/** What can be set while it draws. */
export interface RendererDials {
  /** Bytes that all textures and render targets together may take. */
  readonly maxGpuBytes?: number | undefined;
  /** Milliseconds that a frame of a moving picture may take: its resolution follows. */
  readonly frameMs?: number | undefined;
  /** Passes that a still picture is the mean of, at most; 1 draws the plain picture only. */
  readonly passes?: number | undefined;
}

export interface RendererOptions extends RendererDials {
  /** Finds a brick in browser memory: for values under the pointer, and to fill a lost atlas again. */
  readonly lookup: BrickLookup;
  /** Finds a tile in browser memory: for values under the pointer. */
  readonly tileLookup?: TileLookup;
  readonly background?: Rgb;
  /** Pictures from finer bricks blend in while nothing moves, where the device is fast. */
  readonly fades?: boolean;
  /** Leave the canvas as it is until there are voxels, or until `release`. */
  readonly held?: boolean;
  /** Ask for nothing but the coarsest bricks until there is a picture, or until `release`. */
  readonly early?: boolean;
  /** How bricks are asked for: a policy or its name; exploration where nothing is said. */
  readonly policy?: string | LoadingPolicy;
  /** Called between animation frames when the GPU is done with all it was given, and a frame had to wait for that: it is due now. */
  readonly freed?: () => void;
  /** Milliseconds of planning in one go; a few hundred bricks are planned at once in any case. */
  readonly planMs?: number;
}
