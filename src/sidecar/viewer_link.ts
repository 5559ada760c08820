/**
 * What one viewer needs, and what is sent to it: the most urgent brick first, no more than its credit covers, and few at a
 * time, so that a new need is not stuck behind what it no longer wants. A viewer that does not read delays no other.
 */

import {
  Cancel, CancelTile, Credit, decodeControl, DEFAULT_CREDIT_BYTES, encodeFrame, ErrorCode, ErrorMessage, Flag, FrameError, type FrameHeader,
  FrameType, HEADER_BYTES, type Hello, MAX_NEEDS, Need, NeedTile,
} from '../protocol/index.js';
import { type BrickKey, hasBrick, keyText } from '../volume/geometry.js';
import { readBrick, type StoredBrick } from './brick_store.js';
import type { BrickFailure } from './broker.js';
import type { Connection, Link } from './connection.js';
import type { Manner } from './codec/encode.js';
import { LinkCodec } from './codec/link_codec.js';
import type { BrickWaiter } from './demand.js';
import { PriorityQueue } from './priority_queue.js';
import { SendWindow } from './send_window.js';
import { TileDesk } from './tile_desk.js';
import type { VolumeRecord } from './volume_record.js';

interface Want {
  readonly record: VolumeRecord;
  readonly key: BrickKey;
  priority: number;
  /** Checksum of what the viewer holds of it. */
  held: number | undefined;
  /** No preview of 8 bits will do. */
  exact: boolean;
}

/** A brick whose frame is being made smaller. */
interface Coding {
  readonly want: Want;
  /** What is being made is out of date, or its volume is gone. */
  fate?: 'stale' | 'gone';
}

export class ViewerLink implements Link, BrickWaiter {
  readonly kind = 'viewer';
  /** All that is needed and not yet sent, by volume and keyText. */
  readonly #wants = new Map<string, Want>();
  /** Those of them that stand in the store. */
  readonly #ready = new PriorityQueue<Want>();
  readonly #window: SendWindow;
  readonly #tiles: TileDesk;
  readonly #codec: LinkCodec;
  readonly #coding = new Set<Coding>();
  #scheduled = false;

  constructor(
    readonly connection: Connection,
    hello: Hello,
  ) {
    this.#window = new SendWindow(hello.credit_bytes ?? DEFAULT_CREDIT_BYTES);
    this.#window.onRoom(() => this.#schedule());
    this.#codec = new LinkCodec(hello, connection.services.codecs, performance.now() - connection.openedAt, connection.mayBeHere);
    this.#tiles = new TileDesk(connection, this.#window, this.#codec);
  }

