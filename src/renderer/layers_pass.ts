/**
 * Ray-marches several layers at once, or one in a way that volume_pass.ts does not know: each layer with its own place in the world, mode,
 * shading and shader. A shader for each combination, made when first used.
 */

import * as THREE from 'three';
import { BRICK_EDGE, STORED_EDGE } from '../protocol/limits.js';
import type { Vec3 } from '../volume/geometry.js';
import { toLayer, transposed } from '../volume/placement.js';
import { shareOfPlace, steepnessOf } from '../volume/opacity.js';
import { BRICK_CELLS, RUN_ZERO } from './brick_cells.js';
import { cameraBasis, type OrbitCamera } from './camera.js';
import { CLIP_PLANES, clipUniforms, cutUniforms, planesOf, setClip, setCut } from './clip_planes.js';
import { LABEL_COLORS } from './colormaps.js';
import { type Fullscreen, shaderMaterial } from './fullscreen.js';
import type { GpuBudget } from './gpu_budget.js';
import { hasLabelLook, LABEL_PROBES, restWeight } from './label_lookup.js';
import { labelPaletteTexture } from './label_palette.js';
import { LayerTransfers, layerTransferBytes } from './layer_transfers.js';
import { atlasName, cellsName, isProjection, type LayerKind, layersKey, layersShader, mayHaveCells, stepsWhole } from './layers_shader.js';
import { CUT_PLANES } from './plane_views.js';
import { drawRays, rayUniforms, setRays, weighed } from './ray_uniforms.js';
import { labelStepOpacity, lookupOf, type Lookup, stepFraction, type VolumeSource } from './source.js';
import { isNested, TABLE_UNIFORMS, tableValues } from './table_shader.js';
import { toCells } from './table_window.js';
import { logUniform, plainUniform, TRANSFER_SIZE } from './transfer_function.js';
import { MAX_TURNS_OF_RAY, MAX_TURNS_OF_SAMPLE, uniformName, uniformValue } from './user_shader.js';
import type { RayFrame } from './volume_pass.js';

/** Most layers of one march. */
export const MAX_LAYERS = 8;
/** Faces of bricks and of runs of their cells at which a ray may stop, for each layer: rays that meet more than this in one layer end early. */
const TURNS_OF_LAYER = 1024;
/** Textures besides those of layers and their atlases: transfer functions, palette, depth. */
const COMMON_TEXTURES = 3;

type Uniforms = Record<string, THREE.IUniform>;

/** A 512th of the picture's height at the camera's target: whatever the resolution it is drawn at. */
export const nearLength = ({ distance, fovY }: OrbitCamera): number => (distance * Math.tan(fovY / 2)) / 256;

/** World length of a step of a layer at level 0. */
const stepInWorld = ({ geometry: { voxelSize: [z, y, x] }, placement: { scale } }: VolumeSource): number =>
  Math.min(x * scale[0], y * scale[1], z * scale[2]);

/** A world length of a layer in steps of its own: more where the camera is near. */
const thickness = (source: VolumeSource): number => source.closeness / stepInWorld(source);

/** The pass for several layers. */
export class LayersPass {
  /** Layers that the last drawing had to leave out, for the device reads too few textures at once. */
  left = 0;
  readonly #materials = new Map<string, THREE.RawShaderMaterial>();
  readonly #palette = labelPaletteTexture();
  readonly #transfers = new LayerTransfers();
  readonly #units: number;

  constructor(
    readonly screen: Fullscreen,
    readonly budget: GpuBudget,
  ) {
    this.#units = screen.renderer.capabilities.maxTextures;
  }

