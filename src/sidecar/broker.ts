/**
 * Where those who need bricks meet those who make them. Bricks that several viewers wait for are asked for once; a producer is asked
 * for the most urgent brick of all viewers first, and for bricks of a fill when no viewer waits.
 */

import { ErrorCode } from '../protocol/index.js';
import { type BrickKey, keyText } from '../volume/geometry.js';
import { BrickIntake } from './brick_intake.js';
import type { BrickStore, StoredBrick } from './brick_store.js';
import { type BrickWaiter, Demand } from './demand.js';
import { Filler } from './filler.js';
import type { HelperLink } from './helper_link.js';
import type { MakerLink } from './maker_link.js';
import { LATE_MS, type ProducerLink } from './producer_link.js';
import type { StoreFile } from './store_file.js';
import type { VolumeRecord } from './volume_record.js';

/** Needs under way to one producer, or to one helper of it. */
export const MAX_OUTSTANDING = 80;
/** Of these, needs of fills: as many as two workers take at once, and as many that wait for them; the rest is kept for viewers. */
export const MAX_FILL_OUTSTANDING = 64;
/** They are asked for so many at once, a worker's turn: a message for each costs both sides as much as moving a brick does. */
const FILLS_AT_ONCE = 16;
/** How long the viewers' needs wait for a producer that lost its connection, and how long its slots are not used again. */
export const PRODUCER_GRACE_MS = 3_000;
/** Needs that may wait for a maker who has enough to do, while others are asked. */
const MAX_ASIDE = 64;

/** What went wrong with a brick, for those who wait for it. */
export interface BrickFailure {
  code: number;
  message: string;
  remedy?: string | undefined;
}

const GONE: BrickFailure = {
  code: ErrorCode.PRODUCER_GONE,
  message: 'the producer of this volume is gone, and this brick is not in the store',
  remedy: 'run the cell that renders the volume again',
};

export class Broker {
  readonly intake: BrickIntake;
  readonly filler: Filler;
  /** Bytes of frames that producers made and moved here. */
  storedBytes = 0;
  readonly #scheduled = new Set<ProducerLink>();
  /** Producers that could not be asked because every slot was in use. */
  readonly #starved = new Set<ProducerLink>();
  readonly #orphaned = new WeakSet<VolumeRecord>();
  /** Producers that are watched: they have helpers, and needs. */
  readonly #watched = new Set<ProducerLink>();

  /** @param changed told when a volume's status has; `urgent` when it must be known at once */
  constructor(
    readonly store: BrickStore,
    file: StoreFile,
    readonly changed: (record: VolumeRecord, urgent: boolean) => void,
  ) {
    this.intake = new BrickIntake(store, file, this);
    this.filler = new Filler(this);
  }

  /** `viewer` needs a brick: it is told at once, or when it is there, or when it cannot be had. */
  want(viewer: BrickWaiter, record: VolumeRecord, key: BrickKey, priority: number): void {
    const id = keyText(key);
    if (this.store.has(record.handle, id)) {
      viewer.ready(record, id);
      return;
    }
    if (this.#orphaned.has(record)) {
      viewer.failed(record, key, GONE);
      return;
    }
    const demand = this.demand(record, key, false);
    // A need of a fill stands last at the producer: taken back, it is asked again with the viewer's priority.
    if (demand.offset !== undefined && demand.waiters.size === 0) this.#takeBack(demand);
    demand.waiters.set(viewer, priority);
    this.settle(demand);
  }

  /** `viewer` no longer needs these bricks. */
  unwant(viewer: BrickWaiter, record: VolumeRecord, ids: Iterable<string>): void {
    for (const id of ids) {
      const demand = record.demands.get(id);
      if (!demand?.waiters.delete(viewer)) continue;
      this.settle(demand);
      if (!demand.wanted && demand.offset !== undefined) this.#takeBack(demand);
    }
  }

  /** The demand for a missing brick, made if need be. */
  demand(record: VolumeRecord, key: BrickKey, fill: boolean): Demand {
    const known = record.demands.get(keyText(key));
    if (known) {
      known.fill ||= fill;
      return known;
    }
    const demand = new Demand(record, key, fill);
    record.demands.set(demand.id, demand);
    return demand;
  }

