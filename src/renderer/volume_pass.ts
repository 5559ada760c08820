/** Ray-marches one image, or one label volume, with labels laid over it. A shader for each combination, made when first used. */

import * as THREE from 'three';
import { BRICK_EDGE, STORED_EDGE } from '../protocol/limits.js';
import type { Vec3 } from '../volume/geometry.js';
import { BRICK_CELLS, RUN_ZERO } from './brick_cells.js';
import { cameraBasis, type OrbitCamera } from './camera.js';
import { CLIP_PLANES, clipUniforms, cutUniforms, planesOf, setClip, setCut } from './clip_planes.js';
import { type DeviceRect, type Fullscreen, shaderMaterial } from './fullscreen.js';
import { hasLabelLook, LABEL_PROBES, restWeight } from './label_lookup.js';
import type { GpuBudget } from './gpu_budget.js';
import { labelPaletteTexture } from './label_palette.js';
import { LayerTransfers, layerTransferBytes } from './layer_transfers.js';
import { drawRays, rayUniforms, setRays, weighed } from './ray_uniforms.js';
import { CUT_PLANES } from './plane_views.js';
import clipGlsl from './shaders/clip.glsl';
import labelsGlsl from './shaders/labels.glsl';
import lightGlsl from './shaders/light.glsl';
import marchGlsl from './shaders/march.frag.glsl';
import pieceGlsl from './shaders/transfer_piece.glsl';
import voxelGlsl from './shaders/voxel.glsl';
import { boxAround } from './shown_box.js';
import { type Lookup, labelStepOpacity, lookupOf, stepLength, type VolumeSource } from './source.js';
import { isNested, TABLE_UNIFORMS, tableShader, tableValues } from './table_shader.js';
import { MAX_TABLE_EDGE, toCells } from './table_window.js';
import type { Clip, ClipPlane } from './views.js';
import { logUniform, opacityRows, TRANSFER_ROWS, TRANSFER_SIZE, transferHead, transferUniforms } from './transfer_function.js';

/** From where, where to and how well rays are drawn. */
export interface RayFrame {
  readonly camera: OrbitCamera;
  /** The picture in the target. */
  readonly rect: DeviceRect;
  /** The part of it that is drawn now. */
  readonly part?: DeviceRect;
  readonly target: THREE.WebGLRenderTarget | null;
  /** Draw it tile by tile: the same picture, sooner where rays wait for memory more than for anything else. */
  readonly tiled?: boolean;
  /** Shift of the rays in pixels, and of the first sample in steps. */
  readonly jitter?: readonly [number, number, number];
  /** Weight of this drawing against what is in the target: 1 replaces. */
  readonly weight?: number;
  /** What lies outside is not drawn. */
  readonly clip?: Clip | undefined;
  /** What lies on the eye's side of all of them is not drawn; their normals point away from it. */
  readonly cuts?: readonly ClipPlane[] | undefined;
  /** World direction towards the light, of length 1; absent: it comes from above the viewer's left shoulder. */
  readonly light?: Vec3 | undefined;
  /** How far from the eye, along each pixel's ray, solid things are that end it; 0 where there are none. */
  readonly depth?: THREE.Texture | undefined;
}

/** One drawing of rays through one volume. */
export interface RayDraw extends RayFrame {
  /** What drives the rays: an image, or labels where no image is shown. */
  readonly primary: VolumeSource;
  /** Labels over an image. */
  readonly overlay?: VolumeSource | undefined;
  /** Light an image's surfaces. */
  readonly shaded?: boolean;
}

/** A ray ends where it has gathered so much: the rest is taken to look like what lies before it. Thin peaks are drawn more exactly than that. */
const [OPAQUE, OPAQUE_PIECES] = [0.99, 0.996];
/** Samples of a run after which it is asked whether anything behind can be seen. */
const LONG_RUN = 32;
/** Samples that are taken of what shows before cells are looked at again, at least. */
const LEAST_RUN = 16;
/** Twice and more the bricks that a ray can cross in the largest table. */
const MAX_BRICKS = 4 * MAX_TABLE_EDGE;

/** The pass that turns volumes into a picture. */
export class VolumePass {
  readonly #materials = new Map<string, THREE.RawShaderMaterial>();
  readonly #palette = labelPaletteTexture();
  readonly #pieces = new LayerTransfers();

  constructor(
    readonly screen: Fullscreen,
    readonly budget?: GpuBudget,
  ) {}

  /** Draws; false where there is nothing to draw from yet. */
  draw(draw: RayDraw): boolean {
    const lookup = lookupOf(draw.primary);
    const over = draw.overlay && lookupOf(draw.overlay);
    if (!lookup) return false;
    const planes = planesOf(draw.clip);
    const material = this.#material(draw, over ? draw.overlay : undefined, planes.length > 0);
    const u = material.uniforms as Record<string, THREE.IUniform>;
    setRays(u, draw);
    const { eye } = cameraBasis(draw.camera);
    setClip(u, planes, eye);
    setCut(u, draw.cuts ?? [], eye);
    (u.uDepth as THREE.IUniform).value = draw.depth ?? null;
    this.#setLattice(u, draw, lookup);
    this.#setPrimary(u, draw.primary, lookup, over !== undefined);
    this.#setSurfaces(u, draw.primary);
    if (over && draw.overlay) this.#setOverlay(u, draw, draw.overlay, lookup, over);
    drawRays(this.screen, material, draw);
    return true;
  }

