/** What the sidecar knows of one volume. */

import { type StoredDtype, type VolumeAnnouncement, type VolumeDescription, type VolumeStatus, DTYPE_CODE, STORE_UNITS } from '../protocol/index.js';
import { brickCount, brickGrid, type BrickKey, levelCount } from '../volume/geometry.js';
import type { Demand } from './demand.js';
import type { FillWalk } from './fill.js';
import type { ProducerLink } from './producer_link.js';
import type { SharedArray } from './shared_array.js';
import type { SlotUnits } from './slot_allocator.js';

export class VolumeRecord {
  /** The connection that answers its needs. */
  producer: ProducerLink | undefined;
  /** Frames of RANGES as they came, for viewers that join later. */
  ranges: Uint8Array[] = [];
  rangesBytes = 0;
  /** Makes the frames of RANGES for who joins, where these are not kept as they came. */
  rangesNow: (() => Uint8Array[]) | undefined;
  /** Bricks in the store, and how many of these are previews. */
  resident = 0;
  previews = 0;
  /** Its array, where that is memory which the producer shares: bricks of level 0 are cut from it. */
  shared: SharedArray | undefined;
  /** Generation of level 0. */
  generation = 1;
  /** Bricks that are missing and asked for, by keyText. */
  readonly demands = new Map<string, Demand>();
  /** Walks all bricks while a fill is under way. */
  fill: FillWalk | undefined;
  /** True once a fill was asked for and not given up: what changes afterwards is filled again. */
  wantResident = false;
  /** Voxels have changed since it was declared: what others keep by its fingerprint is out of date. */
  edited = false;
  /** One sentence for people. */
  message: string | undefined;
  /** False once it is removed: what is still under way for it is dropped. */
  live = true;
  readonly total: number;
  readonly levels: number;
  readonly units: SlotUnits;
  readonly dtypeCode: number;

  constructor(
    readonly handle: number,
    public description: VolumeDescription,
  ) {
    this.total = brickCount(description.shape, description.times?.count);
    this.levels = levelCount(description.shape);
    const stored: StoredDtype = description.stored;
    this.units = STORE_UNITS[stored];
    this.dtypeCode = DTYPE_CODE[stored];
  }

  /** Bricks that are there without room in the store. */
  get lent(): number {
    if (this.description.editable) return this.total;
    return this.shared ? brickGrid(this.description.shape, 0).reduce((a, b) => a * b, 1) : 0;
  }

  /** True when every brick is there in its final generation. */
  get complete(): boolean {
    return this.resident + this.lent === this.total && this.previews === 0;
  }

  /** Whether `key` is the one brick that holds the whole volume. */
  isCoarsest(key: BrickKey): boolean {
    return key.level === this.levels - 1;
  }

  status(): VolumeStatus {
    return {
      volume: this.handle,
      producer: this.producer || this.description.editable ? 'alive' : 'gone',
      resident: this.resident + this.lent,
      total: this.total,
      ...(this.shared && { lent: this.lent }),
      filling: this.fill !== undefined,
      complete: this.complete,
      ...(this.edited && { edited: true }),
      ...(this.message === undefined ? {} : { message: this.message }),
    };
  }

  announcement(): VolumeAnnouncement {
    return { volume: this.handle, description: this.description, status: this.status() };
  }
}
