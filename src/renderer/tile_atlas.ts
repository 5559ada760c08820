/** Tiles of one storage class on the GPU: a 2D texture cut into cells, each with a tile and its border. The least recently planned goes first. */

import * as THREE from 'three';
import type { VoxelArray } from '../protocol/dtype.js';
import { STORED_TILE_EDGE } from '../protocol/limits.js';
import type { GpuBudget } from './gpu_budget.js';
import { type StorageClass, texelBytes } from './storage.js';

/** Cells in a row: what fits the smallest texture that every device can make. */
const COLUMNS = 15;
const FIRST_ROWS = 4;
const MOST_ROWS = 60;

/** A tile on the GPU. */
export interface TileEntry {
  readonly volume: number;
  readonly plane: number;
  readonly level: number;
  readonly row: number;
  readonly column: number;
  readonly slot: number;
  generation: number;
  stale: boolean;
  /** Turn in which it was last planned. */
  used: number;
}

export class TileAtlas {
  texture: THREE.DataTexture;
  evictions = 0;
  #rows = 0;
  readonly #entries = new Map<string, TileEntry>();
  readonly #free: number[] = [];
  readonly #source: THREE.DataTexture;

  /** @throws RangeError where not even the first cells fit the budget */
  constructor(
    readonly storage: StorageClass,
    readonly renderer: THREE.WebGLRenderer,
    readonly budget: GpuBudget,
    slots = 0,
  ) {
    const rows = Math.min(Math.max(Math.ceil(slots / COLUMNS), FIRST_ROWS), this.#mostRows());
    this.texture = this.#allocate(rows);
    this.#source = new THREE.DataTexture(null, STORED_TILE_EDGE, STORED_TILE_EDGE, storage.format, storage.type);
  }

  get capacity(): number {
    return this.#rows * COLUMNS;
  }

  /** Texel at which a slot's cell begins. */
  cornerOf(slot: number): readonly [number, number] {
    return [(slot % COLUMNS) * STORED_TILE_EDGE, Math.floor(slot / COLUMNS) * STORED_TILE_EDGE];
  }

  get(key: string): TileEntry | undefined {
    return this.#entries.get(key);
  }

  /** Uploads a tile. Undefined where every cell is needed in this turn. */
  upload(key: string, tile: Omit<TileEntry, 'slot' | 'stale' | 'used'> & { readonly voxels: VoxelArray }, turn: number): TileEntry | undefined {
    let entry = this.#entries.get(key);
    if (!entry) {
      const slot = this.#free.pop() ?? this.#evict(turn);
      if (slot === undefined) return undefined;
      const { volume, plane, level, row, column } = tile;
      entry = { volume, plane, level, row, column, slot, generation: -1, stale: false, used: turn };
      this.#entries.set(key, entry);
    }
    const [x, y] = this.cornerOf(entry.slot);
    // The source is never rendered nor marked as changed: three then copies straight from the array to the cell.
    (this.#source.image as { data: unknown }).data = texelBytes(this.storage, tile.voxels);
    this.renderer.copyTextureToTexture(this.#source, this.texture, null, new THREE.Vector2(x, y));
    (this.#source.image as { data: unknown }).data = null;
    entry.generation = tile.generation;
    entry.stale = false;
    return entry;
  }

  /** Marks tiles that `test` picks. */
  outdate(test: (entry: TileEntry) => boolean): void {
    for (const entry of this.#entries.values()) entry.stale ||= test(entry);
  }

  /** Forgets tiles that `test` picks. */
  remove(test: (entry: TileEntry) => boolean): void {
    for (const [key, entry] of [...this.#entries]) {
      if (!test(entry)) continue;
      this.#entries.delete(key);
      this.#free.push(entry.slot);
    }
  }

  /** Makes room for `slots` tiles, as far as memory allows. What was here is gone and comes again from browser memory. */
  grow(slots: number): boolean {
    const rows = Math.min(Math.ceil(slots / COLUMNS), this.#mostRows());
    if (rows <= this.#rows) return false;
    this.texture.dispose();
    this.budget.release(this.#name());
    this.#entries.clear();
    this.texture = this.#allocate(rows);
    return true;
  }

  dispose(): void {
    this.texture.dispose();
    this.budget.release(this.#name());
  }

  #evict(turn: number): number | undefined {
    let least: [string, TileEntry] | undefined;
    for (const pair of this.#entries) if (pair[1].used < turn && (!least || pair[1].used < least[1].used)) least = pair;
    if (!least) return undefined;
    this.#entries.delete(least[0]);
    this.evictions += 1;
    return least[1].slot;
  }

  #name(): string {
    return `tiles/${this.storage.name}`;
  }

  #mostRows(): number {
    const gl = this.renderer.getContext() as WebGL2RenderingContext;
    const edge = Math.floor((gl.getParameter(gl.MAX_TEXTURE_SIZE) as number) / STORED_TILE_EDGE);
    const own = this.budget.heldBy(this.#name());
    // An eighth of all memory at most: bricks need the rest.
    const bytes = Math.min(this.budget.max / 8, this.budget.free + own);
    return Math.min(MOST_ROWS, edge, Math.floor(bytes / (COLUMNS * STORED_TILE_EDGE ** 2 * this.storage.texelBytes)));
  }

  #allocate(rows: number): THREE.DataTexture {
    const [width, height] = [COLUMNS * STORED_TILE_EDGE, rows * STORED_TILE_EDGE];
    if (rows < 1) throw new RangeError(`no GPU memory for tiles of ${this.storage.name}: raise maxGpuBytes or make the view smaller`);
    this.budget.take(this.#name(), width * height * this.storage.texelBytes);
    const texture = new THREE.DataTexture(null, width, height, this.storage.format, this.storage.type);
    texture.minFilter = texture.magFilter = THREE.NearestFilter; // the shader mixes
    texture.unpackAlignment = 1;
    texture.source.dataReady = false; // storage only
    texture.needsUpdate = true;
    this.renderer.initTexture(texture);
    this.#rows = rows;
    this.#free.length = 0;
    for (let slot = rows * COLUMNS - 1; slot >= 0; slot -= 1) this.#free.push(slot);
    return texture;
  }
}
