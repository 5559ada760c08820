// The notebooks of an exabyte and of time and channels, run to their ends, with a picture in each view.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cellText, codeCells, kernelRun, runCell } from '../../scripts/notebook_page.mjs';
import { root } from '../../scripts/process.mjs';
import { eventually, out, pictureOf, VIEW, Workplace } from './support.mjs';

let place;
before(async () => {
  place = await Workplace.open();
});
after(() => place?.close());

/** Runs a notebook; gives what its cells say, and the seconds from running a cell to voxels in its view. */
async function runNotebook(t, name) {
  const page = await place.notebook(await readFile(join(root, 'notebooks', name), 'utf8'), { viewport: { width: 1000, height: 1400 } });
  t.after(() => page.close());
  const said = [];
  for (const { index, source } of await codeCells(page)) {
    const before = await page.locator(VIEW).count();
    const began = Date.now();
    const { error } = await runCell(page, index);
    assert.equal(error, undefined, `${source}\n${error}`);
    said.push(await cellText(page, index));
    if (!/rv\.view|^\w*view$/m.test(source.split('\n').at(-1))) continue;
    const view = page.locator(VIEW).nth(before);
    await view.scrollIntoViewIfNeeded();
    await eventually(`a picture of ${source}`, async () => (await view.getAttribute('data-first-picture')) && (await pictureOf(page, view.locator('canvas.voxbeam-canvas'))).colours > 30, { timeout: 60_000 });
    t.diagnostic(`${name}: picture after ${((Date.now() - began) / 1000).toFixed(1)} s: ${source.split('\n').at(-1)}`);
  }
  await mkdir(out, { recursive: true });
  await page.screenshot({ path: join(out, name.replace('.ipynb', '.png')) });
  return { page, said };
}

test('exabyte.ipynb: what has no end is seen, in bounded memory', { timeout: 240_000 }, async (t) => {
  const { page, said } = await runNotebook(t, 'exabyte.ipynb');
  const text = said.join('\n');
  assert.match(text, /1,152,921,504,606,846,976 voxels/);
  assert.match(text, /'mandelbulb' takes 1\.\d EiB, the store has .*: bricks are made as they are looked at\./);
  assert.match(text, /1048572, 1048573, 1048574, 1048575/);
  const rss = Number(await kernelRun(page, 'import psutil; print(psutil.Process().memory_info().rss // 2**20)'));
  assert.ok(rss < 700, `the kernel takes ${rss} MiB`);
});

test('time_and_channels.ipynb: a film, channels, and both', { timeout: 240_000 }, async (t) => {
  const { page, said } = await runNotebook(t, 'time_and_channels.ipynb');
  assert.match(said.join('\n'), /'cells\/DAPI': '#[0-9a-f]{6}', 'cells\/GFP': '#[0-9a-f]{6}'/);
  const label = page.locator(`${VIEW} .voxbeam-time-label`).first();
  assert.ok(said.some((text) => text.trim() === '9'), 'the time point that was set');
  assert.equal(await label.textContent(), '1 / 24 · 0 min', 'another film begins at its beginning');
});