  /** Bytes are on their way: a link whose codec is to be chosen is measured by probes, PINGs with numbers below 0. */
  handed(bytes: number): void {
    if (!this.#codec.any) return;
    const probe = this.#codec.meter.handed(bytes, performance.now());
    if (probe !== undefined) this.connection.sendControl(FrameType.PING, { t: -probe });
    this.#askNear(); // first behind WELCOME, before any brick
  }

  pong(t: number): void {
    if (t < 0) this.#codec.meter.answered(-t, performance.now());
  }

  /** What the codec wants to know of the way to its viewer. */
  #askNear(): void {
    const { near, any } = this.#codec;
    const bytes = any ? near.next(performance.now()) : undefined;
    if (bytes !== undefined) this.connection.probe(bytes, () => near.answered(performance.now()) && this.#askNear());
  }

  frame(header: FrameHeader, payload: Uint8Array): void {
    if (header.type === FrameType.NEED || header.type === FrameType.NEED_TILE) this.#askNear(); // before what is needed, while the link is quiet
    if (header.type === FrameType.NEED) this.#need(decodeControl(Need, payload));
    else if (header.type === FrameType.CANCEL) this.#cancel(decodeControl(Cancel, payload));
    else if (header.type === FrameType.NEED_TILE) this.#needTile(decodeControl(NeedTile, payload));
    else if (header.type === FrameType.CANCEL_TILE) this.#cancelTile(decodeControl(CancelTile, payload));
    else if (header.type === FrameType.CREDIT) this.#credit(decodeControl(Credit, payload));
    else if (header.type === FrameType.ERROR) this.#complaint(decodeControl(ErrorMessage, payload));
    else if (header.type === FrameType.SCENE) this.connection.services.scene.frame(this.connection, payload);
    else if (header.type === FrameType.HISTORY) this.connection.services.scene.history(this.connection, payload);
  }

  closed(): void {
    this.#tiles.closed();
    for (const record of new Set([...this.#wants.values()].map((want) => want.record))) this.#forget(record);
  }

  /** A brick that this viewer waits for is in the store. */
  ready(record: VolumeRecord, id: string): void {
    const globalId = `${record.handle}:${id}`;
    const want = this.#wants.get(globalId);
    if (!want) return;
    this.#ready.set(globalId, want.priority, want);
    this.#schedule();
  }

  /** A brick that this viewer waits for cannot be had. */
  failed(record: VolumeRecord, key: BrickKey, failure: BrickFailure): void {
    this.#wants.delete(`${record.handle}:${keyText(key)}`);
    const time = key.time ? { time: key.time } : {};
    this.connection.error({ ...failure, volume: record.handle, key: [key.level, key.z, key.y, key.x], ...time });
  }

  /** A volume is removed: nothing of it is needed any more. */
  volumeGone(record: VolumeRecord): void {
    for (const coding of this.#coding) if (coding.want.record === record) coding.fate = 'gone';
    this.#forget(record);
    this.#tiles.forget(record);
  }

  /** Bricks have new content: tiles being cut from the old one begin again. */
  outdated(record: VolumeRecord, has: (key: BrickKey) => boolean): void {
    for (const coding of this.#coding) if (coding.want.record === record && has(coding.want.key)) coding.fate ??= 'stale';
    this.#tiles.outdated(record, has);
  }

  #credit({ bytes, decoded }: Credit): void {
    if (decoded) this.#codec.decoded(...decoded);
    this.#window.add(bytes);
  }

  #needTile(need: NeedTile): void {
    const record = this.connection.services.catalog.get(need.volume);
    if (record) this.#tiles.need(record, need);
    else this.#noVolume(need.volume);
  }

  #cancelTile(cancel: CancelTile): void {
    const record = this.connection.services.catalog.get(cancel.volume);
    if (record) this.#tiles.cancel(record, cancel);
  }

  #noVolume(volume: number): void {
    this.connection.error({ code: ErrorCode.NOT_FOUND, message: `no volume ${volume} in this instance`, volume });
  }

  #need(need: Need): void {
    const record = this.connection.services.catalog.get(need.volume);
    if (!record) {
      this.#noVolume(need.volume);
      return;
    }
    const { shape, times } = record.description;
    const { time, exact = false } = need;
    for (const [index, [level, z, y, x, priority]] of need.keys.entries()) {
      const held = need.if_hash?.[index] ?? undefined;
      const key = { level, z, y, x, ...(time ? { time } : {}) };
      if (!hasBrick(shape, key, times?.count)) {
        this.connection.error({
          code: ErrorCode.NOT_FOUND,
          message: `volume ${need.volume} of shape ${shape.join(' × ')}${times ? ` and ${times.count} time points` : ''} has no brick ${keyText(key)}`,
          volume: need.volume,
          key: [level, z, y, x],
          ...(time ? { time } : {}),
        });
        continue;
      }
      const globalId = `${record.handle}:${keyText(key)}`;
      const want = this.#wants.get(globalId);
      if (want) Object.assign(want, { priority, held, ...(need.reorder ? {} : { exact }) });
      else if (need.reorder) continue; // it crossed the brick on the wire
      else {
        if (this.#wants.size >= MAX_NEEDS) throw new FrameError(ErrorCode.TOO_LARGE, `more than ${MAX_NEEDS} bricks needed at once`);
        this.#wants.set(globalId, { record, key, priority, held, exact });
      }
      this.connection.services.broker.want(this, record, key, priority);
    }
  }

  #cancel(cancel: Cancel): void {
    const record = this.connection.services.catalog.get(cancel.volume);
    if (!record) return; // it may have been removed while the message was on its way
    const { time = 0 } = cancel;
    if (cancel.keys) this.#drop(record, cancel.keys.map(([level, z, y, x]) => keyText({ level, z, y, x, time })));
    else this.#forget(record);
  }

  #forget(record: VolumeRecord): void {
    this.#drop(record, [...this.#wants.values()].filter((want) => want.record === record).map((want) => keyText(want.key)));
  }

