// A cloud from Python to the picture: drawn in all views, restricted to values in the panel, and told of under the cursor.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPythonPage, ROOT } from './python_page.mjs';
import { eventually, settled } from './support.mjs';

let opened;
let page;

before(async () => {
  opened = await openPythonPage('page_points.py', { width: 640, height: 400 }, { asked: true });
  page = opened.page;
});
after(() => opened?.close());

/** Pixels of the picture that are not background, in each of the four views. */
const lit = () =>
  page.evaluate(() => {
    const source = document.querySelector('.voxbeam-canvas');
    const canvas = new OffscreenCanvas(source.width, source.height);
    const context = canvas.getContext('2d');
    context.drawImage(source, 0, 0);
    const counts = [0, 0, 0, 0];
    const [w, h] = [canvas.width, canvas.height];
    const { data } = context.getImageData(0, 0, w, h);
    for (let i = 0; i < data.length; i += 4) {
      const [x, y] = [(i / 4) % w, Math.floor(i / 4 / w)];
      const most = Math.max(data[i], data[i + 1], data[i + 2]);
      if (most > 70 && most - Math.min(data[i], data[i + 1], data[i + 2]) > 30) counts[(x > w / 2 ? 1 : 0) + (y > h / 2 ? 2 : 0)] += 1;
    }
    return counts;
  });

test('every view shows the points', async () => {
  const counts = await lit();
  assert.ok(counts.every((n) => n > 200), `${counts} pixels`);
  assert.deepEqual(page.said, []);
});

/** A number of bytes as the footer writes it. */
const bytesOf = (text) => {
  const [, number, unit] = /([\d.]+)\s*(B|KB|MB)/.exec(text) ?? [];
  return Number(number) * { B: 1, KB: 1e3, MB: 1e6 }[unit];
};

// Before values are hidden: what a scene hides is not fetched.
test('points stay in the browser: who comes again fetches none of them, and sees them all', async (t) => {
  const context = await opened.browser.newContext({ viewport: { width: 800, height: 400 }, reducedMotion: 'reduce' });
  t.after(() => context.close());
  const visit = async () => {
    const own = await context.newPage();
    await own.goto(await opened.ask());
    await settled(own, ROOT);
    const footer = (name) => own.locator(`[data-footer="${name}"]`);
    // Told twice a second. What a page can show of the cloud is more than 200 KB, wherever it comes from.
    const seen = await eventually('the points are here', async () => {
      const [bytes, kept] = [await footer('bytes').textContent(), await footer('kept').getAttribute('title')];
      if (!bytes || !kept) return false;
      const told = { fetched: bytesOf(bytes), read: bytesOf(/([^,]*) of it used now/.exec(kept)[1]) };
      return told.fetched + told.read > 2e5 && told;
    });
    await sleep(2500); // nothing is written for a second and a half after the first bricks
    await own.close();
    return seen;
  };
  const first = await visit();
  assert.ok(first.fetched > 2e5 && first.read === 0, JSON.stringify(first));
  // What came is written behind everything else: on a busy machine a visit may still end before all of it is.
  const again = await eventually('a visit that fetches nothing', async () => {
    const seen = await visit();
    return seen.fetched < first.fetched / 10 && seen;
  });
  assert.ok(again.read > 0.9 * first.fetched, JSON.stringify([first, again]));
});

test('values out of range are hidden, and the point that is left is told of under the cursor', async () => {
  if (await page.locator('[data-action="panel"]').count()) await page.keyboard.press('Escape');
  await page.locator('[data-layout="volume"]').click();
  await settled(page, ROOT);
  const sum = async () => (await lit()).reduce((a, b) => a + b);
  const before = await sum();
  const field = page.locator('[aria-label="Values shown, low end value"]');
  if (!(await field.isVisible())) await page.locator('[data-action="panel"]').click();
  await field.fill('50');
  await field.press('Enter');
  const canvas = await page.locator('.voxbeam-canvas').boundingBox();
  await eventually('the footer tells of the point', async () => {
    await page.mouse.move(canvas.x + canvas.width / 2 + Math.random(), canvas.y + canvas.height / 2);
    const text = await page.locator('[data-footer="cursor"]').textContent();
    return /shell 40000 · [−-]?0.00, [−-]?0.00, [−-]?0.00 mm · 100 · mass 200/.test(text) || undefined;
  });
  const left = await eventually('only the point that is left is drawn', async () => {
    const now = await sum();
    return now < before && now;
  });
  assert.ok(left > 300, `${left} of ${before} pixels`);
});
