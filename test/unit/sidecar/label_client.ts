/** A client that edits labels: what it asks for and what it hears, with the answer to each. */

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { randomUUID } from 'node:crypto';
import { parseBrick } from '../../../src/protocol/arrow.js';
import {
  constantVoxel, decodeHeadTail, type Edited, encodeHeadTail, type ErrorMessage, Flag, FrameType, type LabelDtype, RegionHead, STORED_VOXELS,
  type VoxelArray,
} from '../../../src/protocol/index.js';
import type { BrickKey } from '../../../src/volume/geometry.js';
import { type LabelArray, labelArray, MAX_LABEL } from '../../../src/volume/labels/brick.js';
import { decodeValues, expandRuns } from '../../../src/volume/labels/runs.js';
import { expect } from '@jest/globals';
import { Client, type Received } from '../../conformance/client.js';
import type { SidecarProcess } from '../../conformance/sidecar_process.js';

type Triple = readonly [number, number, number];

export interface Ask {
  op: object;
  label?: number;
  mode?: object;
  author?: string;
  id?: string;
  /** Inflated. */
  tail?: Uint8Array;
  /** A range of values of an image. */
  within?: object;
}

export class LabelClient {
  private constructor(readonly client: Client) {}

  static async join(sidecar: SidecarProcess, role = 'edit', kind: 'viewer' | 'producer' = 'viewer'): Promise<LabelClient> {
    return new LabelClient(await Client.greet(sidecar, kind, role, kind === 'viewer' ? { credit_bytes: 64 * 2 ** 20 } : {}));
  }

  /** Makes labels, or finds them: their handle. */
  async labels(name: string, shape: Triple, dtype: LabelDtype = 'u8', fields: object = {}): Promise<number> {
    const from = this.client.frames.length;
    this.client.control(FrameType.LABELS, { name, shape, voxel_size: [1, 1, 1], origin: [0, 0, 0], dtype, ...fields });
    return (await this.client.next(FrameType.VOLUME, (f) => f.json.description.name === name, from)).json.volume;
  }

  /** Sends an edit; its id. */
  send(volume: number, { op, label = 1, mode = { write: 'all' }, author = 'Ann', id = randomUUID(), tail, within }: Ask): string {
    this.client.send(encodeHeadTail(FrameType.EDIT, { id, volume, author, op, label, mode, ...(within && { within }) }, tail && deflateRawSync(tail)));
    return id;
  }

  async edit(volume: number, ask: Ask): Promise<Edited> {
    return this.edited(this.send(volume, ask));
  }

  async undo(volume: number, author = 'Ann', redo = false): Promise<Edited | ErrorMessage> {
    const id = randomUUID();
    this.client.control(FrameType.UNDO, { volume, id, author, ...(redo && { redo }) });
    return this.#answer(id);
  }

  async edited(id: string): Promise<Edited> {
    const answer = await this.#answer(id);
    if ('code' in answer) throw new Error(`refused: ${answer.code} ${answer.message}`);
    return answer;
  }

  /** The ERROR that answers an edit. */
  async refused(id: string): Promise<ErrorMessage> {
    return (await this.client.next(FrameType.ERROR, (f) => f.json.id === id)).json;
  }

  async read(volume: number, start: Triple, stop: Triple, dtype: LabelDtype = 'u8', level = 0): Promise<{ labels: LabelArray; seq: number; parts: number }> {
    const id = randomUUID();
    this.client.control(FrameType.READ, { volume, id, start, stop, ...(level && { level }) });
    const shape = stop.map((v, i) => v - (start[i] as number)) as [number, number, number];
    const labels = labelArray(dtype, shape[0] * shape[1] * shape[2]);
    const parts = await this.client.until(() => {
      const found = this.#regions(id);
      const last = found.at(-1)?.head;
      return last && 'more' in last && !last.more ? found : undefined;
    }, 'the last REGION');
    let seq = 0;
    let at = 0;
    for (const { head, tail } of parts) {
      if (!('more' in head)) throw new Error('a REGION of boxes');
      const count = head.start.reduce((product, v, i) => product * ((head.stop[i] as number) - v), 1);
      expandRuns(decodeValues(inflateRawSync(tail), count, MAX_LABEL[dtype]), labels.subarray(at, at + count));
      at += count; // the parts of these tests are whole planes
      seq = head.seq;
    }
    return { labels, seq, parts: parts.length };
  }

  async since(volume: number, since: number): Promise<{ seq: number; boxes: unknown[] }> {
    const id = randomUUID();
    this.client.control(FrameType.READ, { volume, id, since });
    const { head } = await this.client.until(() => this.#regions(id)[0], 'REGION');
    if (!('boxes' in head)) throw new Error('a REGION of labels');
    return head;
  }

  /** Labels and their voxels. */
  async counts(volume: number): Promise<[number, number][]> {
    const id = randomUUID();
    this.client.control(FrameType.READ, { volume, id, counts: true });
    const { head } = await this.client.until(() => this.#regions(id)[0], 'REGION');
    if (!('counts' in head)) throw new Error('a REGION without counts');
    expect(head.labels).toBe(head.counts.length);
    return head.counts;
  }

  /** A supervoxel as it is shown: the box around it, and runs. */
  async supervoxel(volume: number, supervoxel: object): Promise<{ start: Triple; stop: Triple; runs: readonly number[] }> {
    const id = randomUUID();
    this.client.control(FrameType.READ, { volume, id, supervoxel });
    const { head } = await this.client.until(() => this.#regions(id)[0], 'REGION');
    if (!('runs' in head)) throw new Error('a REGION without runs');
    return head;
  }

  /** The voxels of a brick, 66³, as a viewer gets it now. */
  async brick(volume: number, { level, z, y, x }: BrickKey, dtype: LabelDtype = 'u8'): Promise<{ voxels: VoxelArray; frame: Received }> {
    const from = this.client.frames.length;
    this.client.control(FrameType.NEED, { volume, keys: [[level, z, y, x, 0]] });
    const same = ({ header: h }: Received) => h.volume === volume && h.level === level && h.z === z && h.y === y && h.x === x;
    const frame = await this.client.next(FrameType.BRICK, same, from);
    this.client.control(FrameType.CREDIT, { bytes: frame.frame.byteLength });
    if (!(frame.header.flags & Flag.CONSTANT)) return { voxels: parseBrick(Uint8Array.from(frame.payload), dtype), frame };
    return { voxels: labelArray(dtype, STORED_VOXELS).fill(constantVoxel(frame.payload, dtype)[0] as number), frame };
  }

  close(): Promise<void> {
    return this.client.close();
  }

  #regions(id: string): { head: RegionHead; tail: Uint8Array }[] {
    return this.client.all(FrameType.REGION).map(({ payload }) => decodeHeadTail(RegionHead, payload)).filter(({ head }) => head.id === id);
  }

  async #answer(id: string): Promise<Edited | ErrorMessage> {
    const types: readonly number[] = [FrameType.EDITED, FrameType.ERROR];
    const frame = await this.client.until(() => this.client.frames.find((f) => types.includes(f.header.type) && f.json.id === id), `the answer to ${id}`);
    return frame.json;
  }
}
