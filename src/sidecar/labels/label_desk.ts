/** Editable labels of the instance: who asks for what, and the volumes that answer. */

import { randomUUID } from 'node:crypto';
import {
  ErrorCode, type FrameHeader, FrameType, type LabelDtype, type LabelsRequest, MAX_LABEL_REQUESTS, type VolumeDescription,
} from '../../protocol/index.js';
import type { LabelBrick } from '../../volume/labels/brick.js';
import type { StoredBrick } from '../brick_store.js';
import type { Restored } from '../config.js';
import type { Connection } from '../connection.js';
import { log } from '../log.js';
import type { Services } from '../services.js';
import { readLabels } from './label_reads.js';
import { idOf, isHarmless, LABEL_TYPES, type LabelFrame, parseLabelFrame } from './label_requests.js';
import type { LabelStorage, StoredLabels } from './label_storage.js';
import { LabelVolume } from './label_volume.js';
import { Lru } from './lru.js';
import { RangeQueue } from './range_queue.js';
import { Supervoxels } from './supervoxel_masks.js';

/** Decoded bricks and frames of all editable volumes that are kept at hand. */
const DECODED_BYTES = 64 * 2 ** 20;
const FRAME_BYTES = 48 * 2 ** 20;
/** Bytes of the edits of one client that may wait. */
const MAX_WAITING_BYTES = 64 * 2 ** 20;

const NUMPY: Readonly<Record<LabelDtype, string>> = { u8: 'uint8', u16: 'uint16', u32: 'uint32' };

/** What of one client waits. */
interface Waiting {
  requests: number;
  bytes: number;
  /** Reads are answered one after the other. */
  reads: Promise<void>;
  /** Edits wait here for the values of an image, and others behind them. */
  readonly ranges: RangeQueue;
}

export class LabelDesk {
  readonly #volumes = new Map<number, LabelVolume>();
  readonly #waiting = new WeakMap<Connection, Waiting>();
  readonly #decoded = new Lru<LabelBrick>(DECODED_BYTES);
  readonly #frames = new Lru<StoredBrick>(FRAME_BYTES);
  readonly #supervoxels: Supervoxels;

  constructor(
    readonly services: () => Services,
    readonly storage: LabelStorage,
  ) {
    this.#supervoxels = new Supervoxels(services);
  }

  /** Takes up the labels that were stored, under the handles that viewers know. */
  restore(restored: Restored | undefined): void {
    const handles = new Map(restored?.volumes.filter(({ description }) => description.editable).map(({ volume, description }) => [description.name, volume]));
    for (const stored of this.storage.volumes()) this.#open(stored, handles.get(stored.name));
  }

  /** A client's frame, if it is about labels. */
  frame(connection: Connection, { type }: FrameHeader, payload: Uint8Array): boolean {
    if (!LABEL_TYPES.has(type)) return false;
    let frame: LabelFrame;
    try {
      frame = parseLabelFrame(type, payload);
    } catch (error) {
      const said = idOf(type, payload);
      if (!isHarmless(error, said)) throw error;
      connection.error({ ...said, code: ErrorCode.UNSUPPORTED, message: error.message.replace('control message: ', ''), remedy: 'correct this field' });
      return true;
    }
    if (frame.kind === 'labels') this.#labels(connection, frame.labels);
    else this.#ask(connection, frame);
    return true;
  }

  /** What a frame about labels that is refused before it is read says of itself. */
  named(type: FrameType, payload: Uint8Array): { id?: string; volume?: number } {
    return LABEL_TYPES.has(type) ? idOf(type, payload) : {};
  }

  /** Removes editable labels; false where the handle is not that of any. */
  remove(handle: number): boolean {
    const volume = this.#volumes.get(handle);
    if (!volume) return false;
    this.#volumes.delete(handle);
    volume.close();
    this.storage.remove(volume.record.description.name);
    this.services().catalog.remove(volume.record);
    return true;
  }

