/** The colours of labels as a texture that the shader looks up by an id's hash. */

import * as THREE from 'three';
import { LABEL_COLORS, labelPaletteColor } from './colormaps.js';

/** A row of `LABEL_COLORS` texels. */
export function labelPaletteTexture(): THREE.DataTexture {
  const bytes = new Uint8Array(LABEL_COLORS * 4);
  for (let i = 0; i < LABEL_COLORS; i += 1) {
    const color = labelPaletteColor(i);
    for (let c = 0; c < 3; c += 1) bytes[4 * i + c] = Math.round((color[c] as number) * 255);
    bytes[4 * i + 3] = 255;
  }
  const texture = new THREE.DataTexture(bytes, LABEL_COLORS, 1, THREE.RGBAFormat, THREE.UnsignedByteType);
  texture.minFilter = texture.magFilter = THREE.NearestFilter;
  texture.needsUpdate = true;
  return texture;
}
