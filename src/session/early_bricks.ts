/** Bricks that came while it was not yet known whether they are to be kept: copies, as many as may wait to be written. */

import type { FrameHeader } from '../protocol/frame.js';
import { MAX_WAITING } from './write_behind.js';

export interface EarlyBrick {
  readonly header: FrameHeader;
  readonly message: ArrayBuffer;
}

export class EarlyBricks {
  readonly #volumes = new Map<number, EarlyBrick[]>();
  #bytes = 0;

  /** What comes of `volume` from now on is held. */
  begin(volume: number): void {
    this.end(volume);
    this.#volumes.set(volume, []);
  }

  /** Holds a copy; false where it is known already what becomes of this volume's bricks. */
  hold(header: FrameHeader, message: ArrayBuffer): boolean {
    const held = this.#volumes.get(header.volume);
    if (held && this.#bytes + message.byteLength <= MAX_WAITING) {
      held.push({ header, message: message.slice(0) });
      this.#bytes += message.byteLength;
    }
    return held !== undefined;
  }

  /** Gives what was held of `volume`. */
  end(volume: number): readonly EarlyBrick[] {
    const held = this.#volumes.get(volume) ?? [];
    this.#volumes.delete(volume);
    for (const { message } of held) this.#bytes -= message.byteLength;
    return held;
  }
}