  /** Draws layers from the lowest to the highest; false where there is nothing to draw from yet. */
  draw(sources: readonly VolumeSource[], frame: RayFrame): boolean {
    const ready = sources.filter((source) => source.table.window);
    const { drawn, kinds } = fitting(ready.slice(-MAX_LAYERS), this.#units);
    this.left = ready.length - drawn.length;
    if (drawn.length === 0) return false;
    this.budget.take('layers', layerTransferBytes(drawn.length, true) + 4 * LABEL_COLORS);
    const planes = planesOf(frame.clip);
    const { cuts = [] } = frame;
    const material = this.#material(kinds, { CLIPPED: planes.length > 0, DEPTH: frame.depth !== undefined, CUT: cuts.length > 0 });
    const u = material.uniforms as Uniforms;
    const { eye } = cameraBasis(frame.camera);
    setRays(u, frame);
    setClip(u, planes, eye);
    setCut(u, cuts, eye);
    const set = (name: string, value: unknown) => {
      (u[name] as THREE.IUniform).value = value;
    };
    set('uDepth', frame.depth ?? null);
    set('uNear', nearLength(frame.camera));
    set('uOrigin', new THREE.Vector3(...eye));
    const lookups = drawn.map((source) => lookupOf(source) as Lookup);
    const voxels = drawn.map((source, n) => stepInWorld(source) * 2 ** (lookups[n] as Lookup).window.level);
    const step = Math.min(...voxels);
    set('uStep', step);
    set('uTransfers', this.#transfers.update(drawn, drawn.map((source, n) => (stepsWhole(kinds[n] as LayerKind) ? step * thickness(source) : undefined))));
    drawn.forEach((source, n) => {
      set(atlasName(source.atlas.storage), source.atlas.texture);
      if (kinds[n]?.cells) set(cellsName(source.atlas.storage), source.atlas.cells.texture);
      const values = { ...placeValues(source, lookups[n] as Lookup, eye), ...lookValues(source) };
      for (const [name, value] of Object.entries(values)) set(`${name}_${n}`, value);
      set(`uVoxel_${n}`, voxels[n]);
      set(`uPace_${n}`, Math.max(2 ** Math.floor(Math.log2((voxels[n] as number) / step) + 1e-6), 1));
      for (const uniform of source.shader?.uniforms ?? []) set(uniformName(n, uniform.name), uniformValue(uniform, source.settings.uniforms));
    });
    drawRays(this.screen, material, frame);
    return true;
  }

  dispose(): void {
    for (const material of this.#materials.values()) material.dispose();
    this.#palette.dispose();
    this.#transfers.dispose();
    this.budget.release('layers');
  }

  #material(kinds: readonly LayerKind[], flags: Readonly<Record<string, boolean>>): THREE.RawShaderMaterial {
    const key = layersKey(kinds, Object.values(flags));
    const known = this.#materials.get(key);
    if (known) return known;
    const uniforms: Uniforms = { ...rayUniforms(), ...clipUniforms(), ...cutUniforms(), uPalette: { value: this.#palette } };
    for (const name of ['uOrigin', 'uNear', 'uTransfers', 'uStep']) uniforms[name] = { value: null };
    kinds.forEach((kind, n) => {
      for (const name of [atlasName(kind.storage), cellsName(kind.storage)]) uniforms[name] = { value: null };
      for (const name of NAMES) uniforms[`${name}_${n}`] = { value: null };
      for (const { name } of kind.shader?.uniforms ?? []) uniforms[uniformName(n, name)] = { value: 0 };
    });
    const defines: Record<string, number | string> = {
      STORED_EDGE: `${STORED_EDGE}.`,
      BRICK_EDGE: `${BRICK_EDGE}.`,
      BRICK_CELLS: `${BRICK_CELLS}.`,
      RUN_ZERO: `${RUN_ZERO}.`,
      TRANSFER_SIZE,
      MAX_TURNS: TURNS_OF_LAYER * kinds.length,
      CLIP_PLANES,
      CUT_PLANES,
      LABEL_PROBES,
      MAX_TURNS_OF_SAMPLE,
      MAX_TURNS_OF_RAY,
    };
    for (const [name, set] of Object.entries(flags)) if (set) defines[name] = 1;
    const material = weighed(shaderMaterial(layersShader(kinds), uniforms, 'replace', defines));
    // Shaders that are edited come and go: those that have not been drawn with for long are let go.
    if (this.#materials.size >= MAX_MATERIALS) {
      const [oldest, old] = [...this.#materials][0] as [string, THREE.RawShaderMaterial];
      old.dispose();
      this.#materials.delete(oldest);
    }
    this.#materials.set(key, material);
    return material;
  }
}

const MAX_MATERIALS = 24;

const NAMES = [
  'uTable', 'uCells', 'uEye', 'uBoxMin', 'uBoxMax', 'uInvGrid', 'uCellToAtlas', 'uPace', 'uVoxel', 'uPerStep', 'uThick', 'uWindow', 'uGradient',
  'uHalfTexel', 'uSlots', 'uIso', 'uOpacity', 'uDense', 'uLookup', 'uRest', 'uFraction', 'uRaw', 'uVoxels', 'uFirst', 'uLog',
  ...TABLE_UNIFORMS,
];

/** The highest layers whose textures a shader can read at once. Cells that show nothing make it faster: they are left out before a layer is. */
function fitting(sources: readonly VolumeSource[], units: number): { drawn: readonly VolumeSource[]; kinds: readonly LayerKind[] } {
  for (let from = 0; from < sources.length; from += 1) {
    const drawn = sources.slice(from);
    for (const cells of [true, false]) {
      const kinds = drawn.map((source) => kindOf(source, cells));
      if (texturesOf(kinds) <= units) return { drawn, kinds };
    }
  }
  return { drawn: [], kinds: [] };
}

/** Textures that the shader of some layers reads: a table each, ids that something is said of, an atlas and its cells for each storage class. */
function texturesOf(kinds: readonly LayerKind[]): number {
  const storages = (some: readonly LayerKind[]) => new Set(some.map(({ storage }) => storage)).size;
  const lookups = kinds.filter(({ lookup }) => lookup).length;
  return kinds.length + lookups + storages(kinds) + storages(kinds.filter(({ cells }) => cells)) + COMMON_TEXTURES;
}

/** What of a layer decides how its part of the shader reads. */
function kindOf({ atlas: { storage }, settings, shader, table, transfer }: VolumeSource, cells: boolean): LayerKind {
  const { labels } = storage;
  const kind = { storage, mode: settings.mode, shader, additive: settings.blend === 'additive', peaked: !labels && transfer.peaked };
  return {
    ...kind,
    shading: labels || isProjection(kind) ? 'none' : settings.shading,
    lookup: labels && hasLabelLook(settings),
    outline: labels && settings.labelStyle === 'outline' && !shader,
    nested: isNested(table.window),
    log: !labels && logUniform(settings) !== undefined,
    cells: cells && mayHaveCells(kind),
  };
}

const matrix = (rows: readonly Vec3[]): THREE.Matrix3 => new THREE.Matrix3().set(...(rows.flat() as Parameters<THREE.Matrix3['set']>));

/** Where a layer is. */
function placeValues(source: VolumeSource, lookup: Lookup, eye: Vec3): Record<string, unknown> {
  const { placement, settings } = source;
  const { frame, box, window } = lookup;
  const cells = placement.back.map((row, i) => row.map((n) => n * (frame.scale[i] as number)) as unknown as Vec3);
  const voxels = 64 * 2 ** window.level;
  return {
    uTable: lookup.table,
    uCells: matrix(cells),
    uEye: new THREE.Vector3(...toCells(frame, toLayer(placement, eye))),
    uSlots: new THREE.Vector3(...source.atlas.layout),
    uBoxMin: new THREE.Vector3(...box.min),
    uBoxMax: new THREE.Vector3(...box.max),
    uInvGrid: new THREE.Vector3(...lookup.invGrid),
    uCellToAtlas: new THREE.Vector3(...lookup.cellToAtlas),
    ...tableValues(lookup),
    uPerStep: 1 / stepInWorld(source),
    uThick: thickness(source),
    uOpacity: settings.opacity,
    uVoxels: new THREE.Vector3(voxels, voxels, voxels),
    uFirst: new THREE.Vector3(...[2, 1, 0].map((i) => voxels * (window.origin[i] as number) - 0.5)),
  };
}

/** How it looks. */
function lookValues(source: VolumeSource): Record<string, unknown> {
  const { settings, geometry, placement, atlas } = source;
  const fraction = stepFraction(geometry);
  const step = stepInWorld(source);
  const common = { uFraction: fraction, uHalfTexel: new THREE.Vector3(...atlas.size.map((n) => 0.5 / n)) };
  if (atlas.storage.labels) {
    const density = -Math.log1p(-labelStepOpacity(geometry, settings.opacity, source.closeness)) / step;
    return { ...common, uDense: density, uLookup: source.lookup?.update(settings) ?? null, uRest: restWeight(settings) };
  }
  const [z, y, x] = geometry.voxelSize;
  const perVoxel = [x, y, z].map((edge) => (0.5 * step) / edge) as unknown as Vec3;
  const gradient = transposed(placement.back).map((row) => row.map((n, i) => n * (perVoxel[i] as number)) as unknown as Vec3);
  return {
    ...common,
    uWindow: plainUniform(source.window),
    uLog: logUniform(settings) ?? null,
    uRaw: new THREE.Vector2(source.raw.scale, source.raw.offset),
    uGradient: matrix(gradient),
    uIso: shareOfPlace(settings.iso, steepnessOf(settings)),
  };
}