  #drop(record: VolumeRecord, ids: readonly string[]): void {
    for (const id of ids) {
      const globalId = `${record.handle}:${id}`;
      this.#wants.delete(globalId);
      this.#ready.delete(globalId);
    }
    this.connection.services.broker.unwant(this, record, ids);
  }

  /** The viewer found a brick damaged: was it the store's copy? */
  #complaint(error: ErrorMessage): void {
    const record = error.volume === undefined ? undefined : this.connection.services.catalog.get(error.volume);
    if (error.code !== ErrorCode.BAD_FRAME || error.fatal || !record || !error.key) return;
    const [level, z, y, x] = error.key;
    this.connection.services.broker.intake.verify(record, { level, z, y, x, time: error.time ?? 0 });
  }

  /** Sends once all that is being handled now is known, so that the order is right. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      try {
        this.#pump();
      } catch (error) {
        this.connection.broken(error);
      }
    });
  }

  #pump(): void {
    const { broker, counters } = this.connection.services;
    while (this.connection.open && this.#window.open) {
      const want = this.#ready.peek();
      if (!want) return;
      const { record, key } = want;
      const id = keyText(key);
      const globalId = `${record.handle}:${id}`;
      const brick = broker.store.use(record.handle, id);
      if (!brick) {
        this.#ready.delete(globalId);
        broker.want(this, record, key, want.priority); // evicted or out of date since
        continue;
      }
      const same = want.held !== undefined && brick.checksum === want.held;
      if (!this.#window.take(same ? HEADER_BYTES : brick.bytes)) return;
      this.#ready.delete(globalId);
      this.#wants.delete(globalId);
      if (same) this.#send(sameBrick(brick, record.dtypeCode));
      else if (brick.constant) {
        counters.sentConstants += 1;
        this.#send(brick.constant);
      } else this.#sendVoxels(want, brick);
    }
  }

  #sendVoxels(want: Want, brick: StoredBrick): void {
    const { file, pool, counters } = this.connection.services;
    const { record, exact } = want;
    const buffer = brick.whole ? undefined : pool.take(brick.units);
    const frame = brick.whole ?? (buffer as Buffer).subarray(0, brick.bytes);
    if (buffer) counters.copiedBytes += readBrick(brick, file, buffer);
    const done = buffer && (() => pool.give(brick.units, buffer));
    const manner = this.#codec.choose(record, brick.bytes, (this.#wants.size + 1) * brick.bytes, exact);
    if (manner) this.#sendSmaller(want, frame, manner, done).catch((error) => this.connection.broken(error));
    else this.#send(frame, done);
  }

  /** Sends a frame once it is made smaller; what was said of its brick meanwhile came before it. */
  async #sendSmaller(want: Want, frame: Uint8Array, manner: Manner, done?: () => void): Promise<void> {
    const { codecs, counters, encoder, broker } = this.connection.services;
    const coding: Coding = { want };
    this.#coding.add(coding);
    counters.copiedBytes += frame.byteLength;
    const { frame: made, ms } = await encoder.encode(frame, manner);
    this.#coding.delete(coding);
    const sent = made ?? frame;
    if (ms > 0) codecs.saw(want.record, manner, frame.byteLength, sent.byteLength, ms);
    this.#window.add(frame.byteLength - (coding.fate ? 0 : sent.byteLength));
    if (coding.fate) {
      done?.();
      this.#window.sent();
      const globalId = `${want.record.handle}:${keyText(want.key)}`;
      if (coding.fate === 'gone' || !this.connection.open || this.#wants.has(globalId)) return;
      this.#wants.set(globalId, want);
      broker.want(this, want.record, want.key, want.priority);
      return;
    }
    counters.sentCoded += Number(made !== undefined);
    counters.codedFrom += made ? frame.byteLength : 0;
    counters.sentPreviews += Number(made !== undefined && manner.lossy);
    if (made) done?.();
    this.#send(sent, made ? undefined : done);
  }

  /** Sends the frame of a brick for which room was taken; `done` when its bytes are no longer needed. */
  #send(frame: Uint8Array, done?: () => void): void {
    const { counters } = this.connection.services;
    counters.sentBytes += frame.byteLength;
    counters.sentBricks += 1;
    counters.sentSame += Number(frame.byteLength === HEADER_BYTES);
    this.connection.send(frame, () => {
      done?.();
      this.#window.sent();
    });
  }
}

/** The answer to a viewer that holds this brick: its header, and no voxels. */
function sameBrick({ volume, key, generation, preview }: StoredBrick, dtype: number): Uint8Array {
  const { level, z, y, x, time = 0 } = key;
  const flags = Flag.SAME | (preview ? Flag.PREVIEW : 0);
  return encodeFrame(FrameType.BRICK, new Uint8Array(), { volume, level, z, y, x, time, dtype, generation, flags });
}
