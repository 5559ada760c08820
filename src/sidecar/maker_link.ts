/** One who makes bricks, a producer or a helper of one: the needs it has been sent, and its answers. */

import { decodeControl, Done, ErrorCode, ErrorMessage, type FrameHeader, FrameType, UploadAsk } from '../protocol/index.js';
import { type BrickKey, keyText } from '../volume/geometry.js';
import type { Connection, ErrorFields, Link } from './connection.js';
import type { Demand } from './demand.js';
import type { ProducerLink } from './producer_link.js';
import type { UploadedFrame } from './upload/thread_messages.js';
import type { Uploads } from './upload/upload_desk.js';
import type { VolumeRecord } from './volume_record.js';

const wireKey = ({ level, z, y, x }: BrickKey): [number, number, number, number] => [level, z, y, x];

export abstract class MakerLink implements Link {
  abstract readonly kind: 'producer' | 'helper';
  /** Needs it has been sent and has not answered. */
  readonly outstanding = new Map<string, Demand>();
  /** When it last answered, or was asked with nothing to do. */
  answeredAt = 0;
  /** Those of them that no viewer waited for. */
  readonly #fills = new Set<Demand>();
  readonly #cancels = new Set<Demand>();
  /** Its further connections, which bricks come by: in no order with what it says here. */
  uploads: Uploads | undefined;

  constructor(readonly connection: Connection) {}

  /** The producer: itself, or the one it helps. */
  abstract get main(): ProducerLink;

  abstract closed(): void;

  get open(): boolean {
    return this.connection.open;
  }

  get fillOutstanding(): number {
    return this.#fills.size;
  }

  /** Handles its answers. */
  frame(header: FrameHeader, payload: Uint8Array, frame: Uint8Array): void {
    const { intake } = this.connection.services.broker;
    this.answeredAt = performance.now();
    if (header.type === FrameType.UPLOAD) this.#upload(payload);
    else if (header.type === FrameType.DONE) {
      const { volume, time = 0, keys } = decodeControl(Done, payload);
      for (const [level, z, y, x, offset, bytes, generation] of keys) {
        const key = { level, z, y, x, time };
        if (!this.answeredLate(`${volume}:${keyText(key)}`)) intake.done(this, volume, key, offset, bytes, generation);
      }
    } else if (header.type === FrameType.BRICK) {
      if (!this.answeredLate(`${header.volume}:${keyText(header)}`)) intake.inline(this, header, frame);
    } else if (header.type === FrameType.ERROR) {
      const { code, message, remedy, volume, key, time = 0 } = decodeControl(ErrorMessage, payload);
      if (volume === undefined || !key) return;
      const [level, z, y, x] = key;
      const brick = { level, z, y, x, time };
      if (!this.answeredLate(`${volume}:${keyText(brick)}`)) intake.failed(this, volume, brick, { code, message, remedy });
    }
  }

  #upload(payload: Uint8Array): void {
    decodeControl(UploadAsk, payload);
    this.connection.services.uploads
      .open(this)
      .then((message) => this.connection.sendControl(FrameType.UPLOAD, message))
      .catch((error: unknown) => this.connection.broken(error));
  }

  /** From now on it may also answer by uploads. */
  beginUploads(uploads: Uploads): void {
    this.uploads = uploads;
    for (const { offset, record } of this.outstanding.values()) if (offset !== undefined) uploads.grant(offset, record.units);
  }

  /** A frame came by an upload. */
  uploaded({ volume, key, place, bytes, generation, state }: UploadedFrame): void {
    if (!this.open) return;
    const { intake } = this.connection.services.broker;
    this.answeredAt = performance.now();
    this.connection.alive();
    if (this.answeredLate(`${volume}:${keyText(key)}`) || state === 'refused') return;
    if (state === 'misfit') intake.misfit(this, volume, key, place);
    else if (state === 'written') intake.done(this, volume, key, place, bytes, generation);
    else intake.failed(this, volume, key, { code: ErrorCode.STORE_FULL, message: 'shared memory is full' });
  }

  /** Whether this answers a need that was given to somebody else meanwhile. */
  protected answeredLate(_globalId: string): boolean {
    return false;
  }

  error(fields: ErrorFields): void {
    this.connection.error(fields);
  }

  /** A need is about to be sent. */
  began(demand: Demand): void {
    if (this.outstanding.size === 0) this.answeredAt = performance.now();
    this.outstanding.set(demand.globalId, demand);
    demand.asked = this;
    if (demand.waiters.size === 0) this.#fills.add(demand);
    if (demand.offset !== undefined) this.uploads?.grant(demand.offset, demand.record.units);
  }

  /** A need was answered, or taken away. */
  ended(demand: Demand): void {
    this.outstanding.delete(demand.globalId);
    this.#fills.delete(demand);
    if (demand.offset !== undefined) this.uploads?.withdraw(demand.offset);
  }

  /** Its unanswered needs, of one volume or of all: they are no longer its own. */
  takeOutstanding(record?: VolumeRecord): Demand[] {
    const taken = [...this.outstanding.values()].filter((demand) => !record || demand.record === record);
    for (const demand of taken) this.ended(demand);
    return taken;
  }

  /** Sends needs, one frame for each volume and time point. */
  need(demands: readonly Demand[]): void {
    for (const [address, group] of byVolumeAndTime(demands)) {
      const keys = group.map((demand) => [...wireKey(demand.key), demand.priority, demand.offset]);
      this.connection.sendControl(FrameType.NEED, { ...address, keys });
    }
  }

  /** Takes a need back, with the next CANCEL that is sent. */
  cancel(demand: Demand): void {
    this.#cancels.add(demand);
  }

  /** Sends what was cancelled and is still unanswered. */
  sendCancels(): void {
    const demands = [...this.#cancels].filter((demand) => this.outstanding.get(demand.globalId) === demand);
    this.#cancels.clear();
    this.tellCancelled(demands);
  }

  /** Sends CANCEL, one frame for each volume and time point. */
  protected tellCancelled(demands: readonly Demand[]): void {
    for (const [address, group] of byVolumeAndTime(demands)) {
      this.connection.sendControl(FrameType.CANCEL, { ...address, keys: group.map(({ key }) => wireKey(key)) });
    }
  }
}

/** Demands that one message can name, with the fields of that message which say of what they are. */
function byVolumeAndTime(demands: readonly Demand[]): Iterable<[{ volume: number; time?: number }, Demand[]]> {
  const groups = new Map<string, [{ volume: number; time?: number }, Demand[]]>();
  for (const demand of demands) {
    const { record, key: { time } } = demand;
    const at = `${record.handle}:${time ?? 0}`;
    const group = groups.get(at);
    if (group) group[1].push(demand);
    else groups.set(at, [{ volume: record.handle, ...(time ? { time } : {}) }, [demand]]);
  }
  return groups.values();
}
