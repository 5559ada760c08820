// Every notebook but the quickstart, which has a test of its own: run to its end in a JupyterLab, with a picture in each of its views.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cellText, codeCells, kernelRun, runCell } from '../../scripts/notebook_page.mjs';
import { root } from '../../scripts/process.mjs';
import { becomes, eventually, kernelJson, out, pictureOf, settled, VIEW, voxelAt, Workplace } from './support.mjs';

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
    const dice = (said) => [...said.matchAll(/Dice (0\.\d+)/g)].map(([, value]) => Number(value));
    assert.match(text, /Strokes drawn in the view: \d+ voxels of grey matter, \d+ of all else/);
    assert.match(text, /% right on [\d,]+ voxels of held-out strokes/);
    assert.match(text, /Corrected in the view: \d+ voxels are labelled now/);
    const [byHand, corrected] = dice(text);
    t.diagnostic(`Dice of strokes drawn with the mouse ${byHand}, corrected with it ${corrected}`);
    assert.ok(byHand > 0.88 && corrected > byHand + 0.01, `Dice ${byHand}, then ${corrected}`);
    // Where nobody draws, it does so itself, and says it.
    await kernelRun(page, 'scribbles[:] = 0');
    const cells = (await codeCells(page)).slice(2, 8);
    const [strokes, , measure, , correct, again] = cells;
    for (const { index, source } of cells) assert.equal((await runCell(page, index)).error, undefined, source);
    assert.match(await cellText(page, strokes.index), /^Nobody has drawn both classes: these are the strokes that come with the notebook/);
    assert.match(await cellText(page, correct.index), /^Nobody has corrected it/);
    const [[own], [better]] = [dice(await cellText(page, measure.index)), dice(await cellText(page, again.index))];
    t.diagnostic(`Dice of its own strokes ${own}, corrected ${better}`);
    assert.ok(own > 0.93 && better > own, `Dice ${own}, then ${better}`);
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

/** What a person does in some of them once a cell has run. */
const BY_HAND = { 'learn.ipynb': [{ after: /^scribbles = view\.labels/, act: drawnByHand }, { after: /^place = learner/, act: correctedByHand }] };

/** Runs of a mask `where(z, label)` along rows of a slice, in which a person who knows what is what draws: at most `most`. */
const RUNS = `def runs(where, z, label, least, most):
    found = []
    for y in range(20, 90, 2 if least < 5 else 6):
        row = np.concatenate([[0], where(z, label)[y], [0]]).astype(int)
        edges = np.flatnonzero(np.diff(row))
        found += [(int(y), int(a) + 1, int(b) - 2) for a, b in zip(edges[::2], edges[1::2]) if b - a >= least]
    return found[:: max(1, len(found) // most)][:most]

def true(z, label):
    return grey_matter[z] == (label == 1)

def wrong(z, label):
    return true(z, label) & (guess[z] != grey_matter[z])
`;

/** With the axial slice alone and the smallest brush: what `act(view)` paints. */
async function painting(page, act) {
  await kernelRun(page, RUNS);
  const before = page.viewportSize();
  await page.setViewportSize({ width: 1300, height: 900 });
  const view = page.locator(VIEW).first();
  await view.scrollIntoViewIfNeeded();
  await view.press('1'); // the axial slice alone
  await view.press('z');
  await eventually('labels to paint', () => view.evaluate((element) => element.querySelector('[data-label="1"], [data-bar="label"]') !== null));
  for (let i = 0; i < 8; i += 1) await view.press('[');
  await act(view);
  await view.press('Escape');
  await view.press('0');
  await page.setViewportSize(before);
  await settled(page);
}

/** Strokes of the mouse along the runs of both classes in the slice that is shown; its z, and how many strokes. */
async function strokesAlong(page, view, runs) {
  await view.scrollIntoViewIfNeeded();
  await settled(page);
  const box = await view.locator('canvas.voxbeam-canvas').boundingBox();
  const [low, high] = [[box.x + 0.42 * box.width, box.y + 0.35 * box.height], [box.x + 0.58 * box.width, box.y + 0.65 * box.height]];
  const [[z, y0, x0], [same, y1, x1]] = [await voxelAt(page, view, low), await voxelAt(page, view, high)];
  assert.equal(z, same, 'both lie in one axial slice');
  const place = (y, x) => [low[0] + ((x - x0) * (high[0] - low[0])) / (x1 - x0), low[1] + ((y - y0) * (high[1] - low[1])) / (y1 - y0)];
  let strokes = 0;
  for (const label of [1, 2]) {
    await view.press(String(label));
    for (const [y, from, to] of await kernelJson(page, `import json; print(json.dumps(${runs(z, label)}))`)) {
      await page.mouse.move(...place(y, from));
      await page.mouse.down();
      await page.mouse.move(...place(y, to), { steps: 4 });
      await page.mouse.up();
      strokes += 1;
    }
  }
  return { z, strokes };
}

/** How many voxels are marked as grey matter, how many of them are, and in how many slices there are marks. */
const marked = (page) => kernelJson(page, 'import json; marked = np.asarray(scribbles); print(json.dumps([int((marked == 1).sum()), int(grey_matter[marked == 1].sum()), int(np.flatnonzero(marked.any(axis=(1, 2))).size)]))');

/** Strokes drawn with the mouse along runs of grey matter and of what is none in one slice. */
async function drawnByHand(page) {
  await painting(page, async (view) => {
    await strokesAlong(page, view, (z, label) => `runs(true, ${z}, ${label}, 5, 16)`);
    await eventually('all strokes', async () => {
      const [one, two] = await kernelJson(page, 'import json; print(json.dumps([scribbles.counts().get(n, 0) for n in (1, 2)]))');
      return one > 40 && two > 40;
    });
  });
  const [of, right, slices] = await marked(page);
  assert.ok(right > 0.8 * of && slices === 1, `the strokes lie where they were meant: ${right} of ${of} in ${slices} slices`);
}

/** In each of three places that it leads to, strokes where the prediction is wrong. */
async function correctedByHand(page, cell) {
  const seen = new Set();
  await painting(page, async (view) => {
    for (let visit = 0; visit < 3; visit += 1) {
      if (visit > 0) assert.equal((await runCell(page, cell)).error, undefined);
      const to = await kernelJson(page, 'import json; print(json.dumps([int(n) for n in place["voxel"]]))');
      const edits = () => kernelJson(page, 'print(scribbles.changes().seq)');
      const before = await edits();
      const { z, strokes } = await strokesAlong(page, view, (at, label) => `runs(wrong, ${at}, ${label}, 3, 10)`);
      assert.equal(z, to[0], 'the slice of the place is the one that is shown');
      assert.ok(strokes > 4, `${strokes} strokes`);
      await becomes('each stroke is an edit', edits, before + strokes);
      seen.add(z);
    }
  });
  const [of, right, slices] = await marked(page);
  assert.ok(right > 0.75 * of && slices === new Set([...seen]).size + 1, `the corrections lie where they were meant: ${right} of ${of} in ${slices} slices`);
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
      for (const { after, act } of BY_HAND[name] ?? []) if (after.test(source)) await act(page, index);
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
