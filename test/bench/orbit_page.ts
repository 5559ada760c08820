/** The orbit benchmark's page: our ray pass beside two marches of one texture, and the renderer as it ships. */

import { DEFAULT_LOOK } from '../../src/annotation/look.js';
import { frameBounds, type OrbitCamera, orbit } from '../../src/renderer/camera.js';
import type { LayerSettings } from '../../src/renderer/views.js';
import { worldBounds } from '../../src/volume/geometry.js';
import { DEFAULT_OPACITY_POINTS } from '../../src/volume/opacity.js';
import { atlasBench } from '../browser/renderer_atlas.js';
import { makeBare } from '../browser/renderer_bare.js';
import type { TestVolume } from '../browser/renderer_volume.js';
import { mandelbulb } from './mandelbulb.js';
import { type Kind, phantom } from './phantom.js';
import { Shipped } from './shipped.js';
import { makeSkipping } from './skipping_march.js';

const [MOST_WIDTH, MOST_HEIGHT] = [1600, 1200];
const settings: LayerSettings = { ...DEFAULT_LOOK, window: [0, 65535], colormap: 'viridis', points: DEFAULT_OPACITY_POINTS };

/** The script: a part `t` of a turn, nodding a little. */
const at = (start: OrbitCamera, t: number): OrbitCamera => orbit(start, 2 * Math.PI * t, 0.2 * Math.sin(4 * Math.PI * t));
const framed = (geometry: Parameters<typeof worldBounds>[0]) => frameBounds(worldBounds(geometry), 4 / 3);

/** Equal resolution, level, step and transfer function. */
function equal(volume: TestVolume) {
  const bench = atlasBench(MOST_WIDTH, MOST_HEIGHT, volume, settings, (key) => key.level === 0, { skipEmpty: true });
  const bare = makeBare(bench.screen, volume, settings, bench.state);
  const skipping = makeSkipping(bench.screen, volume, bare.texture, bench.state);
  const start = framed(bench.state.geometry);
  const gl = bench.renderer.getContext() as WebGL2RenderingContext;
  const one = new Uint8Array(4);
  const names = ['bare', 'skipping', 'ours'] as const;
  type Name = (typeof names)[number];
  const draw = (name: Name, t: number, width: number, height: number): void => {
    const rect = { x: 0, y: 0, width, height };
    if (name === 'ours') bench.pass.draw({ primary: bench.source, camera: at(start, t), rect, target: null });
    else (name === 'bare' ? bare : skipping).draw(at(start, t), rect, null);
  };
  const timed = (name: Name, t: number, width: number, height: number): number => {
    const begun = performance.now();
    draw(name, t, width, height);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, one);
    return performance.now() - begun;
  };
  return {
    /** Milliseconds of each of the three at a place of the orbit, one after the other; `first` goes first. */
    place(t: number, width: number, height: number, first: number): Record<Name, number> {
      const out = { bare: 0, skipping: 0, ours: 0 };
      for (let i = 0; i < names.length; i += 1) {
        const name = names[(first + i) % names.length] as Name;
        out[name] = timed(name, t, width, height);
      }
      return out;
    },
    /** Milliseconds of our picture with the transfer function integrated between samples, and without. */
    pieces(t: number, width: number, height: number): { pieces: number; samples: number } {
      const { transfer } = bench.source;
      transfer.peaked = true;
      const pieces = timed('ours', t, width, height);
      transfer.peaked = false;
      return { pieces, samples: timed('ours', t, width, height) };
    },
    /** Largest difference of our picture to the bare march's, of 255. */
    difference(t: number, width: number, height: number): number {
      const read = (name: Name) => {
        draw(name, t, width, height);
        const data = new Uint8Array(width * height * 4);
        gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, data);
        return data;
      };
      const [a, b] = [read('ours'), read('bare')];
      return a.reduce((max, v, i) => (i % 4 === 3 ? max : Math.max(max, Math.abs(v - (b[i] as number)))), 0);
    },
    dispose(): void {
      skipping.dispose();
      bare.dispose();
      bench.renderer.dispose();
      bench.renderer.forceContextLoss();
    },
  };
}

/** The volume of the cases that follow. */
let volume: TestVolume;

Object.assign(globalThis, {
  orbitBench: {
    make(n: number, kind: Kind) {
      volume = phantom(n, kind);
    },
    equal: () => equal(volume),
    async shipped(width: number, height: number) {
      const shipped = new Shipped(volume, settings, width, height);
      await shipped.run(at(framed(shipped.geometry), 0));
      return {
        /** Lit as a new layer is, or not at all, as the marches that it stands beside. */
        light: (lit: boolean) => shipped.renderer.setLayer(volume.handle, { ...settings, shading: lit ? settings.shading : 'none' }),
        ...bound(shipped, framed(shipped.geometry)), dispose: () => shipped.dispose() };
    },
    /** A fractal of 2^20 voxels along each axis, seen whole and from near its surface. */
    async exabyte(width: number, height: number, zoom: number) {
      const bulb = mandelbulb(2 ** 20);
      const shipped = new Shipped(bulb, { ...settings, window: [0, 65535] }, width, height, 192 * 2 ** 20);
      const whole = framed(shipped.geometry);
      const start = { ...whole, distance: whole.distance * zoom };
      await shipped.run(start);
      return { ...bound(shipped, start), dispose: () => shipped.dispose() };
    },
  },
});

function bound(shipped: Shipped, start: OrbitCamera) {
  return {
    moving: (seconds: number) => shipped.moving((t) => at(start, t / 3), seconds),
    still: (t: number) => shipped.still(at(start, t)),
    full: (t: number) => shipped.full(at(start, t), at(start, t + 1e-4)),
    report: () => shipped.renderer.report,
  };
}
