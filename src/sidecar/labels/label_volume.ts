/**
 * One editable volume: its edits are applied one after the other to bricks that nobody sees yet, several that wait together; then they are
 * committed, and only then are they what everybody sees and hears of.
 */

import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { type Edited, type EditHead, ErrorCode, FrameType, MAX_TAIL_BYTES } from '../../protocol/index.js';
import type { LabelBrick } from '../../volume/labels/brick.js';
import type { ChangedBricks } from '../../volume/labels/changed_bricks.js';
import { restore } from '../../volume/labels/displaced.js';
import { applyEdit, EditError, type EditResult, editWork } from '../../volume/labels/edit.js';
import { coarsen } from '../../volume/labels/halve_labels.js';
import type { StoredBrick } from '../brick_store.js';
import type { Connection, ErrorFields } from '../connection.js';
import { log } from '../log.js';
import type { Services } from '../services.js';
import type { VolumeRecord } from '../volume_record.js';
import { CommittedBricks } from './committed_bricks.js';
import { inTurns } from './in_turns.js';
import { LabelCounts } from './label_counts.js';
import { LabelFrames } from './label_frames.js';
import { HISTORY_OPS, LabelHistory } from './label_history.js';
import type { LabelStorage, OpHead, StoredLabels, StoredOp } from './label_storage.js';
import { LabelTold } from './label_told.js';
import type { Lru } from './lru.js';
import type { LookedUp } from './range_queue.js';
import { WorkingBricks } from './working_bricks.js';

const [deflate, inflate] = [promisify(deflateRaw), promisify(inflateRaw)];

/** Edits that wait are committed together: so many, or what could be applied in this time. */
const BATCH_OPS = 64;
const BATCH_MS = 8;
/** An edit that takes longer tells how far it is, so often. */
const PROGRESS_MS = 100;

/** An EDIT or UNDO that waits. */
export interface LabelRequest {
  readonly connection: Connection;
  readonly id: string;
  readonly author: string;
  readonly edit: EditHead | undefined;
  /** Deflated. */
  readonly tail: Uint8Array | undefined;
  readonly undo: 'undo' | 'redo' | undefined;
  /** What an image says of where it may write. */
  readonly found?: LookedUp | undefined;
  /** It was answered. */
  ended(): void;
}

/** Why a request is answered by ERROR. */
class Refused extends Error {
  constructor(readonly fields: ErrorFields) {
    super(fields.message);
  }
}

/** An edit that is applied and not committed. */
interface Applied {
  readonly request: LabelRequest;
  readonly op: StoredOp;
  readonly levels: readonly ChangedBricks[];
}

/** Edits that are committed together, until that is being written; `stop` drops them, because of those that are not wanted any more. */
interface Batch {
  readonly applied: Applied[];
  readonly unwanted: Set<LabelRequest>;
  readonly stop: AbortController;
}

export class LabelVolume {
  seq: number;
  readonly bricks: CommittedBricks;
  readonly frames: LabelFrames;
  readonly history: LabelHistory;
  readonly counts: LabelCounts;
  readonly #told: LabelTold;
  #queue: LabelRequest[] = [];
  #current: { request: LabelRequest; stop: AbortController } | undefined;
  #batch: Batch | undefined;
  #running = false;

  constructor(
    readonly services: () => Services,
    readonly record: VolumeRecord,
    stored: StoredLabels,
    readonly storage: LabelStorage,
    decoded: Lru<LabelBrick>,
    frames: Lru<StoredBrick>,
  ) {
    this.seq = stored.seq;
    record.generation = stored.generation;
    record.edited = stored.generation > 1;
    this.bricks = new CommittedBricks(storage, stored.name, record.handle, stored.shape, stored.dtype, decoded);
    this.counts = new LabelCounts(this.bricks);
    this.frames = new LabelFrames(record, this.bricks, frames);
    this.history = new LabelHistory(storage.ops(stored.name, Math.max(0, stored.seq - HISTORY_OPS)));
    this.#told = new LabelTold(services, record, this.bricks, this.frames);
  }

