// Slices of a volume too large for its bricks, in a real notebook: from tiles, with exact values, stepped through.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, kernelJson, runCells, settled, VIEW, Workplace } from './support.mjs';

let place;
before(async () => {
  place = await Workplace.open();
});
after(() => place?.close());

test('slices come as tiles, and their values are those of the array', async (t) => {
  const page = await place.notebook([
    'import numpy as np\nimport voxbeam as rv\nz, y, x = np.ogrid[:200, :300, :400]\nvolume = (1000 + 7 * z + 5 * y + 3 * x).astype("uint16")',
    'view = rv.view(volume, passes=1)\nview',
  ]);
  t.after(() => page.leave({ keep: true }));
  await runCells(page, [0, 1]);
  await settled(page);
  const tiles = () => kernelJson(page, 'import json; print(json.dumps(view.instance.status()["sent_tiles"]))');
  const first = await tiles();
  assert.ok(first > 0, `${first} tiles`);
  const stage = page.locator(`${VIEW} .voxbeam-stage`);
  const cursor = page.locator(`${VIEW} [data-footer="cursor"]`);
  const box = await stage.boundingBox();
  /** What is said under the pointer, in a slice: that of the one before may still stand there. */
  const over = async (slice) => {
    await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.25);
    await page.mouse.move(box.x + box.width * 0.22, box.y + box.height * 0.27);
    return eventually('the value under the pointer', async () => {
      const text = (await cursor.textContent()) ?? '';
      const found = /voxel (\d+), (\d+), (\d+) .* · ([\d.,\s]+)$/.exec(text);
      const said = found && { voxel: found.slice(1, 4).map(Number), value: Number(found[4].replace(/[^\d.]/g, '')) };
      return (slice === undefined || said?.voxel[0] === slice) && said;
    });
  };
  const plain = await over();
  assert.equal(plain.value, 1000 + 7 * plain.voxel[0] + 5 * plain.voxel[1] + 3 * plain.voxel[2]);
  await page.locator(VIEW).focus();
  await page.keyboard.press('ArrowUp');
  await settled(page);
  const next = await over(plain.voxel[0] + 1);
  assert.equal(next.value, 1000 + 7 * next.voxel[0] + 5 * next.voxel[1] + 3 * next.voxel[2]);
  const stepped = await tiles();
  assert.ok(stepped > first, `${stepped} tiles after a step`);
  assert.equal(await page.locator(VIEW).first().getAttribute('data-error'), null);
});
