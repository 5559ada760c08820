/**
 * Which bricks stand where, and which one goes when there is no room. One rule: the least recently used. The unit that goes
 * is a slot of the class wanted, or a whole group of another class, whichever has been idle longest (a group's age is that of its
 * youngest brick). Slots being written are never taken; bricks that `keep` names go only when nothing else is left. Constant bricks
 * take no slot: their frames of some 70 bytes stand beside the file, as many as the store has 16 KiB.
 */

import type { BrickKey } from '../volume/geometry.js';
import type { Spill } from './spill.js';
import { type SlotUnits, SlotAllocator } from './slot_allocator.js';
import { GROUP_BYTES } from './store_budget.js';
import type { StoreFile } from './store_file.js';

/** One constant brick for so many bytes of the budget: what is kept of it besides is half a kilobyte. */
const BYTES_A_CONSTANT = 16_384;

/** A brick in the store. */
export interface StoredBrick {
  readonly volume: number;
  readonly key: BrickKey;
  /** keyText(key) */
  readonly id: string;
  /** Where its frame stands; while it is committed, the slot that was reserved for it. */
  readonly offset: number;
  readonly units: SlotUnits;
  /** Length of the frame. */
  readonly bytes: number;
  readonly generation: number;
  readonly preview: boolean;
  /** Of the payload, as the header says; unknown where it is cut when it is read. */
  readonly checksum?: number;
  /** The frame itself, where it is that of a constant brick: those take no slot. */
  readonly constant?: Uint8Array;
  /** The frame itself, where it is kept elsewhere: those take no slot either. Nobody writes to it. */
  readonly whole?: Uint8Array;
  /** Makes the frame, where it is cut from memory that the producer shares: those take no slot either. Returns the bytes copied for that. */
  readonly cut?: (into: Uint8Array) => number;
  /** Reads the frame, where it stands on disk. */
  readonly spilled?: (into: Uint8Array) => void;
}

/** Reads the frame of a brick that is no `constant` and no `whole` to the start of `into`; returns the bytes copied for that. */
export function readBrick(brick: StoredBrick, file: StoreFile, into: Uint8Array): number {
  if (brick.cut) return brick.cut(into);
  if (brick.spilled) brick.spilled(into);
  else file.read(brick.offset, brick.bytes, into);
  return brick.bytes;
}

/** Bricks of a volume that are cut when they are read. */
export interface LentBricks {
  has(id: string): boolean;
  brick(id: string): StoredBrick;
}

interface Slot {
  brick: StoredBrick;
  /** When it was last used, in uses of the store. */
  used: number;
}

export class BrickStore {
  readonly #slots: SlotAllocator;
  readonly #volumes = new Map<number, Map<string, Slot>>();
  readonly #byOffset = new Map<number, Slot>();
  /** Bricks of each class, least recently used first. */
  readonly #lru: Record<SlotUnits, Map<number, Slot>> = { 1: new Map(), 2: new Map(), 4: new Map() };
  /** Constant bricks, least recently used first. */
  readonly #constants = new Set<Slot>();
  /** By volume. */
  readonly #lent = new Map<number, LentBricks>();
  readonly #groupUsed: Float64Array;
  /** Bricks that somebody is about to read, and how many do. */
  readonly #held = new Map<StoredBrick, number>();
  /** Slots handed out and not yet committed. */
  readonly #reserved = new Set<number>();
  #clock = 0;

  /**
   * @param keep bricks to take last: nobody can make them again, or a view would have nothing without them
   * @param evicted told of each brick that had to go
   */
  constructor(
    readonly bytes: number,
    readonly keep: (brick: StoredBrick) => boolean,
    readonly evicted: (brick: StoredBrick) => void,
    readonly spill?: Spill,
  ) {
    this.#slots = new SlotAllocator(Math.floor(bytes / GROUP_BYTES));
    this.#groupUsed = new Float64Array(this.#slots.groups);
    if (spill) spill.mayGo = (brick, last) => !this.#held.has(brick) && (last || !keep(brick));
  }

  get usedBytes(): number {
    return this.#slots.usedBytes;
  }

  /** Bytes the store can hold: its budget, or what was written before the file system had no page left. */
  get capacity(): number {
    return this.#slots.frozen ? this.#slots.writtenBytes : this.bytes;
  }

