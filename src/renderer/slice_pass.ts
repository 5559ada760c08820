/** Draws one slice of an image or of labels; the labels of a scene are drawn over its image. */

import * as THREE from 'three';
import type { Vec3 } from '../volume/geometry.js';
import { type DeviceRect, type Fullscreen, shaderMaterial } from './fullscreen.js';
import { labelPaletteTexture } from './label_palette.js';
import labelsGlsl from './shaders/labels.glsl';
import sliceGlsl from './shaders/slice.frag.glsl';
import voxelGlsl from './shaders/voxel.glsl';
import { sliceAxes } from './slice_view.js';
import { lookupOf, type VolumeSource } from './source.js';
import { toCells } from './table_window.js';
import { TRANSFER_ROWS, transferUniform } from './transfer_function.js';
import type { SliceView } from './views.js';

/** The pass for slices. */
export class SlicePass {
  readonly #materials = new Map<string, THREE.RawShaderMaterial>();
  readonly #palette = labelPaletteTexture();

  constructor(readonly screen: Fullscreen) {}

  /** Draws `source` into `rect` of the canvas (device pixels, `ratio` to a CSS pixel), over what is there. */
  draw(source: VolumeSource, view: SliceView, rect: DeviceRect, ratio: number): boolean {
    const lookup = lookupOf(source);
    if (!lookup) return false;
    const { u: right, v: up, normal } = sliceAxes(view.axis);
    const size = view.pixelSize / ratio;
    const corner: [number, number, number] = [0, 0, 0];
    corner[right] = view.center[0] - (rect.x + rect.width / 2) * size;
    corner[up] = view.center[1] - (rect.y + rect.height / 2) * size;
    corner[normal] = view.position;
    const along = (axis: number): Vec3 => {
      const d: [number, number, number] = [0, 0, 0];
      d[axis] = size * (lookup.frame.scale[axis] as number);
      return d;
    };
    const material = this.#material(source);
    const values: Record<string, unknown> = {
      uTable: lookup.table,
      uAtlas: lookup.atlas,
      uOrigin: new THREE.Vector3(...toCells(lookup.frame, corner)),
      uDx: new THREE.Vector3(...along(right)),
      uDy: new THREE.Vector3(...along(up)),
      uBoxMin: new THREE.Vector3(...lookup.box.min),
      uBoxMax: new THREE.Vector3(...lookup.box.max),
      uInvGrid: new THREE.Vector3(...lookup.invGrid),
      uCellToAtlas: new THREE.Vector3(...lookup.cellToAtlas),
      uOpacity: source.settings.opacity,
      uTransfer: source.transfer.texture,
      uWindow: transferUniform(source.window),
      uPalette: this.#palette,
    };
    for (const [name, value] of Object.entries(values)) (material.uniforms[name] as THREE.IUniform).value = value;
    this.screen.draw(material, rect);
    return true;
  }

  dispose(): void {
    for (const material of this.#materials.values()) material.dispose();
    this.#palette.dispose();
  }

  #material({ atlas: { storage } }: VolumeSource): THREE.RawShaderMaterial {
    const known = this.#materials.get(storage.name);
    if (known) return known;
    const names = ['uTable', 'uAtlas', 'uOrigin', 'uDx', 'uDy', 'uBoxMin', 'uBoxMax', 'uInvGrid', 'uCellToAtlas'];
    names.push('uOpacity', 'uTransfer', 'uWindow', 'uPalette');
    const uniforms = Object.fromEntries(names.map((name) => [name, { value: null } as THREE.IUniform]));
    const defines = {
      IMAGE_STORAGE: storage.labels ? -1 : storage.code,
      LABEL_STORAGE: storage.labels ? storage.code : -1,
      TRANSFER_ROWS,
    };
    const material = shaderMaterial([storage.labels ? labelsGlsl : voxelGlsl, sliceGlsl], uniforms, 'over', defines);
    this.#materials.set(storage.name, material);
    return material;
  }
}
