/**
 * The transfer functions of all layers of a march in one texture: as densities, so that a ray crosses pieces of any length by one look-up each, and as
 * what whole steps of the march add, which needs no exponential at every sample.
 */

import * as THREE from 'three';
import { shareOfPlace, steepnessOf } from '../volume/opacity.js';
import { stepFraction } from './source.js';
import type { VolumeSource } from './source.js';
import { opacityRows, TRANSFER_ROWS, TRANSFER_SIZE, transferTexels } from './transfer_function.js';

/** Rows of a layer: integrals of densities, densities, colours. */
export const ROWS_OF_LAYER = 3;
/** Rows of a layer behind those of all layers: what steps of 1, 2, 4, ... of the march's shortest add. */
export const STEP_ROWS = TRANSFER_ROWS;
const rowsOf = (layers: number, steps: boolean): number => layers * (ROWS_OF_LAYER + (steps ? STEP_ROWS : 0));
/** Bytes for a number of layers; with rows for whole steps, or without. */
export const layerTransferBytes = (layers: number, steps = false): number => rowsOf(layers, steps) * TRANSFER_SIZE * 16;

/**
 * Rows of one layer. A density is that of the layer's own step: light that passes falls by exp(-density) over it. Row 0 holds its integral
 * over shares of the window up to each place, with the colours' in rgb; row 1 density times colour, and density; row 2 plain colours, or for projections
 * what their value looks like.
 */
export function layerRows({ settings, geometry }: Pick<VolumeSource, 'settings' | 'geometry'>): Float32Array {
  const deep = transferTexels({ ...settings, mode: 'dvr' }, stepFraction(geometry), 1);
  const flat = settings.mode === 'mip' || settings.mode === 'mean' ? transferTexels({ ...settings, mode: 'mip' }, 1, 1) : undefined;
  const row = 4 * TRANSFER_SIZE;
  const rows = new Float32Array(ROWS_OF_LAYER * row);
  const sum = [0, 0, 0, 0];
  const steepness = steepnessOf(settings);
  const shareAt = (i: number): number => shareOfPlace(i / (TRANSFER_SIZE - 1), steepness);
  for (let i = 0; i < TRANSFER_SIZE; i += 1) {
    const alpha = deep[row + 4 * i + 3] as number;
    const density = -Math.log1p(-alpha);
    for (let c = 0; c < 4; c += 1) {
      const at = 4 * i + c;
      const value = c === 3 ? density : (deep[at] as number) * density;
      const before = i === 0 ? value : (rows[row + at - 4] as number);
      if (i > 0) sum[c] = (sum[c] as number) + ((value + before) / 2) * (shareAt(i) - shareAt(i - 1));
      rows[at] = sum[c] as number;
      rows[row + at] = value;
      // A smallest value is as solid as the layer: what is dark is what is looked for.
      rows[2 * row + at] = flat ? (flat[row + at] as number) : (deep[at] as number) * (settings.mode === 'minip' ? settings.opacity : 1);
    }
  }
  return rows;
}

/**
 * What whole steps add, premultiplied, from a layer's row of densities.
 *
 * @param thick length of the shortest step, 1 being the layer's own
 */
export function stepRows(densities: Float32Array, thick: number): Float32Array {
  const rows = new Float32Array(STEP_ROWS * densities.length);
  for (let at = 0; at < densities.length; at += 4) {
    const density = densities[at + 3] as number;
    if (density === 0) continue;
    opacityRows(-Math.expm1(-density * thick), STEP_ROWS).forEach((alpha, row) => {
      const to = row * densities.length + at;
      for (let c = 0; c < 3; c += 1) rows[to + c] = ((densities[at + c] as number) / density) * alpha;
      rows[to + 3] = alpha;
    });
  }
  return rows;
}

/** The texture; of `count` layers, n has rows 3n to 3n + 2, and from 3 count + 16 n on those for whole steps. */
export class LayerTransfers {
  texture: THREE.DataTexture | undefined;
  #made: string[] = [];
  #stepped: string[] = [];

  /**
   * Makes the rows of layers anew that look different from before.
   *
   * @param thick length of the shortest step in each layer's own, where whole steps of it are looked up; without it no layer has rows for them
   */
  update(sources: readonly VolumeSource[], thick?: readonly (number | undefined)[]): THREE.DataTexture {
    const height = rowsOf(sources.length, thick !== undefined);
    if (this.texture?.image.height !== height) {
      this.texture?.dispose();
      this.#made = [];
      this.#stepped = [];
      const data = new Float32Array(4 * TRANSFER_SIZE * height);
      this.texture = new THREE.DataTexture(data, TRANSFER_SIZE, height, THREE.RGBAFormat, THREE.FloatType);
      this.texture.minFilter = this.texture.magFilter = THREE.NearestFilter;
    }
    const { texture } = this;
    const data = texture.image.data as unknown as Float32Array;
    const row = 4 * TRANSFER_SIZE;
    sources.forEach((source, n) => {
      const { colormap, points, opacity, gamma, log, mode, window } = source.settings;
      const wanted = JSON.stringify([colormap, points, opacity, gamma, log, mode, log ? window : 0, stepFraction(source.geometry)]);
      if (source.atlas.storage.labels) return;
      const first = row * ROWS_OF_LAYER * n;
      if (wanted !== this.#made[n]) {
        this.#made[n] = wanted;
        data.set(layerRows(source), first);
        texture.needsUpdate = true;
      }
      const step = thick?.[n];
      if (step === undefined || this.#stepped[n] === `${step} ${wanted}`) return;
      this.#stepped[n] = `${step} ${wanted}`;
      data.set(stepRows(data.subarray(first + row, first + 2 * row), step), row * (ROWS_OF_LAYER * sources.length + STEP_ROWS * n));
      texture.needsUpdate = true;
    });
    return texture;
  }

  dispose(): void {
    this.texture?.dispose();
    this.texture = undefined;
    this.#made = [];
    this.#stepped = [];
  }
}
