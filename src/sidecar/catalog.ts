/** The volumes of the instance. */

import {
  type Changed, ErrorCode, FrameError, FrameType, MAX_VOLUMES, type VolumeDeclaration, type VolumeDescription,
} from '../protocol/index.js';
import { type BrickKey, keyText } from '../volume/geometry.js';
import type { StoredBrick } from './brick_store.js';
import type { Restored } from './config.js';
import { refusal } from './description_check.js';
import type { ProducerLink } from './producer_link.js';
import type { Services } from './services.js';
import { lend } from './lending.js';
import { SharedArray } from './shared_array.js';
import { VolumeRecord } from './volume_record.js';
import { ViewerLink } from './viewer_link.js';

/** Bytes of a volume's RANGES kept for viewers that join later. */
const MAX_RANGES_BYTES = 64 * 2 ** 20;

/** What decides whether stored bricks still are the volume's: all but how it is first shown and what is said of it. */
const identity = ({ display: _display, note: _note, ...rest }: VolumeDescription) => JSON.stringify(rest, Object.keys(rest).sort());

export class Catalog {
  readonly #records = new Map<number, VolumeRecord>();
  #lastHandle = 0;

  constructor(readonly services: () => Services) {}

  /** Volumes of an instance whose process died, under the handles that viewers know. Their producers come back for them. */
  restore({ last_handle: lastHandle, volumes }: Restored): void {
    this.#lastHandle = lastHandle;
    for (const { volume, description, edited } of volumes) {
      this.#lastHandle = Math.max(this.#lastHandle, volume);
      if (description.editable) continue; // they come from their storage
      const record = new VolumeRecord(volume, description);
      record.edited = edited;
      this.#records.set(volume, record);
      this.services().broker.expect(record);
    }
  }

  get(handle: number): VolumeRecord | undefined {
    return this.#records.get(handle);
  }

  records(): Iterable<VolumeRecord> {
    return this.#records.values();
  }

  /**
   * A producer declares a volume. The same one (name, description, fingerprint) is taken over with its bricks; another one of that name
   * replaces it.
   */
  declare(producer: ProducerLink, declaration: VolumeDeclaration | FrameError): void {
    const { shared, ...described } = declaration instanceof FrameError ? { shared: undefined } : declaration;
    const description = declaration instanceof FrameError ? declaration : (described as VolumeDescription);
    const { broker, hub, scene } = this.services();
    const known = description instanceof FrameError ? undefined : this.named(description.name);
    const refused = this.#refusal(description, known);
    if (refused || description instanceof FrameError) {
      producer.error({ code: ErrorCode.UNSUPPORTED, ...(refused as { message: string; remedy: string }) });
      return;
    }
    let record = known;
    if (record && identity(record.description) !== identity(description)) {
      this.#drop(record);
      record = undefined;
    }
    if (record) {
      record.description = description;
      record.ranges = [];
      record.rangesBytes = 0;
      record.message = undefined;
    } else {
      this.#lastHandle += 1;
      record = new VolumeRecord(this.#lastHandle, description);
      this.#records.set(record.handle, record);
    }
    scene.volumeAdded(description);
    const { stored, shape, times } = description;
    lend(broker, record, shared && stored !== 'points' && !times ? SharedArray.open(shared, shape, stored) : undefined);
    broker.attach(record, producer);
    hub.tell(FrameType.VOLUME, record.announcement());
  }

  /** A volume that the sidecar itself holds, under a handle that viewers know, or a new one. Not told to anybody yet. */
  hold(description: VolumeDescription, handle?: number): VolumeRecord {
    if (handle === undefined) this.#lastHandle += 1;
    const record = new VolumeRecord(handle ?? this.#lastHandle, description);
    this.#records.set(record.handle, record);
    this.services().scene.volumeAdded(description);
    return record;
  }

  /** Why a volume cannot be had, beside those that are there. */
  refusal(description: VolumeDescription): { message: string; remedy: string } | undefined {
    return this.#refusal({ ...description, editable: false }, undefined);
  }

  /** Removes a volume and its layer. */
  remove(record: VolumeRecord): void {
    this.#drop(record);
    this.services().scene.volumeRemoved(record.description);
  }

  /** Keeps a RANGES frame and passes it on. */
  ranges(record: VolumeRecord, frame: Uint8Array): void {
    const kept = Buffer.from(frame); // `frame` may be part of a larger buffer
    record.ranges.push(kept);
    record.rangesBytes += kept.byteLength;
    while (record.rangesBytes > MAX_RANGES_BYTES) record.rangesBytes -= record.ranges.shift()?.byteLength ?? 0;
    this.services().hub.send(kept, 'viewer');
  }

  /** Bricks have a new generation: stored ones go, viewers are told. */
  outdated(record: VolumeRecord, { boxes, time = 0, generation }: Changed, frame: Uint8Array): void {
    const { broker, hub } = this.services();
    const hit = ({ level, z, y, x, time: at = 0 }: BrickKey): boolean =>
      at === time && boxes.some(([l, z0, y0, x0, z1, y1, x1]) => l === level && z >= z0 && z < z1 && y >= y0 && y < y1 && x >= x0 && x < x1);
    const bricks = new Map<string, StoredBrick>();
    for (const brick of boxes.length > 0 ? broker.store.bricks(record.handle) : []) {
      if (hit(brick.key)) bricks.set(keyText(brick.key), brick);
    }
    for (const demand of record.demands.values()) {
      // The producer's own answers are in order with this word; those of its helpers, and its uploads, are not.
      if (demand.offset !== undefined && (demand.asked !== record.producer || demand.asked?.uploads) && hit(demand.key)) demand.leastGeneration = generation;
    }
    if (generation > 1) record.edited = true;
    record.generation = Math.max(record.generation, generation);
    hub.send(Buffer.from(frame), 'viewer');
    for (const link of hub.links()) if (link instanceof ViewerLink) link.outdated(record, hit);
    broker.outdated(record, [...bricks.values()]);
  }

  /** The store let go of a brick; `why` where that is a fault, for people. */
  evicted(brick: StoredBrick, why?: string): void {
    const record = this.#records.get(brick.volume);
    if (!record) return;
    record.message = why ?? record.message;
    this.services().broker.lost(record, brick);
  }

  named(name: string): VolumeRecord | undefined {
    for (const record of this.#records.values()) if (record.description.name === name) return record;
    return undefined;
  }

  #refusal(description: VolumeDescription | FrameError, known: VolumeRecord | undefined): { message: string; remedy: string } | undefined {
    if (description instanceof FrameError) {
      return { message: `volume description: ${description.message.replace('control message: ', '')}`, remedy: 'correct this field of the description' };
    }
    if (!known && this.#records.size >= MAX_VOLUMES) {
      return {
        message: `volume "${description.name}" would be number ${this.#records.size + 1}; an instance holds ${MAX_VOLUMES}`,
        remedy: 'remove volumes that are no longer needed, or start another instance',
      };
    }
    if (known?.description.editable) {
      return { message: `"${description.name}" is the name of editable labels`, remedy: 'give the volume another name' };
    }
    return refusal(description);
  }

  #drop(record: VolumeRecord): void {
    const { broker, hub } = this.services();
    this.#records.delete(record.handle);
    for (const link of hub.links()) if (link instanceof ViewerLink) link.volumeGone(record);
    broker.remove(record);
    hub.tell(FrameType.VOLUME_GONE, { volume: record.handle });
  }
}
