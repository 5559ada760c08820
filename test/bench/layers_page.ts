/** Equal layers: how fast two and four are drawn beside one, and how they share the memory. */

import { DEFAULT_LOOK } from '../../src/annotation/look.js';
import { frameBounds, type OrbitCamera, orbit } from '../../src/renderer/camera.js';
import { RayDrawing } from '../../src/renderer/ray_drawing.js';
import { GpuBudget } from '../../src/renderer/gpu_budget.js';
import { worldBounds } from '../../src/volume/geometry.js';
import { DEFAULT_OPACITY_POINTS } from '../../src/volume/opacity.js';
import { layersBench } from '../browser/renderer_atlas.js';
import { LazyVolume } from '../browser/renderer_lazy.js';
import { Stage } from '../browser/renderer_page.js';
import { makeBareLayers } from './bare_layers.js';
import { phantom } from './phantom.js';

const [width, height] = [400, 300];
const rect = { x: 0, y: 0, width, height };
const look = { ...DEFAULT_LOOK, window: [0, 65535] as const, colormap: 'viridis', points: DEFAULT_OPACITY_POINTS, opacity: 0.5, shading: 'none' as const };

/** Layers of 128³ voxels, all of them of the finest level. */
function drawing(most: number) {
  const volumes = Array.from({ length: most }, (_, i) => phantom(128, 'dense', i + 1));
  const layers = volumes.map((volume) => ({ volume, settings: look, shows: (key: { level: number }) => key.level === 0 }));
  const bench = layersBench(width, height, layers, { skipEmpty: true });
  const rays = new RayDrawing(bench.screen, new GpuBudget(2 ** 30));
  const gl = bench.renderer.getContext() as WebGL2RenderingContext;
  const bare = makeBareLayers(bench.screen, volumes, bench.sources);
  const one = new Uint8Array(4);
  const start = frameBounds(worldBounds({ shape: [128, 128, 128], voxelSize: [1, 1, 1], origin: [0, 0, 0] }), width / height);
  const at = (t: number) => orbit(start, 2 * Math.PI * t, 0.2);
  const draw = (who: 'ours' | 'bare', count: number, camera: OrbitCamera): void => {
    if (who === 'bare') bare.draw(count, camera, rect, null);
    else if (!rays.draw(bench.sources.slice(0, count), { camera, rect, target: null })) throw new Error('nothing was drawn');
  };
  return {
    /** Milliseconds of a picture of the first layers at a place of the orbit; by the renderer, or by a bare march of as many textures. */
    picture(count: number, t: number, who: 'ours' | 'bare' = 'ours'): number {
      const camera = at(t);
      const begun = performance.now();
      draw(who, count, camera);
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, one);
      return performance.now() - begun;
    },
    /** Mean difference of the two pictures, of 255. */
    difference(count: number, t: number): number {
      const read = (who: 'ours' | 'bare') => {
        draw(who, count, at(t));
        const data = new Uint8Array(4 * width * height);
        gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, data);
        return data;
      };
      const [a, b] = [read('ours'), read('bare')];
      return a.reduce((sum, v, i) => sum + Math.abs(v - (b[i] as number)), 0) / a.length;
    },
    dispose: () => bench.renderer.forceContextLoss(),
  };
}

/** Slots that each of some equal layers of 384³ voxels has of 128 MiB, settled. */
async function shares(count: number): Promise<number[]> {
  const n = 384;
  const camera = frameBounds(worldBounds({ shape: [n, n, n], voxelSize: [1, 1, 1], origin: [0, 0, 0] }), 1);
  const stage = new Stage(300, 300, { passes: 1, maxGpuBytes: 128 * 2 ** 20 });
  for (let handle = 1; handle <= count; handle += 1) {
    stage.add(new LazyVolume(handle, [n, n, n], { at: (z, y, x) => 20000 + ((z ^ y ^ x) & 63) * 500 }), {
      window: [0, 65535], points: [[0, 0.02], [1, 0.02]], opacity: 0.5,
    });
  }
  stage.views({ id: 'v', kind: 'volume', rect: { x: 0, y: 0, width: 300, height: 300 }, camera: { ...camera, distance: camera.distance * 0.45 } });
  await stage.settle(16, 300_000);
  const slots = stage.renderer.report.volumes.map((volume) => volume.slots);
  stage.dispose();
  return slots;
}

Object.assign(globalThis, { layersBench: { drawing, shares } });
