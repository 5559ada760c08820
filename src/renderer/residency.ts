/** Which bricks are on the GPU: one atlas for each storage class in use, grown when the plans need more, within one budget. */

import type * as THREE from 'three';
import type { Brick } from '../session/types.js';
import type { BrickKey } from '../volume/geometry.js';
import { BrickAtlas, FIRST_SLOTS } from './brick_atlas.js';
import { layoutSlots } from './atlas_layout.js';
import type { GpuBudget } from './gpu_budget.js';
import type { SlotEntry } from './slot_map.js';
import { slotBytes, type StorageClass } from './storage.js';
import type { VolumeState } from './volume_state.js';

/** Kept free of atlases, for page tables and render targets that grow. */
const RESERVE_BYTES = 24 * 2 ** 20;

/** The bricks on the GPU. */
export class Residency {
  /** Rises with each plan: a brick that was not planned in this turn may make room. */
  turn = 1;
  /** Rises whenever a brick comes or goes. */
  version = 0;
  uploads = 0;
  evictions = 0;
  readonly #atlases = new Map<string, BrickAtlas>();

  constructor(
    readonly renderer: THREE.WebGLRenderer,
    readonly budget: GpuBudget,
  ) {}

  /** The atlas of a class, made when first asked for; classes of `unused` names give up theirs if there is no room. */
  atlas(storage: StorageClass, inUse: ReadonlySet<string> = new Set()): BrickAtlas {
    const known = this.#atlases.get(storage.name);
    if (known) return known;
    for (const [name, atlas] of this.#atlases) {
      if (this.budget.free - RESERVE_BYTES >= FIRST_SLOTS * slotBytes(storage)) break;
      if (inUse.has(name)) continue;
      atlas.dispose();
      this.#atlases.delete(name);
      this.version += 1;
    }
    const made = new BrickAtlas(storage, this.renderer, this.budget);
    this.#atlases.set(storage.name, made);
    return made;
  }

  /** Slots that a class has or could have; a growing texture stands beside the old one for a moment. */
  reachable(storage: StorageClass, share: number): number {
    const atlas = this.atlas(storage);
    const free = Math.min(this.budget.free, this.budget.max * share) - RESERVE_BYTES;
    return Math.max(layoutSlots(atlas.layout), Math.floor(free / slotBytes(storage) / 1.15));
  }

  /** Grows the atlas of a class for a plan of `wanted` bricks of volumes that have `total`. */
  ensure(storage: StorageClass, wanted: number, total: number, share: number): void {
    const atlas = this.atlas(storage);
    if (wanted <= atlas.slots.capacity) return;
    const most = Math.floor((this.budget.max * share) / slotBytes(storage));
    // A little more than is needed, so that turning the view does not grow it again and again.
    const goal = Math.min(Math.max(wanted, Math.min(total, Math.ceil(wanted * 1.3))), most);
    if (atlas.grow(goal, RESERVE_BYTES)) this.version += 1;
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
    const number = volume.numbering.pack(brick.level, brick.z, brick.y, brick.x);
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
