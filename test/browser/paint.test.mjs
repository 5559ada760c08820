// Labels painted with the mouse: seen in the picture, read in Python, taken back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/process.mjs';
import { openPythonPage, ROOT } from './python_page.mjs';
import { becomes, eventually, settled } from './support.mjs';

let opened;
let page;

before(async () => {
  opened = await openPythonPage('page_paint.py', { width: 760, height: 420 });
  page = opened.page;
});
after(() => opened?.close());

/** What Python reads of the labels. */
async function painted() {
  return JSON.parse(await opened.ask()).labels;
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
  for (const [act, how] of [['fill', 'space presses'], ['lasso', 'space takes hold, arrows draw, space lets go']]) {
    assert.match(await page.locator(`[data-paint="${act}"]`).getAttribute('title'), new RegExp(`\\)\nWithout a mouse: space shows a pointer, arrows move it \\(shift: ten\\), ${how}$`));
  }
  const stage = await page.locator('.voxbeam-canvas').boundingBox();
  const [cx, cy] = [stage.x + stage.width / 4, stage.y + stage.height / 4];
  const stroke = async (dx, dy) => {
    await page.mouse.move(cx - dx, cy - dy);
    await page.mouse.down();
    for (let i = -4; i <= 4; i += 1) await page.mouse.move(cx + (dx * i) / 4, cy + (dy * i) / 4);
    await page.mouse.up();
  };
  const overPicture = (x, y) =>
    page.evaluate(([px, py]) => {
      const canvas = document.querySelector('.voxbeam-overlay');
      const { left, top, width } = canvas.getBoundingClientRect();
      const ratio = canvas.width / width;
      return canvas.getContext('2d').getImageData((px - left) * ratio, (py - top) * ratio, 1, 1).data[3];
    }, [x, y]);
  await page.mouse.move(cx - 30, cy - 25);
  assert.equal(await overPicture(cx - 28, cy - 23), 0);
  await page.mouse.down();
  await eventually('a press alone is seen', async () => (await overPicture(cx - 28, cy - 23)) > 60);
  await page.mouse.up();
  await eventually('its voxels', async () => (await painted())?.labels[1] > 0);
  await page.locator('.voxbeam').focus();
  await page.keyboard.press('Control+z');
  await eventually('they are gone', async () => (await painted()).labels[1] === 0);

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
  await becomes('the ball is gone, and the stroke is whole', painted, first);
  await page.keyboard.press('Control+z');
  await eventually('all is gone', async () => (await painted()).labels[1] === 0);
});

test('a pen paints by its pressure and a finger draws; two fingers zoom; a piece of the image is painted by a press', async () => {
  const cdp = await page.context().newCDPSession(page);
  const stage = await page.locator('.voxbeam-canvas').boundingBox();
  const [cx, cy] = [stage.x + stage.width / 4, stage.y + stage.height / 4];
  const steps = Array.from({ length: 7 }, (_, i) => [cx - 18 + 6 * i, cy]);
  const pen = async (force) => {
    const say = (type, [x, y]) => cdp.send('Input.dispatchMouseEvent', { type, x, y, force, pointerType: 'pen', button: 'left', buttons: type === 'mouseReleased' ? 0 : 1, clickCount: 1 });
    await say('mousePressed', steps[0]);
    for (const step of steps) await say('mouseMoved', step);
    await say('mouseReleased', steps.at(-1));
  };
  const touch = (type, ...places) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints: places.map(([x, y], id) => ({ x, y, id })) });
  const painted1 = (what, found) => eventually(what, async () => {
    const now = await painted();
    return found(now) && now;
  });
  const label = async (number) => {
    await page.locator(`[data-label="${number}"]`).click();
    await becomes(`label ${number} is chosen`, () => page.locator(`[data-label="${number}"]`).getAttribute('aria-pressed'), 'true');
  };
  await page.locator('[data-paint-reach="slice"]').click();
  await label(1);
  await pen(0.25);
  const light = await painted1('a light stroke', ({ labels }) => labels[1] > 0);
  await label(2);
  await pen(1);
  const firm = await painted1('a firm one over it', ({ labels }) => labels[2] > 0);
  assert.deepEqual([firm.labels[1], firm.planes.length], [0, 1]);
  assert.ok(firm.labels[2] > 2 * light.labels[1], `${[light.labels, firm.labels]}`);
  // a finger draws once the pen is gone: until then it is the hand that holds it
  await label(3);
  await eventually('the finger draws', async () => {
    await touch('touchStart', [cx, cy - 15]);
    await touch('touchMove', [cx, cy]);
    await touch('touchMove', [cx, cy + 15]);
    await touch('touchEnd');
    return (await painted()).labels[3] > 0;
  });
  const finger = await painted();
  // two fingers zoom by two: what is painted afterwards covers fewer voxels
  await touch('touchStart', [cx - 20, cy], [cx + 20, cy]);
  for (const half of [25, 30, 35, 40]) await touch('touchMove', [cx - half, cy], [cx + half, cy]);
  await touch('touchEnd');
  await settled(page, ROOT);
  assert.deepEqual(await painted(), finger, 'two fingers paint nothing');
  await page.locator('.voxbeam').focus();
  await eventually('all is taken back', async () => {
    await page.keyboard.press('Control+z');
    return (await painted()).planes.length === 0;
  }, { every: 300 });
  await label(2);
  await pen(1);
  const zoomed = await painted1('a stroke in the larger slice', ({ labels }) => labels[2] > 0);
  assert.ok(zoomed.labels[2] < 0.8 * firm.labels[2], `${[firm.labels, zoomed.labels]}`);
  await page.locator('.voxbeam').focus();
  await page.keyboard.press('Control+z');
  await painted1('it is gone', ({ planes }) => planes.length === 0);

  await page.keyboard.press('v');
  await becomes('pieces are painted', () => page.locator('[data-paint="piece"]').getAttribute('aria-pressed'), 'true');
  await label(3);
  await page.mouse.move(cx, cy);
  await page.mouse.down();
  await page.mouse.up();
  const piece = await painted1('a piece', ({ labels }) => labels[3] > 0);
  assert.equal(piece.planes.length, 1);
  assert.ok(piece.labels[3] > 8 && piece.labels[3] < 256, `${piece.labels}`); // a cell has 8 × 8 voxels
  assert.ok(piece.values[1] - piece.values[0] < 800, `not across the ball's side: ${piece.values}`);
  await page.screenshot({ path: `${root}/out/paint_piece.png` });
  await page.locator('.voxbeam').focus();
  await page.keyboard.press('Control+z');
  await painted1('it is gone', ({ planes }) => planes.length === 0);
  await page.keyboard.press('r');
});

