/** One producer: the volumes it declares, the needs it has been sent, and its answers. */

import type * as z from 'zod';
import {
  Changed, decodeControl, Done, ErrorCode, ErrorMessage, FrameError, type FrameHeader, FrameType, VolumeDescription, VolumeRef,
} from '../protocol/index.js';
import type { BrickKey } from '../volume/geometry.js';
import type { Connection, ErrorFields, Link } from './connection.js';
import type { Demand } from './demand.js';
import { PriorityQueue } from './priority_queue.js';
import type { VolumeRecord } from './volume_record.js';

const wireKey = ({ level, z, y, x }: BrickKey): [number, number, number, number] => [level, z, y, x];

export class ProducerLink implements Link {
  readonly kind = 'producer';
  /** Volumes it answers for. */
  readonly records = new Set<VolumeRecord>();
  /** Needs of viewers that it has not been sent yet. */
  readonly queue = new PriorityQueue<Demand>();
  /** Needs it has been sent and has not answered. */
  readonly outstanding = new Map<string, Demand>();
  /** Those of them that no viewer waited for. */
  readonly #fills = new Set<Demand>();
  readonly #cancels = new Set<Demand>();

  constructor(readonly connection: Connection) {}

  get open(): boolean {
    return this.connection.open;
  }

  get fillOutstanding(): number {
    return this.#fills.size;
  }

  frame(header: FrameHeader, payload: Uint8Array, frame: Uint8Array): void {
    const { broker, catalog, scene } = this.connection.services;
    switch (header.type) {
      case FrameType.VOLUME:
        catalog.declare(this, decodeDescription(payload));
        break;
      case FrameType.VOLUME_GONE:
        this.#mine(decodeControl(VolumeRef, payload).volume, (record) => catalog.remove(record));
        break;
      case FrameType.RANGES:
        this.#mine(header.volume, (record) => catalog.ranges(record, frame));
        break;
      case FrameType.FILL:
        this.#mine(decodeControl(VolumeRef, payload).volume, (record) => broker.filler.start(record));
        break;
      case FrameType.CHANGED: {
        const message = decodeControl(Changed, payload);
        this.#mine(message.volume, (record) => catalog.outdated(record, message, frame));
        break;
      }
      case FrameType.DONE: {
        const { volume, time = 0, keys } = decodeControl(Done, payload);
        for (const [level, z, y, x, offset, bytes, generation] of keys) {
          broker.intake.done(this, volume, { level, z, y, x, time }, offset, bytes, generation);
        }
        break;
      }
      case FrameType.BRICK:
        broker.intake.inline(this, header, frame);
        break;
      case FrameType.ERROR:
        this.#failure(decodeControl(ErrorMessage, payload));
        break;
      case FrameType.SCENE:
        scene.frame(this.connection, payload);
        break;
    }
  }

  closed(): void {
    this.connection.services.broker.detach(this);
  }

  error(fields: ErrorFields): void {
    this.connection.error(fields);
  }

  /** A need is about to be sent. */
  began(demand: Demand): void {
    this.outstanding.set(demand.globalId, demand);
    if (demand.waiters.size === 0) this.#fills.add(demand);
  }

  /** A need was answered. */
  ended(demand: Demand): void {
    this.outstanding.delete(demand.globalId);
    this.#fills.delete(demand);
  }

  /** The unanswered needs of a volume that is no longer this producer's. */
  takeOutstanding(record: VolumeRecord): Demand[] {
    const taken = [...this.outstanding.values()].filter((demand) => demand.record === record);
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

  /** Sends what was cancelled and is still unanswered, one frame for each volume and time point. */
  sendCancels(): void {
    const demands = [...this.#cancels].filter((demand) => this.outstanding.get(demand.globalId) === demand);
    this.#cancels.clear();
    for (const [address, group] of byVolumeAndTime(demands)) {
      this.connection.sendControl(FrameType.CANCEL, { ...address, keys: group.map(({ key }) => wireKey(key)) });
    }
  }

  #mine(volume: number, then: (record: VolumeRecord) => void): void {
    const record = this.connection.services.catalog.get(volume);
    if (record?.producer === this) then(record);
    else this.error({ code: ErrorCode.NOT_FOUND, message: `no volume ${volume} of this producer in this instance`, volume });
  }

  #failure({ code, message, remedy, volume, key, time = 0 }: ErrorMessage): void {
    if (volume === undefined || !key) return;
    const [level, z, y, x] = key;
    this.connection.services.broker.intake.failed(this, volume, { level, z, y, x, time }, { code, message, remedy });
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

/** A description that is JSON but cannot be served is refused without ending the connection: a person wrote it. */
function decodeDescription(payload: Uint8Array): z.infer<typeof VolumeDescription> | FrameError {
  try {
    return decodeControl(VolumeDescription, payload);
  } catch (error) {
    if (!(error instanceof FrameError) || error.code !== ErrorCode.BAD_FRAME || error.message.includes('is not JSON')) throw error;
    return error;
  }
}
