// How often a moving view is drawn, and at which resolution.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);

test('who waits for the GPU is told that it is done, and who does not wait is not', async () => {
  const told = await inPage(async () => {
    const { Stage, camera, wait, geometry } = globalThis.vox;
    const volume = globalThis.vox.shellsVolume(128, 1, 'u16');
    let count = 0;
    const stage = new Stage(480, 288, { passes: 1, freed: () => { count += 1; } });
    stage.add(volume);
    const bounds = geometry.worldBounds({ shape: volume.shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] });
    const rect = { x: 0, y: 0, width: 480, height: 288 };
    const view = { id: 'volume', kind: 'volume', rect, camera: camera.frameBounds(bounds, 480 / 288) };
    const look = (i) => stage.views({ ...view, camera: camera.orbit(view.camera, i * 0.05, 0) });
    look(0);
    await stage.settle();
    stage.renderer.setMoving(true);
    const rest = () => new Promise((resolve) => setTimeout(resolve, 400));
    await rest();
    const out = [];
    for (const waits of [false, true, false]) {
      const before = count;
      look(out.length + 1);
      stage.renderer.frame(await wait());
      const more = waits && stage.renderer.busy && stage.renderer.frame(performance.now());
      await rest();
      stage.renderer.frame(performance.now()); // takes up what was heard
      out.push([more, count - before]);
    }
    stage.dispose();
    return out;
  });
  assert.deepEqual(told, [[false, 0], [true, 1], [false, 0]]);
});

test('while the view moves the resolution follows the frame time; at rest it is full, and then nothing is drawn', async () => {
  const result = await inPage(async () => {
    const { Stage, camera, wait, geometry } = globalThis.vox;
    const volume = globalThis.vox.shellsVolume(128, 1, 'u16');
    const stage = new Stage(480, 288, { passes: 1 });
    stage.renderer.setDials({ frameMs: 5 }); // less than any device without a GPU takes
    stage.add(volume);
    const bounds = geometry.worldBounds({ shape: volume.shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] });
    const rect = { x: 0, y: 0, width: 480, height: 288 };
    const view = { id: 'volume', kind: 'volume', rect, camera: camera.frameBounds(bounds, 480 / 288) };
    stage.views(view);
    await stage.settle();
    stage.renderer.setMoving(true);
    const scales = [];
    for (let i = 0; i < 60 && !(scales.at(-1) < 1); i += 1) {
      stage.views({ ...view, camera: camera.orbit(view.camera, i * 0.05, 0) });
      stage.renderer.frame(await wait());
      scales.push(stage.renderer.report.resolutionScale);
    }
    stage.renderer.setMoving(false);
    const wasSettled = stage.renderer.settled;
    await stage.settle();
    const full = stage.renderer.report.resolutionScale;
    await stage.until(() => !stage.renderer.frame(performance.now()));
    const { drawCalls } = stage.renderer.report;
    for (let i = 0; i < 5; i += 1) stage.renderer.frame(await wait());
    const out = { scales, wasSettled, full, idleDraws: stage.renderer.report.drawCalls - drawCalls };
    stage.dispose();
    return out;
  });
  assert.ok(Math.min(...result.scales) < 1, `scales ${result.scales}`);
  assert.equal(result.wasSettled, false);
  assert.equal(result.full, 1);
  assert.equal(result.idleDraws, 0);
});
