/** Colour and opacity of a cloud's points over its window, as a texture; and the same for one value. */

import * as THREE from 'three';
import type { ValueRange } from '../volume/ranges.js';
import { isClear, opacityAt, windowShare } from '../volume/opacity.js';
import { colormapFunction } from './colormaps.js';
import type { LayerSettings } from './views.js';

/** Texels over the window. */
export const POINT_COLORS = 1024;
export const POINT_COLOR_BYTES = POINT_COLORS * 4;

/** The texture of the colours. */
export class PointColors {
  readonly texture: THREE.DataTexture;
  #made = '';

  constructor() {
    this.texture = new THREE.DataTexture(new Uint8Array(POINT_COLOR_BYTES), POINT_COLORS, 1, THREE.RGBAFormat, THREE.UnsignedByteType);
    this.texture.minFilter = this.texture.magFilter = THREE.NearestFilter;
  }

  /** Makes the texels anew where the settings differ from those in the texture. */
  update(settings: LayerSettings): void {
    const { colormap, points, opacity, gamma } = settings;
    const wanted = JSON.stringify([colormap, points, opacity, gamma]);
    if (wanted === this.#made) return;
    this.#made = wanted;
    const color = colormapFunction(colormap);
    const texels = this.texture.image.data as Uint8Array;
    for (let i = 0; i < POINT_COLORS; i += 1) {
      const t = i / (POINT_COLORS - 1);
      const alpha = opacityAt(points, t) * opacity;
      const [r, g, b] = color(t ** settings.gamma);
      // An opacity above 0 stays above it in bytes.
      texels.set([r * 255, g * 255, b * 255, alpha > 0 ? Math.max(alpha * 255, 1) : 0].map(Math.round), 4 * i);
    }
    this.texture.needsUpdate = true;
  }

  dispose(): void {
    this.texture.dispose();
  }
}

/** Whether no point with a value in the range shows. */
export function showsNone(settings: LayerSettings, range: ValueRange): boolean {
  const [low, high] = settings.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (range.max < low || range.min > high) return true;
  return isClear({ ...settings, mode: 'dvr' }, range, 1 / (POINT_COLORS - 1));
}

/** Whether a point of this value shows. */
export function showsPoint(settings: LayerSettings, value: number): boolean {
  return !showsNone(settings, { min: value, max: value });
}

/** World radius of a point of this value, before the layer's transform. */
export function pointRadius(settings: LayerSettings, [low, high]: readonly [number, number], value: number): number {
  const share = Math.min(Math.max(windowShare(settings.window, value), 0), 1);
  return settings.radius * (low + (high - low) * share);
}
