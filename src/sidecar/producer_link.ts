/** One producer: the volumes it declares, its helpers, and the needs that it is late with. */

import { randomBytes } from 'node:crypto';
import type * as z from 'zod';
import {
  Changed, decodeControl, ErrorCode, Fill, FrameError, type FrameHeader, FrameType, VolumeDeclaration, VolumeRef,
} from '../protocol/index.js';
import type { Demand } from './demand.js';
import type { HelperLink } from './helper_link.js';
import { MakerLink } from './maker_link.js';
import { PriorityQueue } from './priority_queue.js';
import type { VolumeRecord } from './volume_record.js';

/** A producer that has needs and answers nothing for this long is late: its helpers are asked. */
export const LATE_MS = 5;
/** A producer that was late is not tried again for this long: each time costs somebody those milliseconds. */
const LATE_FOR_MS = 1_000;

export class ProducerLink extends MakerLink {
  readonly kind = 'producer';
  /** What its helpers say in HELLO. */
  readonly helperTicket = randomBytes(32).toString('base64url');
  readonly helpers = new Set<HelperLink>();
  /** Volumes it answers for. */
  readonly records = new Set<VolumeRecord>();
  /** Needs of viewers that nobody has been sent yet. */
  readonly queue = new PriorityQueue<Demand>();
  /** Needs that were given to helpers: their places in the store are the producer's until it answers. */
  readonly #late = new Map<string, { record: VolumeRecord; offset: number }>();
  #lateUntil = 0;

  get main(): ProducerLink {
    return this;
  }

  /** Whether it is late. */
  get late(): boolean {
    return this.#late.size > 0 || performance.now() < this.#lateUntil;
  }

  /** Who is to make a brick: of the helpers that make it the one with least to do, else the producer. */
  makerOf(demand: Demand): MakerLink {
    let best: HelperLink | undefined;
    const late = this.late && demand.waiters.size > 0; // a fill can wait, and the producer's threads make it faster
    for (const helper of this.helpers) {
      if (helper.open && helper.makes(demand, late) && helper.outstanding.size < (best?.outstanding.size ?? Number.POSITIVE_INFINITY)) best = helper;
    }
    return best ?? this;
  }

  /** It has left needs unanswered for too long: those that a helper can make are taken from it and returned. */
  giveLate(): Demand[] {
    const before = this.#lateUntil;
    this.#lateUntil = performance.now() + LATE_FOR_MS;
    const demands = [...this.outstanding.values()].filter((demand) => this.makerOf(demand) !== this);
    if (demands.length === 0) this.#lateUntil = before;
    this.tellCancelled(demands.filter((demand) => !demand.cancelled));
    for (const demand of demands) {
      this.ended(demand);
      this.#late.set(demand.globalId, { record: demand.record, offset: demand.offset as number });
    }
    return demands;
  }

  /** A need that was given away is the producer's again, since nobody else can answer it: its place, if so. */
  takeLate(demand: Demand): number | undefined {
    const place = this.#late.get(demand.globalId);
    this.#late.delete(demand.globalId);
    return place?.offset;
  }

  /** Places of a volume's needs that were given away. */
  lateOffsets(record: VolumeRecord): number[] {
    const places = [...this.#late].filter(([, place]) => place.record === record);
    for (const [id] of places) this.#late.delete(id);
    return places.map(([, { offset }]) => offset);
  }

  protected override answeredLate(globalId: string): boolean {
    const place = this.#late.get(globalId);
    if (!place) return false;
    this.#late.delete(globalId);
    const { broker } = this.connection.services;
    broker.store.release(place.offset);
    broker.slotFreed();
    broker.schedule(this);
    return true;
  }

  override frame(header: FrameHeader, payload: Uint8Array, frame: Uint8Array): void {
    const { broker, catalog, scene } = this.connection.services;
    switch (header.type) {
      case FrameType.VOLUME:
        catalog.declare(this, decodeDescription(payload));
        break;
      case FrameType.VOLUME_GONE:
        this.#gone(decodeControl(VolumeRef, payload).volume);
        break;
      case FrameType.RANGES:
        this.#mine(header.volume, (record) => catalog.ranges(record, frame));
        break;
      case FrameType.FILL: {
        const { volume, finest_first } = decodeControl(Fill, payload);
        this.#mine(volume, (record) => broker.filler.start(record, finest_first));
        break;
      }
      case FrameType.CHANGED: {
        const message = decodeControl(Changed, payload);
        this.#mine(message.volume, (record) => catalog.outdated(record, message, frame));
        break;
      }
      case FrameType.SCENE:
        scene.frame(this.connection, payload);
        break;
      case FrameType.HISTORY:
        scene.history(this.connection, payload);
        break;
      default:
        super.frame(header, payload, frame);
    }
  }

  closed(): void {
    this.connection.services.broker.detach(this);
    for (const helper of [...this.helpers]) helper.connection.close(ErrorCode.PRODUCER_GONE, 'the producer is gone');
  }

  /** A volume of its own is removed, or editable labels, which belong to the owner. */
  #gone(volume: number): void {
    const { catalog, labels } = this.connection.services;
    if (!labels.remove(volume)) this.#mine(volume, (record) => catalog.remove(record));
  }

  #mine(volume: number, then: (record: VolumeRecord) => void): void {
    const record = this.connection.services.catalog.get(volume);
    if (record?.producer === this) then(record);
    else this.error({ code: ErrorCode.NOT_FOUND, message: `no volume ${volume} of this producer in this instance`, volume });
  }
}

/** A description that is JSON but cannot be served is refused without ending the connection: a person wrote it. */
function decodeDescription(payload: Uint8Array): z.infer<typeof VolumeDeclaration> | FrameError {
  try {
    return decodeControl(VolumeDeclaration, payload);
  } catch (error) {
    if (!(error instanceof FrameError) || error.code !== ErrorCode.BAD_FRAME || error.message.includes('is not JSON')) throw error;
    return error;
  }
}
