/** What the browser tests of the renderer run inside the page: the renderer, volumes, and a bare ray march to compare with. */

import * as THREE from 'three';
import { DEFAULT_LOOK } from '../../src/annotation/look.js';
import { cameraBasis, frameBounds, orbit, project } from '../../src/renderer/camera.js';
import * as colormaps from '../../src/renderer/colormaps.js';
import { Fullscreen, shaderMaterial } from '../../src/renderer/fullscreen.js';
import * as clipPlanes from '../../src/renderer/clip_planes.js';
import * as labelLookup from '../../src/renderer/label_lookup.js';
import { layerRows } from '../../src/renderer/layer_transfers.js';
import { readShader } from '../../src/renderer/user_shader.js';
import { tryShader } from '../../src/renderer/shader_trial.js';
import clipGlsl from '../../src/renderer/shaders/clip.glsl';
import labelsGlsl from '../../src/renderer/shaders/labels.glsl';
import pieceGlsl from '../../src/renderer/shaders/transfer_piece.glsl';
import lightGlsl from '../../src/renderer/shaders/light.glsl';
import { VolumeRenderer } from '../../src/renderer/renderer.js';
import * as sliceView from '../../src/renderer/slice_view.js';
import { Strips } from '../../src/renderer/strips.js';
import * as source from '../../src/renderer/source.js';
import type { LayerSettings, View } from '../../src/renderer/views.js';
import * as geometry from '../../src/volume/geometry.js';
import { DEFAULT_OPACITY_POINTS } from '../../src/volume/opacity.js';
import { POLICIES } from '../../src/volume/policy.js';
import { tileFrameBytes } from '../../src/protocol/tile_frame.js';
import type { VoxelDtype } from '../../src/protocol/dtype.js';
import type { Tile, WantedTile } from '../../src/session/types.js';
import { TileSampler } from '../../src/sidecar/tile_sampler.js';
import { tileText } from '../../src/volume/plane.js';
import * as sample from '../../src/volume/sample.js';
import { makeBare } from './renderer_bare.js';
import { atlasBench, layersBench, makeDrawing, makeScreen } from './renderer_atlas.js';
import { filterError } from './renderer_filter.js';
import { referencePicture } from './renderer_reference.js';
import { LazyVolume } from './renderer_lazy.js';
import { TestCloud } from './renderer_cloud.js';
import { halve, makeLevel, shellsAndGyroid, shellsVolume, TestVolume } from './renderer_volume.js';

const wait = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));

/** Adds a canvas of a size in CSS pixels. */
function makeCanvas(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.style.cssText = `display:block;width:${width}px;height:${height}px`;
  document.body.replaceChildren(canvas);
  return canvas;
}

/** A renderer with its volumes and the bricks "in browser memory". */
export class Stage {
  readonly canvas: HTMLCanvasElement;
  readonly renderer: VolumeRenderer;
  readonly volumes = new Map<number, TestVolume | LazyVolume | TestCloud>();
  /** Bricks that `lookup` finds. */
  readonly memory = new Set<string>();
  uploadedCalls = 0;
  /** Tiles handed over, by volume and tileText, and what they would take on the wire. */
  readonly tiles = new Map<string, Tile>();
  tileBytes = 0;
  tilesTaken = 0;
  offered = 0;

  constructor(width: number, height: number, options: { maxGpuBytes?: number; background?: [number, number, number]; passes?: number; planMs?: number; freed?: () => void } = {}) {
    this.canvas = makeCanvas(width, height);
    this.renderer = new VolumeRenderer(this.canvas, {
      ...options,
      lookup: (handle, key) =>
        this.memory.has(`${handle}/${geometry.keyText(key)}`) ? this.volumes.get(handle)?.brick(key) : undefined,
      tileLookup: (handle, plane, key) => this.tiles.get(`${handle}/${tileText(plane, key)}`),
    });
  }

  add(volume: TestVolume | LazyVolume | TestCloud, settings: Partial<LayerSettings> = {}): void {
    this.volumes.set(volume.handle, volume);
    this.renderer.setVolume(volume.session, volume.ranges);
    this.renderer.setLayer(volume.handle, {
      ...DEFAULT_LOOK,
      window: volume.stored === 'u16' ? [0, 65535] : volume.stored === 'u8' ? [0, 255] : [0, 1],
      colormap: volume.kind === 'labels' ? 'labels' : 'viridis',
      points: DEFAULT_OPACITY_POINTS,
      order: volume.handle,
      ...settings,
    });
  }

  views(...views: View[]): void {
    this.renderer.setViews(views);
  }

  offer(handle: number, key: geometry.BrickKey, generation = 1): void {
    const volume = this.volumes.get(handle) as TestVolume | LazyVolume | TestCloud;
    this.memory.add(`${handle}/${geometry.keyText(key)}`);
    this.offered += 1;
    this.renderer.offer(volume.brick(key, generation), () => {
      this.uploadedCalls += 1;
    });
  }

