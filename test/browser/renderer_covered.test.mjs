// A picture is put on the canvas only where volumes are or were: what is there is, pixel for pixel, what it is when all of the view is drawn.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

const SIZE = [240, 160];

let opened;
before(async () => {
  opened = await openPage();
  await opened.page.evaluate(([width, height]) => {
    const { Stage, TestVolume, makeLevel, camera } = globalThis.vox;
    const shape = [40, 48, 56];
    const rect = { x: 0, y: 0, width, height };
    const whole = camera.frameBounds({ min: [0, 0, 0], max: [56, 48, 40] }, width / height);
    /** A stage with one or two volumes, all of them here, and cameras around them. */
    globalThis.covered = async (options, layers = 1) => {
      const stage = new Stage(width, height, { passes: 1, background: [0.055, 0.063, 0.078], ...options });
      for (let handle = 1; handle <= layers; handle += 1) {
        const volume = new TestVolume(handle, 'u8', 'image', makeLevel(shape, 'u8', (z, y, x) => 60 + ((3 * x + 5 * y + 7 * z) % 160)));
        volume.fillRanges();
        stage.add(volume, { window: [0, 255] });
      }
      const look = (change = {}, more = {}) => stage.views({ id: 'v', kind: 'volume', rect, camera: { ...whole, ...change }, ...more });
      look();
      await stage.settle();
      // What is drawn on the canvas, by the part that it is clipped to.
      const gl = stage.canvas.getContext('webgl2');
      const drawn = [];
      for (const name of ['drawArrays', 'drawElements', 'drawElementsInstanced']) {
        const draw = gl[name].bind(gl);
        gl[name] = (...args) => {
          if (!gl.getParameter(gl.FRAMEBUFFER_BINDING)) drawn.push([...gl.getParameter(gl.SCISSOR_BOX)]);
          draw(...args);
        };
      }
      return { stage, whole, look, drawn };
    };
    /** Bytes in which what is on the canvas differs from the same picture, drawn on all of the view. */
    globalThis.partly = (stage, drawn) => {
      drawn.length = 0;
      stage.renderer.drawNow();
      const [part] = drawn;
      const some = stage.pixels().data.slice();
      stage.renderer.setBackground([0.055, 0.063, 0.078]);
      drawn.length = 0;
      stage.renderer.drawNow();
      const all = stage.pixels().data;
      return { differ: some.filter((byte, i) => byte !== all[i]).length, part: (part[2] * part[3]) / (stage.canvas.width * stage.canvas.height), whole: drawn[1] };
    };
  }, SIZE);
});
after(() => opened?.close());
const inPage = (fn, arg) => opened.page.evaluate(fn, arg);

test('after any move of camera or layer the canvas holds what drawing all of the view gives', { timeout: 300_000 }, async () => {
  const found = await inPage(async () => {
    const { stage, whole, look, drawn } = await globalThis.covered({}, 2);
    const far = { distance: whole.distance * 4 };
    const moves = {
      turned: () => look({ yaw: 0.7 }),
      far: () => look(far),
      aside: () => look({ ...far, target: [90, 20, 60] }),
      'out of view': () => look({ ...far, target: [9000, 20, 60] }),
      'back again': () => look(far),
      'without its box': () => look(far, { outline: false }),
      'a layer elsewhere': () => stage.renderer.setLayer(2, { ...layer, transform: { translate: [60, 0, 0], rotate: [0, 0.3, 0, 1], scale: [1, 1, 2] } }),
      'turned with it': () => look({ ...far, yaw: 2 }),
      'one hidden': () => stage.renderer.setLayer(2, { ...layer, visible: false }),
      inside: () => look({ distance: 5 }),
      'far once more': () => look(far),
    };
    const layer = { ...globalThis.vox.DEFAULT_LOOK, window: [0, 255], colormap: 'viridis', points: globalThis.vox.DEFAULT_OPACITY_POINTS, order: 2 };
    const out = {};
    for (const [name, move] of Object.entries(moves)) {
      move();
      out[name] = globalThis.partly(stage, drawn);
      await stage.settle();
    }
    stage.dispose();
    return out;
  });
  for (const [name, { differ, whole }] of Object.entries(found)) {
    assert.equal(differ, 0, `${name}: ${differ} bytes differ`);
    assert.deepEqual(whole, [0, 0, ...SIZE], `${name}: the reference was drawn on all of the view`);
  }
});

