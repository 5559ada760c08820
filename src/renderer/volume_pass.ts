/** Ray-marches one image, or one label volume, with labels laid over it. A shader for each combination, made when first used. */

import * as THREE from 'three';
import { cameraBasis, type OrbitCamera } from './camera.js';
import { type DeviceRect, type Fullscreen, shaderMaterial } from './fullscreen.js';
import { labelPaletteTexture } from './label_palette.js';
import labelsGlsl from './shaders/labels.glsl';
import marchGlsl from './shaders/march.frag.glsl';
import voxelGlsl from './shaders/voxel.glsl';
import { type Lookup, labelStepOpacity, lookupOf, stepLength, type VolumeSource } from './source.js';
import { MAX_TABLE_EDGE, toCells } from './table_window.js';
import { opacityRows, TRANSFER_ROWS, transferUniform } from './transfer_function.js';

/** One drawing of rays. */
export interface RayDraw {
  /** What drives the rays: an image, or labels where no image is shown. */
  readonly primary: VolumeSource;
  /** Labels over an image. */
  readonly overlay?: VolumeSource | undefined;
  readonly camera: OrbitCamera;
  /** The picture in the target. */
  readonly rect: DeviceRect;
  /** The part of it that is drawn now. */
  readonly clip?: DeviceRect;
  readonly target: THREE.WebGLRenderTarget | null;
  /** Steps are 2^this times as long as the level's voxels. */
  readonly stepBias?: number;
  /** Light an image's surfaces. */
  readonly shaded?: boolean;
  /** Shift of the rays in pixels, and of the first sample in steps. */
  readonly jitter?: readonly [number, number, number];
  /** Weight of this drawing against what is in the target: 1 replaces. */
  readonly weight?: number;
}

/** Twice and more the bricks that a ray can cross in the largest table. */
const MAX_BRICKS = 4 * MAX_TABLE_EDGE;

/** The pass that turns volumes into a picture. */
export class VolumePass {
  readonly #materials = new Map<string, THREE.RawShaderMaterial>();
  readonly #palette = labelPaletteTexture();

  constructor(readonly screen: Fullscreen) {}

  /** Draws; false where there is nothing to draw from yet. */
  draw(draw: RayDraw): boolean {
    const lookup = lookupOf(draw.primary);
    const over = draw.overlay && lookupOf(draw.overlay);
    if (!lookup) return false;
    const material = this.#material(draw.primary, over ? draw.overlay : undefined, draw.shaded ?? false);
    const u = material.uniforms as Record<string, THREE.IUniform>;
    this.#setRays(u, draw, lookup);
    this.#setPrimary(u, draw.primary, lookup);
    this.#setLight(u, draw);
    if (over && draw.overlay) this.#setOverlay(u, draw, draw.overlay, lookup, over);
    const weight = draw.weight ?? 1;
    material.blending = weight < 1 ? THREE.CustomBlending : THREE.NoBlending;
    material.transparent = weight < 1;
    material.blendAlpha = weight;
    this.screen.draw(material, draw.rect, draw.target, draw.clip ?? draw.rect);
    return true;
  }

  dispose(): void {
    for (const material of this.#materials.values()) material.dispose();
    this.#palette.dispose();
  }

  #setRays(u: Record<string, THREE.IUniform>, draw: RayDraw, lookup: Lookup): void {
    const { camera, rect } = draw;
    const { eye, right, up, forward } = cameraBasis(camera);
    const tan = Math.tan(camera.fovY / 2);
    const [jx, jy, start] = draw.jitter ?? [0, 0, 0.5];
    const bias = draw.stepBias ?? 0;
    const set3 = (name: string, v: readonly number[], s = 1) => {
      (u[name] as THREE.IUniform<THREE.Vector3>).value.set((v[0] as number) * s, (v[1] as number) * s, (v[2] as number) * s);
    };
    set3('uEye', toCells(lookup.frame, eye));
    set3('uForward', forward);
    set3('uRight', right, (tan * rect.width) / rect.height);
    set3('uUp', up, tan);
    set3('uCells', lookup.frame.scale);
    (u.uViewport as THREE.IUniform).value.set(rect.x - jx, rect.y - jy, 2 / rect.width, 2 / rect.height);
    (u.uStep as THREE.IUniform).value = stepLength(draw.primary.geometry) * 2 ** (lookup.window.level + bias);
    (u.uStart as THREE.IUniform).value = start;
    (u.uRowBias as THREE.IUniform).value = lookup.window.level + bias;
  }

