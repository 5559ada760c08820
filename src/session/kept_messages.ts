/** What the page and its worker tell each other about bricks kept in the browser's storage. */

import type { BrickKey } from '../volume/geometry.js';
import type { CheckedFrame } from './frame_check.js';
import type { PlaneHash } from './kept_tiles.js';

/** What the worker is told. A handle's `scope` is what its voxels depend on; without one nothing of it is kept. */
export type KeptCommand =
  | { t: 'keep'; maxBytes: number }
  | { t: 'keep-volume'; volume: number; scope: string | undefined }
  /** Its voxels are no longer what they were: nothing kept of it is true, now or on later visits. */
  | { t: 'keep-void'; volume: number }
  /** Tiles of this plane are kept under this hash of it. */
  | { t: 'keep-plane'; plane: number; hash: PlaneHash }
  | { t: 'keep-read'; volume: number; key: BrickKey }
  | { t: 'keep-clear'; id: number }
  /** What waits is written now, and the file is let go. */
  | { t: 'keep-close' };

/** What the worker tells. */
export type KeptEvent =
  /** The bricks and tiles of a volume that are kept: all of them, in answer to `keep-volume`. */
  | { t: 'kept-list'; volume: number; keys: BrickKey[] }
  | { t: 'kept-brick'; volume: number; key: BrickKey; frame: CheckedFrame | undefined }
  | { t: 'kept-state'; state: KeptState }
  | { t: 'kept-cleared'; id: number };

/** State of the browser's storage for bricks. Counts are exact, since the worker began. */
export interface KeptState {
  /** full: read from, but no longer written to, because the browser refused more. */
  readonly state: 'starting' | 'on' | 'full' | 'off';
  /** Why it is off or full. */
  readonly reason?: string;
  /** Bytes of all files of the origin, as last counted, the most so far, and the bound. */
  readonly bytes: number;
  readonly peak: number;
  readonly maxBytes: number;
  readonly bricksRead: number;
  readonly bytesRead: number;
  readonly bricksWritten: number;
  readonly tilesRead: number;
  readonly tilesWritten: number;
  readonly bytesWritten: number;
  /** Bytes that wait to be written, and the most so far. */
  readonly waiting: number;
  readonly waitingPeak: number;
  /** Bricks and tiles that were not kept because too many waited already. */
  readonly skipped: number;
  /** Records whose checks failed when they were read. */
  readonly damaged: number;
}

/** What is told where nothing can be kept. */
export function noStorage(command: KeptCommand): KeptEvent[] {
  if (command.t === 'keep-clear') return [{ t: 'kept-cleared', id: command.id }];
  if (command.t !== 'keep') return [];
  return [{ t: 'kept-state', state: { ...NOTHING_KEPT, state: 'off', reason: 'this page may not start workers', maxBytes: command.maxBytes } }];
}

export const NOTHING_KEPT: KeptState = {
  state: 'starting', bytes: 0, peak: 0, maxBytes: 0, bricksRead: 0, bytesRead: 0, bricksWritten: 0, bytesWritten: 0, tilesRead: 0, tilesWritten: 0,
  waiting: 0, waitingPeak: 0, skipped: 0, damaged: 0,
};

export const isKeptEvent = (event: { t: string }): event is KeptEvent => event.t.startsWith('kept');
export const isKeptCommand = (command: { t: string }): command is KeptCommand => /^keep(-|$)/.test(command.t);
