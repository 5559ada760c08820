// Labels painted with the mouse: seen in the picture, read in Python, taken back.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { TEST_FLAGS, findChromium } from '../../scripts/chromium.mjs';
import { environment, python, root } from '../../scripts/process.mjs';
import { eventually, settled } from './support.mjs';

const ROOT = '.voxbeam[data-settled]';
let server;
let lines;
let browser;
let page;

before(async () => {
  server = spawn(python, ['-u', fileURLToPath(new URL('page_paint.py', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'], env: environment() });
  lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  browser = await chromium.launch({ executablePath: await findChromium(), args: TEST_FLAGS });
  page = await browser.newPage({ viewport: { width: 760, height: 420 }, reducedMotion: 'reduce', colorScheme: 'dark' });
  page.said = [];
  page.on('pageerror', (error) => page.said.push(error.message));
  await page.goto((await lines.next()).value);
  await settled(page, ROOT);
});
after(async () => {
  await browser?.close();
  server?.stdin.end();
});

/** What Python reads of the labels. */
async function painted() {
  server.stdin.write('\n');
  return JSON.parse((await lines.next()).value).labels;
}

/** Pixels of the picture in the colour of the first label, in the view at the top left. */
const tinted = () =>
  page.evaluate(() => {
    const source = document.querySelector('.voxbeam-canvas');
    const [w, h] = [source.width >> 1, source.height >> 1];
    const context = new OffscreenCanvas(w, h).getContext('2d');
    context.drawImage(source, 0, 0);
    const { data } = context.getImageData(0, 0, w, h);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 40) count += 1;
    return count;
  });

test('a stroke is in the picture and in Python, in the voxels of its slice; the ball goes deeper; ctrl z takes back one after the other', async () => {
  await page.locator('.voxbeam').press('z');
  await page.locator('[data-action="new-labels"]').click();
  await page.locator('[data-action="new-labels"]').waitFor({ state: 'hidden' });
  const stage = await page.locator('.voxbeam-canvas').boundingBox();
  const [cx, cy] = [stage.x + stage.width / 4, stage.y + stage.height / 4];
  const stroke = async (dx, dy) => {
    await page.mouse.move(cx - dx, cy - dy);
    await page.mouse.down();
    for (let i = -4; i <= 4; i += 1) await page.mouse.move(cx + (dx * i) / 4, cy + (dy * i) / 4);
    await page.mouse.up();
  };
  await stroke(20, 0);
  const first = await eventually('the stroke', async () => {
    const labels = await painted();
    return labels?.labels[1] > 0 && labels;
  });
  assert.equal(first.planes.length, 1);
  await settled(page, ROOT);
  await eventually('the stroke in the picture', async () => (await tinted()) > 100);

  await page.locator('[data-label="2"]').click();
  await page.locator('[data-paint-reach="ball"]').click();
  await stroke(0, 15);
  const second = await eventually('the ball', async () => {
    const labels = await painted();
    return labels.labels[2] > 0 && labels;
  });
  assert.ok(second.planes.length >= 7 && second.planes.length <= 9, `${second.planes}`); // a radius of 4 voxels
  assert.ok(second.labels[1] < first.labels[1], 'the ball lies over the disc');
  await settled(page, ROOT);
  await page.screenshot({ path: `${root}/out/paint.png` });

  await page.locator('.voxbeam').focus();
  await page.keyboard.press('Control+z');
  await eventually('the ball is gone', async () => (await painted()).labels[2] === 0);
  assert.deepEqual(await painted(), first);
  await page.keyboard.press('Control+z');
  await eventually('all is gone', async () => (await painted()).labels[1] === 0);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('[data-instrument="paint"]').isVisible(), false);
  assert.deepEqual(page.said, []);
});
