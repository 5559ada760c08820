// How layers look, both ways: the transfer function dragged in the panel, presets and labels chosen there, settings made in Python.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BALL, eventually, kernelJson, runCells, settled, VIEW, Workplace } from './support.mjs';

const SETTINGS = `import json
layer, cells = view.layers["volume"], view.layers["cells"]
print(json.dumps({"window": layer.window, "points": layer.points, "gamma": layer.gamma, "mode": layer.mode, "colormap": layer.colormap, "selected": [str(i) for i in cells.selected], "isolate": cells.isolate, "picked": {**view.picked, "id": str(view.picked.get("id"))}}))`;

let place;
before(async () => {
  place = await Workplace.open();
});
after(() => place?.close());

const centreOf = async (locator) => {
  const { x, y, width, height } = await locator.boundingBox();
  return [x + width / 2, y + height / 2];
};

async function drag(page, from, to) {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
  await page.mouse.move(...to);
  await page.mouse.up();
}

/** Mean brightness of the axial view, or of that in another column, once all is settled. */
async function brightness(page, view, column = 0) {
  await settled(page);
  const { x, y, width, height } = await view.locator('canvas.voxbeam-canvas').boundingBox();
  const png = await page.screenshot({ clip: { x: x + (column * width) / 2, y, width: width / 2, height: height / 2 } });
  return page.evaluate(async (base64) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += data[i] + data[i + 1] + data[i + 2];
    return sum / (3 * (data.length / 4));
  }, png.toString('base64'));
}

test('window, points, presets and labels: what is done in the panel is seen in the picture and in Python, and the other way round', async (t) => {
  const page = await place.notebook([
    `import voxbeam as rv\n${BALL}\nids = ((volume > 8000) * (1 + x // 40)).astype("uint32")\nview = rv.view(volume, height=450)\nrv.render_volume(ids, name="cells", kind="labels", opacity=0.9)\nview.layers["cells"].visible = False\nview`,
  ]);
  t.after(() => page.leave());
  await runCells(page, [0]);
  await settled(page);
  const view = page.locator(VIEW).first();
  await view.scrollIntoViewIfNeeded();
  const layer = (name) => view.locator('.voxbeam-layer', { has: page.locator('.voxbeam-layer-name', { hasText: name }) });
  const seen = (what, test) => eventually(what, async () => {
    const settings = await kernelJson(page, SETTINGS);
    return test(settings) ? settings : undefined;
  });
  const whole = await brightness(page, view);

  // The window's low end is dragged to its middle: less is seen, and Python has the value.
  const editor = layer('volume').locator('.voxbeam-opacity');
  await editor.scrollIntoViewIfNeeded();
  const low = await centreOf(layer('volume').locator('[data-end="0"] .voxbeam-reach'));
  const high = await centreOf(layer('volume').locator('[data-end="1"] .voxbeam-reach'));
  await drag(page, [low[0], low[1] - 25], [(low[0] + high[0]) / 2, low[1] - 25]);
  const { window } = await seen('the window in Python', (s) => s.window?.[0] > 20_000);
  assert.ok(window[0] < 36_000 && window[1] > 50_000, JSON.stringify(window));
  const narrow = await brightness(page, view);
  assert.ok(narrow < whole - 5, `${narrow} is darker than ${whole}`);

  // A point pushed to the floor; keys do the same as the mouse.
  const point = layer('volume').locator('[data-point="2"]');
  await point.focus();
  for (let i = 0; i < 8; i += 1) await page.keyboard.press('Shift+ArrowDown');
  const { points } = await seen('the points in Python', (s) => s.points[2][1] === 0);
  assert.deepEqual(points.map(([, opacity]) => opacity), [0, 0, 0]);

  // Python resets it, and the panel and the picture follow.
  await kernelJson(page, 'view.layers["volume"].reset().set(gamma=0.5, mode="mip"); print(1)');
  await eventually('the mode in the panel', () => layer('volume').locator('[data-mode="mip"][aria-pressed="true"]').count());
  const bright = await brightness(page, view);
  assert.ok(bright > narrow + 5, `${bright} is brighter than ${narrow}`);

  // A preset by name.
  await layer('volume').locator('[aria-label="Preset"]').selectOption({ label: 'Bone' });
  const preset = await seen('the preset in Python', (s) => s.colormap === 'bone');
  assert.deepEqual([preset.gamma, preset.mode, preset.window], [1, 'dvr', [1124, 2524]]);

  // A label under the pointer is selected with ctrl; isolated, the others go.
  await kernelJson(page, 'view.layers["volume"].visible = False\nview.layers["cells"].visible = True\nprint(1)');
  await eventually('the labels in the panel', () => view.locator('.voxbeam-layer[data-visible="true"]', { hasText: 'cells' }).count());
  await settled(page);
  const canvas = await view.locator('canvas.voxbeam-canvas').boundingBox();
  const at = [canvas.x + canvas.width * 0.25 + 20, canvas.y + canvas.height * 0.25];
  await page.keyboard.down('Control');
  await page.mouse.click(...at);
  await page.keyboard.up('Control');
  const all = await brightness(page, view, 1);
  const { selected, picked } = await seen('the selection in Python', (s) => s.selected.length === 1 && s.picked.volume);
  assert.deepEqual([picked.volume, picked.id], ['cells', selected[0]]);
  const expected = await kernelJson(page, `print(int(ids[tuple(${JSON.stringify(picked.voxel)})]))`);
  assert.equal(selected[0], String(expected));
  await layer('cells').locator('[data-action="isolate"]').click();
  await seen('isolation in Python', (s) => s.isolate);
  // In 3D: one label on an empty page is brighter than all of them.
  const alone = await eventually('the picture of one label', async () => {
    const now = await brightness(page, view, 1);
    return now > all + 2 && now;
  });
  assert.ok(alone < 254, `${alone} is not nothing`);

  // A shader with a mistake says where; a good one is drawn with.
  await kernelJson(page, 'view.layers["volume"].reset().set(visible=True)\nview.layers["cells"].visible = False\nprint(1)');
  const row = layer('volume');
  await row.locator('[data-fold="shader"] summary').click();
  const text = row.locator('[aria-label="Shader, GLSL"]');
  await text.fill('vec4 shade(Sample s) {\n  return vec4(missing);\n}');
  await row.locator('[data-action="apply-shader"]').click();
  const fault = await eventually('the error at its line', async () => (await row.locator('[data-line="2"]').count()) && row.locator('[data-line="2"]').textContent());
  assert.match(fault, /line 2: .*missing/);
  await text.fill('uniform float much; // 0 1 0.5\nvec4 shade(Sample s) {\n  return vec4(1., 0., 0., much * step(.3, s.value));\n}');
  await text.press('Control+Enter');
  await row.locator('[aria-label="Shader\'s much"]').fill('0.9');
  const [shader, uniforms] = await eventually('the slider in Python', async () => {
    const seen = await kernelJson(page, 'print(json.dumps([view.layers["volume"].shader, view.layers["volume"].uniforms]))');
    return seen[1].much === 0.9 && seen;
  });
  assert.ok(shader.startsWith('uniform float much'), JSON.stringify(uniforms));
  await eventually('no error any more', async () => (await row.locator('[data-line]').count()) === 0);
  assert.deepEqual(page.said.filter((line) => line.startsWith('thrown')), []);
});