test('the other end of a pen takes labels away, with whatever is chosen', async () => {
  const stage = await page.locator('.voxbeam-canvas').boundingBox();
  const [cx, cy] = [stage.x + stage.width / 4, stage.y + stage.height / 4];
  // The browser's own events: its debugging protocol has no eraser. A pointer may be captured only while there is one of its number, as the mouse's 1.
  const pen = (places, { button, buttons, pressure = 0.5 }) => page.evaluate(async ([points, press, held, force]) => {
    const target = document.querySelector('.voxbeam-canvas');
    const say = (type, [clientX, clientY], more) => target.dispatchEvent(new PointerEvent(type, {
      bubbles: true, cancelable: true, composed: true, pointerId: 1, pointerType: 'pen', isPrimary: true, clientX, clientY, pressure: force, button: -1, buttons: held, ...more,
    }));
    say('pointerdown', points[0], { button: press });
    for (const point of points.slice(1)) {
      say('pointermove', point);
      await new Promise(requestAnimationFrame);
    }
    say('pointerup', points.at(-1), { button: press, buttons: 0, pressure: 0 });
  }, [places, button, buttons, pressure]);
  const line = (dy) => Array.from({ length: 9 }, (_, i) => [cx - 24 + 6 * i, cy + dy]);
  const [tip, eraser] = [{ button: 0, buttons: 1 }, { button: 5, buttons: 32 }];
  await page.locator('.voxbeam').focus();
  await page.keyboard.press('p');
  await page.keyboard.press('2');
  await becomes('label 2 is chosen', () => page.locator('[data-label="2"]').getAttribute('aria-pressed'), 'true');
  await pen(line(0), { ...tip, pressure: 1 });
  const drawn = await eventually('a stroke of the pen', async () => {
    const now = await painted();
    return now.labels[2] > 40 && now;
  });
  await pen(line(0).slice(0, 5), { ...eraser, pressure: 1 });
  const erased = await eventually('half of it is gone', async () => {
    const now = await painted();
    return now.labels[2] < drawn.labels[2] && now;
  });
  assert.ok(erased.labels[2] > 0.2 * drawn.labels[2] && erased.labels[2] < 0.8 * drawn.labels[2], `${[drawn.labels, erased.labels]}`);
  assert.equal(await page.locator('[data-label="2"]').getAttribute('aria-pressed'), 'true', 'the tip writes what it wrote');
  await pen(line(0), { ...eraser, pressure: 1 });
  await eventually('all of it is gone', async () => (await painted()).planes.length === 0);
  await page.locator('.voxbeam').focus();
  for (const [what, expected] of [['half of it is back', erased], ['all of it is', drawn]]) {
    await page.keyboard.press('Control+z');
    await becomes(what, painted, expected);
  }
  await page.keyboard.press('Control+z');
  await eventually('nothing is left', async () => (await painted()).planes.length === 0);
});