  /** Cuts and offers a wanted tile. */
  offerTile(handle: number, { plane, level, row, column }: WantedTile): void {
    const volume = this.volumes.get(handle) as TestVolume | LazyVolume;
    const { shape, kind, stored } = volume.session.description;
    const key = { level, row, column };
    const sampler = new TileSampler({ shape, kind: kind as 'image' | 'labels', stored: stored as VoxelDtype }, plane.frame, key);
    for (const brick of sampler.bricks.values()) sampler.add(brick, volume.brick({ ...brick, time: plane.time }).voxels);
    const dtype = stored as VoxelDtype;
    const tile: Tile = { volume: handle, plane: plane.number, ...key, generation: 1, preview: false, dtype, voxels: sampler.result() };
    this.tiles.set(`${handle}/${tileText(plane.number, key)}`, tile);
    this.tileBytes += tileFrameBytes(dtype);
    this.renderer.tiles.offer(tile, () => {
      this.tilesTaken += 1;
    });
  }

  /** Serves what is wanted of the planes, at most so many tiles; how many it were. */
  serveTiles(most = 1000, test: (tile: WantedTile) => boolean = () => true): number {
    let served = 0;
    for (const [handle, tiles] of this.renderer.tiles.wanted()) {
      for (const tile of tiles) {
        if (!test(tile) || served >= most) continue;
        served += 1;
        this.offerTile(handle, tile);
      }
    }
    return served;
  }

  /** Runs frames until there is nothing to do, serving at most `perFrame` wanted bricks each; throws after `limit` ms. */
  async settle(perFrame = 1000, limit = 240_000): Promise<void> {
    const end = performance.now() + limit;
    for (;;) {
      const now = await wait();
      let served = 0;
      for (const [handle, bricks] of this.renderer.wanted()) {
        for (const brick of bricks) if (served++ < perFrame) this.offer(handle, brick);
      }
      // Planes ahead are fetched too, but nobody waits for them.
      this.serveTiles(perFrame, ({ priority }) => priority < 50);
      const more = this.renderer.frame(now);
      if (!more && this.renderer.settled) return;
      if (performance.now() > end) throw new Error(`not settled: ${JSON.stringify(this.renderer.report)}`);
    }
  }

  /** Frames until a condition holds. */
  async until(condition: () => boolean, limit = 120_000): Promise<void> {
    const end = performance.now() + limit;
    while (!condition()) {
      this.renderer.frame(await wait());
      if (performance.now() > end) throw new Error(`waited ${limit} ms: ${JSON.stringify(this.renderer.report)}`);
    }
  }

  /** The canvas as bytes, rows from the bottom. */
  pixels(): { width: number; height: number; data: Uint8Array } {
    const gl = this.canvas.getContext('webgl2') as WebGL2RenderingContext;
    const bound = gl.getParameter(gl.FRAMEBUFFER_BINDING) as WebGLFramebuffer | null;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    const [width, height] = [this.canvas.width, this.canvas.height];
    const data = new Uint8Array(width * height * 4);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, data);
    gl.bindFramebuffer(gl.FRAMEBUFFER, bound); // three remembers what it bound
    return { width, height, data };
  }

  /** The canvas as a PNG, at full resolution of what is here. */
  async screenshot(): Promise<Blob> {
    this.renderer.drawNow();
    return new Promise((resolve, reject) => this.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture')))));
  }

  dispose(): void {
    this.renderer.dispose();
  }
}

/** The largest and mean difference of two pictures' colours. */
export function difference(a: Uint8Array, b: Uint8Array): { max: number; mean: number; over3: number } {
  let [max, sum, over3] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    if (i % 4 === 3) continue;
    const d = Math.abs((a[i] as number) - (b[i] as number));
    if (d > max) max = d;
    if (d > 3) over3 += 1;
    sum += d;
  }
  return { max, mean: sum / (a.length * 0.75), over3 };
}

Object.assign(globalThis, {
  vox: {
    filterError, Strips,
    THREE, LazyVolume, TestCloud, VolumeRenderer, Stage, TestVolume, makeLevel, halve, shellsAndGyroid, shellsVolume, difference, geometry, sample, colormaps, source,
    camera: { cameraBasis, frameBounds, orbit, project }, fitSlice: sliceView.fitSlice, sliceView, Fullscreen, shaderMaterial, makeBare, atlasBench, layersBench,
    referencePicture, DEFAULT_LOOK, makeDrawing, makeScreen, clipPlanes, labelLookup, layerRows, readShader, tryShader,
    glsl: { clip: clipGlsl, labels: labelsGlsl, piece: pieceGlsl, light: lightGlsl }, wait, DEFAULT_OPACITY_POINTS, POLICIES,
  },
});
