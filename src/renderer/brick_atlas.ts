/** One 3D texture that holds bricks of one storage class in slots. It starts small, so that it never delays a first picture. */

import * as THREE from 'three';
import type { VoxelArray } from '../protocol/dtype.js';
import { STORED_EDGE } from '../protocol/limits.js';
import { type AtlasLayout, layoutSlots, planLayout } from './atlas_layout.js';
import { ClearCells } from './clear_cells.js';
import type { GpuBudget } from './gpu_budget.js';
import { type SlotEntry, SlotMap, type SlotOwner } from './slot_map.js';
import { type StorageClass, slotBytes, texelBytes } from './storage.js';
import { copyTexels } from './texture_copy.js';
import type { VolumeState } from './volume_state.js';

/** Slots before any demand is known. */
export const FIRST_SLOTS = 27;

/** The bricks of one storage class on the GPU. */
export class BrickAtlas {
  texture: THREE.Data3DTexture;
  slots: SlotMap;
  layout: AtlasLayout;
  /** What of the slots' bricks shows nothing. */
  readonly cells: ClearCells;
  /** Bricks uploaded so far. */
  uploads = 0;
  /** Bricks that made room for others so far. */
  evictions = 0;
  readonly #source: THREE.Data3DTexture;

  /** @throws RangeError where not even one slot fits the budget */
  constructor(
    readonly storage: StorageClass,
    readonly renderer: THREE.WebGLRenderer,
    readonly budget: GpuBudget,
    slots = FIRST_SLOTS,
    reserve = 0,
  ) {
    const most = Math.max(Math.floor((budget.free - reserve) / slotBytes(storage)), 1);
    this.layout = planLayout(Math.min(slots, most), most, this.#maxEdge());
    this.texture = this.#allocate(this.layout, this.#name());
    this.slots = new SlotMap(layoutSlots(this.layout));
    this.cells = new ClearCells(this.layout);
    this.#source = new THREE.Data3DTexture(null, STORED_EDGE, STORED_EDGE, STORED_EDGE);
    this.#source.format = storage.format;
    this.#source.type = storage.type;
  }

  /** Texels along x, y, z. */
  get size(): readonly [number, number, number] {
    return this.layout.map((n) => n * STORED_EDGE) as unknown as [number, number, number];
  }

  get bytes(): number {
    return layoutSlots(this.layout) * slotBytes(this.storage);
  }

  /** Slot position x, y, z in slots. */
  slotAt(slot: number): readonly [number, number, number] {
    return this.#positions[slot] as readonly [number, number, number];
  }

  /** Cells that were judged by another look of a volume than it has now are no longer stepped over. */
  checkCells(volume: VolumeState): void {
    if (!this.storage.labels) this.cells.check(volume, this.slots.of(volume.handle).values(), (slot) => this.slotAt(slot));
  }

  /**
   * Looks into bricks of a volume for cells that show nothing, until `end` (as `performance.now` gives it).
   *
   * @param voxelsOf the voxels of the brick in a slot, where they are at hand
   * @returns whether there are bricks left to look into
   */
  findCells(volume: VolumeState, end: number, voxelsOf: (entry: SlotEntry) => VoxelArray | undefined): boolean {
    if (this.storage.labels) return false;
    for (const entry of this.slots.of(volume.handle).values()) {
      const { slot } = entry;
      if (this.cells.isDone(slot, volume)) continue;
      if (performance.now() >= end) return true;
      this.cells.judge(slot, this.slotAt(slot), volume, () => voxelsOf(entry));
    }
    return false;
  }

  /** Looks into a brick that has just been uploaded. */
  findCellsOf(volume: VolumeState, number: number, voxels: VoxelArray): void {
    const entry = this.slots.get({ volume: volume.handle, number });
    if (entry && !this.storage.labels) this.cells.judge(entry.slot, this.slotAt(entry.slot), volume, () => voxels);
  }

  /** Uploads a brick. Undefined where every slot is needed in this turn: the brick is then not kept. */
  upload(owner: SlotOwner, voxels: VoxelArray, turn: number): SlotEntry | undefined {
    const claimed = this.slots.claim(owner, turn);
    if (!claimed) return undefined;
    if (claimed.evicted) this.evictions += 1;
    const place = this.slotAt(claimed.entry.slot);
    const [x, y, z] = place;
    this.cells.forget(claimed.entry.slot, place);
    // The source is never rendered nor marked as changed: three then copies straight from the array to the slot.
    (this.#source.image as { data: unknown }).data = texelBytes(this.storage, voxels);
    const at = new THREE.Vector3(x * STORED_EDGE, y * STORED_EDGE, z * STORED_EDGE);
    this.renderer.copyTextureToTexture(this.#source, this.texture, null, at);
    (this.#source.image as { data: unknown }).data = null;
    this.uploads += 1;
    return claimed.entry;
  }

  /** Slots that it can have at most: both textures fit while one is copied, and then all but `reserve` bytes may be taken. */
  growable(reserve: number): number {
    const { free } = this.budget;
    return Math.floor(Math.min(free, free - reserve + this.bytes) / slotBytes(this.storage));
  }

  /**
   * Makes room for `wanted` slots as far as the budget allows; bricks stay where they are, copied on the GPU. Old and new
   * texture exist side by side for a moment and both count.
   *
   * @returns whether there are more slots than before
   */
  grow(wanted: number, reserve = 0): boolean {
    const most = this.growable(reserve);
    const layout = planLayout(wanted, most, this.#maxEdge(), this.layout);
    if (layoutSlots(layout) <= layoutSlots(this.layout)) return false;
    const grown = this.#allocate(layout, `${this.#name()}/grown`);
    copyTexels(this.renderer, this.texture, new THREE.Box3(new THREE.Vector3(), new THREE.Vector3(...this.size)), grown, new THREE.Vector3());
    this.texture.dispose();
    this.budget.release(`${this.#name()}/grown`);
    this.budget.take(this.#name(), layoutSlots(layout) * slotBytes(this.storage));
    this.texture = grown;
    this.layout = layout;
    this.slots.grow(layoutSlots(layout));
    this.cells.resize(layout, true);
    this.#extendPositions();
    return true;
  }

  /**
   * Becomes an atlas of the first few slots again. What was used last, coarse bricks before fine ones, is copied on the GPU.
   *
   * @param most bytes that the small texture may take beside the large one
   * @returns the bricks that are gone; undefined where there is no room for the copy
   */
  shrink(most: number): SlotOwner[] | undefined {
    const small = Math.min(FIRST_SLOTS, Math.floor(Math.min(most, this.budget.free) / slotBytes(this.storage)));
    if (small < 1) return undefined;
    const layout = planLayout(small, small, this.#maxEdge());
    const [before, places] = [this.slots, this.#positions];
    const name = `${this.#name()}/small`;
    this.#positions = [];
    const texture = this.#allocate(layout, name);
    this.slots = new SlotMap(layoutSlots(layout));
    const entries = [...before.entries()].sort((a, b) => b.used - a.used || a.number - b.number);
    const edge = new THREE.Vector3(STORED_EDGE, STORED_EDGE, STORED_EDGE);
    for (const entry of entries.splice(0, this.slots.capacity)) {
      const claimed = this.slots.claim(entry, entry.used);
      if (!claimed) continue;
      const [from, to] = [places[entry.slot], this.slotAt(claimed.entry.slot)].map((p) =>
        new THREE.Vector3(...(p as [number, number, number])).multiplyScalar(STORED_EDGE),
      ) as [THREE.Vector3, THREE.Vector3];
      copyTexels(this.renderer, this.texture, new THREE.Box3(from, from.clone().add(edge)), texture, to);
      const { generation, preview, stale, used } = entry;
      Object.assign(claimed.entry, { generation, preview, stale, used });
    }
    this.texture.dispose();
    this.budget.release(name);
    this.budget.take(this.#name(), layoutSlots(layout) * slotBytes(this.storage));
    this.texture = texture;
    this.layout = layout;
    this.cells.resize(layout, false);
    return entries;
  }

  /** Makes an empty texture again, after the context was lost; the bricks that were here must be uploaded anew. */
  rebuild(): void {
    this.texture.dispose();
    for (const entry of [...this.slots.entries()]) this.slots.remove(entry);
    this.texture = this.#allocate(this.layout, this.#name());
    this.cells.resize(this.layout, false);
  }

  dispose(): void {
    this.cells.dispose();
    this.texture.dispose();
    this.budget.release(this.#name());
  }

  #positions: (readonly [number, number, number])[] = [];

  /** Slots keep their numbers when the layout grows: new ones are numbered after the old ones. */
  #extendPositions(): void {
    const taken = new Set(this.#positions.map((p) => p.join()));
    const [nx, ny, nz] = this.layout;
    for (let z = 0; z < nz; z += 1) {
      for (let y = 0; y < ny; y += 1) {
        for (let x = 0; x < nx; x += 1) if (!taken.has(`${x},${y},${z}`)) this.#positions.push([x, y, z]);
      }
    }
  }

  #name(): string {
    return `atlas/${this.storage.name}`;
  }

  #maxEdge(): number {
    const gl = this.renderer.getContext() as WebGL2RenderingContext;
    return gl.getParameter(gl.MAX_3D_TEXTURE_SIZE) as number;
  }

  #allocate(layout: AtlasLayout, name: string): THREE.Data3DTexture {
    this.budget.take(name, layoutSlots(layout) * slotBytes(this.storage));
    const [x, y, z] = layout.map((n) => n * STORED_EDGE) as [number, number, number];
    const texture = new THREE.Data3DTexture(null, x, y, z);
    texture.format = this.storage.format;
    texture.type = this.storage.type;
    const linear = !this.storage.labels && (this.storage.type !== THREE.FloatType || this.#floatLinear());
    texture.minFilter = texture.magFilter = linear ? THREE.LinearFilter : THREE.NearestFilter;
    texture.unpackAlignment = 1;
    texture.source.dataReady = false; // storage only
    texture.needsUpdate = true;
    this.renderer.initTexture(texture);
    if (this.#positions.length === 0) {
      this.layout = layout;
      this.#extendPositions();
    }
    return texture;
  }

  #floatLinear(): boolean {
    return this.renderer.extensions.has('OES_texture_float_linear');
  }
}
