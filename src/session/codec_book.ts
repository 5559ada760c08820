/** How frames came: for people to see, and for the sidecar, which chooses by it. */

import type { Way } from '../protocol/codec.js';
import type { CheckedFrame } from './frame_check.js';

export class CodecBook {
  /** How the last brick or tile came that was more than one voxel. */
  way: Way = 'raw';
  #bytes = 0;
  #ms = 0;

  /** A frame came. */
  came({ body, travelled }: CheckedFrame): void {
    if ((body.kind === 'brick' && !body.constant) || body.kind === 'tile') this.way = travelled?.way ?? 'raw';
    this.#bytes += travelled?.bytes ?? 0;
    this.#ms += travelled?.ms ?? 0;
  }

  /** What a CREDIT says of it, once. */
  told(): { decoded?: [number, number] } {
    if (this.#bytes === 0) return {};
    const decoded: [number, number] = [this.#bytes, this.#ms];
    this.#bytes = this.#ms = 0;
    return { decoded };
  }
}