test('pictures of a moving view cover only the part that their volumes are in, leave the backdrop as it was, and cost one draw', { timeout: 300_000 }, async () => {
  const found = await inPage(async () => {
    const { stage, whole, look, drawn } = await globalThis.covered({ frameMs: 1 }); // the lowest resolution on any machine: its pixels spill furthest
    const far = { distance: whole.distance * 3 };
    look(far);
    await stage.settle();
    const backdrop = (() => {
      look({ ...far, target: [9000, 0, 0] });
      stage.renderer.drawNow();
      return stage.pixels().data.slice();
    })();
    look(far);
    stage.renderer.drawNow();
    const { width, height } = stage.canvas;
    stage.renderer.setMoving(true);
    const frames = [];
    let before;
    for (let i = 1; i <= 12; i += 1) {
      look({ ...far, yaw: 0.2 * i });
      const { drawCalls, pictures } = stage.renderer.report;
      drawn.length = 0;
      await stage.until(() => stage.renderer.report.pictures > pictures);
      const [part] = drawn;
      const [, , w, h] = part;
      const { data } = stage.pixels();
      let changed = 0;
      for (let v = 0; v < height; v += 1) {
        for (let u = 0; u < width; u += 1) {
          const inside = (box) => box && u >= box[0] && u < box[0] + box[2] && v >= box[1] && v < box[1] + box[3];
          if (inside(part) || inside(before)) continue;
          for (let c = 0; c < 4; c += 1) changed += data[4 * (v * width + u) + c] === backdrop[4 * (v * width + u) + c] ? 0 : 1;
        }
      }
      const [calls, onCanvas, scale] = [stage.renderer.report.drawCalls - drawCalls, drawn.length, stage.renderer.report.resolutionScale];
      stage.renderer.setBackground([0.055, 0.063, 0.078]);
      await stage.until(() => stage.renderer.report.pictures > pictures + 1);
      const again = stage.pixels().data;
      const differ = stage.renderer.report.resolutionScale === scale ? data.filter((byte, c) => byte !== again[c]).length : undefined;
      frames.push({ differ, part: (w * h) / (width * height), changed, calls, onCanvas, scale });
      before = part;
    }
    stage.dispose();
    return frames;
  });
  for (const frame of found) {
    assert.equal(frame.changed, 0, JSON.stringify(frame));
    assert.ok(frame.part > 0.02 && frame.part < 0.5, `a third of the height: ${JSON.stringify(frame)}`);
    assert.equal(frame.calls, 4, `rays, the picture, the box's back and front: ${JSON.stringify(frame)}`);
    assert.equal(frame.onCanvas, 3, JSON.stringify(frame));
    assert.ok(!frame.differ, `the same as drawn on all of the view: ${JSON.stringify(frame)}`);
  }
  const low = found.filter(({ scale, differ }) => scale === 0.125 && differ === 0);
  assert.ok(low.length > 5, `compared at the lowest resolution: ${low.length}`);
});

test('a view that moves gives the GPU one picture at a time', { timeout: 300_000 }, async () => {
  const calls = await inPage(async () => {
    const { stage, look, drawn } = await globalThis.covered({});
    stage.renderer.setMoving(true);
    await stage.until(() => !stage.renderer.busy);
    drawn.length = 0;
    const seen = [];
    // Within one task of the page no fence can be seen to be reached.
    for (let i = 1; i <= 5; i += 1) {
      look({ yaw: i });
      stage.renderer.frame(performance.now());
      seen.push(drawn.length);
    }
    stage.dispose();
    return seen;
  });
  assert.deepEqual(calls, [3, 3, 3, 3, 3]);
});