  #ask(connection: Connection, frame: Exclude<LabelFrame, { kind: 'labels' }>): void {
    const { volume: handle, id } = frame.kind === 'edit' ? frame.head : frame.kind === 'undo' ? frame.undo : frame.kind === 'read' ? frame.read : frame.cancel;
    const volume = this.#volumes.get(handle);
    if (!volume) {
      connection.error({ code: ErrorCode.NOT_FOUND, message: `no editable labels ${handle} in this instance`, volume: handle, id });
      return;
    }
    const waiting = this.#of(connection);
    if (frame.kind === 'cancel') {
      waiting.ranges.cancel(handle, id);
      volume.cancel(connection, id);
      return;
    }
    const bytes = frame.kind === 'edit' ? frame.tail.byteLength : 0;
    if (waiting.requests >= MAX_LABEL_REQUESTS || waiting.bytes + bytes > MAX_WAITING_BYTES) {
      const message = `${waiting.requests} edits and reads of ${waiting.bytes} bytes wait already; the limits are ${MAX_LABEL_REQUESTS} and ${MAX_WAITING_BYTES} bytes`;
      connection.error({ code: ErrorCode.TOO_LARGE, message, remedy: 'wait for the answers', volume: handle, id });
      return;
    }
    waiting.requests += 1;
    waiting.bytes += bytes;
    const ended = (): void => {
      waiting.requests -= 1;
      waiting.bytes -= bytes;
    };
    if (frame.kind === 'read') {
      const { read } = frame;
      waiting.reads = waiting.reads.then(() => readLabels(connection, volume, read, this.#supervoxels)).catch((error) => connection.broken(error)).then(ended);
    } else if (frame.kind === 'edit') {
      const { head, tail } = frame;
      waiting.ranges.prepare(volume, head, (found) => volume.submit({ connection, id, author: head.author, ended, edit: head, tail, undo: undefined, found }), ended);
    } else {
      const { author, redo } = frame.undo;
      waiting.ranges.prepare(volume, { id }, () => volume.submit({ connection, id, author, ended, edit: undefined, tail: undefined, undo: redo ? 'redo' : 'undo' }), ended);
    }
  }

  #of(connection: Connection): Waiting {
    const waiting = this.#waiting.get(connection) ?? { requests: 0, bytes: 0, reads: Promise.resolve(), ranges: new RangeQueue(this.services, connection, this.#supervoxels) };
    this.#waiting.set(connection, waiting);
    return waiting;
  }

  /** LABELS: makes a volume, or finds it. */
  #labels(connection: Connection, request: LabelsRequest): void {
    const { catalog, hub } = this.services();
    const known = catalog.named(request.name);
    if (known) {
      const refused = known.description.editable ? otherThan(known.description, request) : 'a volume of that name is there that is not editable';
      if (refused === undefined) connection.sendControl(FrameType.VOLUME, known.announcement());
      else this.#refuse(connection, request.name, refused, 'give the labels another name');
      return;
    }
    const { name, shape, voxel_size, origin, unit = '', dtype } = request;
    const stored: StoredLabels = { name, shape, voxel_size, origin, unit, dtype, fingerprint: `labels-${randomUUID()}`, seq: 0, generation: 1 };
    const refusal = catalog.refusal(describe(stored));
    if (refusal) {
      this.#refuse(connection, name, refusal.message, refusal.remedy);
      return;
    }
    try {
      this.storage.create(stored);
    } catch (error) {
      log(`labels "${name}" could not be stored: ${(error as Error).message}`);
      connection.error({ code: ErrorCode.STORE_FULL, message: `the labels could not be stored: ${(error as Error).message}`.slice(0, 2000), id: name });
      return;
    }
    hub.tell(FrameType.VOLUME, this.#open(stored, undefined).record.announcement());
  }

  #refuse(connection: Connection, name: string, why: string, remedy: string): void {
    connection.error({ code: ErrorCode.UNSUPPORTED, message: `labels "${name}": ${why}`, remedy, id: name });
  }

  #open(stored: StoredLabels, handle: number | undefined): LabelVolume {
    const { catalog, broker } = this.services();
    const record = catalog.hold(describe(stored), handle);
    const volume = new LabelVolume(this.services, record, stored, this.storage, this.#decoded, this.#frames);
    broker.store.lend(record.handle, volume.frames);
    this.#volumes.set(record.handle, volume);
    return volume;
  }
}

function describe({ name, shape, voxel_size, origin, unit, dtype, fingerprint }: StoredLabels): VolumeDescription {
  const triple = (v: readonly [number, number, number]): [number, number, number] => [...v];
  return {
    name, kind: 'labels', dtype: NUMPY[dtype], stored: dtype, scale: 1, offset: 0, shape: triple(shape), voxel_size: triple(voxel_size), unit,
    origin: triple(origin), fingerprint, display: {}, editable: true,
  };
}

/** What about known labels is not as asked for, or undefined. */
function otherThan({ shape, voxel_size, origin, unit, stored }: VolumeDescription, asked: LabelsRequest): string | undefined {
  const there = { shape, voxel_size, origin, unit, dtype: stored };
  for (const [field, value] of Object.entries(there)) {
    const wanted = field === 'unit' ? (asked.unit ?? '') : asked[field as 'shape'];
    if (JSON.stringify(wanted) !== JSON.stringify(value)) return `they are there with another ${field}, ${JSON.stringify(value)}`;
  }
  return undefined;
}
