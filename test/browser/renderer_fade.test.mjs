// Finer bricks blend in while nothing moves, and the picture at rest is the same with and without that.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);

/** Grays of the picture's middle, frame by frame, from the coarse brick's until all is settled. */
const grays = (fades, turning) =>
  inPage(async ([fades, turning]) => {
    const { Stage, LazyVolume, camera, wait } = globalThis.vox;
    // Centres of voxels of level 1 lie between those of level 0.
    const volume = new LazyVolume(1, [128, 128, 128], { at: (z) => (Number.isInteger(z) ? 60000 : 20000) });
    const rect = { x: 0, y: 0, width: 40, height: 30 };
    const stage = new Stage(rect.width, rect.height, { fades, passes: 1, background: [0, 0, 0], frameMs: 1000 }); // any machine draws this in a second
    stage.add(volume, { mode: 'mip', colormap: 'gray', window: [0, 65535] });
    const whole = camera.frameBounds({ min: [0, 0, 0], max: [128, 128, 128] }, 4 / 3);
    const look = (yaw) => stage.views({ id: 'v', kind: 'volume', rect, outline: false, camera: { ...whole, yaw, distance: whole.distance / 8 } });
    look(0.3);
    const middle = () => stage.pixels().data[4 * (15 * 40 + 20)];
    stage.offer(1, { level: 1, z: 0, y: 0, x: 0 });
    // A clock of its own: between two pictures that the device gets to draw lies always as much time, however slow it is.
    let clock = performance.now();
    const frame = async (ms) => {
      await wait();
      if (!stage.renderer.busy) clock += ms;
      return stage.renderer.frame(clock);
    };
    const rest = async (ms) => {
      for (const end = clock + ms; !stage.renderer.hasPicture || clock < end; ) {
        stage.renderer.wanted();
        await frame(20);
      }
    };
    // The first picture's time is that of making its shader; those after it say how fast the device is: as many as it takes to believe it.
    await rest(300);
    stage.renderer.setMoving(true);
    for (const late = performance.now() + 240_000; stage.renderer.report.resolutionScale < 1; ) {
      for (const yaw of [0.301, 0.3]) {
        look(yaw);
        stage.renderer.wanted();
        await frame(20);
      }
      if (performance.now() > late) throw new Error(`pictures stay at ${stage.renderer.report.resolutionScale}`);
    }
    stage.renderer.setMoving(false);
    await rest(500);
    const seen = [middle()];
    for (const key of stage.renderer.wanted().get(1) ?? []) stage.offer(1, key);
    const end = performance.now() + 240_000;
    for (let more = true; more || !stage.renderer.settled; ) {
      if (turning && seen.at(-1) < 200) look(0.31 + seen.length / 1000);
      for (const key of stage.renderer.wanted().get(1) ?? []) stage.offer(1, key);
      more = await frame(16);
      seen.push(middle());
      if (performance.now() > end) throw new Error(`not settled: ${seen}`);
    }
    const targets = stage.renderer.report.gpuBytes;
    stage.dispose();
    return { seen, targets };
  }, [fades, turning]);

const between = ({ seen }) => new Set(seen.filter((gray) => gray > 82 && gray < 228)).size;

test('a picture from finer bricks blends in, and is in the end the one that it is without', { timeout: 600_000 }, async () => {
  const plain = await grays(false, false);
  assert.equal(between(plain), 0, `${plain.seen}`);
  const faded = await grays(true, false);
  for (let i = 1; i < faded.seen.length; i += 1) assert.ok(faded.seen[i] >= faded.seen[i - 1] - 1, `it only becomes brighter: ${faded.seen}`);
  assert.equal(faded.seen.at(-1), plain.seen.at(-1));
  assert.equal(faded.targets, plain.targets, 'nothing is kept of it');
  assert.ok(between(faded) > 0, `no frame between ${faded.seen[0]} and ${faded.seen.at(-1)}: ${faded.seen}`);
});

