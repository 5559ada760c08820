/** Making volumes resident: one brick after the other, after all that viewers need. */

import { ErrorCode, UNIT_BYTES } from '../protocol/index.js';
import type { BrickKey } from '../volume/geometry.js';
import type { Broker, BrickFailure } from './broker.js';
import type { Demand } from './demand.js';
import { FillWalk } from './fill.js';
import type { ProducerLink } from './producer_link.js';
import type { VolumeRecord } from './volume_record.js';

export class Filler {
  constructor(readonly broker: Broker) {}

  /** Asks for every brick of a volume. Refused at once where the store cannot hold them. */
  start(record: VolumeRecord, finestFirst = false): void {
    record.message = undefined;
    this.broker.store.thawGrowth(); // somebody may have made room since
    if (record.total - record.lent > this.broker.store.slotCapacity(record.units)) {
      this.stop(record, this.full(record));
      return;
    }
    record.wantResident = true;
    record.fill = new FillWalk(record.description.shape, record.description.times?.count, finestFirst ? 'finest' : 'coarsest');
    this.check(record);
    this.broker.changed(record, true);
    if (record.producer) this.broker.schedule(record.producer);
  }

  /** The next brick to fill among the volumes of `producer`. */
  next(producer: ProducerLink): Demand | undefined {
    for (const record of producer.records) {
      const key = record.fill?.next((_, id) => this.#lacks(record, id));
      if (key) return this.broker.demand(record, key, true);
      this.check(record);
    }
    return undefined;
  }

  /** Whether nobody has asked for a missing brick yet. What a viewer waits for the fill needs too, should the viewer leave. */
  #lacks(record: VolumeRecord, id: string): boolean {
    if (this.broker.store.has(record.handle, id)) return false;
    const demand = record.demands.get(id);
    if (demand) demand.fill = true;
    return demand === undefined;
  }

  /** A brick of a volume is missing again: if the volume is to be resident, it is filled again. */
  again(record: VolumeRecord, key: BrickKey): void {
    if (!record.wantResident) return;
    record.fill ??= new FillWalk(record.description.shape, record.description.times?.count, 'nowhere');
    record.fill.again(key);
  }

  /** Ends a fill that has nothing left to do: complete, or robbed of bricks while it ran. Previews wait for their change. */
  check(record: VolumeRecord): void {
    if (!record.fill) return;
    if (record.complete) {
      record.fill = undefined;
      this.broker.changed(record, true);
    } else if (record.fill.ended && record.demands.size === 0 && record.resident + record.lent < record.total) {
      this.stop(record, this.full(record));
    }
  }

  /** Gives a fill up and tells its producer why. */
  stop(record: VolumeRecord, { code, message, remedy }: BrickFailure): void {
    this.forget(record);
    record.message = message;
    record.producer?.error({ code, message, remedy, volume: record.handle });
    this.broker.changed(record, true);
  }

  /** No brick of this volume is asked for by a fill any more. */
  forget(record: VolumeRecord): void {
    record.fill = undefined;
    record.wantResident = false;
    for (const demand of [...record.demands.values()]) {
      if (!demand.fill) continue;
      demand.fill = false;
      this.broker.settle(demand);
    }
  }

  /** Why a volume cannot be resident, with the numbers. */
  full(record: VolumeRecord): BrickFailure {
    const { store } = this.broker;
    const needed = (record.total - record.lent) * record.units * UNIT_BYTES;
    const name = record.description.name;
    if (store.frozen) {
      return {
        code: ErrorCode.STORE_FULL,
        message: `shared memory is full: the store stays at ${store.capacity} of its ${store.bytes} bytes; "${name}" needs ${needed} to be resident`,
        remedy: 'free shared memory (df /dev/shm), remove volumes, or start the instance with a smaller store_bytes',
      };
    }
    if (store.spill?.message) {
      return {
        code: ErrorCode.STORE_FULL,
        message: `${store.spill.message}; "${name}" needs ${needed} to be resident, in memory and on disk`,
        remedy: 'free some of that disk and render the volume again, or show it without making it resident',
      };
    }
    return {
      code: ErrorCode.STORE_FULL,
      message: `the store of ${store.reach} bytes cannot hold all ${record.total - record.lent} bricks of "${name}" (${needed} bytes)`,
      remedy: `start the instance with store_bytes of at least ${needed} besides what other volumes take, or show it without making it resident`,
    };
  }
}
