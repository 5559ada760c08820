// The instruments on the viewer's own page: clipping, pictures of a size, a movie, marks that are dragged, the debug overlay.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { openPythonPage, ROOT } from './python_page.mjs';
import { becomes, eventually, settled } from './support.mjs';

let opened;
let page;

before(async () => {
  opened = await openPythonPage('page_volume.py', { width: 600, height: 420 }, { asked: true });
  page = opened.page;
  await page.locator('[data-layout="volume"]').click();
  await settled(page, ROOT);
});
after(() => opened?.close());

/** Waits until the picture is whole again after a change. */
const still = () => settled(page, ROOT);

const press = async (...keys) => {
  await page.locator(ROOT).focus();
  for (const key of keys) await page.keyboard.press(key);
};

async function choose(item) {
  await page.locator('[data-action="more"]').click();
  await page.locator(`[data-item="${item}"]`).click();
}

/** Pixels of the 3D picture that are not background. */
const lit = () =>
  page.evaluate(() => {
    const source = document.querySelector('.voxbeam-canvas');
    const canvas = new OffscreenCanvas(source.width, source.height);
    const context = canvas.getContext('2d');
    context.drawImage(source, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) count += data[i] + data[i + 1] + data[i + 2] > 240 ? 1 : 0;
    return count;
  });

test('of the toolbar no button is cut off, however narrow the viewer is, and the panel and the menu stay within reach', async () => {
  const { width, height } = page.viewportSize();
  for (const wide of [1200, 900, 770, 740, 630, 600, 570, 550, 530, 480, 450, 430, 360]) {
    await page.setViewportSize({ width: wide, height });
    const { cut, within } = await page.evaluate(() => {
      const bar = document.querySelector('.voxbeam-toolbar');
      const shown = [...bar.querySelectorAll('button')].filter((button) => button.getClientRects().length > 0);
      const end = bar.getBoundingClientRect().right;
      const name = ({ dataset }) => Object.values(dataset)[0];
      return { cut: shown.filter((button) => button.getBoundingClientRect().right > end).map(name), within: shown.map(name) };
    });
    assert.deepEqual(cut, [], `at ${wide} pixels`);
    for (const needed of ['navigate', 'point', 'box', 'four', 'more', 'help', 'panel']) assert.ok(within.includes(needed), `${needed} is there at ${wide} pixels`);
  }
  await page.setViewportSize({ width, height });
  await still();
});

test('the toolbar fits into 600 pixels, and the menu offers the rest by pointer and keys', async () => {
  const overflow = await page.locator('.voxbeam-toolbar').evaluate((bar) => bar.scrollWidth - bar.clientWidth);
  assert.ok(overflow <= 0, `the toolbar is ${overflow} pixels too long`);
  await page.locator('[data-action="more"]').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowDown');
  await becomes('the item that has the focus', () => page.evaluate(() => document.activeElement.dataset.item), 'crop');
  await page.keyboard.press('Escape');
  await page.locator('.voxbeam-menu[role="menu"]').waitFor({ state: 'hidden' });
});

test('clipping half of the block leaves half of its pixels; and all of it is shown again', async () => {
  await choose('look+z');
  await choose('outline');
  await still();
  const whole = await lit();
  assert.ok(whole > 5000, `the block covers ${whole} pixels`);
  await press('c', 'l');
  await page.locator('[aria-label="Clip x to"]').fill('39.5');
  await page.locator('[aria-label="Clip x to"]').press('Enter');
  await still();
  const half = await lit();
  assert.ok(Math.abs(half / whole - 0.5) < 0.06, `${half} of ${whole} pixels are left`);
  await press('c', 'Shift+C');
  await still();
  const again = await lit();
  assert.ok(Math.abs(again / whole - 1) < 0.02, `${again} of ${whole} pixels are back`);
  await press('l');
});

test('what lies before the slices is cut away, and they show their values', async () => {
  const whole = await lit();
  await press('Shift+Q');
  await still();
  const corner = await lit();
  assert.ok(corner > 0.9 * whole, `faces of the cut are as bright as the block: ${corner} of ${whole} pixels`);
  const planes = () => page.evaluate(() => document.querySelector('[data-item="cut"]').getAttribute('aria-checked'));
  await page.locator('[data-action="more"]').click();
  await becomes('the cut is checked', planes, 'true');
  await page.keyboard.press('Escape');
  await press('w', 'l');
  await page.locator('[data-plane="axial"]').selectOption('none');
  await still();
  await page.locator('[data-plane="sagittal"]').selectOption('none');
  await page.locator('[data-plane="coronal"]').selectOption('outline');
  await still();
  const again = await lit();
  assert.ok(Math.abs(again / whole - 1) < 0.1, `${again} of ${whole} pixels are back`);
  await press('w', 'l', 'Shift+Q', 'q');
  await still();
});

