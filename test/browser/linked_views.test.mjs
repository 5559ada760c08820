// Views in cells and their traits: linked cameras, clip, cross and slices from Python, pictures of a size, a movie, bookmarks; and two people in one scene.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cellText, kernelRun, runCell } from '../../scripts/notebook_page.mjs';
import { BALL, becomes, eventually, kernelJson, out, runCells, settled, VIEW, Workplace } from './support.mjs';

let place;
let page;
before(async () => {
  place = await Workplace.open();
  page = await place.notebook([
    `import json, struct\nimport voxbeam as rv\n${BALL}\na = rv.view(volume, views="volume", height=240, passes=1)\nb = rv.view(volume, views="volume", height=240, passes=1, instance=a.instance)`,
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
const lastLine = async (index) => JSON.parse((await cellText(page, index)).trim().split('\n').at(-1));

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
  // Whatever either page still had to say is heard: a word of each goes the same way, behind it.
  const heard = 'print(json.dumps([len(await a.screenshot()) > 0, len(await b.screenshot()) > 0]))';
  for (let i = 0; i < 3; i += 1) assert.deepEqual(await kernelJson(page, heard), [true, true]);
  assert.deepEqual((await traits()).slice(0, 2), [turned, turned]);
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
  await becomes('the name of the bookmark', () => page.locator(`${VIEW} [data-bookmark] input`).first().inputValue(), 'front');
  // How thick and how turned slices are goes into the page and out of it again, and with a link from view to view.
  const slices = () => kernelJson(page, 'print(json.dumps([a.slab, a.turn, a.slice_frame, a.views]))');
  await kernelRun(page, 'a.views = "slices"; a.slab = {"thickness": 6, "mode": "max"}; a.turn = (0, 1, 0, 1); a.slice_frame = {"pixel_size": 0.5}');
  await eventually('slices alone, thick and turned', async () => {
    const shown = await page.locator(`${VIEW} [data-layout="slices"][aria-pressed="true"]`).count();
    const [slab, turn, frame, views] = await slices();
    return shown > 0 && slab.thickness === 6 && Math.abs(turn[1] - Math.SQRT1_2) < 1e-12 && frame.pixel_size === 0.5 && frame.center?.length === 3 && views === 'slices';
  });
  const root = page.locator(VIEW).first();
  await root.focus();
  await root.press('Shift+W');
  await root.press('0');
  await eventually('straight, thin, and all four, as the page has it now', async () => {
    const [slab, turn, , views] = await slices();
    return Object.keys(slab).length === 0 && turn.length === 0 && views === 'four';
  });
  await kernelRun(page, 'a.views = "volume"');
});

/** The middle of the first of four views. */
async function axialOf(canvas) {
  await canvas.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await canvas.boundingBox();
  const columns = width > 3.2 * height ? 4 : 2;
  return [x + width / columns / 2, y + (height / (4 / columns)) / 2];
}

test('two people in two browsers: what one draws and points at the other sees, follows, and cannot undo', async (t) => {
  const context = await place.browser.newContext({ viewport: { width: 700, height: 520 } });
  t.after(() => context.close());
  await context.addInitScript(() => localStorage.setItem('voxbeam name', 'Ada <b>'));
  const ada = await context.newPage();
  await ada.goto((await kernelRun(page, 'print(a.instance.visualization_server_url)')).trim());
  const [hers, mine] = [ada.locator('.voxbeam'), page.locator(VIEW).first()];
  await settled(ada, '.voxbeam[data-settled]');
  const marks = () => kernelJson(page, 'print(json.dumps([[m.name, m.author] for m in a.annotations]))');
  const seen = () => kernelJson(page, 'p = next((p for p in a.people if p.name == "Ada <b>"), None)\nprint(json.dumps(p and [p.tool, p.cursor, p.cross, p.camera, p.role]))');
  const drawn = async (of, locator, at) => {
    await locator.locator('[data-tool="point"]').click();
    await of.mouse.click(...at);
  };

  // She draws a point and points beside it.
  const at = await axialOf(hers.locator('canvas.voxbeam-canvas'));
  await drawn(ada, hers, at);
  await ada.mouse.move(at[0] + 30, at[1]);
  const [[, author]] = await eventually('her point', async () => ((await marks()).length === 1 ? marks() : undefined));
  assert.equal(author, 'Ada <b>');
  const told = await eventually('her cursor', async () => {
    const all = await seen();
    return all?.[1] && all[0] === 'point' && all;
  });
  assert.equal(told[1][2], told[2][2], 'the cursor is in her axial slice');
  assert.equal(told[4], 'edit');
  await eventually('her cursor and cross over my picture', () => mine.evaluate((root) => {
    const canvas = root.querySelector('canvas.voxbeam-others');
    const { data } = canvas?.getContext('2d').getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
    let ink = 0;
    for (let i = 3; i < data.length; i += 4) ink += Number(data[i] > 100);
    return ink > 40;
  }));

  // I follow her, and she turns the volume.
  await mine.locator('[data-action="people"]').click();
  const row = mine.locator('[role="listitem"][data-person]').filter({ hasText: 'Ada' });
  await becomes('who she is and what she does', () => row.textContent(), /Ada <b>.*point/);
  await row.locator('[data-action="follow"]').click();
  await eventually('her layout', () => mine.locator('[data-layout="four"][aria-pressed="true"]').count());
  const { x, y, width, height } = await hers.locator('canvas.voxbeam-canvas').boundingBox();
  await ada.keyboard.press('Escape');
  await ada.mouse.move(x + 0.75 * width, y + 0.25 * height);
  await ada.mouse.down();
  await ada.mouse.move(x + 0.8 * width, y + 0.3 * height, { steps: 4 });
  await ada.mouse.up();
  await eventually('her camera', async () => {
    const [camera, follows] = await kernelJson(page, 'print(json.dumps([a.camera, a.following]))');
    const now = await seen();
    return follows === 'Ada <b>' && JSON.stringify(camera) === JSON.stringify(now[3]) && camera.yaw !== told[3].yaw;
  });

  // With a point of my own I am on my own again; each takes back what is theirs.
  await drawn(page, mine, await axialOf(mine.locator('canvas.voxbeam-canvas')));
  await eventually('both points', async () => (await marks()).length === 2);
  await becomes('nobody followed', () => mine.getAttribute('data-following'), null);
  await eventually('nobody followed, in Python', async () => (await kernelJson(page, 'print(json.dumps(a.following))')) === '');
  await hers.press('Control+z');
  await eventually('my point alone', async () => (await marks()).length === 1 && (await marks())[0][1] !== author);
  await hers.press('Control+z'); // mine is not hers to undo
  await mine.press('Control+z');
  await eventually('none', async () => (await marks()).length === 0);
  await mine.screenshot({ path: `${out}/people.png` });
});

test('a picture of a size and a movie are awaited in a cell', async () => {
  const first = await runCell(page, 4);
  assert.equal(first.error, undefined, first.error);
  assert.deepEqual(await lastLine(4), [900, 500]);
  const second = await runCell(page, 5);
  assert.equal(second.error, undefined, second.error);
  assert.deepEqual(await lastLine(5), ['1a45dfa3', 1]); // how WebM begins
  await settled(page, VIEW, { nth: 0 });
});
