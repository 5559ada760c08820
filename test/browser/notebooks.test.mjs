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
  'learn.ipynb': async ({ page, text, t }) => {
    const [before, after] = [...text.matchAll(/Dice (0\.\d+)/g)].map(([, value]) => Number(value));
    assert.ok(before > 0.8 && after > 0.8, `Dice ${before}, then ${after}`);
    assert.match(text, /% right on \d+ voxels of held-out strokes/);
    t.diagnostic(await learntByHand(page));
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

/** Strokes drawn with the mouse along runs of grey matter and of what is none, as by a person who knows which is which: what is learnt from them alone finds most of it. */
async function learntByHand(page) {
  const json = (code) => kernelRun(page, `import json; print(json.dumps(${code}))`).then((said) => JSON.parse(said.trim().split('\n').at(-1)));
  await kernelRun(page, `scribbles = view.labels("scribbles", like="T1", dtype="uint8", classes={1: "grey matter", 2: "all else"})
def runs(z, label):
    found = []
    for y in range(20, 90, 6):
        row = np.concatenate([[0], grey_matter[z, y] == (label == 1), [0]]).astype(int)
        edges = np.flatnonzero(np.diff(row))
        found += [(int(y), int(a) + 1, int(b) - 2) for a, b in zip(edges[::2], edges[1::2]) if b - a >= 5]
    return found[:: max(1, len(found) // 16)][:16]`);
  await page.setViewportSize({ width: 1300, height: 900 });
  const view = page.locator(VIEW).first();
  await view.scrollIntoViewIfNeeded();
  await view.press('1'); // the axial slice alone
  await view.press('z');
  await eventually('labels to paint', () => view.evaluate((element) => element.querySelector('[data-label="1"], [data-bar="label"]') !== null));
  for (let i = 0; i < 8; i += 1) await view.press('[');
  await settled(page);
  const box = await view.locator('canvas.voxbeam-canvas').boundingBox();
  /** The voxel under a pixel, as the footer says it. */
  const voxelAt = async (px) => {
    await page.mouse.move(px[0] - 1, px[1]);
    await page.mouse.move(...px);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const said = await view.locator('[data-footer="cursor"]').textContent();
    return /^voxel (\d+), (\d+), (\d+)/.exec(said)?.slice(1).map(Number);
  };
  const [low, high] = [[box.x + 0.42 * box.width, box.y + 0.35 * box.height], [box.x + 0.58 * box.width, box.y + 0.65 * box.height]];
  const [[z, y0, x0], [same, y1, x1]] = [await voxelAt(low), await voxelAt(high)];
  assert.equal(z, same, 'both lie in one axial slice');
  const place = (y, x) => [low[0] + ((x - x0) * (high[0] - low[0])) / (x1 - x0), low[1] + ((y - y0) * (high[1] - low[1])) / (y1 - y0)];
  for (const label of [1, 2]) {
    await view.press(String(label));
    for (const [y, from, to] of await json(`runs(${z}, ${label})`)) {
      await page.mouse.move(...place(y, from));
      await page.mouse.down();
      await page.mouse.move(...place(y, to), { steps: 4 });
      await page.mouse.up();
    }
  }
  const count = (label) => json(`int((np.asarray(scribbles) == ${label}).sum())`);
  await eventually('all strokes', async () => (await count(1)) > 40 && (await count(2)) > 40);
  const said = await kernelRun(page, `by_hand = rv.learn(volume, np.asarray(scribbles), view=view, name="by hand")
by_hand.train()
by_hand.prediction.wait()
guess = by_hand.prediction[:] == 1
print(f"by hand {2 * (guess & grey_matter).sum() / (guess.sum() + grey_matter.sum()):.3f}, right {(np.asarray(scribbles)[grey_matter] == 1).sum()} of {(np.asarray(scribbles) == 1).sum()}")`);
  const [, dice, right, of] = /by hand (0\.\d+), right (\d+) of (\d+)/.exec(said).map(Number);
  assert.ok(right > 0.8 * of, `the strokes lie where they were meant: ${said}`);
  assert.ok(dice > 0.8, said);
  return said.trim().split('\n').at(-1);
}

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
    await CHECKS[name]?.({ page, t, text: said.join('\n') });
    assert.deepEqual(page.said.filter((line) => /^thrown|voxbeam.*error/i.test(line)), []);
  });
}
