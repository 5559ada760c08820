/** Which bricks are on the GPU: one atlas for each storage class in use, grown when the plans need more, within one budget. */

import type * as THREE from 'three';
import type { Brick } from '../session/types.js';
import type { BrickKey } from '../volume/geometry.js';
import { BrickAtlas, FIRST_SLOTS } from './brick_atlas.js';
import type { GpuBudget } from './gpu_budget.js';
import type { SlotEntry, SlotOwner } from './slot_map.js';
import { slotBytes, type StorageClass } from './storage.js';
import type { VolumeState } from './volume_state.js';

/** Kept free of atlases, for page tables and render targets that grow: of a small budget a third. */
const RESERVE_BYTES = 24 * 2 ** 20;
/** An atlas is this much larger than what it is planned for: its slots form a box. */
export const ATLAS_SLACK = 1.15;

/** The bricks on the GPU. */
export class Residency {
  /** Rises with each plan: a brick that was not planned in this turn may make room. */
  turn = 1;
  /** Rises whenever a brick comes or goes. */
  version = 0;
  uploads = 0;
  evictions = 0;
  /** Told which bricks went with the slots they were in, by volume handle and brick number. */
  onLost: (lost: readonly SlotOwner[]) => void = () => {};
  readonly #atlases = new Map<string, BrickAtlas>();
  /** Classes that could not grow as far as they should, and the bytes that were free then: without more they need not try again. */
  readonly #grown = new Map<string, number>();
  #needed = 0;

  constructor(
    readonly renderer: THREE.WebGLRenderer,
    readonly budget: GpuBudget,
  ) {}

