// Planning as the picture shows it: exact at an exabyte, fair among layers, calm while a view moves.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);

test('an exabyte: from the whole to single voxels at the far corner without a hole, drawn exactly, and out again', { timeout: 300_000 }, async () => {
  const result = await inPage(async () => {
    const { Stage, LazyVolume, camera, wait } = globalThis.vox;
    const n = 2 ** 20;
    // A ramp around a place near the far corner, even farther away.
    const clamp = (v) => Math.round(Math.min(Math.max(v, 20000), 46000));
    const at = (z, y) => clamp(32000 + 4000 * (y - (n - 8) + 0.7 * (z - (n - 8))));
    const volume = new LazyVolume(1, [n, n, n], {
      at,
      plain: ([z0, y0], [z1, y1]) => (at(z0, y0) === at(z1, y1) ? at(z1, y1) : undefined),
    });
    const [width, height] = [96, 72];
    const stage = new Stage(width, height, { background: [0, 0, 0], passes: 1, maxGpuBytes: 320 * 2 ** 20 });
    const window = [14000, 46000];
    stage.add(volume, { mode: 'mip', colormap: 'gray', window });
    const target = [n - 1.5, n - 8.3, n - 7.7];
    const view = (distance) => ({
      id: 'v', kind: 'volume', rect: { x: 0, y: 0, width, height },
      camera: { target, distance, yaw: Math.PI, pitch: 0, fovY: camera.frameBounds({ min: [0, 0, 0], max: [1, 1, 1] }, 1).fovY },
    });
    // Right is -y and up is z: what is right of the middle and below it lies inside of the volume at any distance.
    const holes = () => {
      const { data } = stage.pixels();
      let count = 0;
      for (let y = 4; y < height / 2 - 2; y += 1) for (let x = width / 2 + 2; x < width - 4; x += 1) if (data[4 * (y * width + x)] < 30) count += 1;
      return count;
    };
    const seen = [];
    const go = async (distance) => {
      stage.views(view(distance));
      let worst = 0;
      for (let i = 0; ; i += 1) {
        const now = await wait();
        let served = 0;
        for (const brick of stage.renderer.wanted().get(1) ?? []) if (served++ < 40) stage.offer(1, brick);
        const more = stage.renderer.frame(now);
        if (stage.renderer.hasPicture && seen.length + i > 0) worst = Math.max(worst, holes());
        if (!more && stage.renderer.settled) break;
        if (i > 4000) throw new Error(`not settled at ${distance}: ${JSON.stringify(stage.renderer.report)}`);
      }
      const { volumes, gpuBytesPeak, gpuBudget } = stage.renderer.report;
      seen.push({ distance, worst, levels: [volumes[0].finest, volumes[0].coarsest], within: gpuBytesPeak <= gpuBudget });
    };
    // The first picture comes before anything is compared.
    stage.views(view(1.5e6));
    await stage.settle(40);
    const distances = [1.5e6, 2e5, 3e4, 4000, 500, 60, 3];
    for (const distance of distances) await go(distance);
    const { data } = stage.pixels();
    const { eye, forward, right, up } = camera.cameraBasis(view(3).camera);
    const tan = Math.tan(view(3).camera.fovY / 2);
    let worst = 0;
    let low = 255;
    let high = 0;
    for (let py = 0; py < height; py += 1) {
      for (let px = 0; px < width; px += 1) {
        const [a, b] = [((2 * (px + 0.5)) / width - 1) * tan * (width / height), ((2 * (py + 0.5)) / height - 1) * tan];
        const d = [0, 1, 2].map((i) => forward[i] + a * right[i] + b * up[i]);
        const length = Math.hypot(...d);
        const end = ((n - 0.5 - eye[0]) * length) / d[0];
        let most = 0;
        for (let s = 0.5; s < end; s += 1) {
          const [y, z] = [1, 2].map((i) => eye[i] + (d[i] / length) * s);
          most = Math.max(most, 32000 + 4000 * (y - (n - 8) + 0.7 * (z - (n - 8))));
        }
        const expected = (255 * (most - window[0])) / (window[1] - window[0]);
        const drawn = data[4 * (py * width + px)];
        worst = Math.max(worst, Math.abs(drawn - expected));
        [low, high] = [Math.min(low, drawn), Math.max(high, drawn)];
      }
    }
    for (const distance of [...distances].reverse().slice(1)) await go(distance);
    const out = { seen, worst, range: [low, high], made: volume.made, problem: stage.renderer.report.problem };
    stage.dispose();
    return out;
  });
  for (const { distance, worst, within } of result.seen) {
    assert.equal(worst, 0, `${worst} holes on the way to ${distance}: ${JSON.stringify(result.seen)}`);
    assert.ok(within);
  }
  const nearest = result.seen.find(({ distance }) => distance === 3);
  assert.equal(nearest.levels[0], 0, JSON.stringify(result.seen));
  assert.ok(result.seen[0].levels[0] >= 10, JSON.stringify(result.seen));
  // A voxel is 32 of 255 here: a twentieth of one would be seen.
  assert.ok(result.range[1] - result.range[0] > 80, `${result.range}`);
  assert.ok(result.worst <= 1.6, `${result.worst} of 255`);
  assert.equal(result.problem, undefined);
});
