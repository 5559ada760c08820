// A film in a real notebook: played, looped, paused, moved by hand and from Python, with a frame that cannot be loaded in the middle.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { becomes, eventually, kernelJson, runCells, settled, VIEW, Workplace } from './support.mjs';
import { kernelRun } from '../../scripts/notebook_page.mjs';

let place;
before(async () => {
  place = await Workplace.open();
});
after(() => place?.close());

/** A ball that wanders along x; the fourth of six frames cannot be read. */
const FILM = `
import numpy as np, voxbeam as rv
def frame(level, z, y, x, time):
    if time == 3:
        raise OSError("the file of frame 3 is cut short")
    z, y, x = (np.arange(part.start, part.stop) * 2.0**level for part in (z, y, x))
    apart = (z[:, None, None] - 40) ** 2 + (y[:, None] - 40) ** 2 + (x - 20 - 12 * time) ** 2
    return 250 * (apart < 900)
film = rv.from_function(frame, (80, 80, 112), "uint8", name="film", times=6, time_step=0.5, time_unit="s", window=(0, 255))
view = rv.view(film, height=320, passes=1)
`;

/** Watches slider and picture at each frame of the page for a while, or until the slider has moved so often. */
const watch = (page, ms, moves = Infinity) => page.evaluate(async ({ selector, ms, moves }) => {
  const root = document.querySelector(selector);
  const canvas = root.querySelector('canvas.voxbeam-canvas');
  const slider = root.querySelector('.voxbeam-time input[type=range]');
  const small = new OffscreenCanvas(60, 30).getContext('2d', { willReadFrequently: true });
  const seen = [];
  const end = performance.now() + ms;
  let moved = 0;
  while (performance.now() < end && moved < (moves ?? Infinity)) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    small.drawImage(canvas, 0, 0, 60, 30);
    const { data } = small.getImageData(0, 0, 60, 30);
    let light = 0;
    for (let i = 0; i < data.length; i += 4) light += data[i];
    if (seen.length > 0 && seen.at(-1).time !== Number(slider.value)) moved += 1;
    seen.push({ time: Number(slider.value), light: light / (data.length / 4), rate: root.querySelector('.voxbeam-time-rate').textContent });
  }
  return seen;
}, { selector: VIEW, ms, moves: Number.isFinite(moves) ? moves : undefined });

test('a film plays at its rate, passes over what cannot be loaded, never shows a hole, and its time is Python’s too', { timeout: 600_000 }, async (t) => {
  const page = await place.notebook([FILM, 'view'], { viewport: { width: 760, height: 700 } });
  t.after(() => page.leave({ keep: true }));
  await runCells(page, [0, 1]);
  await settled(page);
  const bar = page.locator(`${VIEW} .voxbeam-time`);
  await bar.waitFor();
  const widths = await bar.evaluate((row) => [...row.children].map((child) => child.getBoundingClientRect().width));
  assert.equal(widths[3], Math.max(...widths), `the slider is the widest: ${widths}`);
  const slider = bar.locator('input[type=range]');
  assert.deepEqual(await slider.evaluate(({ max, value }) => [max, value]), ['5', '0']);
  await becomes('the label', () => bar.locator('.voxbeam-time-label').textContent(), '1 / 6 · 0 s');
  const [{ light }] = await watch(page, 50);
  assert.ok(light > 5, `the first frame is dark: ${light}`);

  await bar.locator('select').selectOption('5');
  await page.locator(`${VIEW} canvas.voxbeam-canvas`).click({ position: { x: 5, y: 5 } });
  await page.keyboard.press(' ');
  const began = Date.now();
  const seen = await watch(page, 120_000, 12);
  const took = Date.now() - began;
  const times = [...new Set(seen.map(({ time }) => time))].sort();
  assert.deepEqual(times, [0, 1, 2, 4, 5]);
  const order = seen.map(({ time }) => time).filter((time, i, all) => time !== all[i - 1]);
  assert.ok(order.length > 10, `too slow: ${order}`);
  for (const [i, time] of order.entries()) if (i > 0) assert.equal(time, [0, 1, 2, 4, 5][([0, 1, 2, 4, 5].indexOf(order[i - 1]) + 1) % 5], String(order));
  const darkest = Math.min(...seen.map(({ light }) => light));
  assert.ok(darkest > 0.4 * light, `a frame of light ${darkest}, the first had ${light}`);
  assert.ok(seen.some(({ rate }) => /^\d.*\/s shown$/.test(rate)), seen.at(-1).rate);
  assert.ok(took >= 11 * 200 - 50, `12 steps in ${took} ms are faster than 5 a second`);

  await page.keyboard.press(' ');
  await becomes('it stands', () => bar.locator('[data-time=play]').getAttribute('aria-pressed'), 'false');
  // Each side has heard of the other's time: else one that is set may be the one that is thought to be shown.
  const inPython = () => kernelJson(page, 'import json; print(json.dumps(view.time))');
  await eventually('Python knows where it stands', async () => String(await inPython()) === (await slider.inputValue()));
  await kernelRun(page, 'view.time = 2');
  await becomes('the slider, which follows Python', () => slider.inputValue(), '2');
  await settled(page);
  await page.keyboard.press('.');
  await becomes('the label says that it is not there', () => bar.locator('.voxbeam-time-label').textContent(), /4 \/ 6 · 1\.5 s · not loaded/);
  const [{ light: kept }] = await watch(page, 50);
  assert.ok(kept > 0.4 * light, `the picture before does not stay: ${kept}`);
  await eventually('the footer says why', async () => /film, time point 4.*cut short/.test(await page.locator(`${VIEW} [data-footer=message]`).textContent()));
  await page.keyboard.press('.');
  await becomes('the time in Python, which follows the keys', inPython, 4);
  await settled(page);
});

