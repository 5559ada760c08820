// Supervoxels picked in 3D with the mouse: outlined under the pointer, painted by a press, several by a drag.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/process.mjs';
import { openPythonPage, ROOT } from './python_page.mjs';
import { becomes, eventually, settled, voxelAt } from './support.mjs';

const BALL = { middle: 31.5, radius: 24 };
let opened;
let page;
let middle;

before(async () => {
  opened = await openPythonPage('page_paint.py', { width: 760, height: 420 }, { args: ['alone'] });
  page = opened.page;
  await page.locator('.voxbeam').press('z');
  await page.locator('[data-action="new-labels"]').click();
  await page.locator('[data-action="new-labels"]').waitFor({ state: 'hidden' });
  await page.locator('.voxbeam').press('v');
  await page.locator('.voxbeam').press('3');
  for (const pressed of ['[data-paint="piece"]', '[data-label="3"]']) await becomes(`${pressed} is pressed`, () => page.locator(pressed).getAttribute('aria-pressed'), 'true');
  await settled(page, ROOT);
  const stage = await page.locator('.voxbeam-canvas').boundingBox();
  middle = [stage.x + 0.75 * stage.width, stage.y + 0.25 * stage.height]; // of the 3D view, which looks at the ball's middle
});
after(() => opened?.close());

const painted = async (voxel = []) => JSON.parse(await opened.ask(voxel.join(' '))).labels;

/** Drawn pixels of the overlay within 30 pixels of a place, but for a cross there. */
const outlined = ([x, y]) =>
  page.evaluate(([px, py]) => {
    const canvas = document.querySelector('.voxbeam-overlay');
    const { left, top, width } = canvas.getBoundingClientRect();
    const ratio = canvas.width / width;
    const { data } = canvas.getContext('2d').getImageData((px - left - 30) * ratio, (py - top - 30) * ratio, 60 * ratio, 60 * ratio);
    let count = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i] > 20) count += 1;
    return count;
  }, [x, y]);

const undo = async () => {
  await page.locator('.voxbeam').press('Control+z');
  await eventually('it is gone', async () => (await painted()).planes.length === 0);
};

test('the piece on the surface under the pointer is outlined, and a press paints it through slices', async () => {
  const bare = await outlined(middle);
  const seed = await voxelAt(page, page, middle);
  const depth = Math.hypot(...seed.map((v) => v - BALL.middle));
  assert.ok(depth > BALL.radius - 3 && depth < BALL.radius + 2, `${seed} lies on the ball, ${depth} from its middle`);
  await eventually('its outline', async () => (await outlined(middle)) > bare + 100);
  assert.deepEqual((await painted()).planes, [], 'nothing is painted by that');
  await page.screenshot({ path: `${root}/out/piece_3d.png` });
  await page.mouse.down();
  await page.mouse.up();
  const piece = await eventually('the piece', async () => {
    const now = await painted(seed);
    return now.labels[3] > 0 && now;
  });
  assert.equal(piece.there, 3, `the voxel under the pointer, ${seed}, is in it`);
  assert.equal(piece.parts, 1);
  assert.ok(piece.planes.length > 3, `${piece.planes}`);
  assert.ok(piece.labels[3] > 64 && piece.labels[3] < 4096, `${piece.labels}`); // a cell has 8 × 8 × 8 voxels
  assert.ok(piece.values[1] - piece.values[0] < 800, `not across the ball's side: ${piece.values}`);
  await undo();
});

test('a drag over the surface paints all pieces that it comes over, as one edit', async () => {
  const [from, to] = [[middle[0] - 24, middle[1] - 10], [middle[0] + 24, middle[1] + 10]];
  const first = await voxelAt(page, page, from);
  const last = await voxelAt(page, page, to);
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move(...to, { steps: 16 });
  await page.mouse.up();
  const both = await eventually('the pieces', async () => {
    const now = await painted(first);
    return now.labels[3] > 0 && now;
  });
  assert.deepEqual([both.there, (await painted(last)).there], [3, 3], `at both ends, ${first} and ${last}`);
  assert.ok(both.labels[3] > 128, `${both.labels}`);
  await undo(); // one step
  assert.deepEqual(page.said, []);
});
