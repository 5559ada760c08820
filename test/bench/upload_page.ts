/** Bricks into an atlas, beside a bare `texSubImage3D` of the same bytes into a texture of the same size. */

import { STORED_EDGE } from '../../src/protocol/limits.js';
import { BrickAtlas } from '../../src/renderer/brick_atlas.js';
import { GpuBudget } from '../../src/renderer/gpu_budget.js';
import { storageClass } from '../../src/renderer/storage.js';
import { makeScreen } from '../browser/renderer_atlas.js';

const SLOTS = 216;
/** Bricks of a batch: each is another array, as they come from a session. */
const BATCH = 64;

const { renderer } = makeScreen(64, 64);
const gl = renderer.getContext() as WebGL2RenderingContext;
const bricks = Array.from({ length: BATCH }, (_, i) => new Uint16Array(STORED_EDGE ** 3).fill(257 * i));
const atlas = new BrickAtlas(storageClass('image', 'u16'), renderer, new GpuBudget(2 ** 30), SLOTS);
const [nx, ny, nz] = atlas.layout;
const bare = gl.createTexture();
renderer.state.bindTexture(gl.TEXTURE_3D, bare);
gl.texStorage3D(gl.TEXTURE_3D, 1, gl.RG8, nx * STORED_EDGE, ny * STORED_EDGE, nz * STORED_EDGE);

/** Waits until the GPU has done all. */
const finish = () => gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));

function bareBatch(first: number): void {
  renderer.state.bindTexture(gl.TEXTURE_3D, bare);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  bricks.forEach((voxels, i) => {
    const slot = (first + i) % SLOTS;
    const at = [slot % nx, Math.floor(slot / nx) % ny, Math.floor(slot / (nx * ny))].map((n) => n * STORED_EDGE) as [number, number, number];
    const bytes = new Uint8Array(voxels.buffer);
    gl.texSubImage3D(gl.TEXTURE_3D, 0, ...at, STORED_EDGE, STORED_EDGE, STORED_EDGE, gl.RG, gl.UNSIGNED_BYTE, bytes);
  });
}

function ourBatch(first: number): void {
  bricks.forEach((voxels, i) => {
    if (!atlas.upload({ volume: 1, number: first + i }, voxels, first)) throw new Error('the atlas is full');
  });
}

let first = 0;
Object.assign(globalThis, {
  uploadBench: {
    /** Bricks a second of one batch. */
    batch(name: 'ours' | 'bare'): number {
      first += BATCH;
      finish();
      const begun = performance.now();
      if (name === 'ours') ourBatch(first);
      else bareBatch(first);
      finish();
      return (1000 * BATCH) / (performance.now() - begun);
    },
    error: () => gl.getError(),
  },
});