test('the debug overlay counts the bricks that are shown, by state, and goes without a trace', async () => {
  await press('d');
  const debug = page.locator('.voxbeam-debug');
  // A block of 80 voxels an edge is eight bricks of level 0, none of them empty.
  const counts = await eventually('every brick on the GPU', async () => {
    const { bricks, gpu, asked, failed } = await debug.evaluate((element) => ({ ...element.dataset }));
    return gpu === '8' && { bricks, gpu, asked, failed };
  });
  assert.deepEqual(counts, { bricks: '8', gpu: '8', asked: '0', failed: '0' });
  await becomes('what it says', () => debug.textContent(), /levels +0: 8\n.*volume +9 planned of 9, table 2 x 2 x 2/s);
  await press('F9');
  await debug.waitFor({ state: 'hidden' });
});

test('a picture has the size that was asked for, with the marks in it, and the view is as it was', async () => {
  const before = await page.locator('.voxbeam-canvas').evaluate(({ width, height }) => [width, height]);
  await press('Shift+S');
  await page.locator('.voxbeam-dialog [name="width"]').fill('1000');
  await page.locator('.voxbeam-dialog [name="height"]').fill('700');
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.voxbeam-dialog [type="submit"]').click()]);
  const png = await readFile(await download.path());
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [1000, 700]);
  const seen = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)); // the page's policy allows no fetch of data
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const at = (x, y) => [...data.slice(4 * (y * bitmap.width + x), 4 * (y * bitmap.width + x) + 3)].reduce((a, b) => a + b);
    let inks = 0;
    for (let y = 600; y < 700; y += 1) for (let x = 700; x < 1000; x += 1) inks += at(x, y) > 500 ? 1 : 0;
    return { middle: at(500, 350), inks };
  }, png.toString('base64'));
  assert.ok(seen.middle > 240, `the block is in the middle: ${seen.middle}`);
  assert.ok(seen.inks > 30, `the scale bar is in the corner: ${seen.inks} bright pixels`);
  await becomes('the size of the picture', () => page.locator('.voxbeam-canvas').evaluate(({ width, height }) => [width, height]), before);
  await still();
  await press('Shift+S');
  await page.locator('.voxbeam-dialog [name="width"]').fill('20000');
  await page.locator('.voxbeam-dialog [type="submit"]').click();
  await eventually('the dialog says what is wrong', async () => /16384/.test(await page.locator('.voxbeam-dialog-words').textContent()));
  await page.keyboard.press('Escape');
  await page.locator('.voxbeam-dialog').waitFor({ state: 'detached' });
});

test('a turntable is a movie of as many frames as were asked for, no two neighbours alike', async () => {
  await press('o');
  for (const [name, value] of Object.entries({ seconds: 1, fps: 10, degrees: 90, width: 160, height: 120 })) {
    await page.locator(`.voxbeam-dialog [name="${name}"]`).fill(String(value));
  }
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.voxbeam-dialog [type="submit"]').click()]);
  assert.match(download.suggestedFilename(), /^block .*\.webm$/);
  const movie = await readFile(await download.path());
  const { outputFiles } = await build({
    stdin: { contents: 'export * from "mediabunny"', resolveDir: fileURLToPath(new URL('../..', import.meta.url)) },
    bundle: true, format: 'iife', globalName: 'mediabunny', write: false, logLevel: 'warning',
  });
  const context = await opened.browser.newContext({ bypassCSP: true });
  const decoder = await context.newPage();
  await decoder.goto(new URL('/', page.url()).href);
  await decoder.addScriptTag({ content: outputFiles[0].text });
  const seen = await decoder.evaluate(async (base64) => {
    const { Input, BlobSource, ALL_FORMATS, VideoSampleSink } = globalThis.mediabunny;
    const bytes = await (await fetch(`data:video/webm;base64,${base64}`)).blob();
    const track = await new Input({ formats: ALL_FORMATS, source: new BlobSource(bytes) }).getPrimaryVideoTrack();
    const frames = [];
    const canvas = new OffscreenCanvas(160, 120);
    const to = canvas.getContext('2d');
    for await (const sample of new VideoSampleSink(track).samples()) {
      sample.draw(to, 0, 0);
      frames.push({ time: sample.timestamp, size: [sample.displayWidth, sample.displayHeight], data: [...to.getImageData(0, 0, 160, 120).data] });
      sample.close();
    }
    const changes = frames.slice(1).map(({ data }, i) => data.reduce((sum, n, at) => sum + Math.abs(n - frames[i].data[at]), 0) / data.length);
    return { count: frames.length, times: frames.map(({ time }) => time), size: frames[0].size, changes };
  }, movie.toString('base64'));
  await context.close();
  assert.equal(seen.count, 10);
  assert.deepEqual(seen.size, [160, 120]);
  assert.ok(seen.times.every((time, i) => Math.abs(time - i / 10) < 0.002), String(seen.times));
  assert.ok(seen.changes.every((change) => change > 0.3), String(seen.changes));
  await page.locator('.voxbeam-dialog').waitFor({ state: 'detached' });
  await still();
  assert.deepEqual(page.said, []);
});