  /** Bytes of bricks it can hold, in memory and on disk. */
  get reach(): number {
    return this.capacity + (this.spill?.capacity ?? 0);
  }

  /** Whether there will be room without anything more being let go: slots are being written, or bricks on their way to disk. */
  get expectsRoom(): boolean {
    return this.#reserved.size > 0 || (this.spill?.busy ?? false);
  }

  /** Constant bricks, which take no slot. */
  get constants(): number {
    return this.#constants.size;
  }

  /** Slots that are being written. */
  get reserved(): number {
    return this.#reserved.size;
  }

  get frozen(): boolean {
    return this.#slots.frozen;
  }

  /** How many bricks of `units` the store can hold at once. */
  slotCapacity(units: SlotUnits): number {
    const groups = Math.floor(this.capacity / GROUP_BYTES) + Math.floor((this.spill?.capacity ?? 0) / GROUP_BYTES);
    return groups * (4 / units);
  }

  has(volume: number, id: string): boolean {
    return (this.#volumes.get(volume)?.has(id) ?? false) || this.lends(volume, id) || (this.spill?.has(volume, id) ?? false);
  }

  /** Bricks of a volume that need no slot; those of them that stand in one are to be dropped. Without `bricks` there are none any more. */
  lend(volume: number, bricks: LentBricks | undefined): void {
    if (bricks) this.#lent.set(volume, bricks);
    else this.#lent.delete(volume);
  }

  lends(volume: number, id: string): boolean {
    return this.#lent.get(volume)?.has(id) ?? false;
  }

  #lentBrick(volume: number, id: string): StoredBrick | undefined {
    return this.lends(volume, id) ? this.#lent.get(volume)?.brick(id) : undefined;
  }

  /** The brick, now the most recently used one. */
  use(volume: number, id: string): StoredBrick | undefined {
    const slot = this.#volumes.get(volume)?.get(id);
    if (slot) this.#touch(slot);
    return slot?.brick ?? this.#lentBrick(volume, id) ?? this.spill?.use(volume, id);
  }

  /** Keeps a brick from being evicted until `letGo`: as many times as it was held. */
  hold(volume: number, id: string): StoredBrick | undefined {
    const brick = this.#volumes.get(volume)?.get(id)?.brick ?? this.#lentBrick(volume, id) ?? this.spill?.use(volume, id);
    if (brick) this.#held.set(brick, (this.#held.get(brick) ?? 0) + 1);
    return brick;
  }

