/** Planes through a volume and the tiles they are cut into. Vectors are z, y, x in voxels of level 0; pure. */

import { TILE_BORDER, TILE_EDGE } from '../protocol/limits.js';
import type { Plane } from '../protocol/tiles.js';
import { levelShape, type Vec3 } from './geometry.js';

/** Addresses a tile of a plane. */
export interface TileKey {
  readonly level: number;
  readonly row: number;
  readonly column: number;
}

/** Axes (0 z, 1 y, 2 x) of a plane whose texels are voxels. */
export interface PlaneAxes {
  readonly u: number;
  readonly v: number;
  readonly normal: number;
}

const isUnit = (v: Vec3, axis: number): boolean => v.every((n, i) => n === (i === axis ? 1 : 0));

/** The axes of a plane whose texels stand exactly on the voxels of every level; undefined for any other plane. */
export function planeAxes({ origin, u, v, slab }: Plane): PlaneAxes | undefined {
  const [a, b] = [u, v].map((d) => d.findIndex((n) => n !== 0)) as [number, number];
  if (a === b || !isUnit(u, a) || !isUnit(v, b) || origin[a] !== -0.5 || origin[b] !== -0.5) return undefined;
  const normal = 3 - a - b;
  if (slab?.along.some((n, i) => (i === normal ? n === 0 : n !== 0))) return undefined;
  return { u: a, v: b, normal };
}

/** The plane normal to an axis (0 z, 1 y, 2 x) at a position along it; x, and else y, grows along the rows. */
export function axisPlane(axis: 0 | 1 | 2, position: number): Plane {
  const [v, u] = ([[1, 2], [0, 2], [0, 1]] as const)[axis];
  const origin: [number, number, number] = [-0.5, -0.5, -0.5];
  origin[axis] = position;
  const unit = (i: number): [number, number, number] => [Number(i === 0), Number(i === 1), Number(i === 2)];
  return { origin, u: unit(u), v: unit(v) };
}

/** Samples through a slab at a level, as multiples of `along`: the middles of equal parts, none longer than a voxel of the level. */
export function slabSamples(plane: Plane, level: number): number[] {
  if (!plane.slab) return [0];
  const { thickness } = plane.slab;
  const count = Math.max(1, Math.ceil(thickness / 2 ** level - 1e-9));
  return Array.from({ length: count }, (_, k) => ((k + 0.5) / count - 0.5) * thickness);
}

/** Where a stored texel of a tile lies, in voxels of the tile's level: `start + i * u + j * v`, `i` along the row. */
export function tileLattice(plane: Plane, { level, row, column }: TileKey): { start: Vec3; u: Vec3; v: Vec3 } {
  const [i, j] = [column, row].map((n) => n * TILE_EDGE - TILE_BORDER + 0.5) as [number, number];
  const start = plane.origin.map(
    (o, axis) => (o + 0.5) / 2 ** level - 0.5 + i * (plane.u[axis] as number) + j * (plane.v[axis] as number),
  ) as unknown as Vec3;
  return { start, u: plane.u, v: plane.v };
}

/** The box around a tile, its border left out, in voxels of its level; slabs included. */
export function tileBox(plane: Plane, key: TileKey): { min: Vec3; max: Vec3 } {
  const { start, u, v } = tileLattice(plane, key);
  const reach = (plane.slab?.thickness ?? 0) / 2 / 2 ** key.level;
  const [min, max] = [[0, 0, 0], [0, 0, 0]] as [[number, number, number], [number, number, number]];
  for (let axis = 0; axis < 3; axis += 1) {
    const [du, dv] = [u[axis] as number, v[axis] as number];
    const first = (start[axis] as number) + (TILE_BORDER - 0.5) * (du + dv);
    const slab = reach * Math.abs(plane.slab?.along[axis] ?? 0);
    min[axis] = first + Math.min(0, TILE_EDGE * du) + Math.min(0, TILE_EDGE * dv) - slab;
    max[axis] = first + Math.max(0, TILE_EDGE * du) + Math.max(0, TILE_EDGE * dv) + slab;
  }
  return { min, max };
}

/** Whether a tile reaches into the volume: others do not exist. */
export function hasTile(shape: Vec3, plane: Plane, key: TileKey): boolean {
  const size = levelShape(shape, key.level);
  const { min, max } = tileBox(plane, key);
  return size.every((n, axis) => {
    const flat = min[axis] === max[axis];
    const [low, high] = [min[axis] as number, max[axis] as number];
    return flat ? low >= -0.5 && low <= n - 0.5 : high > -0.5 && low < n - 0.5;
  });
}

/** A tile's key as text, for maps. */
export const tileText = (plane: number, { level, row, column }: TileKey): string => `${plane}/${level}/${row}/${column}`;
