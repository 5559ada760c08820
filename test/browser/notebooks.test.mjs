// Every notebook but the quickstart, which has a test of its own: run to its end in a JupyterLab, with a picture in each of its views.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cellText, codeCells, kernelRun, runCell } from '../../scripts/notebook_page.mjs';
import { root } from '../../scripts/process.mjs';
import { becomes, eventually, out, pictureOf, settled, VIEW, Workplace } from './support.mjs';

const folder = join(root, 'notebooks');
const names = readdirSync(folder).filter((name) => name.endsWith('.ipynb') && name !== 'quickstart.ipynb').sort();

/** What else is to be seen in some of them. */
const CHECKS = {
  'annotate.ipynb': async ({ page, text }) => {
    assert.match(text, /\(12, 20, 20\) uint16 mean \d{5}/);
    assert.match(text, /\['marks\.json', 'tissue\.seg\.nrrd'\]/);
    const view = page.locator(VIEW).first();
    await view.scrollIntoViewIfNeeded();
    const box = await view.locator('canvas.voxbeam-canvas').boundingBox();
    const [x, y] = [box.x + box.width * 0.2, box.y + box.height * 0.2];
    await view.press('p');
    await page.mouse.click(x, y);
    const json = (code) => kernelRun(page, `import json; print(json.dumps(${code}))`).then((said) => JSON.parse(said.trim().split('\n').at(-1)));
    const last = await eventually('a point drawn with the mouse', async () => {
      const points = await json('[list(one.voxel) for one in marks if one.kind == "point"]');
      return points.length === 2 && points[1];
    });
    assert.equal(last.length, 3);
    await becomes('what was heard', () => json('heard').then((all) => all.at(-1)), /^added Point 1 by /);
    const count = () => json('int((np.asarray(labels) == 1).sum())');
    const before = await count();
    await view.press('z');
    await settled(page);
    const now = await view.locator('canvas.voxbeam-canvas').boundingBox();
    await page.mouse.move(now.x + now.width * 0.25, now.y + now.height * 0.25);
    await page.mouse.down();
    await page.mouse.move(now.x + now.width * 0.28, now.y + now.height * 0.27, { steps: 4 });
    await page.mouse.up();
    await eventually('a stroke', async () => (await count()) > before);
  },
  'exabyte.ipynb': async ({ page, text }) => {
    assert.match(text, /1,152,921,504,606,846,976 voxels/);
    assert.match(text, /'mandelbulb' takes 1\.\d EiB, the store has .*: bricks are made as they are looked at\./);
    assert.match(text, /1048572, 1048573, 1048574, 1048575/);
    const rss = Number(await kernelRun(page, 'import psutil; print(psutil.Process().memory_info().rss // 2**20)'));
    assert.ok(rss < 700, `the kernel takes ${rss} MiB`);
  },
  'labels.ipynb': async ({ text }) => assert.match(text, /(1\d{6}: '\d+\.\d ml'[\s\S]*?){5}/),
  'learn.ipynb': async ({ text }) => {
    const [before, after] = [...text.matchAll(/Dice (0\.\d+)/g)].map(([, value]) => Number(value));
    assert.ok(before > 0.8 && after > 0.8, `Dice ${before}, then ${after}`);
    assert.match(text, /% right on \d+ voxels of held-out strokes/);
  },
  'shaders.ipynb': async ({ page }) => {
    // The shader with a mistake came and went: the view that stands has the one before it.
    assert.match(await kernelRun(page, 'print(t1.shader)'), /s\.position\.z/);
  },
  'time_and_channels.ipynb': async ({ page, text }) => {
    assert.match(text, /'cells\/DAPI': '#[0-9a-f]{6}', 'cells\/GFP': '#[0-9a-f]{6}'/);
    assert.match(text, /^\s*9\s*$/m, 'the time point that was set');
    const label = page.locator(`${VIEW} .voxbeam-time-label`).first();
    await becomes('another film begins at its beginning', () => label.textContent(), '1 / 24 · 0 min');
  },
};

let place;
before(async () => {
  place = await Workplace.open();
  await mkdir(out, { recursive: true });
});
after(() => place?.close());

for (const name of names) {
  test(name, { timeout: 600_000 }, async (t) => {
    const began = Date.now();
    const page = await place.notebook(await readFile(join(folder, name), 'utf8'), { viewport: { width: 640, height: 760 } });
    t.after(() => page.leave());
    const said = [];
    for (const { index, source } of await codeCells(page)) {
      const { error } = await runCell(page, index);
      assert.equal(error, undefined, `${source}\n${error}`);
      said.push(await cellText(page, index));
    }
    // A widget is there some time after its cell has run: as many are waited for as there are outputs that are widgets.
    const views = page.locator(VIEW);
    const count = await page.evaluate(() => {
      const outputs = window.voxbeamPanel.content.widgets.flatMap(({ model }) => (model.type === 'code' ? model.outputs.toJSON() : []));
      return outputs.filter(({ data }) => data?.['application/vnd.jupyter.widget-view+json']).length;
    });
    assert.ok(count > 0, 'no cell shows a view');
    for (let nth = 0; nth < count; nth += 1) {
      await views.nth(nth).scrollIntoViewIfNeeded();
      await settled(page, VIEW, { nth });
      const picture = await eventually(`a picture in view ${nth}`, async () => {
        const found = await pictureOf(page, views.nth(nth).locator('canvas.voxbeam-canvas'));
        return found.colours > 60 && found.drawn > 0.03 ? found : undefined;
      });
      t.diagnostic(`view ${nth} after ${((Date.now() - began) / 1000).toFixed(1)} s: ${picture.colours} colours, ${Math.round(100 * picture.drawn)} % drawn`);
    }
    await page.screenshot({ path: join(out, name.replace('.ipynb', '.png')) });
    await CHECKS[name]?.({ page, text: said.join('\n') });
    assert.deepEqual(page.said.filter((line) => /^thrown|voxbeam.*error/i.test(line)), []);
  });
}