test('a lasso, in a range of values, and what lies between two slices; named, counted, and in a narrow page', async () => {
  const stage = await page.locator('.voxbeam-canvas').boundingBox();
  const [cx, cy] = [stage.x + stage.width / 4, stage.y + stage.height / 4];
  const lasso = async (radius) => {
    await page.mouse.move(cx + radius, cy);
    await page.mouse.down();
    for (let i = 1; i < 24; i += 1) await page.mouse.move(cx + radius * Math.cos((i * Math.PI) / 12), cy + radius * Math.sin((i * Math.PI) / 12));
    await page.mouse.up();
  };
  const labels = (what, found) => eventually(what, async () => {
    const now = await painted();
    return found(now) && now;
  });
  await page.locator('.voxbeam').focus();
  await page.keyboard.press('h');
  await page.keyboard.press('3');
  for (const pressed of ['[data-paint="lasso"]', '[data-label="3"]']) await becomes(`${pressed} is pressed`, () => page.locator(pressed).getAttribute('aria-pressed'), 'true');
  await lasso(30);
  const first = await labels('the lasso', ({ labels: [, , , three] }) => three > 100);
  assert.equal(first.planes.length, 1);
  // what lies between it and another slice, six further
  await page.mouse.move(cx, cy);
  for (let i = 0; i < 6; i += 1) await page.keyboard.press('ArrowUp');
  await lasso(16);
  const second = await labels('the other lasso', ({ planes }) => planes.length === 2);
  assert.equal(Math.abs(second.planes[1] - second.planes[0]), 6);
  await page.keyboard.press('i');
  const between = await labels('what lies between', ({ planes }) => planes.length === 7);
  const [large, small] = [first.labels[3], second.labels[3] - first.labels[3]];
  assert.ok(between.labels[3] - second.labels[3] > 5 * small && between.labels[3] - second.labels[3] < 5 * large, `${[large, small, between.labels[3]]}`);
  // named, and counted to the voxel
  await page.locator('[data-field="label-name"]').fill('kernel');
  await page.keyboard.press('Enter');
  const named = await labels('the name', ({ classes }) => classes[3]);
  assert.deepEqual(named.classes[3], ['kernel', null]);
  await eventually('its name and how much there is of it in the panel', async () =>
    (await page.locator('[data-label="3"]').textContent()) === 'kernel' && (await page.locator('.voxbeam-labels > .voxbeam-said').textContent()).includes(' mm³'));
  await becomes('how much there is of it, in words', () => page.locator('[data-label="3"] + .voxbeam-amount').getAttribute('title'), /voxels, .* mm³$/);
  await page.screenshot({ path: `${root}/out/paint_panel.png` });
  await page.locator('.voxbeam').focus();
  for (const [what, planes] of [['what lies between is gone', 2], ['the other lasso too', 1], ['and the first', 0]]) {
    await page.keyboard.press('Control+z');
    await labels(what, (now) => now.planes.length === planes);
  }
  // only values in a range: the volume rises along x
  await page.keyboard.press('t');
  const field = (end) => page.locator(`[aria-label="Values that are painted, ${end} end value"]`);
  await field('high').fill('2280');
  await field('high').press('Enter');
  await field('low').fill('2160');
  await field('low').press('Enter');
  // while they are set, what lies within is tinted in the slices, and the histogram says how much that is
  await eventually('values in the range are tinted', async () => (await tinted()) > 500);
  await becomes('the histogram says how much lies within', () => page.locator('.voxbeam-value-histogram').getAttribute('aria-label'), /^Histogram of the slice, from .*: [\d.]+ % of what the slice shows is within$/);
  await page.screenshot({ path: `${root}/out/paint_range.png` });
  await page.locator('.voxbeam').focus();
  await eventually('they are tinted no longer', async () => (await tinted()) < 50);
  assert.equal((await painted()).labels[3], 0, 'nothing was painted by that');
  await lasso(30);
  const ranged = await labels('the lasso in a range', ({ labels: [, , , three] }) => three > 10);
  assert.ok(ranged.labels[3] < first.labels[3] / 2, `${ranged.labels}`);
  assert.ok(ranged.values[0] >= 2160 && ranged.values[1] <= 2280, `${ranged.values}`);
  await page.keyboard.press('Control+z');
  await labels('it is gone', ({ planes }) => planes.length === 0);

  // where the panel has no room beside the slices a row over them does
  await page.setViewportSize({ width: 480, height: 420 });
  const bar = page.locator('.voxbeam-paint-bar');
  await bar.waitFor();
  await settled(page, ROOT);
  await bar.locator('[data-bar="range"]').click();
  await bar.locator('[data-bar="act"]').selectOption('box');
  await bar.locator('[data-bar="label"]').selectOption('2');
  const narrow = await page.locator('.voxbeam-canvas').boundingBox();
  const from = [narrow.x + narrow.width / 4, narrow.y + narrow.height / 4];
  await page.mouse.move(from[0] - 12, from[1] - 12);
  await page.mouse.down();
  await page.mouse.move(from[0] + 12, from[1] + 12);
  await page.mouse.up();
  const boxed = await labels('the box', ({ labels: [, , two] }) => two > 20);
  assert.equal(boxed.planes.length, 1);
  await settled(page, ROOT);
  await page.screenshot({ path: `${root}/out/paint_bar.png` });
  await bar.locator('[data-bar="stop"]').click();
  await bar.waitFor({ state: 'hidden' });
  await page.locator('[data-instrument="paint"]').waitFor({ state: 'hidden' });
  assert.deepEqual(page.said, []);
});
