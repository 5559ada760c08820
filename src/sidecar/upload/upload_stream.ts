/**
 * What comes on an upload connection: HELLO, then places and BRICK frames back to back. Everything is bounded and checked before it is kept; the one buffer
 * holds the largest frame that the store can, and sockets are read straight into it. Pure: no socket, no file.
 */

import {
  checkCoding, decodeControl, ErrorCode, FrameError, type FrameHeader, FrameType, HEADER_BYTES, MAX_HELLO_BYTES, readHeader, readPayload, UNIT_BYTES, UploadHello,
} from '../../protocol/index.js';

/** Before each frame: where in the store it belongs, u64. */
export const PLACE_BYTES = 8;
const LARGEST_FRAME = 4 * UNIT_BYTES;

export interface UploadHandlers {
  hello(message: UploadHello): void;
  /** A frame whose checks hold; `frame` is valid during the call. */
  brick(place: number, header: FrameHeader, frame: Uint8Array): void;
}

export class UploadStream {
  readonly #handlers: UploadHandlers;
  /** Of HELLO, then as large as frames need. */
  #buffer = Buffer.allocUnsafeSlow(HEADER_BYTES + MAX_HELLO_BYTES);
  /** Bytes of it that are there, of `#wanted`. */
  #have = 0;
  #wanted = HEADER_BYTES;
  /** Bytes before the frame: none before HELLO. */
  #before = 0;
  #payloadKnown = false;

  /**
   * @param vouched the connection vouches for every byte, as TLS does: payloads of bricks are not summed once more, which would take a quarter of the time. Who reads
   * a brick sums it, as with bricks that a producer of this host wrote into the store.
   */
  constructor(
    handlers: UploadHandlers,
    readonly vouched = false,
  ) {
    this.#handlers = handlers;
  }

  /** Whether a frame has begun and not ended. */
  get midway(): boolean {
    return this.#have > 0;
  }

  /** Where the next bytes are to be put, as many as fit: no more than a head beyond the frame under way, so that hardly anything is moved. */
  get room(): Uint8Array {
    return this.#buffer.subarray(this.#have, this.#wanted + (this.#before === 0 ? 0 : PLACE_BYTES + HEADER_BYTES));
  }

  /**
   * So many bytes were put into `room`.
   *
   * @throws FrameError where what came is no such stream: nothing after it can be told
   */
  filled(bytes: number): void {
    this.#have += bytes;
    while (this.#have >= this.#wanted) this.#reached();
  }

  #reached(): void {
    const start = this.#before;
    if (!this.#payloadKnown) {
      const bytes = this.#buffer.readUInt32LE(start + 32);
      const most = start === 0 ? MAX_HELLO_BYTES : LARGEST_FRAME - HEADER_BYTES;
      const head = this.#buffer.subarray(start, start + HEADER_BYTES);
      readHeader(head, HEADER_BYTES + bytes); // magic and checksum first: of a stranger, no number is believed
      if (bytes > most) throw new FrameError(ErrorCode.TOO_LARGE, `payload of ${bytes} bytes; the limit is ${most}`);
      this.#payloadKnown = true;
      this.#wanted += bytes;
      return;
    }
    const frame = this.#buffer.subarray(start, this.#wanted);
    const header = readHeader(frame);
    if (start === 0) {
      if (header.type !== FrameType.HELLO) throw new FrameError(ErrorCode.BAD_FRAME, `the first frame must be HELLO, not type ${header.type}`);
      this.#handlers.hello(decodeControl(UploadHello, readPayload(frame, header)));
      this.#buffer = Buffer.allocUnsafeSlow(PLACE_BYTES + LARGEST_FRAME + PLACE_BYTES + HEADER_BYTES);
      this.#before = PLACE_BYTES;
    } else {
      if (header.type !== FrameType.BRICK) throw new FrameError(ErrorCode.BAD_FRAME, `a frame of type ${header.type}; here come bricks`);
      if (header.coding) checkCoding(header);
      if (!this.vouched) readPayload(frame, header);
      this.#handlers.brick(Number(this.#buffer.readBigUInt64LE(0)), header, frame);
    }
    this.#buffer.copyWithin(0, this.#wanted, this.#have);
    this.#have -= this.#wanted;
    this.#wanted = this.#before + HEADER_BYTES;
    this.#payloadKnown = false;
  }
}
