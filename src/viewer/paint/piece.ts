/** One supervoxel as it is shown: which voxels it has, its outline in slices, and its surface. Pure. */

import type { ShownPiece } from '../../session/label_edits.js';
import { type Vec3, voxelToWorld, type VolumeGeometry } from '../../volume/geometry.js';

type Triple = readonly [number, number, number];
type Axis = 0 | 1 | 2;

/** Voxels of a surface that are drawn at most. */
const MOST_DOTS = 2000;

export class Piece {
  readonly start: Triple;
  readonly stop: Triple;
  readonly #size: Triple;
  readonly #on: Uint8Array;

  constructor({ start, stop, runs }: ShownPiece) {
    [this.start, this.stop] = [start, stop];
    this.#size = [stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]];
    this.#on = new Uint8Array(this.#size[0] * this.#size[1] * this.#size[2]);
    let at = 0;
    for (const [i, length] of runs.entries()) {
      if (i % 2 === 1) this.#on.fill(1, at, at + length);
      at += length;
    }
  }

  has(voxel: Triple): boolean {
    const [z, y, x] = voxel.map((v, axis) => v - (this.start[axis] as number)) as [number, number, number];
    if (z < 0 || y < 0 || x < 0 || z >= this.#size[0] || y >= this.#size[1] || x >= this.#size[2]) return false;
    return this.#on[(z * this.#size[1] + y) * this.#size[2] + x] === 1;
  }

  /** The sides of its voxels in one plane that lead out of it, from corner to corner, in the world. */
  outline(geometry: VolumeGeometry, across: Axis, plane: number): [Vec3, Vec3][] {
    if (plane < this.start[across] || plane >= this.stop[across]) return [];
    const sides: [Vec3, Vec3][] = [];
    const [a, b] = ([0, 1, 2] as const).filter((axis) => axis !== across) as [Axis, Axis];
    for (let i = this.start[a]; i < this.stop[a]; i += 1) {
      for (let j = this.start[b]; j < this.stop[b]; j += 1) {
        const voxel = at(across, plane, a, i, b, j);
        if (!this.has(voxel)) continue;
        const corner = (di: number, dj: number) => voxelToWorld(geometry, at(across, plane, a, i + di, b, j + dj));
        if (!this.has(at(across, plane, a, i - 1, b, j))) sides.push([corner(-0.5, -0.5), corner(-0.5, 0.5)]);
        if (!this.has(at(across, plane, a, i + 1, b, j))) sides.push([corner(0.5, -0.5), corner(0.5, 0.5)]);
        if (!this.has(at(across, plane, a, i, b, j - 1))) sides.push([corner(-0.5, -0.5), corner(0.5, -0.5)]);
        if (!this.has(at(across, plane, a, i, b, j + 1))) sides.push([corner(-0.5, 0.5), corner(0.5, 0.5)]);
      }
    }
    return sides;
  }

  /** Runs of its voxels in one plane, each as the four corners of a rectangle in the world. */
  rows(geometry: VolumeGeometry, across: Axis, plane: number): [Vec3, Vec3, Vec3, Vec3][] {
    const rows: [Vec3, Vec3, Vec3, Vec3][] = [];
    const [a, b] = ([0, 1, 2] as const).filter((axis) => axis !== across) as [Axis, Axis];
    for (let i = this.start[a]; i < this.stop[a]; i += 1) {
      for (let j = this.start[b]; j < this.stop[b]; j += 1) {
        const from = j;
        while (j < this.stop[b] && this.has(at(across, plane, a, i, b, j))) j += 1;
        if (j === from) continue;
        const corner = (di: number, end: number) => voxelToWorld(geometry, at(across, plane, a, i + di, b, end - 0.5));
        rows.push([corner(-0.5, from), corner(-0.5, j), corner(0.5, j), corner(0.5, from)]);
      }
    }
    return rows;
  }

  /** Centres of voxels that have a neighbour outside, in the world; of very many an even choice. */
  surface(geometry: VolumeGeometry): Vec3[] {
    const found: Triple[] = [];
    for (let z = this.start[0]; z < this.stop[0]; z += 1) {
      for (let y = this.start[1]; y < this.stop[1]; y += 1) {
        for (let x = this.start[2]; x < this.stop[2]; x += 1) {
          if (!this.has([z, y, x])) continue;
          const inside = this.has([z - 1, y, x]) && this.has([z + 1, y, x]) && this.has([z, y - 1, x]) && this.has([z, y + 1, x]) && this.has([z, y, x - 1]) && this.has([z, y, x + 1]);
          if (!inside) found.push([z, y, x]);
        }
      }
    }
    const step = Math.ceil(found.length / MOST_DOTS);
    return found.filter((_, i) => i % step === 0).map((voxel) => voxelToWorld(geometry, voxel));
  }
}

function at(across: Axis, plane: number, a: Axis, i: number, b: Axis, j: number): Triple {
  const voxel: [number, number, number] = [0, 0, 0];
  [voxel[across], voxel[a], voxel[b]] = [plane, i, j];
  return voxel;
}

/** Edges of a cell in voxels, of about the same length in the world; in a plane across an axis, one voxel thick there. */
export function cellOf({ voxelSize }: VolumeGeometry, edge: number, across: Axis | undefined): [number, number, number] {
  const least = Math.min(...voxelSize);
  return voxelSize.map((length, axis) => (axis === across ? 1 : Math.max(1, Math.round((edge * least) / length)))) as [number, number, number];
}
