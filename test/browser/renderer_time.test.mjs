// Time points on the GPU: the picture before stays until the next one has something to show, and what was made ready shows at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
  await opened.page.evaluate(() => {
    const { vox } = globalThis;
    /** A volume whose time points are volumes. */
    class Film {
      constructor(frames) {
        this.frames = frames;
        const [first] = frames;
        this.session = { ...first.session, description: { ...first.session.description, times: { count: frames.length } } };
        Object.assign(this, { handle: first.handle, stored: first.stored, kind: first.kind, ranges: first.ranges });
      }
      brick(key, generation) {
        const brick = this.frames[key.time ?? 0].brick(key, generation);
        return key.time ? { ...brick, time: key.time } : brick;
      }
    }
    vox.film = (handle, values, settings = {}) => {
      const level = (value) => vox.makeLevel([130, 130, 130], 'u8', () => value);
      const film = new Film(values.map((value) => new vox.TestVolume(handle, 'u8', 'image', level(value))));
      return { film, settings: { mode: 'mip', colormap: 'gray', shading: 'none', ...settings } };
    };
    vox.at = (time) => [
      { id: 'volume', kind: 'volume', time, rect: { x: 0, y: 0, width: 150, height: 200 }, camera: vox.camera.frameBounds({ min: [0, 0, 0], max: [130, 130, 130] }, 0.75) },
      { id: 'axial', kind: 'slice', time, rect: { x: 150, y: 0, width: 150, height: 200 }, axis: 0, position: 64, center: [64, 64], pixelSize: 1 },
    ];
    /** Red of the middle of the picture in 3D and of the slice. */
    vox.middles = (stage) => {
      const { data, width } = stage.pixels();
      return [75, 225].map((x) => data[(100 * width + x) * 4]);
    };
    vox.frames = async (stage, count) => {
      const seen = [];
      for (let i = 0; i < count; i += 1) {
        stage.renderer.wanted();
        stage.renderer.frame(await vox.wait());
        seen.push(vox.middles(stage));
      }
      return seen;
    };
  });
});
after(() => opened.close());

/** Whether a grey value is one of these; jittered samples round either way. */
const isNear = (value, wanted) => wanted.some((one) => Math.abs(one - value) <= 2);

test('the picture before stays until the coarsest brick of the next time point is here, and is asked for first', async () => {
  const result = await opened.page.evaluate(async () => {
    const { vox } = globalThis;
    const stage = new vox.Stage(300, 200, { background: [0, 0, 0] });
    const { film, settings } = vox.film(1, [60, 120, 240]);
    stage.add(film, settings);
    stage.views(...vox.at(0));
    await stage.settle();
    const first = vox.middles(stage);
    stage.views(...vox.at(2));
    const [wanted] = [...stage.renderer.wanted().values()];
    const asked = wanted.map(({ level, time }) => [level, time]);
    const waiting = await vox.frames(stage, 12);
    const settledWhileBehind = stage.renderer.settled;
    stage.offer(1, { level: wanted[0].level, z: 0, y: 0, x: 0, time: 2 });
    const seen = await vox.frames(stage, 25);
    await stage.settle();
    const last = vox.middles(stage);
    stage.views(...vox.at(0));
    const back = await vox.frames(stage, 25);
    const backWanted = [...stage.renderer.wanted().values()].flat().length;
    stage.dispose();
    return { first, asked, waiting, settledWhileBehind, seen, last, back: back.at(-1), backWanted };
  });
  assert.deepEqual(result.first, [60, 60]);
  assert.deepEqual(result.asked[0], [2, 2], 'the coarsest brick of the new time point comes first');
  assert.ok(result.asked.every(([, time]) => time === 2));
  for (const middles of result.waiting) assert.deepEqual(middles, result.first);
  assert.equal(result.settledWhileBehind, false);
  for (const middles of result.seen) for (const value of middles) assert.ok(isNear(value, [60, 240]), `no frame shows ${value}`);
  assert.ok(result.seen.at(-1).every((value) => isNear(value, [240])));
  assert.ok(result.last.every((value) => isNear(value, [240])));
  assert.ok(result.back.every((value) => isNear(value, [60])), 'what was on the GPU is still there');
  assert.equal(result.backWanted, 0);
});

test('a time point that was expected shows whole at once, with nothing to ask for', async () => {
  const result = await opened.page.evaluate(async () => {
    const { vox } = globalThis;
    const stage = new vox.Stage(300, 200, { background: [0, 0, 0] });
    const { film, settings } = vox.film(1, [60, 120, 240]);
    stage.add(film, settings);
    stage.views(...vox.at(0));
    await stage.settle();
    const notReady = stage.renderer.times.isReady(1);
    stage.renderer.times.expect([1, 2]);
    await stage.settle();
    await stage.until(() => {
      for (const [handle, bricks] of stage.renderer.wanted()) for (const brick of bricks) stage.offer(handle, brick);
      return stage.renderer.times.isReady(1) && stage.renderer.times.isReady(2);
    });
    const offered = stage.offered;
    const still = vox.middles(stage);
    stage.views(...vox.at(1));
    const wanted = [...stage.renderer.wanted().values()].flat().filter(({ time }) => time === 1).length;
    const seen = await vox.frames(stage, 10);
    const ready = stage.renderer.times.isReady(1);
    const { slots, slotsUsed, gpuBytesPeak, gpuBudget } = stage.renderer.report;
    stage.dispose();
    return { notReady, still, offered, wanted, seen, ready, slots, slotsUsed, bounded: gpuBytesPeak <= gpuBudget };
  });
  assert.equal(result.notReady, false);
  assert.deepEqual(result.still, [60, 60]);
  assert.equal(result.wanted, 0);
  assert.equal(result.ready, true);
  for (const middles of result.seen) for (const value of middles) assert.ok(isNear(value, [60, 120]), `no frame shows ${value}`);
  assert.ok(result.seen.at(-1).every((value) => isNear(value, [120])));
  assert.ok(result.bounded);
});

test('volumes with and without time points move together: never one without the other', async () => {
  const result = await opened.page.evaluate(async () => {
    const { vox } = globalThis;
    const stage = new vox.Stage(300, 200, { background: [0, 0, 0] });
    const a = vox.film(1, [60, 120], { blend: 'additive' });
    const b = vox.film(2, [30, 90], { blend: 'additive' });
    const still = vox.film(3, [20], { blend: 'additive' });
    stage.add(a.film, { ...a.settings, order: 1 });
    stage.add(b.film, { ...b.settings, order: 2 });
    stage.add(still.film, { ...still.settings, order: 3 });
    stage.views(...vox.at(0));
    await stage.settle();
    const first = vox.middles(stage);
    stage.views(...vox.at(1));
    stage.renderer.wanted();
    stage.offer(1, { level: 2, z: 0, y: 0, x: 0, time: 1 });
    const half = (await vox.frames(stage, 12)).at(-1);
    stage.offer(2, { level: 2, z: 0, y: 0, x: 0, time: 1 });
    const seen = await vox.frames(stage, 25);
    await stage.settle();
    const last = vox.middles(stage);
    stage.dispose();
    return { first: first[0], half: half[0], seen: seen.map((m) => m[0]), last: last[0] };
  });
  assert.ok(result.last - result.first > 20, `${result.first} to ${result.last}`);
  assert.ok(isNear(result.half, [result.first]), `one of two is not enough: ${result.half}`);
  for (const value of result.seen) assert.ok(isNear(value, [result.first, result.last]), `no frame shows ${value}`);
});