  dispose(): void {
    for (const material of this.#materials.values()) material.dispose();
    this.#palette.dispose();
    this.#pieces.dispose();
    this.budget?.release('pieces');
  }

  #setLattice(u: Record<string, THREE.IUniform>, draw: RayDraw, lookup: Lookup): void {
    const set3 = (name: string, v: readonly [number, number, number]) => (u[name] as THREE.IUniform<THREE.Vector3>).value.set(...v);
    set3('uEye', [...toCells(lookup.frame, cameraBasis(draw.camera).eye)]);
    set3('uCells', [...lookup.frame.scale]);
    (u.uStep as THREE.IUniform).value = stepLength(draw.primary.geometry) * 2 ** lookup.window.level;
    (u.uRowBias as THREE.IUniform).value = lookup.window.level;
  }

  #setSurfaces(u: Record<string, THREE.IUniform>, { geometry, atlas }: VolumeSource): void {
    const step = stepLength(geometry);
    const [z, y, x] = geometry.voxelSize;
    (u.uPerVoxel as THREE.IUniform).value = new THREE.Vector3(step / x, step / y, step / z).multiplyScalar(0.5);
    (u.uHalfTexel as THREE.IUniform).value = new THREE.Vector3(...atlas.size.map((n) => 0.5 / n));
  }

  #setPrimary(u: Record<string, THREE.IUniform>, source: VolumeSource, lookup: Lookup, overlaid: boolean): void {
    const set = (name: string, value: unknown) => {
      (u[name] as THREE.IUniform).value = value;
    };
    for (const [name, value] of Object.entries(tableValues(lookup))) set(name, value);
    set('uTable', lookup.table);
    set('uAtlas', lookup.atlas);
    set('uClearCells', source.atlas.cells.texture);
    set('uSlots', new THREE.Vector3(...source.atlas.layout));
    set('uInvGrid', new THREE.Vector3(...lookup.invGrid));
    set('uCellToAtlas', new THREE.Vector3(...lookup.cellToAtlas));
    set('uBoxMin', new THREE.Vector3(...lookup.box.min));
    set('uBoxMax', new THREE.Vector3(...lookup.box.max));
    const { shown: bricks, coarsest } = source.table.outcome;
    const { labels } = source.atlas.storage;
    // Labels may be where nothing shows of the image.
    const shown = (!overlaid && boxAround(bricks, (slot) => (labels ? undefined : source.atlas.cells.boxOf(slot)))) || lookup.box;
    set('uShownMin', new THREE.Vector3(...shown.min));
    set('uShownMax', new THREE.Vector3(...shown.max));
    set('uLead', 2 ** Math.max(coarsest - lookup.window.level, 0));
    if (source.atlas.storage.labels) {
      set('uLabelOpacity', opacityRows(labelStepOpacity(source.geometry, source.settings.opacity, source.closeness)));
      this.#setLookup(u, source);
    } else {
      set('uTransfer', source.transfer.texture);
      for (const [name, value] of Object.entries(transferUniforms(source.window, source.settings))) set(name, value);
      if (inPieces(source)) {
        this.budget?.take('pieces', layerTransferBytes(1));
        set('uTransfers', this.#pieces.update([source]));
        set('uThick', source.closeness);
      }
    }
  }

  #setOverlay(u: Record<string, THREE.IUniform>, draw: RayDraw, source: VolumeSource, image: Lookup, labels: Lookup): void {
    const set = (name: string, value: unknown) => {
      (u[name] as THREE.IUniform).value = value;
    };
    const scale = [0, 1, 2].map((i) => (labels.frame.scale[i] as number) / (image.frame.scale[i] as number));
    const offset = scale.map((s, i) => (labels.frame.offset[i] as number) - s * (image.frame.offset[i] as number));
    for (const [name, value] of Object.entries(tableValues(labels))) set(`${name}_over`, value);
    set('uTable_over', labels.table);
    set('uLabelAtlas', labels.atlas);
    set('uLabelScale', new THREE.Vector3(...scale));
    set('uLabelOffset', new THREE.Vector3(...offset));
    set('uInvGrid_over', new THREE.Vector3(...labels.invGrid));
    set('uLabelCellToAtlas', new THREE.Vector3(...labels.cellToAtlas));
    set('uLabelBoxMin', new THREE.Vector3(...labels.box.min));
    set('uLabelBoxMax', new THREE.Vector3(...labels.box.max));
    const step = stepLength(draw.primary.geometry) * 2 ** image.window.level;
    const labelStep = stepLength(source.geometry) * 2 ** source.table.outcome.finest;
    set('uLabelSpan', Math.max(2 ** Math.floor(Math.log2(labelStep / step)), 2 ** -image.window.level));
    set('uLabelOpacity', opacityRows(labelStepOpacity(draw.primary.geometry, source.settings.opacity, draw.primary.closeness)));
    this.#setLookup(u, source);
  }

  /** What is said of single labels. */
  #setLookup(u: Record<string, THREE.IUniform>, { lookup, settings }: VolumeSource): void {
    (u.uLabelLookup as THREE.IUniform).value = lookup?.update(settings) ?? null;
    (u.uLabelRest as THREE.IUniform).value = restWeight(settings);
  }

  #material({ primary, shaded: lit = false, depth, cuts = [] }: RayDraw, overlay: VolumeSource | undefined, clipped: boolean): THREE.RawShaderMaterial {
    const { storage } = primary.atlas;
    const labels = storage.labels ? primary : overlay;
    const mip = !storage.labels && primary.settings.mode === 'mip';
    const shaded = lit && !mip && !storage.labels;
    const lookup = labels !== undefined && hasLabelLook(labels.settings);
    const nested = [isNested(primary.table.window), isNested(overlay?.table.window)] as const;
    const log = !storage.labels && logUniform(primary.settings) !== undefined;
    const pieces = inPieces(primary);
    const key = JSON.stringify([storage.name, log, pieces, overlay?.atlas.storage.name, mip, shaded, lookup, clipped, depth !== undefined, cuts.length > 0, nested]);
    const known = this.#materials.get(key);
    if (known) return known;
    const uniforms: Record<string, THREE.IUniform> = { ...rayUniforms(), ...clipUniforms(), ...cutUniforms(), uPalette: { value: this.#palette } };
    for (const name of ['uEye', 'uCells']) uniforms[name] = { value: new THREE.Vector3() };
    const others = ['uTable', 'uAtlas', 'uInvGrid', 'uCellToAtlas', 'uBoxMin', 'uBoxMax', 'uStep', 'uRowBias'];
    others.push('uTransfer', 'uWindow', 'uLog', 'uLabelOpacity', 'uTable_over', 'uLabelAtlas', 'uLabelScale', 'uLabelOffset');
    others.push('uLabelBoxMin', 'uLabelBoxMax', 'uInvGrid_over', 'uLabelCellToAtlas', 'uLabelSpan', 'uLabelLookup', 'uLabelRest');
    others.push('uShownMin', 'uShownMax', 'uLead', 'uPerVoxel', 'uHalfTexel', 'uClearCells', 'uSlots', 'uTransfers', 'uThick');
    for (const name of TABLE_UNIFORMS) others.push(name, `${name}_over`);
    for (const name of others) uniforms[name] = { value: null };
    const cells = !storage.labels && overlay === undefined;
    const defines: Record<string, string | number> = {
      IMAGE_STORAGE: storage.labels ? -1 : storage.code,
      LABEL_STORAGE: labels ? labels.atlas.storage.code : -1,
      TRANSFER_ROWS,
      TRANSFER_SIZE,
      MAX_BRICKS,
      MAX_RUNS: 4 * BRICK_CELLS,
      OPAQUE: pieces ? OPAQUE_PIECES : OPAQUE,
      LONG_RUN: `${LONG_RUN}.`,
      LEAST_RUN: `${LEAST_RUN}.`,
      CLIP_PLANES,
      CUT_PLANES,
      LABEL_PROBES,
      STORED_EDGE: `${STORED_EDGE}.`,
      BRICK_EDGE: `${BRICK_EDGE}.`,
      BRICK_CELLS: `${BRICK_CELLS}.`,
      RUN_ZERO: `${RUN_ZERO}.`,
    };
    const flags = { OVERLAY: overlay, MIP: mip, SHADED: shaded, LABEL_LOOKUP: lookup, CELLS: cells, PIECES: pieces, FOURS: cells && !mip && !shaded && !pieces && !depth, CLIPPED: clipped, DEPTH: depth, CUT: cuts.length > 0 };
    for (const [name, set] of Object.entries(flags)) if (set) defines[name] = 1;
    const tables = [tableShader('', nested[0]), overlay ? tableShader('_over', nested[1]) : ''];
    const parts = [transferHead(log), ...tables, storage.labels ? '' : voxelGlsl, labels ? labelsGlsl : '', shaded ? lightGlsl : '', pieces ? pieceGlsl : '', clipGlsl, marchGlsl];
    const material = shaderMaterial(parts, uniforms, 'replace', defines);
    this.#materials.set(key, weighed(material));
    return material;
  }
}

/** Whether what lies between two samples of a volume counts. */
const inPieces = ({ atlas, settings, transfer }: VolumeSource): boolean => !atlas.storage.labels && settings.mode === 'dvr' && transfer.peaked;