  submit(request: LabelRequest): void {
    this.#queue.push(request);
    if (this.#running) return;
    this.#running = true;
    this.#run().catch((error) => {
      log(`labels "${this.record.description.name}": ${(error as Error).stack ?? error}`);
      this.#running = false;
    });
  }

  /** An edit of `connection`, or an undo, that is not being written yet is not wanted any more. */
  cancel(connection: Connection, id: string): void {
    const mine = (request: LabelRequest): boolean => request.connection === connection && request.id === id;
    const waiting = this.#queue.filter(mine);
    this.#queue = this.#queue.filter((request) => !mine(request));
    for (const request of waiting) this.#refuse(request, CANCELLED);
    if (this.#current && mine(this.#current.request)) this.#current.stop.abort(new Refused(CANCELLED));
    const late = this.#batch?.applied.find(({ request }) => mine(request));
    if (!late) return;
    this.#batch?.unwanted.add(late.request);
    this.#batch?.stop.abort(new Refused(CANCELLED));
  }

  /** The volume is removed. */
  close(): void {
    for (const request of this.#queue.splice(0)) this.#refuse(request, { code: ErrorCode.NOT_FOUND, message: 'these labels were removed' });
    this.#current?.stop.abort(new Refused({ code: ErrorCode.NOT_FOUND, message: 'these labels were removed' }));
    this.bricks.forget();
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const working = new WorkingBricks(this.bricks);
      const applied: Applied[] = [];
      const batch: Batch = { applied, unwanted: new Set(), stop: new AbortController() };
      this.#batch = batch;
      const end = performance.now() + BATCH_MS;
      do {
        const request = this.#queue.shift() as LabelRequest;
        await this.#apply(request, working, applied);
      } while (this.#queue.length > 0 && applied.length < BATCH_OPS && performance.now() < end);
      if (applied.length > 0) await this.#commit(working, batch);
    }
    this.#running = false;
  }

  /** Applies one request; what goes wrong with it is its own. */
  async #apply(request: LabelRequest, working: WorkingBricks, applied: Applied[]): Promise<void> {
    const known = this.history.byId(request.id);
    if (known) {
      // Where it waits to be committed with this batch, everybody is about to hear of it.
      if (!applied.some(({ op }) => op.id === request.id)) request.connection.sendControl(FrameType.EDITED, this.#message(known));
      request.ended();
      return;
    }
    const stop = new AbortController();
    this.#current = { request, stop };
    working.begin();
    try {
      const { result, label, target } = request.edit ? await this.#edit(request.edit, request, working, stop.signal) : await this.#takeBack(request, working, applied, stop.signal);
      const levels = await inTurns(coarsen(working, result.changed), stop.signal);
      const displaced = await deflate(result.displaced, { level: 1 });
      stop.signal.throwIfAborted();
      const { voxels } = result.changed;
      const before = applied.at(-1)?.op ?? { seq: this.seq, generation: this.record.generation };
      const head: OpHead = {
        seq: before.seq + 1, id: request.id, author: request.author, time: new Date().toISOString(), label, voxels, box: result.changed.box(),
        generation: before.generation + Number(voxels > 0), ...(request.undo && { undo: request.undo, target }),
      };
      applied.push({ request, op: { ...head, displaced }, levels });
      this.history.add(head);
    } catch (error) {
      working.rollBack();
      if (error instanceof Refused) this.#refuse(request, error.fields);
      else if (error instanceof EditError) this.#refuse(request, error);
      else {
        log(`labels "${this.record.description.name}": ${(error as Error).stack ?? error}`);
        this.#refuse(request, { code: ErrorCode.INTERNAL, message: `the edit could not be applied: ${(error as Error).message}`.slice(0, 2000) });
      }
    } finally {
      this.#current = undefined;
    }
  }

  async #edit(
    { op, label, mode }: EditHead, request: LabelRequest, working: WorkingBricks, signal: AbortSignal,
  ): Promise<{ result: EditResult; label: number; target?: number }> {
    let tail = new Uint8Array();
    if (request.tail && request.tail.byteLength > 0) tail = await inflated(request.tail);
    const steps = applyEdit(working, { op, label, mode, tail, ...request.found, voxelSize: this.record.description.voxel_size });
    return { result: await inTurns(steps, signal, this.#telling(request, editWork(working.shape, op))), label };
  }

  async #takeBack(
    request: LabelRequest, working: WorkingBricks, applied: readonly Applied[], signal: AbortSignal,
  ): Promise<{ result: EditResult; label: number; target: number }> {
    const { author, undo } = request;
    const target = this.history.next(author, undo as 'undo' | 'redo');
    const op = target === undefined ? undefined : (applied.find(({ op: { seq } }) => seq === target)?.op ?? this.storage.op(this.record.description.name, target));
    if (!op) throw new Refused({ code: ErrorCode.NOT_FOUND, message: `"${author}" has no edit of these labels to ${undo === 'redo' ? 'do again' : 'take back'}` });
    const displaced = await inflate(op.displaced);
    return { result: await inTurns(restore(working, displaced), signal, this.#telling(request, op.voxels)), label: op.label, target: op.seq };
  }

  /** Tells the one who asked how far it is, from time to time. */
  #telling({ connection, id }: LabelRequest, total: number): (done: number) => void {
    let told = performance.now();
    return (done) => {
      if (performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      connection.sendControl(FrameType.PROGRESS, { volume: this.record.handle, id, done, total: Math.max(done, total) });
    };
  }

  async #commit(working: WorkingBricks, { applied, unwanted, stop: { signal } }: Batch): Promise<void> {
    try {
      const bricks = await inTurns(working.encoded(), signal);
      signal.throwIfAborted();
      this.#batch = undefined; // from here on it is too late
      await this.storage.commit({ volume: this.record.description.name, ops: applied.map(({ op }) => op), bricks });
    } catch (error) {
      this.history.takeBack(applied.length);
      if (error instanceof Refused) {
        // What was applied with it may lie over it: it is applied anew.
        this.#queue.unshift(...applied.map(({ request }) => request).filter((request) => !unwanted.has(request)));
        for (const request of unwanted) this.#refuse(request, error.fields);
        return;
      }
      const message = `the edit could not be stored and was not applied: ${(error as Error).message}`.slice(0, 2000);
      log(`labels "${this.record.description.name}": ${message}`);
      for (const { request } of applied) this.#refuse(request, { code: ErrorCode.STORE_FULL, message, remedy: 'free space where the scene is stored, and do it again' });
      return;
    }
    if (!this.record.live) return;
    working.publish((key) => this.counts.outdated(key));
    this.seq = applied.at(-1)?.op.seq as number;
    const { hub } = this.services();
    this.#told.changed(applied.map(({ levels }) => levels), applied.at(-1)?.op.generation as number);
    for (const { request, op } of applied) {
      hub.tell(FrameType.EDITED, this.#message(op));
      request.ended();
    }
  }

  #message({ seq, id, author, undo, voxels, box, generation, label }: OpHead): Edited {
    return { volume: this.record.handle, seq, id, author, ...(undo && { undo }), voxels, box, generation, label };
  }

  #refuse(request: LabelRequest, { code, message, remedy }: Pick<ErrorFields, 'code' | 'message' | 'remedy'>): void {
    request.connection.error({ code, message, remedy, volume: this.record.handle, id: request.id });
    request.ended();
  }
}

const CANCELLED: ErrorFields = { code: ErrorCode.CANCELLED, message: 'the edit was cancelled' };

async function inflated(tail: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return (await inflate(tail, { maxOutputLength: MAX_TAIL_BYTES })) as Uint8Array<ArrayBuffer>;
  } catch (error) {
    const large = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    if (large) throw new EditError(4413, `the tail inflates to more than ${MAX_TAIL_BYTES} bytes`, 'divide the edit');
    throw new EditError(4422, `the tail is not raw deflate: ${(error as Error).message}`, 'deflate it without a header');
  }
}
