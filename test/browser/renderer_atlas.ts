/** The renderer's own parts put together without a view: atlases, page tables and the ray passes over them. */

import * as THREE from 'three';
import { BrickAtlas } from '../../src/renderer/brick_atlas.js';
import { Fullscreen } from '../../src/renderer/fullscreen.js';
import { GpuBudget } from '../../src/renderer/gpu_budget.js';
import { LayersPass } from '../../src/renderer/layers_pass.js';
import { PageTable } from '../../src/renderer/page_table.js';
import { RayDrawing } from '../../src/renderer/ray_drawing.js';
import type { VolumeSource } from '../../src/renderer/source.js';
import { VolumePass } from '../../src/renderer/volume_pass.js';
import type { LayerSettings } from '../../src/renderer/views.js';
import { VolumeState } from '../../src/renderer/volume_state.js';
import type { BrickKey } from '../../src/volume/geometry.js';
import type { BrickPlan } from '../../src/volume/lod_plan.js';
import type { TestVolume } from './renderer_volume.js';

const ALL = new GpuBudget(2 ** 31);

/** A volume, how it is shown, and which of its bricks are here besides the coarsest. */
export interface BenchLayer {
  readonly volume: TestVolume;
  readonly settings: Partial<LayerSettings>;
  readonly shows: (key: BrickKey) => boolean;
}

/** A canvas with the renderer's passes. */
export function makeScreen(width: number, height: number) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  document.body.replaceChildren(canvas);
  const renderer = new THREE.WebGLRenderer({ canvas, antialias: false, depth: false, stencil: false, preserveDrawingBuffer: true });
  renderer.autoClear = false;
  return { canvas, renderer, screen: new Fullscreen(renderer) };
}

const keysOf = ({ volume, shows }: BenchLayer, levels: number): BrickKey[] =>
  volume.keys().filter((key) => key.level === levels - 1 || shows(key));

/** Uploads a layer's bricks and builds a table that shows each cell by the finest of them. */
function showLayer(layer: BenchLayer, state: VolumeState, atlas: BrickAtlas, skipEmpty: boolean) {
  const { volume } = layer;
  const { numbering } = state;
  const keys = keysOf(layer, numbering.levels);
  const bricks = keys.map((key) => ({ ...key, priority: 0 }));
  const pack = (k: BrickKey) => numbering.pack(k.level, k.z, k.y, k.x);
  const split = new Set<number>();
  for (const key of keys) {
    const entry = atlas.upload({ volume: volume.handle, number: pack(key) }, volume.brick(key).voxels, 1);
    if (!entry) throw new Error('the atlas is full');
    for (let level = key.level + 1; level < numbering.levels; level += 1) {
      const s = 2 ** (level - key.level);
      split.add(numbering.pack(level, Math.floor(key.z / s), Math.floor(key.y / s), Math.floor(key.x / s)));
    }
  }
  const plan: BrickPlan = { bricks, numbers: new Set(keys.map(pack)), split, demand: keys.length, finest: 0, coarsest: 0 };
  const entries = atlas.slots.of(volume.handle);
  if (skipEmpty) atlas.findCells(state, Number.POSITIVE_INFINITY, ({ number }) => volume.brick(numbering.unpack(number)).voxels);
  const table = new PageTable(`table/${volume.handle}`, ALL);
  table.update({
    numbering,
    window: { level: 0, origin: [0, 0, 0], size: numbering.grid(0) },
    plan,
    slotOf: (number) => {
      const entry = entries.get(number);
      return entry && atlas.slotAt(entry.slot);
    },
    resident: entries.keys(),
    isEmpty: skipEmpty ? state.isEmpty : () => false,
    atlasSize: atlas.size,
  });
  return table;
}

function makeState({ volume, settings }: BenchLayer): VolumeState {
  const state = new VolumeState(volume.session, volume.ranges);
  state.set({ ...state.settings, ...settings });
  state.updateTransfer();
  return state;
}

const sourceOf = (state: VolumeState, atlas: BrickAtlas, table: PageTable): VolumeSource => {
  const { geometry, numbering, transfer, window, raw, settings, placement, lookup, shader } = state;
  return { geometry, numbering, atlas, table, transfer, window, raw, settings, placement, closeness: 1, lookup, shader };
};

/** One volume. */
export function atlasBench(
  width: number,
  height: number,
  volume: TestVolume,
  settings: Partial<LayerSettings>,
  shows: (key: BrickKey) => boolean,
  options: { skipEmpty?: boolean } = {},
) {
  const made = makeScreen(width, height);
  const layer = { volume, settings, shows };
  const state = makeState(layer);
  const atlas = new BrickAtlas(state.storage, made.renderer, ALL, keysOf(layer, state.numbering.levels).length);
  const table = showLayer(layer, state, atlas, options.skipEmpty ?? false);
  return { ...made, state, atlas, table, source: sourceOf(state, atlas, table), pass: new VolumePass(made.screen) };
}

/** A screen with the passes of rays, whose shaders are made once for all that is drawn on it. */
export function makeDrawing(width: number, height: number) {
  const made = makeScreen(width, height);
  return { ...made, general: new LayersPass(made.screen, ALL), either: new RayDrawing(made.screen, ALL) };
}

/** Several volumes, from the lowest to the highest, those of one storage class in one atlas; on a screen of their own, which `dispose` leaves, or `on` one. */
export function layersBench(
  width: number, height: number, layers: readonly BenchLayer[], options: { skipEmpty?: boolean; on?: ReturnType<typeof makeDrawing> } = {},
) {
  const made = options.on ?? makeDrawing(width, height);
  const { general, either } = made;
  const states = layers.map(makeState);
  const atlases = new Map<string, BrickAtlas>();
  for (const { storage } of states) {
    if (atlases.has(storage.name)) continue;
    const slots = states.reduce((n, s, i) => n + (s.storage === storage ? keysOf(layers[i] as BenchLayer, s.numbering.levels).length : 0), 0);
    atlases.set(storage.name, new BrickAtlas(storage, made.renderer, ALL, slots));
  }
  const sources = layers.map((layer, i) => {
    const state = states[i] as VolumeState;
    const atlas = atlases.get(state.storage.name) as BrickAtlas;
    return sourceOf(state, atlas, showLayer(layer, state, atlas, options.skipEmpty ?? false));
  });
  const target = new THREE.WebGLRenderTarget(width, height, { depthBuffer: false, type: THREE.FloatType });
  /** A picture as floats, premultiplied, rows from below; `general` draws with the pass for several layers whatever they are. */
  const read = (frame: Omit<Parameters<LayersPass['draw']>[1], 'rect' | 'target'>, how: 'general' | 'either' = 'general'): Float32Array => {
    const pass = how === 'general' ? general : either;
    if (!pass.draw(sources, { ...frame, rect: { x: 0, y: 0, width, height }, target })) throw new Error('nothing was drawn');
    const data = new Float32Array(4 * width * height);
    made.renderer.readRenderTargetPixels(target, 0, 0, width, height, data);
    return data;
  };
  const dispose = (): void => {
    for (const one of [...states, ...atlases.values(), ...sources.map(({ table }) => table), target]) one.dispose();
  };
  return { ...made, states, sources, read, dispose };
}