  /** The atlas of a class, made when first asked for; classes of `unused` names give up theirs if there is no room. */
  atlas(storage: StorageClass, inUse: ReadonlySet<string> = new Set()): BrickAtlas {
    const known = this.#atlases.get(storage.name);
    if (known) return known;
    for (const [name, atlas] of this.#atlases) {
      if (this.budget.free - this.#reserve >= FIRST_SLOTS * slotBytes(storage)) break;
      if (inUse.has(name)) continue;
      atlas.dispose();
      this.#atlases.delete(name);
      this.version += 1;
    }
    const made = new BrickAtlas(storage, this.renderer, this.budget, FIRST_SLOTS, this.#reserve);
    this.#atlases.set(storage.name, made);
    return made;
  }

  /** Bytes that all atlases together may take. */
  get room(): number {
    return this.budget.max - this.#reserve - (this.budget.total - this.budget.heldBy('atlas/'));
  }

  /** Slots that a class has. */
  capacity(storage: StorageClass): number {
    return this.#atlases.get(storage.name)?.slots.capacity ?? 0;
  }

  /** Slots that a class has or could have; a growing texture stands beside the old one for a moment. */
  reachable(storage: StorageClass): number {
    const atlas = this.atlas(storage);
    const has = atlas.slots.capacity;
    if (this.#grown.get(storage.name) === this.budget.free) return has;
    return Math.max(has, Math.floor(atlas.growable(this.#reserve) / ATLAS_SLACK));
  }

  /**
   * Grows the atlas of a class for a plan of `wanted` bricks of volumes whose plans can have about `most` bricks, up to `share` slots.
   *
   * @returns whether there is a slot for each
   */
  ensure(storage: StorageClass, wanted: number, most: number, share: number): boolean {
    const atlas = this.atlas(storage);
    if (wanted <= atlas.slots.capacity) return true;
    // A little more than is needed, so that turning the view does not grow it again and again.
    const goal = Math.max(wanted, Math.min(most, Math.ceil(wanted * 1.3), Math.ceil(share * ATLAS_SLACK)));
    if (atlas.grow(goal, this.#reserve)) this.version += 1;
    const enough = wanted <= atlas.slots.capacity;
    if (enough) this.#grown.delete(storage.name);
    else this.#grown.set(storage.name, this.budget.free);
    return enough;
  }

  /**
   * Makes the atlas of a class smaller. The coarsest bricks in use stay, so that there is a picture at any time; the others come
   * back from browser memory as far as there are slots.
   */
  shrink(storage: StorageClass, slots: number): boolean {
    const atlas = this.#atlases.get(storage.name);
    if (!atlas || atlas.slots.capacity <= Math.max(slots, FIRST_SLOTS)) return false;
    const lost = atlas.shrink(this.#reserve);
    if (!lost) return false;
    atlas.grow(Math.ceil(slots), this.#reserve);
    this.version += 1;
    this.#grown.clear();
    this.onLost(lost);
    return true;
  }

  /** Kept free of atlases: more where that once was not enough. */
  get #reserve(): number {
    return Math.max(Math.min(RESERVE_BYTES, this.budget.max / 3), this.#needed);
  }

  /**
   * Lets atlases go, the largest first, so that what else is on the GPU and `missing` bytes more fit the budget; they are made anew,
   * smaller, and filled from browser memory. False where no atlas stands in the way.
   */
  evacuate(missing: number): boolean {
    const others = this.budget.total - this.budget.heldBy('atlas/');
    if (missing > 0) this.#needed = Math.max(this.#needed, others + missing);
    const lost: SlotOwner[] = [];
    let any = false;
    for (const [name, atlas] of [...this.#atlases].sort(([, a], [, b]) => b.bytes - a.bytes)) {
      if (any && this.budget.free >= missing) break;
      for (const { volume, number } of atlas.slots.entries()) lost.push({ volume, number });
      atlas.dispose();
      this.#atlases.delete(name);
      any = true;
    }
    this.version += 1;
    this.#grown.clear();
    this.onLost(lost);
    return any;
  }

  /** Marks planned bricks as in use, so that they stay. */
  keep(volume: VolumeState, numbers: ReadonlySet<number>): void {
    const entries = this.of(volume);
    for (const number of numbers) {
      const entry = entries.get(number);
      if (entry) entry.used = this.turn;
    }
  }

  /** A volume's bricks on the GPU, by number. */
  of(volume: VolumeState): ReadonlyMap<number, SlotEntry> {
    return this.#atlases.get(volume.storage.name)?.slots.of(volume.handle) ?? new Map();
  }

  /**
   * Uploads a brick.
   *
   * @param planned whether a view asks for it: one that none asks for is kept only where a slot is free
   */
  upload(volume: VolumeState, brick: Brick, planned: boolean): boolean {
    const atlas = this.atlas(volume.storage);
    const number = volume.numbering.packKey(brick);
    const owner = { volume: volume.handle, number };
    const held = atlas.slots.get(owner);
    if (held && held.generation > brick.generation) return false;
    if (!held && !planned && !atlas.slots.hasFree) return false;
    const evicted = atlas.evictions;
    const entry = atlas.upload(owner, brick.voxels, this.turn);
    this.evictions += atlas.evictions - evicted;
    if (!entry) return false;
    // A brick that was marked as changed stays so until a newer one is here.
    if (brick.generation > entry.generation) entry.stale = false;
    entry.generation = brick.generation;
    entry.preview = brick.preview;
    entry.used = planned ? this.turn : entry.used - 1;
    this.uploads += 1;
    this.version += 1;
    return true;
  }

  /** Marks bricks of a volume as changed at their source. */
  invalidate(volume: VolumeState, inside: (key: BrickKey) => boolean): void {
    for (const entry of this.of(volume).values()) {
      if (inside(volume.numbering.unpack(entry.number))) entry.stale = true;
    }
    this.version += 1;
  }

  /** Forgets a volume. */
  remove(volume: VolumeState): void {
    this.#atlases.get(volume.storage.name)?.slots.removeVolume(volume.handle);
    this.version += 1;
  }

  /** After a lost context: empty atlases again. Returns what was here, as volume handles and brick numbers. */
  rebuild(): { volume: number; number: number }[] {
    const lost: { volume: number; number: number }[] = [];
    for (const atlas of this.#atlases.values()) {
      for (const { volume, number } of atlas.slots.entries()) lost.push({ volume, number });
      atlas.rebuild();
    }
    this.version += 1;
    return lost;
  }

  /** Slots of all atlases, and how many hold a brick. */
  get slots(): { total: number; used: number } {
    const atlases = [...this.#atlases.values()];
    return {
      total: atlases.reduce((n, a) => n + a.slots.capacity, 0),
      used: atlases.reduce((n, a) => n + a.slots.count, 0),
    };
  }

  dispose(): void {
    for (const atlas of this.#atlases.values()) atlas.dispose();
    this.#atlases.clear();
  }
}