test('nothing blends while the camera moves', { timeout: 600_000 }, async () => {
  const turning = await grays(true, true);
  assert.equal(between(turning), 0, `${turning.seen}`);
  assert.ok(turning.seen.at(-1) > 228);
});

test('a shader that is not compiled yet is not waited for: the picture before stays, and the box comes when it can', { timeout: 600_000 }, async () => {
  const seen = await inPage(async () => {
    const { Stage, LazyVolume, camera, wait } = globalThis.vox;
    const { prototype } = WebGL2RenderingContext;
    const { getProgramParameter, getSyncParameter, linkProgram, fenceSync } = prototype;
    // Compiling takes as long as this says: the fence right after the order to do so is not passed before.
    let held = false;
    let ordered = false;
    const orders = new WeakSet();
    const counts = { polled: 0, asked: 0 };
    prototype.linkProgram = function (program) {
      ordered = true;
      linkProgram.call(this, program);
    };
    prototype.fenceSync = function (...what) {
      const sync = fenceSync.apply(this, what);
      if (ordered) orders.add(sync);
      ordered = false;
      return sync;
    };
    prototype.getSyncParameter = function (sync, name) {
      counts.polled += Number(orders.has(sync));
      return held && orders.has(sync) ? this.UNSIGNALED : getSyncParameter.call(this, sync, name);
    };
    prototype.getProgramParameter = function (program, name) {
      counts.asked += Number(name === this.ACTIVE_UNIFORMS);
      return getProgramParameter.call(this, program, name);
    };
    try {
      const volume = new LazyVolume(1, [64, 64, 64], { at: (z, y, x) => 30000 + 100 * (z + y + x) });
      const rect = { x: 0, y: 0, width: 60, height: 45 };
      const stage = new Stage(rect.width, rect.height, { passes: 1, background: [0, 0, 0] });
      const settings = { mode: 'mip', colormap: 'gray', window: [0, 65535] };
      const whole = camera.frameBounds({ min: [0, 0, 0], max: [64, 64, 64] }, 4 / 3);
      const text = () => stage.pixels().data.join();
      stage.add(volume, settings);
      stage.views({ id: 'v', kind: 'volume', rect, camera: whole });
      await stage.settle();
      const frames = async (n) => {
        let more = false;
        for (let i = 0; i < n; i += 1) more = stage.renderer.frame(await wait());
        return more;
      };
      const before = text();
      const asked = counts.asked;
      held = true;
      // A surface takes another pass.
      stage.add(volume, { ...settings, mode: 'iso', iso: 0.6 });
      const out = { more: await frames(10), settled: stage.renderer.settled, stays: text() === before };
      out.askedWhileHeld = counts.asked - asked;
      // A view that is new has no picture to stay: its first one is waited for.
      stage.views({ id: 's', kind: 'slice', rect, axis: 0, position: 32, center: [32, 32], pixelSize: 2 });
      await frames(10);
      out.slice = text() !== before;
      held = false;
      await stage.settle();
      stage.views({ id: 'v', kind: 'volume', rect, camera: whole });
      await stage.settle();
      out.surface = text() !== before;
      // Who wants a picture now gets it, whatever must be waited for.
      stage.add(volume, { ...settings, mode: 'mean' });
      const surface = text();
      held = true;
      stage.renderer.drawNow();
      out.now = text() !== surface;
      stage.dispose();
      return { ...out, ...counts };
    } finally {
      Object.assign(prototype, { getProgramParameter, getSyncParameter, linkProgram, fenceSync });
    }
  });
  assert.ok(seen.polled >= 10, `${seen.polled} looks at whether shaders are compiled`);
  assert.deepEqual({ more: seen.more, settled: seen.settled, stays: seen.stays }, { more: true, settled: false, stays: true });
  assert.equal(seen.askedWhileHeld, 0, 'shaders asked about while they were being compiled');
  assert.deepEqual({ slice: seen.slice, surface: seen.surface, now: seen.now }, { slice: true, surface: true, now: true });
});
