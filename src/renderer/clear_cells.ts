/** For each slot of an atlas, which of its brick's cells show nothing, as a texture that rays look up to step over them. */

import * as THREE from 'three';
import type { VolumeState } from './volume_state.js';
import { type AtlasLayout, layoutSlots } from './atlas_layout.js';
import { BRICK_CELLS, CELLS_PER_BRICK, cellRuns, RUN_ZERO, UNKNOWN_RUN } from './brick_cells.js';
import { type CellRanges, cellRanges } from './cell_ranges.js';
import type { Box } from './shown_box.js';
import type { VoxelArray } from '../protocol/dtype.js';

/** What is known of a slot's brick. */
interface Known {
  /** Absent: its voxels were not at hand, or cannot be looked into. */
  readonly ranges: CellRanges | undefined;
  /** Look that its cells were judged by. */
  look: unknown;
}

const GRID = [BRICK_CELLS, BRICK_CELLS, BRICK_CELLS] as const;
/** Runs of a brick all of whose cells show something. */
const ALL_SHOWN = cellRuns(new Uint8Array(CELLS_PER_BRICK), GRID);

/**
 * The cells of one atlas. A slot whose brick nobody has looked into yet is sampled everywhere, as if there were no cells; so nothing
 * has to wait for this.
 */
export class ClearCells {
  texture: THREE.Data3DTexture;
  #data: Uint8Array;
  #known: (Known | undefined)[] = [];
  /** Around what shows something in a slot, by its place, where that is judged. */
  readonly #boxes = new Map<number, Box>();

  constructor(private layout: AtlasLayout) {
    [this.#data, this.texture] = this.#make();
  }

  /** Follows the atlas to another layout; what is known by slot stays where slots keep their numbers. */
  resize(layout: AtlasLayout, keep: boolean): void {
    this.layout = layout;
    this.texture.dispose();
    [this.#data, this.texture] = this.#make();
    this.#boxes.clear();
    this.#known = keep ? this.#known.map((known) => known && { ...known, look: undefined }) : [];
  }

  /** Another brick, or newer voxels, came into a slot. */
  forget(slot: number, place: readonly [number, number, number]): void {
    if (!this.#known[slot]) return;
    this.#known[slot] = undefined;
    this.#write(place, undefined);
  }

  /** Whether a slot's cells are judged by the volume's look, or cannot be. */
  isDone(slot: number, volume: VolumeState): boolean {
    const known = this.#known[slot];
    return known !== undefined && (known.ranges === undefined || known.look === volume.look);
  }

  /** Slots that were judged by another look than the volume has now are sampled everywhere again. To be called before each drawing. */
  check(volume: VolumeState, slots: Iterable<{ readonly slot: number }>, placeOf: (slot: number) => readonly [number, number, number]): void {
    for (const { slot } of slots) {
      const known = this.#known[slot];
      if (!known || known.look === undefined || known.look === volume.look) continue;
      known.look = undefined;
      this.#write(placeOf(slot), undefined);
    }
  }

  /** Judges the cells of a slot's brick; `voxels` is asked for them when nobody has looked into it yet. */
  judge(slot: number, place: readonly [number, number, number], volume: VolumeState, voxels: () => VoxelArray | undefined): void {
    const known = this.#known[slot] ?? { ranges: rangesOf(voxels()), look: undefined };
    this.#known[slot] = known;
    if (!known.ranges) return;
    known.look = volume.look;
    const { low, high } = known.ranges;
    const clear = new Uint8Array(CELLS_PER_BRICK);
    for (let i = 0; i < CELLS_PER_BRICK; i += 1) clear[i] = volume.isClear(low[i] as number, high[i] as number) ? 1 : 0;
    this.#write(place, clear.includes(1) ? cellRuns(clear, GRID) : ALL_SHOWN);
  }

  dispose(): void {
    this.texture.dispose();
  }

  /** The box of the cells of a slot that show something; undefined where that is not known. */
  boxOf(place: readonly [number, number, number]): Box | undefined {
    return this.#boxes.get(this.#number(place));
  }

  #number([x, y, z]: readonly [number, number, number]): number {
    return (z * this.layout[1] + y) * this.layout[0] + x;
  }

  #write([sx, sy, sz]: readonly [number, number, number], runs: Uint8Array | undefined): void {
    const [nx, ny] = this.layout.map((n) => n * BRICK_CELLS) as [number, number, number];
    for (let z = 0; z < BRICK_CELLS; z += 1) {
      for (let y = 0; y < BRICK_CELLS; y += 1) {
        const to = ((sz * BRICK_CELLS + z) * ny + sy * BRICK_CELLS + y) * nx + sx * BRICK_CELLS;
        const from = (z * BRICK_CELLS + y) * BRICK_CELLS;
        if (runs) this.#data.set(runs.subarray(from, from + BRICK_CELLS), to);
        else this.#data.fill(UNKNOWN_RUN, to, to + BRICK_CELLS);
      }
    }
    this.texture.needsUpdate = true;
    if (runs) this.#boxes.set(this.#number([sx, sy, sz]), boxOfShown(runs));
    else this.#boxes.delete(this.#number([sx, sy, sz]));
  }

  #make(): [Uint8Array<ArrayBuffer>, THREE.Data3DTexture] {
    const data = new Uint8Array(layoutSlots(this.layout) * CELLS_PER_BRICK).fill(UNKNOWN_RUN);
    const [x, y, z] = this.layout.map((n) => n * BRICK_CELLS) as [number, number, number];
    const texture = new THREE.Data3DTexture(data, x, y, z);
    texture.format = THREE.RedFormat;
    texture.unpackAlignment = 1;
    texture.minFilter = texture.magFilter = THREE.NearestFilter;
    texture.needsUpdate = true;
    return [data, texture];
  }
}

const rangesOf = (voxels: VoxelArray | undefined): CellRanges | undefined => voxels && cellRanges(voxels);

/** Around the cells of a brick that show something. */
function boxOfShown(runs: Uint8Array): Box {
  const min: [number, number, number] = [BRICK_CELLS, BRICK_CELLS, BRICK_CELLS];
  const max: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < runs.length; i += 1) {
    if ((runs[i] as number) > RUN_ZERO) continue;
    widen(min, max, 0, i % BRICK_CELLS);
    widen(min, max, 1, Math.floor(i / BRICK_CELLS) % BRICK_CELLS);
    widen(min, max, 2, Math.floor(i / BRICK_CELLS ** 2));
  }
  return { min, max };
}

function widen(min: [number, number, number], max: [number, number, number], axis: 0 | 1 | 2, cell: number): void {
  if (cell < min[axis]) min[axis] = cell;
  if (cell >= max[axis]) max[axis] = cell + 1;
}
