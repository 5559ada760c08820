// Views in cells and their traits: linked cameras, clip and cross from Python, pictures of a size, a movie, bookmarks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { kernelRun, runCell } from '../../scripts/notebook_page.mjs';
import { BALL, eventually, kernelJson, runCells, settled, VIEW, Workplace } from './support.mjs';

let place;
let page;
before(async () => {
  place = await Workplace.open();
  page = await place.notebook([
    `import json, struct\nimport voxbeam as rv\n${BALL}\na = rv.view(volume, views="volume", height=240)\nb = rv.view(volume, views="volume", height=240, instance=a.instance)`,
    'a', 'b',
    'from ipywidgets import jslink\nlink = jslink((a, "camera"), (b, "camera"))\nlink',
    'png = await a.screenshot(width=900, height=500)\nprint(json.dumps(struct.unpack(">II", png[16:24])))',
    'movie = a.movie(seconds=0.5, fps=8, degrees=40, width=128, height=96)\ndata = await movie\nprint(json.dumps([data[:4].hex(), movie.done]))',
  ]);
  await runCells(page, [0, 1, 2, 3]);
  await settled(page, VIEW, { nth: 0 });
  await settled(page, VIEW, { nth: 1 });
});
after(async () => {
  await page?.close();
  await place?.close();
});

const traits = () => kernelJson(page, 'print(json.dumps([a.camera, b.camera, a.cross]))');
const lastOutput = async () => JSON.parse((await page.locator('.jp-OutputArea-output pre').last().textContent()).trim().split('\n').at(-1));

test('a drag in one view turns the other, both traits end alike, and nothing goes on', async () => {
  const [before] = await eventually('cameras of both', async () => {
    const all = await traits();
    return all[0].distance && JSON.stringify(all[0]) === JSON.stringify(all[1]) && all;
  });
  const canvas = page.locator(`${VIEW} canvas.voxbeam-canvas`).first();
  await canvas.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await canvas.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  for (let i = 1; i <= 8; i += 1) await page.mouse.move(x + width / 2 + 8 * i, y + height / 2);
  await page.mouse.up();
  // Half a turn for a drag across the shorter edge.
  const yaw = before.yaw - (64 * Math.PI) / Math.min(width, height);
  const [turned] = await eventually('the whole turn in both', async () => {
    const all = await traits();
    return Math.abs(all[0].yaw - yaw) < 1e-9 && all[0].yaw === all[1].yaw && all;
  });
  await settled(page, VIEW, { nth: 1 });
  await page.waitForTimeout(1500);
  const [later, other] = await traits();
  assert.deepEqual([later, other], [turned, turned]);
});

test('Python sets the camera, the clip and a bookmark, and the page follows', async () => {
  await kernelRun(page, 'a.camera = {**a.camera, "yaw": 0.0, "pitch": 0.0}; a.clip = {"box": {"min": (0, 0, 0), "max": (60, 60, 60)}}; a.save_view("front")');
  await eventually('the other view', async () => (await traits())[1].yaw === 0);
  await page.locator(`${VIEW} [data-action="more"]`).first().click();
  await page.locator(`${VIEW} [data-item="unclip"]`).first().click();
  await eventually('the clip is gone in Python', async () => JSON.stringify(await kernelJson(page, 'print(json.dumps(a.clip))')) === '{}');
  await kernelRun(page, 'a.camera = {**a.camera, "yaw": 2.0}; a.go_to("front")');
  await eventually('the bookmark in both', async () => {
    const [clip, [, camera]] = [await kernelJson(page, 'print(json.dumps(a.clip))'), await traits()];
    return clip.box?.max[0] === 60 && camera.yaw === 0;
  });
  assert.equal(await page.locator(`${VIEW} [data-bookmark] input`).first().inputValue(), 'front');
});

test('a picture of a size and a movie are awaited in a cell', async () => {
  const first = await runCell(page, 4);
  assert.equal(first.error, undefined, first.error);
  assert.deepEqual(await lastOutput(), [900, 500]);
  const second = await runCell(page, 5);
  assert.equal(second.error, undefined, second.error);
  assert.deepEqual(await lastOutput(), ['1a45dfa3', 1]); // how WebM begins
  await settled(page, VIEW, { nth: 0 });
});
