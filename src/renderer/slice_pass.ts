/** Draws one slice of an image or of labels from bricks; a slice may be turned, and so may the layer. */

import * as THREE from 'three';
import type { Vec3 } from '../volume/geometry.js';
import { times, toLayer } from '../volume/placement.js';
import type { DeviceRect, Fullscreen } from './fullscreen.js';
import fullscreenVertex from './shaders/fullscreen.vert.glsl';
import sliceGlsl from './shaders/slice.frag.glsl';
import planeVertex from './shaders/plane.vert.glsl';
import { PLANE_UNIFORMS, PlaneQuads, type SliceInSpace } from './slice_in_space.js';
import { type SliceLook, SliceMaterials } from './slice_look.js';
import { sliceFrame } from './slice_view.js';
import { lookupOf, type VolumeSource } from './source.js';
import { toCells } from './table_window.js';
import type { SliceView } from './views.js';

const NAMES = ['uTable', 'uAtlas', 'uOrigin', 'uDx', 'uDy', 'uBoxMin', 'uBoxMax', 'uInvGrid', 'uCellToAtlas'] as const;

/** The pass for slices. */
export class SlicePass {
  readonly #materials = new SliceMaterials(fullscreenVertex, sliceGlsl, NAMES);
  readonly #inSpace = new SliceMaterials(planeVertex, sliceGlsl, [...NAMES, ...PLANE_UNIFORMS], true);
  readonly #quads = new PlaneQuads();

  constructor(readonly screen: Fullscreen) {}

  /**
   * Draws `source` into `rect` of the canvas (device pixels, `ratio` to a CSS pixel), over what is there, and nowhere outside `clip`.
   *
   * @param space where it stands in a picture in perspective: `rect` and `clip` are then of the slice
   * @returns false where its table was never filled
   */
  draw(source: VolumeSource, look: SliceLook, view: SliceView, rect: DeviceRect, ratio: number, clip: DeviceRect = rect, space?: SliceInSpace): boolean {
    const lookup = lookupOf(source);
    if (!lookup) return false;
    const { placement } = source;
    const { middle, right, up } = sliceFrame(view);
    const size = view.pixelSize / ratio;
    const cellsFor = (world: Vec3): THREE.Vector3 => {
      const [x, y, z] = times(placement.back, world);
      const [sx, sy, sz] = lookup.frame.scale;
      return new THREE.Vector3(x * sx * size, y * sy * size, z * sz * size);
    };
    const [dx, dy] = [cellsFor(right), cellsFor(up)];
    const origin = new THREE.Vector3(...toCells(lookup.frame, toLayer(placement, middle)));
    origin.addScaledVector(dx, -(rect.x + rect.width / 2)).addScaledVector(dy, -(rect.y + rect.height / 2));
    const material = (space ? this.#inSpace : this.#materials).get(source.atlas.storage, look, {
      ...space?.uniforms,
      uTable: lookup.table,
      uAtlas: lookup.atlas,
      uOrigin: origin,
      uDx: dx,
      uDy: dy,
      uBoxMin: new THREE.Vector3(...lookup.box.min),
      uBoxMax: new THREE.Vector3(...lookup.box.max),
      uInvGrid: new THREE.Vector3(...lookup.invGrid),
      uCellToAtlas: new THREE.Vector3(...lookup.cellToAtlas),
    });
    if (space) {
      const { x, y, width, height } = clip;
      this.#quads.draw(this.screen, material, space, [[x, y, x + width, y + height]]);
    } else this.screen.draw(material, rect, null, clip);
    return true;
  }

  dispose(): void {
    for (const part of [this.#materials, this.#inSpace, this.#quads]) part.dispose();
  }
}
