// A still picture that is drawn strip by strip is, to the bit, the one that is drawn at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './renderer_harness.mjs';

let opened;
before(async () => {
  opened = await openPage();
});
after(() => opened?.close());

test('a picture of two passes drawn in columns of a few rows equals the one whose passes are drawn at once, bit for bit', { timeout: 300_000 }, async () => {
  const found = await opened.page.evaluate(async () => {
    const { Stage, camera, geometry, Strips } = globalThis.vox;
    const [width, height] = [300, 200];
    const volume = globalThis.vox.shellsVolume(96, 1, 'u16');
    const bounds = geometry.worldBounds({ shape: volume.shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] });
    const rect = { x: 0, y: 0, width, height };
    // In the middle, half outside of the view, and behind the eye: wherever the covered part ends.
    const whole = camera.frameBounds(bounds, width / height);
    const cameras = { whole, beside: { ...whole, target: [whole.target[0] + 60, whole.target[1], whole.target[2]] }, within: { ...whole, distance: whole.distance / 8 } };
    const { next } = Strips.prototype;
    /** The canvas once it is at rest, and the strips that it was drawn in. */
    const picture = async (look, slow) => {
      const strips = [];
      Strips.prototype.next = function (area, from, beside) {
        this.begin(1e9, area); // on as slow a device as that, never more at once than the least
        const strip = slow ? next.call(this, area, from, beside) : { from: 0, rows: area.height, left: 0, columns: area.width, pixels: 0, last: true };
        strips.push(strip);
        return strip;
      };
      const stage = new Stage(width, height, { passes: 2 });
      try {
        stage.renderer.setDials({ frameMs: 1 }); // no quick picture is a full one
        stage.add(volume);
        stage.views({ id: 'v', kind: 'volume', rect, camera: look });
        await stage.settle();
        const end = performance.now() + 60_000;
        while (stage.renderer.frame(await globalThis.vox.wait())) if (performance.now() > end) throw new Error('not at rest');
        return { data: stage.pixels().data.slice(), strips };
      } finally {
        stage.dispose();
        Strips.prototype.next = next;
      }
    };
    const out = {};
    for (const [name, look] of Object.entries(cameras)) {
      const [pieces, once] = [await picture(look, true), await picture(look, false)];
      out[name] = {
        differ: pieces.data.filter((byte, i) => byte !== once.data[i]).length,
        lit: pieces.data.filter((byte, i) => i % 4 === 1 && byte > 60).length,
        columns: pieces.strips.filter((s) => s.columns < width).length,
        passes: [pieces, once].map(({ strips }) => strips.filter(({ last }) => last).length),
      };
    }
    return out;
  });
  for (const [name, { differ, lit, columns, passes }] of Object.entries(found)) {
    assert.equal(differ, 0, name);
    assert.ok(lit > 1000, `${name}: ${lit} bright pixels`);
    assert.ok(columns > 20, `${name}: ${columns} strips of columns`);
    assert.ok(Math.min(...passes) >= 2, `${name}: passes ${passes}`);
  }
});