  /** Puts a demand where it belongs after those who wait for it have changed. */
  settle(demand: Demand): void {
    const { record } = demand;
    if (demand.offset !== undefined) return;
    if (!demand.wanted || !record.live) {
      record.demands.delete(demand.id);
      record.producer?.queue.delete(demand.globalId);
      return;
    }
    if (!record.producer) return;
    record.producer.queue.set(demand.globalId, demand.priority, demand);
    this.schedule(record.producer);
  }

  /** Those who wait for a brick learn that it cannot be had; the demand is over. */
  fail(demand: Demand, failure: BrickFailure): void {
    const { record } = demand;
    record.demands.delete(demand.id);
    record.producer?.queue.delete(demand.globalId);
    const waiters = [...demand.waiters.keys()];
    demand.waiters.clear();
    for (const viewer of waiters) viewer.failed(record, demand.key, failure);
    if (demand.fill) this.filler.stop(record, failure);
  }

  /** Asks `producer` for more, once what is being handled now is done. */
  schedule(producer: ProducerLink): void {
    if (this.#scheduled.has(producer)) return;
    this.#scheduled.add(producer);
    queueMicrotask(() => {
      this.#scheduled.delete(producer);
      try {
        if (producer.open) this.#ask(producer);
      } catch (error) {
        producer.connection.broken(error);
      }
    });
  }

  /** A slot has become free or evictable. */
  slotFreed(): void {
    for (const producer of this.#starved) this.schedule(producer);
    this.#starved.clear();
  }

  /** `producer` now answers the needs of `record`. */
  attach(record: VolumeRecord, producer: ProducerLink): void {
    if (record.producer && record.producer !== producer) this.#abandon(record, record.producer);
    record.producer = producer;
    producer.records.add(record);
    this.#orphaned.delete(record);
    for (const demand of [...record.demands.values()]) this.settle(demand);
  }

  /** The producer's connection is gone. Needs wait a while for it to come back. */
  detach(producer: ProducerLink): void {
    this.#starved.delete(producer);
    for (const record of [...producer.records]) {
      this.#abandon(record, producer);
      this.changed(record, true);
      this.expect(record);
    }
  }

  /** A volume has no producer for the moment: needs wait a while for it to come back. */
  expect(record: VolumeRecord): void {
    setTimeout(() => {
      if (record.producer || !record.live) return;
      this.#orphaned.add(record);
      for (const demand of [...record.demands.values()]) this.fail(demand, GONE);
    }, PRODUCER_GRACE_MS).unref();
  }

  /** Removes everything of a volume. */
  remove(record: VolumeRecord): void {
    record.live = false;
    if (record.producer) this.#abandon(record, record.producer);
    record.demands.clear();
    this.store.dropVolume(record.handle);
    record.shared?.close();
    record.shared = undefined;
    this.slotFreed();
  }

  /** The store has let go of a brick. */
  lost(record: VolumeRecord, brick: StoredBrick): void {
    record.resident -= 1;
    if (brick.preview) record.previews -= 1;
    this.changed(record, false);
  }

  /** Stored bricks of the boxes are out of date; those that were to be resident are asked for again. */
  outdated(record: VolumeRecord, bricks: readonly StoredBrick[]): void {
    for (const brick of bricks) {
      if (!this.store.drop(record.handle, brick.id)) continue;
      this.lost(record, brick);
      this.filler.again(record, brick.key);
    }
    this.slotFreed();
    if (record.producer) this.schedule(record.producer);
  }

  /** Cancels a need that was sent. It is over only when the producer answers; if it is wanted then, it is sent again. */
  #takeBack(demand: Demand): void {
    const { asked } = demand;
    if (demand.cancelled || !asked || !demand.record.producer) return;
    demand.cancelled = true;
    asked.cancel(demand);
    this.schedule(asked.main);
  }

  /** Takes a volume from its producer. What that was still writing may be written yet: those slots rest for a while. */
  #abandon(record: VolumeRecord, producer: ProducerLink): void {
    producer.records.delete(record);
    if (record.producer === producer) record.producer = undefined;
    this.filler.forget(record);
    for (const maker of [producer, ...producer.helpers]) this.#recall(maker.takeOutstanding(record));
    for (const offset of producer.lateOffsets(record)) this.#rest(offset);
    for (const demand of [...record.demands.values()]) {
      producer.queue.delete(demand.globalId);
      this.settle(demand);
    }
  }

