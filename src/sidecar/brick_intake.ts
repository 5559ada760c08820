/** What producers answer: frames that stand in the store, frames sent inline, and needs that failed. Nothing enters unchecked. */

import {
  ErrorCode, Flag, FrameError, type FrameHeader, FrameType, HEADER_BYTES, ITEM_BYTES, MAX_FRAME_BYTES, readHeader, readPayload, UNIT_BYTES,
} from '../protocol/index.js';
import { type BrickKey, keyText } from '../volume/geometry.js';
import { type BrickStore, readBrick } from './brick_store.js';
import type { Broker, BrickFailure } from './broker.js';
import type { Demand } from './demand.js';
import { log } from './log.js';
import type { MakerLink } from './maker_link.js';
import type { StoreFile } from './store_file.js';
import type { VolumeRecord } from './volume_record.js';

/** Times a producer may write a frame that fails its checks before the brick is given up. */
const MAX_FAILURES = 3;

export class BrickIntake {
  readonly #head = Buffer.alloc(HEADER_BYTES);

  constructor(
    readonly store: BrickStore,
    readonly file: StoreFile,
    readonly broker: Broker,
  ) {}

  /** A producer says that a frame stands at `offset`. Answers to needs that are over are ignored. */
  done(maker: MakerLink, volume: number, key: BrickKey, offset: number, bytes: number, generation: number): void {
    const demand = maker.outstanding.get(`${volume}:${keyText(key)}`);
    if (!demand || demand.offset !== offset) return;
    try {
      if (bytes < HEADER_BYTES) throw new FrameError(ErrorCode.BAD_FRAME, `frame of ${bytes} bytes`);
      this.file.read(offset, HEADER_BYTES, this.#head);
      const header = readHeader(this.#head, bytes);
      if (header.generation !== generation) {
        throw new FrameError(ErrorCode.BAD_FRAME, `generation ${header.generation}; DONE says ${generation}`);
      }
      this.#matches(demand, header);
      if (this.#outdated(maker, demand, header)) return;
      this.#accept(maker, demand, header, isConstant(header) ? this.#constant(offset, bytes) : undefined);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#damaged(maker, demand, error.message);
    }
  }

  /** A frame came by an upload that is none for the place of its need. */
  misfit(maker: MakerLink, volume: number, key: BrickKey, offset: number): void {
    const demand = maker.outstanding.get(`${volume}:${keyText(key)}`);
    if (demand?.offset === offset) this.#damaged(maker, demand, 'a frame that does not fit its place');
  }

  /** A frame sent inline; header and payload have been checked. */
  inline(maker: MakerLink, header: FrameHeader, frame: Uint8Array): void {
    const demand = maker.outstanding.get(`${header.volume}:${keyText(header)}`);
    if (demand?.offset === undefined) return;
    try {
      this.#matches(demand, header);
      if (this.#outdated(maker, demand, header)) return;
      const constant = isConstant(header) ? Uint8Array.prototype.slice.call(frame) : undefined;
      if (!constant) this.file.write(demand.offset, frame);
      this.#accept(maker, demand, header, constant);
    } catch (error) {
      if (error instanceof FrameError) this.#damaged(maker, demand, error.message);
      else if ((error as NodeJS.ErrnoException).code === 'ENOSPC') this.#noSpace(maker, demand);
      else throw error;
    }
  }

  /** A producer cannot make a brick, had not begun a cancelled one, or found no space for it. */
  failed(maker: MakerLink, volume: number, key: BrickKey, failure: BrickFailure): void {
    const demand = maker.outstanding.get(`${volume}:${keyText(key)}`);
    if (!demand) return;
    if (failure.code === ErrorCode.STORE_FULL) {
      this.#noSpace(maker, demand);
      return;
    }
    this.#release(maker, demand);
    if (failure.code === ErrorCode.CANCELLED) this.broker.settle(demand);
    else this.broker.fail(demand, failure);
  }

  /** Whether the stored copy of a brick that arrived damaged at a viewer is sound; else it is dropped, to be made anew. */
  verify(record: VolumeRecord, key: BrickKey): boolean {
    const brick = this.store.use(record.handle, keyText(key));
    if (!brick) return false;
    if (brick.cut || brick.whole) return true; // it is made anew each time
    const frame = brick.constant ?? Buffer.allocUnsafe(brick.bytes);
    if (!brick.constant) readBrick(brick, this.file, frame);
    try {
      readPayload(frame, readHeader(frame));
      return true;
    } catch (error) {
      log(`brick ${brick.id} of volume ${record.handle} is damaged in the store: ${(error as Error).message}; it is made anew`);
      this.broker.outdated(record, [brick]);
      return false;
    }
  }

  #matches({ record, key }: Demand, header: FrameHeader): void {
    const wrong =
      header.type !== FrameType.BRICK ? `type ${header.type}`
      : header.volume !== record.handle ? `volume ${header.volume}`
      : keyText(header) !== keyText(key) ? `brick ${keyText(header)}`
      : header.coding || (header.flags & Flag.LOSSY) !== 0 ? 'a coded payload'
      : header.dtype !== record.dtypeCode ? `stored dtype ${header.dtype}`
      : isConstant(header) && header.payloadBytes !== voxelBytes(record) ? `a constant of ${header.payloadBytes} bytes`
      : header.payloadBytes + HEADER_BYTES > Math.min(record.units * UNIT_BYTES, MAX_FRAME_BYTES) ? `${header.payloadBytes} payload bytes`
      : undefined;
    if (wrong) throw new FrameError(ErrorCode.BAD_FRAME, `the frame says ${wrong}; needed is brick ${keyText(key)} of volume ${record.handle}`);
  }

  /** The frame of a constant brick, checked: it is small, and no longer looked at where it was written. */
  #constant(offset: number, bytes: number): Uint8Array {
    const frame = Buffer.alloc(bytes);
    this.file.read(offset, bytes, frame);
    readPayload(frame, readHeader(frame));
    return frame;
  }

  /** Whether a helper made it before its producer said CHANGED: it is asked for again. */
  #outdated(maker: MakerLink, demand: Demand, { generation }: FrameHeader): boolean {
    if (generation >= demand.leastGeneration) return false;
    this.#release(maker, demand);
    this.broker.settle(demand);
    return true;
  }

  #accept(maker: MakerLink, demand: Demand, header: FrameHeader, constant?: Uint8Array): void {
    const { record, key, id } = demand;
    if (this.store.lends(record.handle, id)) { // since it was asked for
      this.#release(maker, demand);
      record.demands.delete(id);
      for (const viewer of demand.waiters.keys()) viewer.ready(record, id);
      return;
    }
    const offset = demand.offset as number;
    maker.ended(demand);
    demand.offset = undefined;
    record.demands.delete(id);
    this.broker.storedBytes += header.payloadBytes + HEADER_BYTES;
    const preview = (header.flags & Flag.PREVIEW) !== 0;
    const bytes = header.payloadBytes + HEADER_BYTES;
    const { units, handle: volume } = record;
    this.store.commit({ volume, key, id, offset, units, bytes, generation: header.generation, preview, checksum: header.checksum, ...(constant && { constant }) });
    record.resident += 1;
    if (preview) record.previews += 1;
    for (const viewer of demand.waiters.keys()) viewer.ready(record, id);
    this.broker.filler.check(record);
    this.broker.changed(record, false);
    this.broker.slotFreed();
    this.broker.schedule(maker.main);
  }

