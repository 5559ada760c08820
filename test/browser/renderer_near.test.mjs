// A few voxels of an exabyte: they are seen as solid as they are meant to be, in both passes of rays, and picked exactly.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);

test('a ball of 40 voxels near the far corner of an exabyte is seen, the same by both passes, and picked to its voxel', { timeout: 600_000 }, async () => {
  const seen = await inPage(async () => {
    const { Stage, LazyVolume, camera } = globalThis.vox;
    const n = 2 ** 20;
    const middle = [n - 200, n - 330, n - 270]; // z, y, x
    const [inside, outside, radius] = [50000, 1000, 20];
    const at = (z, y, x) => (Math.hypot(z - middle[0], y - middle[1], x - middle[2]) < radius ? inside : outside);
    const plain = (from, to) => (middle.some((m, i) => to[i] < m - radius - 1 || from[i] > m + radius + 1) ? outside : undefined);
    const volume = new LazyVolume(1, [n, n, n], { at, plain });
    const look = { mode: 'dvr', shading: 'none', colormap: 'gray', window: [10000, 60000], points: [[0, 0], [0.3, 0], [0.5, 0.3], [1, 0.5]] };
    const rect = { x: 0, y: 0, width: 96, height: 72 };
    const target = [middle[2], middle[1], middle[0]];
    const { fovY } = camera.frameBounds({ min: [0, 0, 0], max: [1, 1, 1] }, 1);
    const view = { id: 'v', kind: 'volume', rect, outline: false, camera: { target, distance: 150, yaw: 0.7, pitch: 0.4, fovY } };
    const stage = new Stage(rect.width, rect.height, { background: [0, 0, 0], passes: 1, maxGpuBytes: 256 * 2 ** 20 });
    const gray = () => {
      const { data } = stage.pixels();
      return Array.from({ length: rect.width * rect.height }, (_, i) => data[4 * i]);
    };
    const pickMiddle = () => {
      const picked = stage.renderer.pick('v', [48, 36]);
      return picked && { ...picked, from: Math.hypot(...picked.world.map((p, i) => p - target[i])) };
    };
    const draw = async (settings) => {
      stage.add(volume, { ...look, ...settings });
      stage.views(view);
      await stage.settle(40);
      return gray();
    };
    const fast = await draw({});
    const out = { fast: fast[36 * 96 + 48], corner: fast[5 * 96 + 5], dvr: pickMiddle(), miss: stage.renderer.pick('v', [3, 3]) ?? null };
    // A sixteenth nearer the whole picture is as bright: nothing jumps on the way.
    const levels = [];
    for (const distance of [150, 141, 100, 300]) {
      stage.views({ ...view, camera: { ...view.camera, distance } });
      await stage.settle(40);
      levels.push(gray()[36 * 96 + 48]);
    }
    out.levels = levels;
    // A transform that moves nothing takes the other pass.
    const other = await draw({ transform: { translate: [0, 0, 0], rotate: [0, 0, 0, 1], scale: [1, 1, 1] } });
    out.apart = other.reduce((sum, v, i) => sum + Math.abs(v - fast[i]), 0) / other.length;
    await draw({ mode: 'iso', iso: 0.4 });
    out.iso = pickMiddle();
    stage.views({ ...view, clip: { box: { min: [0, 0, 0], max: [n, n, target[2]] } } });
    out.clipped = pickMiddle();
    out.eye = camera.cameraBasis(view.camera).eye;
    stage.dispose();
    return { ...out, middle };
  });
  assert.ok(seen.fast > 180, `the ball is at ${seen.fast} of 255`);
  assert.ok(seen.corner < 3, `the air is at ${seen.corner}`);
  for (const level of seen.levels) assert.ok(Math.abs(level - seen.levels[0]) < 12, `${seen.levels}`);
  assert.ok(seen.apart < 1.5, `the passes are ${seen.apart} of 255 apart`);
  for (const mode of ['dvr', 'iso']) {
    const picked = seen[mode];
    assert.equal(picked?.level, 0, `${mode}: ${JSON.stringify(picked)}`);
    assert.ok(Math.hypot(...picked.world.map((p, i) => p - [...seen.middle].reverse()[i])) < 21, JSON.stringify(picked));
    const eye = Math.hypot(...picked.world.map((p, i) => p - seen.eye[i]));
    assert.ok(Math.abs(eye - 130) < (mode === 'iso' ? 0.75 : 6), `${mode}: met ${eye} from the eye, its near side is at 130`);
  }
  assert.equal(seen.dvr.value, 50000);
  assert.equal(seen.miss, null);
  // What is above the ball's middle is cut off: the ray meets the ball on the cut or below it.
  assert.ok(seen.clipped && seen.clipped.voxel[0] <= seen.middle[0], JSON.stringify(seen.clipped));
});

test('of isolated labels only those are picked, whatever stands before them', { timeout: 600_000 }, async () => {
  const seen = await inPage(async () => {
    const { Stage, TestVolume, makeLevel } = globalThis.vox;
    const labels = new TestVolume(1, 'u16', 'labels', makeLevel([160, 20, 20], 'u16', (z) => (z > 80 ? 7 : z < 60 ? 9 : 0)));
    const rect = { x: 0, y: 0, width: 60, height: 60 };
    const stage = new Stage(60, 60, { passes: 1 });
    // Down along z.
    stage.views({ id: 'v', kind: 'volume', rect, camera: { target: [10, 10, 80], distance: 300, yaw: 0, pitch: Math.PI / 2 - 1e-3, fovY: 0.6 } });
    const pick = async (settings) => {
      stage.add(labels, settings);
      await stage.settle();
      return stage.renderer.pick('v', [30, 30])?.value ?? null;
    };
    const out = [await pick({}), await pick({ selected: ['9'], isolate: true }), await pick({ selected: ['7'], isolate: true }), await pick({ selected: ['8'], isolate: true })];
    stage.dispose();
    return out;
  });
  assert.deepEqual(seen, [7, 9, 7, null]);
});