  /** Needs whose maker is gone are as if never asked. */
  #recall(demands: readonly Demand[]): void {
    for (const demand of demands) {
      const { offset } = demand;
      demand.offset = undefined;
      demand.cancelled = false;
      if (offset !== undefined) this.#rest(offset);
    }
  }

  /** A slot is free again once nobody can be writing there any more. */
  #rest(offset: number): void {
    setTimeout(() => {
      this.store.release(offset);
      this.slotFreed();
    }, PRODUCER_GRACE_MS).unref();
  }

  /** A helper is gone: others are asked what it was asked. */
  helperGone(helper: HelperLink): void {
    const demands = helper.takeOutstanding();
    this.#recall(demands);
    for (const demand of demands) this.settle(demand);
    this.schedule(helper.main);
  }

  /** Looks whether a producer with helpers answers in time; they get what it is late with. */
  lookAfter(producer: ProducerLink): void {
    if (this.#watched.has(producer) || producer.helpers.size === 0 || producer.outstanding.size === 0) return;
    this.#watched.add(producer);
    const wait = Math.max(1, LATE_MS - (performance.now() - producer.answeredAt));
    setTimeout(() => {
      this.#watched.delete(producer);
      if (!producer.open || producer.outstanding.size === 0) return;
      if (performance.now() - producer.answeredAt < LATE_MS) {
        this.lookAfter(producer);
        return;
      }
      for (const demand of producer.giveLate()) {
        demand.offset = undefined;
        demand.cancelled = false;
        this.settle(demand);
      }
    }, wait).unref();
  }

  /** Sends needs to `producer` and its helpers until enough are under way. */
  #ask(producer: ProducerLink): void {
    for (const maker of [producer, ...producer.helpers]) maker.sendCancels();
    const asked = new Map<MakerLink, Demand[]>();
    const aside: Demand[] = [];
    let mayFill = producer.fillOutstanding <= MAX_FILL_OUTSTANDING - FILLS_AT_ONCE;
    while (aside.length < MAX_ASIDE && (producer.helpers.size > 0 || producer.outstanding.size < MAX_OUTSTANDING)) {
      const demand = producer.queue.peek() ?? (mayFill && producer.fillOutstanding < MAX_FILL_OUTSTANDING ? this.filler.next(producer) : undefined);
      if (!demand) break;
      producer.queue.delete(demand.globalId);
      const forFill = demand.waiters.size === 0;
      const maker = producer.makerOf(demand);
      if (maker.outstanding.size >= MAX_OUTSTANDING || (forFill && maker.fillOutstanding >= MAX_FILL_OUTSTANDING)) {
        aside.push(demand);
        mayFill = false;
        continue;
      }
      const kept = maker === producer ? producer.takeLate(demand) : undefined;
      const offset = kept ?? this.store.reserve(demand.record.units, forFill ? demand.record.handle : undefined);
      if (offset === undefined) {
        if (this.store.expectsRoom) {
          aside.push(demand);
          this.#starved.add(producer);
          break;
        }
        this.fail(demand, this.filler.full(demand.record));
        continue;
      }
      demand.offset = offset;
      if (!maker.uploads) demand.leastGeneration = 0; // what was uploaded twice may still come
      demand.cancelled = kept !== undefined; // it was taken back before: the answer to that comes first
      maker.began(demand);
      if (kept !== undefined) continue;
      const group = asked.get(maker);
      if (group) group.push(demand);
      else asked.set(maker, [demand]);
    }
    for (const demand of aside) producer.queue.set(demand.globalId, demand.priority, demand);
    for (const [maker, demands] of asked) maker.need(demands);
    this.lookAfter(producer);
  }
}
