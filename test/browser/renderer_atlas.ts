/** The renderer's own parts put together without a view: an atlas, a page table and the ray pass over them. */

import * as THREE from 'three';
import { BrickAtlas } from '../../src/renderer/brick_atlas.js';
import { Fullscreen } from '../../src/renderer/fullscreen.js';
import { GpuBudget } from '../../src/renderer/gpu_budget.js';
import { PageTable } from '../../src/renderer/page_table.js';
import type { VolumeSource } from '../../src/renderer/source.js';
import { VolumePass } from '../../src/renderer/volume_pass.js';
import type { LayerSettings } from '../../src/renderer/views.js';
import { VolumeState } from '../../src/renderer/volume_state.js';
import type { BrickKey } from '../../src/volume/geometry.js';
import type { BrickPlan } from '../../src/volume/lod_plan.js';
import type { TestVolume } from './renderer_volume.js';

/** Uploads the bricks that `shows` names and the coarsest, and builds a table that shows each cell by the finest of them. */
export function atlasBench(
  width: number,
  height: number,
  volume: TestVolume,
  look: Partial<LayerSettings>,
  shows: (key: BrickKey) => boolean,
  options: { skipEmpty?: boolean } = {},
) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  document.body.replaceChildren(canvas);
  const renderer = new THREE.WebGLRenderer({ canvas, antialias: false, depth: false, stencil: false, preserveDrawingBuffer: true });
  renderer.autoClear = false;
  const screen = new Fullscreen(renderer);
  const state = new VolumeState(volume.session, volume.ranges);
  const settings = { ...state.settings, ...look };
  state.set(settings);
  state.updateTransfer();
  const { numbering } = state;
  const keys = volume.keys().filter((key) => key.level === numbering.levels - 1 || shows(key));
  const atlas = new BrickAtlas(state.storage, renderer, new GpuBudget(2 ** 30), keys.length);
  const bricks = keys.map((key) => ({ ...key, priority: 0 }));
  const pack = (k: BrickKey) => numbering.pack(k.level, k.z, k.y, k.x);
  const split = new Set<number>();
  const numbers = new Set(keys.map(pack));
  for (const key of keys) {
    const entry = atlas.upload({ volume: volume.handle, number: pack(key) }, volume.brick(key).voxels, 1);
    if (!entry) throw new Error('the atlas is full');
    for (let level = key.level + 1; level < numbering.levels; level += 1) {
      const s = 2 ** (level - key.level);
      const above = numbering.pack(level, Math.floor(key.z / s), Math.floor(key.y / s), Math.floor(key.x / s));
      split.add(above);
      numbers.add(above);
    }
  }
  const plan: BrickPlan = { bricks, numbers: new Set(keys.map(pack)), split, demand: keys.length, finest: 0, coarsest: 0 };
  const entries = atlas.slots.of(volume.handle);
  const table = new PageTable('table', new GpuBudget(2 ** 26));
  table.update({
    numbering,
    window: { level: 0, origin: [0, 0, 0], size: numbering.grid(0) },
    plan,
    slotOf: (number) => {
      const entry = entries.get(number);
      return entry && atlas.slotAt(entry.slot);
    },
    resident: entries.keys(),
    isEmpty: options.skipEmpty ? state.isEmpty : () => false,
    atlasSize: atlas.size,
  });
  const source: VolumeSource = {
    geometry: state.geometry, numbering, atlas, table, transfer: state.transfer, window: state.window,
    opacity: settings.opacity, mode: settings.mode,
  };
  return { canvas, renderer, screen, state, atlas, table, source, pass: new VolumePass(screen) };
}