  /** The light comes from above the viewer's left shoulder, whatever the camera. */
  #setLight(u: Record<string, THREE.IUniform>, draw: RayDraw): void {
    const { right, up, forward } = cameraBasis(draw.camera);
    const [r, a, f] = [right, up, forward].map((v) => new THREE.Vector3(...v)) as [THREE.Vector3, THREE.Vector3, THREE.Vector3];
    const light = new THREE.Vector3().addScaledVector(r, -0.35).addScaledVector(a, 0.6).addScaledVector(f, -0.72);
    const { geometry, atlas } = draw.primary;
    const step = stepLength(geometry);
    const [z, y, x] = geometry.voxelSize;
    (u.uLight as THREE.IUniform).value = light.normalize();
    (u.uView as THREE.IUniform).value = f.negate();
    (u.uPerVoxel as THREE.IUniform).value = new THREE.Vector3(step / x, step / y, step / z).multiplyScalar(0.5);
    (u.uHalfTexel as THREE.IUniform).value = new THREE.Vector3(...atlas.size.map((n) => 0.5 / n));
  }

  #setPrimary(u: Record<string, THREE.IUniform>, source: VolumeSource, lookup: Lookup): void {
    const set = (name: string, value: unknown) => {
      (u[name] as THREE.IUniform).value = value;
    };
    set('uTable', lookup.table);
    set('uAtlas', lookup.atlas);
    set('uInvGrid', new THREE.Vector3(...lookup.invGrid));
    set('uCellToAtlas', new THREE.Vector3(...lookup.cellToAtlas));
    set('uBoxMin', new THREE.Vector3(...lookup.box.min));
    set('uBoxMax', new THREE.Vector3(...lookup.box.max));
    set('uWidest', lookup.widest);
    if (source.atlas.storage.labels) {
      set('uLabelOpacity', opacityRows(labelStepOpacity(source.geometry, source.opacity)));
    } else {
      set('uTransfer', source.transfer.texture);
      set('uWindow', transferUniform(source.window));
    }
  }

  #setOverlay(u: Record<string, THREE.IUniform>, draw: RayDraw, source: VolumeSource, image: Lookup, labels: Lookup): void {
    const set = (name: string, value: unknown) => {
      (u[name] as THREE.IUniform).value = value;
    };
    const scale = [0, 1, 2].map((i) => (labels.frame.scale[i] as number) / (image.frame.scale[i] as number));
    const offset = scale.map((s, i) => (labels.frame.offset[i] as number) - s * (image.frame.offset[i] as number));
    set('uLabelTable', labels.table);
    set('uLabelAtlas', labels.atlas);
    set('uLabelScale', new THREE.Vector3(...scale));
    set('uLabelOffset', new THREE.Vector3(...offset));
    set('uLabelInvGrid', new THREE.Vector3(...labels.invGrid));
    set('uLabelCellToAtlas', new THREE.Vector3(...labels.cellToAtlas));
    set('uLabelBoxMin', new THREE.Vector3(...labels.box.min));
    set('uLabelBoxMax', new THREE.Vector3(...labels.box.max));
    const step = stepLength(draw.primary.geometry) * 2 ** image.window.level;
    const labelStep = stepLength(source.geometry) * 2 ** source.table.outcome.finest;
    set('uLabelSpan', Math.max(2 ** Math.floor(Math.log2(labelStep / step)), 2 ** -image.window.level));
    set('uLabelOpacity', opacityRows(labelStepOpacity(draw.primary.geometry, source.opacity)));
  }

  #material(primary: VolumeSource, overlay: VolumeSource | undefined, lit: boolean): THREE.RawShaderMaterial {
    const { storage } = primary.atlas;
    const labels = storage.labels ? storage : overlay?.atlas.storage;
    const mip = !storage.labels && primary.mode === 'mip';
    const shaded = lit && !mip && !storage.labels;
    const key = `${storage.name} ${overlay?.atlas.storage.name ?? ''} ${mip} ${shaded}`;
    const known = this.#materials.get(key);
    if (known) return known;
    const vec3 = (): THREE.IUniform => ({ value: new THREE.Vector3() });
    const uniforms: Record<string, THREE.IUniform> = {
      uViewport: { value: new THREE.Vector4() },
      uPalette: { value: this.#palette },
    };
    for (const name of ['uEye', 'uForward', 'uRight', 'uUp', 'uCells']) uniforms[name] = vec3();
    const others = ['uTable', 'uAtlas', 'uInvGrid', 'uCellToAtlas', 'uBoxMin', 'uBoxMax', 'uStep', 'uStart', 'uWidest', 'uRowBias'];
    others.push('uTransfer', 'uWindow', 'uLabelOpacity', 'uLabelTable', 'uLabelAtlas', 'uLabelScale', 'uLabelOffset');
    others.push('uLabelBoxMin', 'uLabelBoxMax', 'uLabelInvGrid', 'uLabelCellToAtlas', 'uLabelSpan');
    others.push('uLight', 'uView', 'uPerVoxel', 'uHalfTexel');
    for (const name of others) uniforms[name] = { value: null };
    const defines: Record<string, string | number> = {
      IMAGE_STORAGE: storage.labels ? -1 : storage.code,
      LABEL_STORAGE: labels ? labels.code : -1,
      TRANSFER_ROWS,
      MAX_BRICKS,
    };
    if (overlay) defines.OVERLAY = 1;
    if (mip) defines.MIP = 1;
    if (shaded) defines.SHADED = 1;
    const parts = [storage.labels ? '' : voxelGlsl, labels ? labelsGlsl : '', marchGlsl];
    const material = shaderMaterial(parts, uniforms, 'replace', defines);
    material.blendSrc = material.blendSrcAlpha = THREE.ConstantAlphaFactor;
    material.blendDst = material.blendDstAlpha = THREE.OneMinusConstantAlphaFactor;
    this.#materials.set(key, material);
    return material;
  }
}
