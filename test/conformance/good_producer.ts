/** A producer for tests: writes right frames, inline or into the store, with voxels that say which brick they are. */

import fs from 'node:fs';
import { makeTable, tableToIPC } from 'apache-arrow';
import {
  DTYPE_CODE, encodeFrame, FrameType, ITEM_BYTES, STORED_VOXELS, type StoredDtype, type VoxelArray,
} from '../../src/protocol/index.js';
import { arrowBody } from '../../src/sidecar/voxel_reader.js';
import { Client, type Received } from './client.js';
import type { SidecarProcess } from './sidecar_process.js';

export const DESCRIPTION = {
  name: 'conformance', kind: 'image', dtype: 'uint8', stored: 'u8', scale: 1, offset: 0, shape: [70, 66, 64], voxel_size: [1, 1, 1],
  unit: 'µm', origin: [0, 0, 0], fingerprint: 'conformance-1', display: {},
};

export type NeedKey = [level: number, z: number, y: number, x: number, priority: number, offset: number];

const ARRAY_OF = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array } as const;
const streams = new Map<StoredDtype, Uint8Array>();

/** An Arrow stream of a brick, and where its voxels stand. */
function template(stored: StoredDtype): { stream: Uint8Array; at: number } {
  const known = streams.get(stored);
  const stream = known ?? tableToIPC(makeTable({ voxels: new ARRAY_OF[stored](STORED_VOXELS) }), 'stream');
  streams.set(stored, stream);
  return { stream, at: arrowBody(stream) };
}

/** A whole BRICK frame of these voxels. */
export function voxelFrame(
  volume: number,
  stored: StoredDtype,
  [level, z, y, x]: readonly number[],
  voxels: VoxelArray,
  generation = 1,
  flags = 0,
  time = 0,
): Uint8Array {
  const { stream, at } = template(stored);
  const payload = Uint8Array.from(stream);
  payload.set(new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength), at);
  return encodeFrame(FrameType.BRICK, payload, { volume, level, z, y, x, dtype: DTYPE_CODE[stored], generation, flags, time });
}

/** A whole BRICK frame. */
export function brickFrame(
  volume: number, stored: StoredDtype, [level, z, y, x]: readonly number[], generation = 1, flags = 0, time = 0,
): Uint8Array {
  const bytes = new Uint8Array(STORED_VOXELS * ITEM_BYTES[stored]);
  bytes.fill((1 + (level ?? 0) * 64 + (z ?? 0) * 16 + (y ?? 0) * 4 + (x ?? 0) + generation + 7 * time) & 255);
  return voxelFrame(volume, stored, [level ?? 0, z ?? 0, y ?? 0, x ?? 0], bytes, generation, flags, time);
}

export class GoodProducer {
  /** Every need, in the order of arrival. */
  readonly needs: { volume: number; key: NeedKey; time: number }[] = [];
  /** Keys of every CANCEL. */
  readonly cancels: number[][] = [];
  /** Answers needs at once while true; else `answer` does. */
  automatic = true;
  generation = 1;
  flags = 0;
  /** The voxels of a brick; else each brick is filled with a number of its own. */
  voxels: ((key: NeedKey) => VoxelArray) | undefined;
  /** The frame that answers a need, whatever it is. */
  frame: ((volume: number, key: NeedKey) => Uint8Array) | undefined;
  /** Frames that are to have a bit flipped after their checksum was made. */
  spoil: ((key: NeedKey) => boolean) | undefined;
  #seen = 0;
  #fd: number | undefined;

  private constructor(
    readonly client: Client,
    readonly inline: boolean,
  ) {
    if (!inline) this.#fd = fs.openSync(client.welcome.store.path, 'r+');
    client.socket.on('message', () => this.#look());
  }

  static async connect(sidecar: SidecarProcess, { inline = false } = {}): Promise<GoodProducer> {
    return new GoodProducer(await Client.greet(sidecar, 'producer', 'owner'), inline);
  }

  /** A helper of `producer`, which answers needs of the same volumes. */
  static async help(sidecar: SidecarProcess, producer: GoodProducer): Promise<GoodProducer> {
    const helps = producer.client.welcome.helper;
    const helper = new GoodProducer(await Client.greet(sidecar, 'helper', 'owner', { helps }), producer.inline);
    for (const [volume, stored] of producer.#stored) helper.#stored.set(volume, stored);
    return helper;
  }

  readonly #stored = new Map<number, StoredDtype>();

  /** Declares a volume and returns its handle. */
  async declare(fields: Partial<typeof DESCRIPTION> & { times?: object; channel?: object } = {}): Promise<number> {
    const description = { ...DESCRIPTION, ...fields };
    const from = this.client.frames.length;
    this.client.control(FrameType.VOLUME, description);
    const { json } = await this.client.next(FrameType.VOLUME, (f) => f.json.description.name === description.name, from);
    this.#stored.set(json.volume, description.stored as StoredDtype);
    return json.volume;
  }

  /** Answers one need: writes the frame and says DONE, or sends it inline. */
  answer(volume: number, key: NeedKey, time = 0): void {
    const at = time ? { time } : {};
    const stored = this.#stored.get(volume) ?? 'u8';
    const voxels = this.voxels?.(key);
    const frame = this.frame?.(volume, key) ?? (voxels
      ? voxelFrame(volume, stored, key, voxels, this.generation, this.flags, time)
      : brickFrame(volume, stored, key, this.generation, this.flags, time));
    if (this.spoil?.(key)) frame[frame.byteLength >> 1] = (frame[frame.byteLength >> 1] as number) ^ 1;
    if (this.#fd === undefined) {
      this.client.send(frame);
      return;
    }
    const [level, z, y, x, , offset] = key;
    try {
      // A file system that is nearly full writes a part first, and fails only then.
      for (let at = 0; at < frame.byteLength; ) at += fs.writeSync(this.#fd, frame, at, frame.byteLength - at, offset + at);
    } catch (error) {
      const message = (error as Error).message;
      this.client.control(FrameType.ERROR, { code: 4507, message, volume, key: [level, z, y, x], ...at, fatal: false });
      return;
    }
    this.client.control(FrameType.DONE, { volume, ...at, keys: [[level, z, y, x, offset, frame.byteLength, this.generation]] });
  }

  /** Waits for the need of a brick. */
  need(volume: number, [level, z, y, x]: readonly number[], from = 0): Promise<NeedKey> {
    const found = () =>
      this.needs.slice(from).find((n) => n.volume === volume && n.key[0] === level && n.key[1] === z && n.key[2] === y && n.key[3] === x)?.key;
    return this.client.until(found, `the need of brick ${[level, z, y, x]}`);
  }

  async close(): Promise<void> {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
    await this.client.close();
  }

  #look(): void {
    for (; this.#seen < this.client.frames.length; this.#seen += 1) {
      const { header, json } = this.client.frames[this.#seen] as Received;
      if (header.type === FrameType.CANCEL) this.cancels.push(...(json.keys ?? []));
      if (header.type !== FrameType.NEED) continue;
      for (const key of json.keys as NeedKey[]) {
        this.needs.push({ volume: json.volume, key, time: json.time ?? 0 });
        if (this.automatic) this.answer(json.volume, key, json.time);
      }
    }
  }
}