  #damaged(maker: MakerLink, demand: Demand, why: string): void {
    log(`volume ${demand.record.handle}: refused brick ${demand.id}: ${why}`);
    this.#release(maker, demand);
    demand.failures += 1;
    if (demand.failures < MAX_FAILURES) this.broker.settle(demand);
    else this.broker.fail(demand, { code: ErrorCode.INTERNAL, message: `the producer's frames of this brick fail their checks: ${why}` });
  }

  #noSpace(maker: MakerLink, demand: Demand): void {
    const { record } = demand;
    if (!this.store.frozen) log(`shared memory is full: the store stays at ${this.store.usedBytes} bytes`);
    this.store.freezeGrowth(demand.offset as number);
    this.#release(maker, demand);
    const failure = this.broker.filler.full(record);
    record.message = failure.message;
    this.broker.changed(record, true);
    // What cannot be resident any more is not to drive others out on the way.
    if (record.fill && record.total - record.lent > this.store.slotCapacity(record.units)) this.broker.filler.stop(record, failure);
    this.broker.settle(demand);
  }

  #release(maker: MakerLink, demand: Demand): void {
    const offset = demand.offset as number;
    maker.ended(demand);
    demand.offset = undefined;
    demand.cancelled = false;
    this.store.release(offset);
    this.broker.slotFreed();
    this.broker.schedule(maker.main);
  }
}

const isConstant = ({ flags }: FrameHeader): boolean => (flags & Flag.CONSTANT) !== 0;

/** Bytes of one stored voxel; points have none, and no constant bricks. */
function voxelBytes({ description: { stored } }: VolumeRecord): number {
  return stored === 'points' ? -1 : ITEM_BYTES[stored];
}
