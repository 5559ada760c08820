/**
 * Where bricks stand in the store's file. The file is cut into groups of four units; a group serves one class of slots
 * (1, 2 or 4 units) at a time and becomes free for any class when its last slot does, so that no mixture of dtypes can
 * leave holes that fit nothing. Slots are reused before new ones are taken: fresh pages of shared memory are dear.
 */

import { UNIT_BYTES } from '../protocol/index.js';
import { GROUP_UNITS } from './store_budget.js';

/** Units of a slot. */
export type SlotUnits = 1 | 2 | 4;

const ALL = (1 << GROUP_UNITS) - 1;

export class SlotAllocator {
  /** Class of each group; 0: free. */
  readonly #class: Uint8Array;
  /** Units in use, as bits. */
  readonly #used: Uint8Array;
  /** Units whose pages are known to exist, as bits: a whole frame has been written there. */
  readonly #written: Uint8Array;
  /** Groups of each class with at least one free slot. */
  readonly #open: Record<SlotUnits, Set<number>> = { 1: new Set(), 2: new Set(), 4: new Set() };
  /** Free groups that have been used before; the last freed is the warmest. */
  readonly #free: number[] = [];
  /** The first group never used. */
  #fresh = 0;
  #frozen = false;
  #usedUnits = 0;

  constructor(readonly groups: number) {
    this.#class = new Uint8Array(groups);
    this.#used = new Uint8Array(groups);
    this.#written = new Uint8Array(groups);
  }

  /** Bytes of slots in use. */
  get usedBytes(): number {
    return this.#usedUnits * UNIT_BYTES;
  }

  /** Whether only slots with existing pages are handed out. */
  get frozen(): boolean {
    return this.#frozen;
  }

  /** Bytes of units written so far: what the file can hold once growth is frozen. */
  get writtenBytes(): number {
    let units = 0;
    for (const bits of this.#written) for (let b = bits; b > 0; b &= b - 1) units += 1;
    return units * UNIT_BYTES;
  }

  /** Class of `group`, or 0 when it is free. */
  classOf(group: number): number {
    return this.#class[group] as number;
  }

  /** The group of an offset. */
  groupOf(offset: number): number {
    return Math.floor(offset / UNIT_BYTES / GROUP_UNITS);
  }

  /** Offsets of the slots of `group` in its present class. */
  slotsOf(group: number): number[] {
    const units = this.#class[group] as number;
    if (units === 0) return [];
    return Array.from({ length: GROUP_UNITS / units }, (_, slot) => (group * GROUP_UNITS + slot * units) * UNIT_BYTES);
  }

  /** Takes a slot of `units`, or undefined when no group can give one. */
  allocate(units: SlotUnits): number | undefined {
    for (const group of this.#open[units]) {
      const offset = this.#take(group, units);
      if (offset !== undefined) return offset;
    }
    for (let i = this.#free.length - 1; i >= 0; i -= 1) {
      const group = this.#free[i] as number;
      if (this.#frozen && !this.#hasWritten(group, units)) continue;
      this.#free.splice(i, 1);
      return this.#dedicate(group, units);
    }
    if (this.#frozen || this.#fresh >= this.groups) return undefined;
    this.#fresh += 1;
    return this.#dedicate(this.#fresh - 1, units);
  }

  /** Gives a slot back. */
  free(offset: number): void {
    const group = this.groupOf(offset);
    const units = this.#class[group] as SlotUnits;
    const bits = this.#bits(offset, units);
    if (!units || ((this.#used[group] as number) & bits) !== bits) throw new Error(`slot ${offset} is not in use`);
    this.#used[group] = (this.#used[group] as number) & ~bits;
    this.#usedUnits -= units;
    if (this.#used[group] === 0) {
      this.#open[units].delete(group);
      this.#class[group] = 0;
      this.#free.push(group);
    } else {
      this.#open[units].add(group);
    }
  }

  /** Notes that a whole frame stands at `offset`. */
  markWritten(offset: number): void {
    const group = this.groupOf(offset);
    this.#written[group] = (this.#written[group] as number) | this.#bits(offset, this.#class[group] as SlotUnits);
  }

  /** The file system has no page left: from now on only slots that have been written are handed out, `offset` not. */
  freeze(offset: number): void {
    this.#frozen = true;
    const group = this.groupOf(offset);
    this.#written[group] = (this.#written[group] as number) & ~this.#bits(offset, this.#class[group] as SlotUnits);
  }

  /** The file system may have pages again: slots that were never written are handed out once more. */
  thaw(): void {
    this.#frozen = false;
  }

  #bits(offset: number, units: SlotUnits): number {
    const unit = Math.round(offset / UNIT_BYTES) % GROUP_UNITS;
    return ((1 << units) - 1) << unit;
  }

  #hasWritten(group: number, units: SlotUnits): boolean {
    const written = this.#written[group] as number;
    for (let unit = 0; unit < GROUP_UNITS; unit += units) {
      const bits = ((1 << units) - 1) << unit;
      if ((written & bits) === bits) return true;
    }
    return false;
  }

  #dedicate(group: number, units: SlotUnits): number | undefined {
    this.#class[group] = units;
    this.#open[units].add(group);
    return this.#take(group, units);
  }

  #take(group: number, units: SlotUnits): number | undefined {
    for (let unit = 0; unit < GROUP_UNITS; unit += units) {
      const bits = ((1 << units) - 1) << unit;
      if (((this.#used[group] as number) & bits) !== 0) continue;
      if (this.#frozen && ((this.#written[group] as number) & bits) !== bits) continue;
      this.#used[group] = (this.#used[group] as number) | bits;
      this.#usedUnits += units;
      if (this.#used[group] === ALL) this.#open[units].delete(group);
      return (group * GROUP_UNITS + unit) * UNIT_BYTES;
    }
    return undefined;
  }
}