  letGo(brick: StoredBrick): void {
    const left = (this.#held.get(brick) ?? 1) - 1;
    if (left > 0) this.#held.set(brick, left);
    else this.#held.delete(brick);
  }

  /** Bricks of a volume. */
  bricks(volume: number): StoredBrick[] {
    return [...(this.#volumes.get(volume)?.values() ?? [])].map((slot) => slot.brick).concat(this.spill?.of(volume) ?? []);
  }

  /**
   * A slot to write a brick into, evicting others if need be; undefined when everything is in use.
   *
   * @param spare a volume whose bricks are not to go: filling it must not undo itself
   */
  reserve(units: SlotUnits, spare?: number): number | undefined {
    let offset = this.#slots.allocate(units);
    while (offset === undefined && this.#evict(units, spare)) offset = this.#slots.allocate(units);
    if (offset !== undefined) this.#reserved.add(offset);
    return offset;
  }

  /** A reserved slot now holds `brick`; an older copy of it goes. */
  commit(brick: StoredBrick): void {
    if (!this.#reserved.delete(brick.offset)) throw new Error(`slot ${brick.offset} is not reserved`);
    this.drop(brick.volume, brick.id);
    const slot = { brick, used: 0 };
    if (brick.constant) this.#slots.free(brick.offset);
    else this.#slots.markWritten(brick.offset);
    let volume = this.#volumes.get(brick.volume);
    if (!volume) {
      volume = new Map();
      this.#volumes.set(brick.volume, volume);
    }
    volume.set(brick.id, slot);
    if (!brick.constant) this.#byOffset.set(brick.offset, slot);
    this.#touch(slot);
    if (this.#constants.size > this.bytes / BYTES_A_CONSTANT) this.#evictConstant(slot);
  }

  /** Gives a reserved slot back unused. */
  release(offset: number): void {
    if (!this.#reserved.delete(offset)) throw new Error(`slot ${offset} is not reserved`);
    this.#slots.free(offset);
  }

  /** Shared memory had no page for the reserved slot at `offset`: the store grows no more. */
  freezeGrowth(offset: number): void {
    this.#slots.freeze(offset);
  }

  /** Shared memory and the disk may have room again: growth is tried once more. */
  thawGrowth(): void {
    this.#slots.thaw();
    this.spill?.thaw();
  }

  /** Forgets a brick; returns it if it was there. */
  drop(volume: number, id: string): StoredBrick | undefined {
    const bricks = this.#volumes.get(volume);
    const slot = bricks?.get(id);
    if (!bricks || !slot) return this.spill?.drop(volume, id);
    bricks.delete(id);
    if (bricks.size === 0) this.#volumes.delete(volume);
    if (this.#constants.delete(slot)) return slot.brick;
    this.#byOffset.delete(slot.brick.offset);
    this.#lru[slot.brick.units].delete(slot.brick.offset);
    this.#slots.free(slot.brick.offset);
    return slot.brick;
  }

  /** Forgets all bricks of a volume. */
  dropVolume(volume: number): void {
    this.#lent.delete(volume);
    for (const { id } of this.bricks(volume)) this.drop(volume, id);
  }

  #touch(slot: Slot): void {
    this.#clock += 1;
    slot.used = this.#clock;
    const { offset, units, constant } = slot.brick;
    if (constant) {
      this.#constants.delete(slot);
      this.#constants.add(slot);
      return;
    }
    this.#lru[units].delete(offset);
    this.#lru[units].set(offset, slot);
    this.#groupUsed[this.#slots.groupOf(offset)] = this.#clock;
  }

  /** Lets the constant brick go that was not used for longest, `but` not. */
  #evictConstant(but: Slot): void {
    for (const last of [false, true]) {
      for (const slot of this.#constants) {
        if (slot === but || this.#held.has(slot.brick) || (!last && this.keep(slot.brick))) continue;
        this.drop(slot.brick.volume, slot.brick.id);
        this.evicted(slot.brick);
        return;
      }
    }
  }

  /** Frees at least one slot of `units`, or returns false. */
  #evict(units: SlotUnits, spare: number | undefined): boolean {
    // What goes to disk is not lost: a fill may do that to its own volume too.
    const spills = this.spill?.roomFor(units, spare) ?? false;
    if (spare !== undefined && !spills && this.spill?.busy) return false; // a fill waits for the disk
    for (const last of [false, true]) {
      const mayGo = ({ brick }: Slot) => (spills || brick.volume !== spare) && !this.#held.has(brick) && (last || !this.keep(brick));
      let slot: Slot | undefined;
      for (const candidate of this.#lru[units].values()) {
        if (!mayGo(candidate)) continue;
        slot = candidate;
        break;
      }
      const group = this.#idleGroup(units, mayGo, slot?.used ?? Number.POSITIVE_INFINITY);
      const victims = group === undefined ? [slot] : this.#slots.slotsOf(group).map((offset) => this.#byOffset.get(offset));
      for (const victim of victims) {
        if (victim) this.#letGo(victim.brick, spare);
      }
      if (slot || group !== undefined) return true;
    }
    return false;
  }

  #letGo(brick: StoredBrick, spare: number | undefined): void {
    const { volume, id } = brick;
    this.drop(volume, id);
    if (!this.spill?.take(brick, spare)) this.evicted(brick);
  }

  /** The group of another class that has been idle longest, if longer than since `used`, and all of whose bricks may go. */
  #idleGroup(units: SlotUnits, mayGo: (slot: Slot) => boolean, used: number): number | undefined {
    let best: number | undefined;
    let oldest = used;
    for (let group = 0; group < this.#slots.groups; group += 1) {
      const other = this.#slots.classOf(group);
      if (other === 0 || other === units || (this.#groupUsed[group] as number) >= oldest) continue;
      const offsets = this.#slots.slotsOf(group);
      const free = offsets.every((offset) => {
        const slot = this.#byOffset.get(offset);
        return slot ? mayGo(slot) : !this.#reserved.has(offset);
      });
      if (!free) continue;
      oldest = this.#groupUsed[group] as number;
      best = group;
    }
    return best;
  }
}
