/** LEB128: whole numbers up to 2^32 - 1 in one to five bytes, seven bits in each, the low ones first. */

/** Bytes that grow as they are written. */
export class VarintWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  write(value: number): void {
    if (this.#length + 5 > this.#bytes.byteLength) this.#grow(5);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  writeBytes(bytes: Uint8Array): void {
    if (this.#length + bytes.byteLength > this.#bytes.byteLength) this.#grow(bytes.byteLength);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.byteLength;
  }

  /** What was written; a view. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(by: number): void {
    const more = new Uint8Array(2 * this.#bytes.byteLength + by);
    more.set(this.#bytes);
    this.#bytes = more;
  }
}

export class VarintReader {
  #at = 0;

  constructor(readonly bytes: Uint8Array) {}

  get ended(): boolean {
    return this.#at >= this.bytes.byteLength;
  }

  /** @throws RangeError where the bytes end within a number, or it is beyond 32 bits */
  read(): number {
    const first = this.bytes[this.#at];
    if (first !== undefined && first < 0x80) {
      this.#at += 1;
      return first;
    }
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.#at];
      if (byte === undefined) throw new RangeError(`runs end within a number, after ${this.#at} bytes`);
      this.#at += 1;
      if (shift === 28 && (byte & 0x7f) > 0x0f) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError(`runs have a number beyond 32 bits before byte ${this.#at}`);
  }
}