test('channels are added, each in its colour, and a film of channels moves together', { timeout: 600_000 }, async (t) => {
  const page = await place.notebook([
    `import numpy as np, voxbeam as rv
x = np.arange(70)
left = np.broadcast_to(250 * (x < 30), (70, 70, 70))
right = np.broadcast_to(250 * (x > 40), (70, 70, 70))
cells = np.stack([np.stack([left, right]), np.stack([right, left])]).astype("uint8")
view = rv.view(cells, axes="tczyx", channels=["red", "green"], colormap=["#ff0000", "#00ff00"], window=(0, 255), views="volume", height=320, passes=1)
for name in view.instance.layers: view.instance.layers[name].mode = "mip"`,
    'view',
  ], { viewport: { width: 760, height: 700 } });
  t.after(() => page.leave({ keep: true }));
  await runCells(page, [0, 1]);
  await settled(page);
  assert.deepEqual(await kernelJson(page, 'import json; print(json.dumps(list(view.instance.volumes)))'), ['cells/red', 'cells/green']);
  /** Where from left to right red and green lie. */
  const colours = () => page.evaluate((selector) => {
    const canvas = document.querySelector(selector).querySelector('canvas.voxbeam-canvas');
    const context = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d');
    context.drawImage(canvas, 0, 0);
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    const seen = [];
    for (let i = 0; i < data.length; i += 4) if (data[i] + data[i + 1] > 300 || Math.abs(data[i] - data[i + 1]) > 120) seen.push([(i / 4) % width, data[i] > data[i + 1]]);
    const mean = (red) => {
      const places = seen.filter(([, isRed]) => isRed === red).map(([x]) => x);
      return places.length > 50 ? places.reduce((a, b) => a + b, 0) / places.length / width : undefined;
    };
    return { red: mean(true), green: mean(false), width, height };
  }, VIEW);
  const first = await colours();
  assert.ok(first.red !== undefined && first.green !== undefined, `both channels show: ${JSON.stringify(first)}`);
  await kernelRun(page, 'view.time = 1');
  await eventually('both channels have changed places', async () => {
    const now = await colours();
    return now.red !== undefined && now.green !== undefined && Math.sign(now.red - now.green) === -Math.sign(first.red - first.green);
  });

  // In the list they stand under their image, which is hidden by key with both of them; a colour chosen there is in Python.
  const group = page.locator(`${VIEW} [role=group][aria-label="cells, 2 channels"]`);
  const looks = () => kernelJson(page, 'print(json.dumps([[layer.visible, layer.colormap, layer.opacity, layer.window] for layer in view.instance.layers.values()]))');
  await page.locator(`${VIEW} [data-action=panel]`).click(); // closed in a narrow view
  await group.locator('[aria-label="Hide all channels"]').focus();
  await page.keyboard.press('Enter');
  await eventually('both channels are hidden', async () => (await looks()).every(([visible]) => !visible));
  await group.locator('[aria-label="Show all channels"]').press('Enter');
  await eventually('both channels are back', async () => (await looks()).every(([visible]) => visible));
  const red = group.locator('.voxbeam-layer', { has: page.getByLabel('Colour of red') });
  await red.getByLabel('Colour of red').fill('#2040ff');
  await red.getByLabel('Window of the channel, high end value').fill('300');
  await red.getByLabel('Window of the channel, high end value').press('Enter');
  await group.getByLabel('Opacity of all channels').fill('0.5');
  await eventually('colour, window and opacity in Python', async () => {
    const [first, second] = await looks();
    return first[1] === '#2040ff' && first[3][1] === 300 && second[1] === '#00ff00' && first[2] === 0.5 && second[2] === 0.5;
  });
});
