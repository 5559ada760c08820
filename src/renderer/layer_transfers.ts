/** The transfer functions of all layers of a march in one texture, so that a ray crosses pieces of any length by one look-up each. */

import * as THREE from 'three';
import { shareOfPlace, steepnessOf } from '../volume/opacity.js';
import { stepFraction } from './source.js';
import type { VolumeSource } from './source.js';
import { TRANSFER_SIZE, transferTexels } from './transfer_function.js';

/** Rows of a layer: integrals of densities, densities, colours. */
export const ROWS_OF_LAYER = 3;
/** Bytes for a number of layers. */
export const layerTransferBytes = (layers: number): number => layers * ROWS_OF_LAYER * TRANSFER_SIZE * 16;

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

/** The texture; layer n has rows 3n to 3n + 2. */
export class LayerTransfers {
  texture: THREE.DataTexture | undefined;
  #made: string[] = [];

  /** Makes the rows of layers anew that look different from before. */
  update(sources: readonly VolumeSource[]): THREE.DataTexture {
    const height = sources.length * ROWS_OF_LAYER;
    if (this.texture?.image.height !== height) {
      this.texture?.dispose();
      this.#made = [];
      const data = new Float32Array(4 * TRANSFER_SIZE * height);
      this.texture = new THREE.DataTexture(data, TRANSFER_SIZE, height, THREE.RGBAFormat, THREE.FloatType);
      this.texture.minFilter = this.texture.magFilter = THREE.NearestFilter;
    }
    const { texture } = this;
    sources.forEach((source, n) => {
      const { colormap, points, opacity, gamma, log, mode, window } = source.settings;
      const wanted = JSON.stringify([colormap, points, opacity, gamma, log, mode, log ? window : 0, stepFraction(source.geometry)]);
      if (wanted === this.#made[n] || source.atlas.storage.labels) return;
      this.#made[n] = wanted;
      (texture.image.data as unknown as Float32Array).set(layerRows(source), 4 * TRANSFER_SIZE * ROWS_OF_LAYER * n);
      texture.needsUpdate = true;
    });
    return texture;
  }

  dispose(): void {
    this.texture?.dispose();
    this.texture = undefined;
    this.#made = [];
  }
}
