/** How stored dtypes lie in textures, and how a texel becomes a number again. One storage class, one atlas. */

import * as THREE from 'three';
import type { StoredDtype, VoxelArray } from '../protocol/dtype.js';
import { STORED_VOXELS } from '../protocol/limits.js';
import { CELLS_PER_BRICK } from './brick_cells.js';

/** A kind of atlas texture. */
export interface StorageClass {
  readonly name: string;
  readonly labels: boolean;
  readonly format: THREE.PixelFormat;
  readonly type: THREE.TextureDataType;
  readonly texelBytes: number;
  /** Number by which the shaders know it: IMAGE_STORAGE or LABEL_STORAGE. */
  readonly code: 0 | 1 | 2;
  /** Largest value of a normalised texel; 1 for floats. */
  readonly full: number;
}

const u8 = THREE.UnsignedByteType;
const CLASSES: Readonly<Record<string, StorageClass>> = {
  'image/u8': { name: 'image/u8', labels: false, format: THREE.RedFormat, type: u8, texelBytes: 1, code: 0, full: 255 },
  'image/u16': { name: 'image/u16', labels: false, format: THREE.RGFormat, type: u8, texelBytes: 2, code: 1, full: 65535 },
  'image/f32': { name: 'image/f32', labels: false, format: THREE.RedFormat, type: THREE.FloatType, texelBytes: 4, code: 2, full: 1 },
  'labels/u8': { name: 'labels/u8', labels: true, format: THREE.RedFormat, type: u8, texelBytes: 1, code: 0, full: 255 },
  'labels/u16': { name: 'labels/u16', labels: true, format: THREE.RGFormat, type: u8, texelBytes: 2, code: 1, full: 65535 },
  'labels/u32': { name: 'labels/u32', labels: true, format: THREE.RGBAFormat, type: u8, texelBytes: 4, code: 2, full: 0 },
};

/**
 * The storage class of a volume.
 *
 * @throws RangeError for a kind and dtype that no volume may have
 */
export function storageClass(kind: 'image' | 'labels' | 'points', stored: StoredDtype): StorageClass {
  const found = CLASSES[`${kind}/${stored}`];
  if (!found) throw new RangeError(`no texture holds ${kind} stored as ${stored}; images are u8, u16 or f32, labels u8, u16 or u32`);
  return found;
}

/** Bytes of a brick in an atlas of the class, its cells included. */
export function slotBytes(storage: StorageClass): number {
  return STORED_VOXELS * storage.texelBytes + CELLS_PER_BRICK;
}

/**
 * Voxels as `texSubImage3D` takes them: integers of two and four bytes are read byte by byte, the low one first, without
 * repacking; floats as they are.
 */
export function texelBytes(storage: StorageClass, voxels: VoxelArray): Uint8Array | Float32Array {
  if (voxels instanceof Float32Array || voxels instanceof Uint8Array) return voxels;
  if (storage.texelBytes !== voxels.BYTES_PER_ELEMENT) {
    throw new RangeError(`voxels of ${voxels.BYTES_PER_ELEMENT} bytes do not fit the texture of ${storage.name}`);
  }
  return new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength);
}

/** Beyond these a scale is brought back by a power of two: shaders have no numbers below 2^-126, and none above 2^128. */
const [LEAST_SCALE, MOST_SCALE, BACK] = [2 ** -100, 2 ** 100, 2 ** 64];

/** What takes a texel's number to a place in the window of values: (number * power) * scale + offset. */
export interface WindowUniform {
  readonly scale: number;
  readonly offset: number;
  /** A power of two, 1 but for windows that are very wide or very narrow: of floats alone. */
  readonly power: number;
}

/** Scale, offset and power that take a normalised texel's number to a place in the window of values. */
export function windowUniform(
  storage: StorageClass,
  scale: number,
  offset: number,
  window: readonly [number, number],
): WindowUniform {
  const [low, high] = window;
  const width = high - low;
  // An empty window is a threshold: a slope so steep that one value is clear of it.
  const slope = width === 0 ? 1e6 / Math.max(Math.abs(scale), 1e-30) : 1 / width;
  const whole = Math.abs(storage.full * scale * slope);
  const power = storage.full > 1 || (whole >= LEAST_SCALE && whole <= MOST_SCALE) ? 1 : whole < 1 ? 1 / BACK : BACK;
  return { scale: (storage.full * scale * slope) / power, offset: (offset - low) * slope, power };
}
