/** Levels, bricks and the one mapping between voxels and the world. Vectors are z, y, x; world points are x, y, z. */

import { BRICK_EDGE } from '../protocol/limits.js';

export type Vec3 = readonly [number, number, number];

/** What of a volume decides where its voxels are. */
export interface VolumeGeometry {
  /** Voxels of level 0. */
  readonly shape: Vec3;
  /** Edge lengths of a voxel of level 0, in the volume's unit. */
  readonly voxelSize: Vec3;
  /** World position of the centre of voxel (0, 0, 0), as z, y, x. */
  readonly origin: Vec3;
}

/** Addresses a brick within its volume. */
export interface BrickKey {
  readonly level: number;
  readonly z: number;
  readonly y: number;
  readonly x: number;
  /** Index of the time point; absent is 0. */
  readonly time?: number;
}

const map3 = (v: Vec3, f: (n: number, axis: number) => number): Vec3 => [f(v[0], 0), f(v[1], 1), f(v[2], 2)];

/** Number of levels: the last is the first in which a single brick holds everything. */
export function levelCount(shape: Vec3): number {
  let levels = 1;
  for (let n = Math.max(...shape); n > BRICK_EDGE; n = Math.ceil(n / 2)) levels += 1;
  return levels;
}

/** Voxels of `level` along each axis: each level halves the one below, rounding up. */
export function levelShape(shape: Vec3, level: number): Vec3 {
  return map3(shape, (n) => Math.ceil(n / 2 ** level));
}

/** Bricks of `level` along each axis. */
export function brickGrid(shape: Vec3, level: number): Vec3 {
  return map3(levelShape(shape, level), (n) => Math.ceil(n / BRICK_EDGE));
}

/** Bricks of all levels, at all of `times` time points. */
export function brickCount(shape: Vec3, times = 1): number {
  let count = 0;
  for (let level = 0; level < levelCount(shape); level += 1) count += brickGrid(shape, level).reduce((a, b) => a * b);
  return count * times;
}

/** Whether `key` is a brick of a volume of `shape` with `times` time points. */
export function hasBrick(shape: Vec3, key: BrickKey, times = 1): boolean {
  if (key.level >= levelCount(shape) || (key.time ?? 0) >= times) return false;
  const [z, y, x] = brickGrid(shape, key.level);
  return key.z < z && key.y < y && key.x < x;
}

/** A brick's key as text, for maps: `level/z/y/x`, and `time@` before it at time points after the first. */
export function keyText(key: BrickKey): string {
  const text = `${key.level}/${key.z}/${key.y}/${key.x}`;
  return key.time ? `${key.time}@${text}` : text;
}

/** Centre of voxel i of `level`, in voxels of level 0 (the half-voxel rule). */
export function levelToVoxel(i: number, level: number): number {
  return (i + 0.5) * 2 ** level - 0.5;
}

/**
 * World position (x, y, z) of a voxel position (z, y, x) of level 0; integers are voxel centres.
 *
 * @example voxelToWorld({ shape: [4, 4, 4], voxelSize: [2, 1, 1], origin: [0, 0, 10] }, [1, 0, 0]) // [10, 0, 2]
 */
export function voxelToWorld(volume: VolumeGeometry, voxel: Vec3): Vec3 {
  const { voxelSize: s, origin: o } = volume;
  return [o[2] + voxel[2] * s[2], o[1] + voxel[1] * s[1], o[0] + voxel[0] * s[0]];
}

/** Voxel position (z, y, x) of level 0 of a world position (x, y, z). */
export function worldToVoxel(volume: VolumeGeometry, world: Vec3): Vec3 {
  const { voxelSize: s, origin: o } = volume;
  return [(world[2] - o[0]) / s[0], (world[1] - o[1]) / s[1], (world[0] - o[2]) / s[2]];
}

/** The world box of the volume's voxels, faces included: lowest and highest corner, x, y, z. */
export function worldBounds(volume: VolumeGeometry): { min: Vec3; max: Vec3 } {
  return {
    min: voxelToWorld(volume, [-0.5, -0.5, -0.5]),
    max: voxelToWorld(volume, map3(volume.shape, (n) => n - 0.5)),
  };
}
