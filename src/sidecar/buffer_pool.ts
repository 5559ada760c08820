/** Buffers that bricks are read into on their way to a socket, kept warm and used again. */

import { UNIT_BYTES } from '../protocol/index.js';
import type { SlotUnits } from './slot_allocator.js';

/** Idle buffers kept of each size: what four sends to four viewers need. */
const MAX_IDLE = 16;

export class BufferPool {
  readonly #idle: Record<SlotUnits, Buffer[]> = { 1: [], 2: [], 4: [] };

  /** A buffer for a frame of this class, its content undefined. */
  take(units: SlotUnits): Buffer {
    return this.#idle[units].pop() ?? Buffer.allocUnsafeSlow(units * UNIT_BYTES);
  }

  /** Gives a buffer back; nobody may hold on to it. */
  give(units: SlotUnits, buffer: Buffer): void {
    if (this.#idle[units].length < MAX_IDLE) this.#idle[units].push(buffer);
  }
}
