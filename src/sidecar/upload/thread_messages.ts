/** What the sidecar and its threads that receive bricks say to each other. */

import type { BrickKey } from '../../volume/geometry.js';
import type { Claim } from './place_grants.js';

/** What a thread is started with. */
export interface ThreadStart {
  readonly role: 'upload';
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** The store's file, open in this process. */
  readonly fd: number;
  /** Of PlaceGrants. */
  readonly memory: SharedArrayBuffer;
}

export type ToThread =
  /** Who says this ticket is this maker. */
  | { readonly admit: string; readonly maker: number }
  /** That maker is gone. */
  | { readonly dismiss: number };

/** A frame that came. */
export interface UploadedFrame {
  readonly maker: number;
  readonly place: number;
  readonly volume: number;
  readonly key: BrickKey;
  readonly bytes: number;
  readonly generation: number;
  /** `refused`: the place is not, or no longer, granted to who sent it; `misfit`: it is, and the frame is none for it; `full`: shared memory is. */
  readonly state: Claim | 'full';
}

export type FromThread = { readonly port: number } | { readonly failed: string } | { readonly frames: readonly UploadedFrame[] };
