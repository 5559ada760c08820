/** The orbit benchmark's page: our ray pass, a bare march of the same volume, and the renderer as it ships. */

import { DEFAULT_LOOK } from '../../src/annotation/look.js';
import { cameraBasis, frameBounds, type OrbitCamera, orbit } from '../../src/renderer/camera.js';
import { VolumeRenderer } from '../../src/renderer/renderer.js';
import type { LayerSettings } from '../../src/renderer/views.js';
import { keyText, worldBounds } from '../../src/volume/geometry.js';
import { DEFAULT_OPACITY_POINTS } from '../../src/volume/opacity.js';
import { atlasBench } from '../browser/renderer_atlas.js';
import { makeBare } from '../browser/renderer_bare.js';
import { makeLevel, shellsAndGyroid, TestVolume } from '../browser/renderer_volume.js';

const [WIDTH, HEIGHT] = [800, 600];
const SECONDS = 3;
const settings: LayerSettings = {
  ...DEFAULT_LOOK, window: [0, 65535], colormap: 'viridis', points: DEFAULT_OPACITY_POINTS,
};
const nextFrame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
const n = 256;
const value = shellsAndGyroid(n);
const volume = new TestVolume(1, 'u16', 'image', makeLevel([n, n, n], 'u16', (z, y, x) => Math.round(value(z, y, x) * 65535)));
volume.fillRanges();
const geometry = { shape: volume.shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] } as const;
const start: OrbitCamera = frameBounds(worldBounds(geometry), WIDTH / HEIGHT);
/** The script: once around in three seconds, nodding a little. */
const at = (t: number): OrbitCamera => orbit(start, (2 * Math.PI * t) / SECONDS, 0.2 * Math.sin((4 * Math.PI * t) / SECONDS));

/** Equal resolution, level, step and transfer function: frames a second of both over the same orbit, and how far the pictures differ. */
function equal() {
  const bench = atlasBench(WIDTH, HEIGHT, volume, settings, (key) => key.level === 0, { skipEmpty: true });
  const bare = makeBare(bench.screen, volume, settings, bench.state);
  const gl = bench.renderer.getContext() as WebGL2RenderingContext;
  const rect = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
  const one = new Uint8Array(4);
  const variants = {
    ours: (c: OrbitCamera) => void bench.pass.draw({ primary: bench.source, camera: c, rect, target: null }),
    bare: (c: OrbitCamera) => bare.draw(c, rect, null),
  };
  const finish = () => gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, one);
  return {
    /** Frames a second over three seconds of the orbit. */
    orbit(name: keyof typeof variants): number {
      const begun = performance.now();
      let frames = 0;
      let t = 0;
      do {
        variants[name](at(t));
        finish();
        frames += 1;
        t = (performance.now() - begun) / 1000;
      } while (t < SECONDS);
      return frames / t;
    },
    /** Largest difference of the two pictures, of 255, at a place of the orbit. */
    difference(t: number): number {
      const read = (name: keyof typeof variants) => {
        variants[name](at(t));
        const data = new Uint8Array(WIDTH * HEIGHT * 4);
        gl.readPixels(0, 0, WIDTH, HEIGHT, gl.RGBA, gl.UNSIGNED_BYTE, data);
        return data;
      };
      const [a, b] = [read('ours'), read('bare')];
      return a.reduce((max, v, i) => (i % 4 === 3 ? max : Math.max(max, Math.abs(v - (b[i] as number)))), 0);
    },
    dispose(): void {
      bare.dispose();
      bench.renderer.dispose();
      bench.renderer.forceContextLoss();
    },
  };
}

/** As shipped: the whole renderer in a page's animation frames, while the user drags. */
async function shipped() {
  const canvas = document.createElement('canvas');
  canvas.style.cssText = `display:block;width:${WIDTH}px;height:${HEIGHT}px`;
  document.body.replaceChildren(canvas);
  const here = new Set<string>();
  const renderer = new VolumeRenderer(canvas, { lookup: (_, key) => (here.has(keyText(key)) ? volume.brick(key) : undefined) });
  renderer.setVolume(volume.session, volume.ranges);
  renderer.setLayer(1, settings);
  const view = (camera: OrbitCamera) => [{ id: 'v', kind: 'volume', rect: { x: 0, y: 0, width: WIDTH, height: HEIGHT }, camera } as const];
  renderer.setViews(view(start));
  const step = async () => {
    for (const brick of renderer.wanted().get(1) ?? []) {
      here.add(keyText(brick));
      renderer.offer(volume.brick(brick), () => {});
    }
    return renderer.frame(await nextFrame());
  };
  while (await step());
  return {
    /** Pictures a second over three seconds of the orbit that the GPU has drawn, and the resolution they had at the end. */
    async orbit(): Promise<{ fps: number; scale: number; coarser: number }> {
      renderer.setMoving(true);
      for (let i = 0; i < 10; i += 1) {
        renderer.setViews(view(at(-0.1 * i)));
        await step(); // until the resolution has found its place
      }
      const before = renderer.report.pictures;
      const begun = performance.now();
      let t = 0;
      do {
        renderer.setViews(view(at(t)));
        await step();
        t = (performance.now() - begun) / 1000;
      } while (t < SECONDS);
      const { pictures, resolutionScale, coarser } = renderer.report;
      renderer.setMoving(false);
      return { fps: (pictures - before) / t, scale: resolutionScale, coarser };
    },
    dispose: () => renderer.dispose(),
  };
}

Object.assign(globalThis, { orbitBench: { equal, shipped, cameraBasis } });
