// Annotations on the page of its own: by keys alone, drawn to voxels and vertices, in one stroke and in 3D, found in the table, and one of very many dragged.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPythonPage, ROOT } from './python_page.mjs';
import { becomes, eventually, settled } from './support.mjs';

let opened;
let page;

before(async () => {
  opened = await openPythonPage('page_marks.py', { width: 1000, height: 560 });
  page = opened.page;
});
after(() => opened?.close());

/** What Python has; `crowd` points are put in place of all marks before, where that is given. */
async function held(crowd = '') {
  return JSON.parse(await opened.ask(crowd));
}

const keys = async (...names) => {
  for (const name of names) await page.keyboard.press(name);
};
const focus = () => page.locator('.voxbeam').focus();
/** Once there are so many marks: the last one. */
const mark = (what, count) => eventually(what, async () => {
  const { marks } = await held();
  return marks.length === count && marks.at(-1);
});
/** The middle of one of four views, in page pixels, and how many of them a voxel has in slices. */
async function viewAt(index) {
  const { x, y, width, height } = await page.locator('.voxbeam-canvas').boundingBox();
  return [x + ((index % 2) + 0.5) * (width / 2), y + (Math.floor(index / 2) + 0.5) * (height / 2)];
}
const drag = async ([x, y], ...moves) => {
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (const [dx, dy] of moves) await page.mouse.move(x + dx, y + dy, { steps: 4 });
  await page.mouse.up();
};
const clear = async () => {
  await focus();
  await keys('Escape', 'Escape', 'Control+a', 'Delete');
  await eventually('no marks', async () => (await held()).marks.length === 0);
};

test('by keys alone: a point, a box, a polygon, a mark that is moved, and voxels', async () => {
  await focus();
  await keys('1', 'p', ' ', ' ');
  const [, , first] = await mark('a point where the slices cross', 1);
  await keys('ArrowRight', 'ArrowRight', 'ArrowRight', 'Shift+ArrowDown', ' ');
  const [, , second] = await mark('another one', 2);
  assert.deepEqual(second.map((value, i) => Math.abs(Math.round(100 * (value - first[i])) / 100)), [3, 10, 0]);
  await keys('PageUp', ' ');
  const [, , above] = await mark('one in the next slice', 3);
  assert.deepEqual(above.map((value, i) => Math.round(100 * (value - second[i])) / 100), [0, 0, 1]);

  await keys('b', ' ', 'Shift+ArrowRight', 'Shift+ArrowUp');
  await keys('Escape'); // lets go, and nothing is made
  await keys(' ', 'Shift+ArrowLeft', 'Shift+ArrowDown', 'Enter');
  const [kind, , [x0, y0, , x1, y1]] = await mark('a box', 4);
  assert.equal(kind, 'box');
  assert.ok(Math.abs(x1 - x0 - 10) < 1e-6 && Math.abs(y1 - y0 - 10) < 1e-6, `${[x0, y0, x1, y1]}`);

  await keys('h', ' ', 'Shift+ArrowLeft', ' ', 'Shift+ArrowUp', ' ', 'Enter');
  const polygon = await mark('a polygon', 5);
  assert.deepEqual([polygon[0], polygon[2].length], ['polygon', 9]);

  // The point that was made first is chosen by key, taken hold of, and moved.
  await keys('Escape', 'Escape', 'Escape', 'j', ' ', ' ', 'ArrowRight', 'ArrowRight', ' ');
  await eventually('the first point further right', async () => {
    const [, , now] = (await held()).marks[0];
    return Math.abs(now[0] - first[0] - 2) < 1e-6 && Math.abs(now[1] - first[1]) < 1e-6;
  });
  await keys('Control+z');
  await eventually('it is back', async () => Math.abs((await held()).marks[0][2][0] - first[0]) < 1e-6);

  await keys('Escape', 'Escape', 'z');
  await page.locator('[data-action="new-labels"]').press('Enter');
  await page.locator('[data-action="new-labels"]').waitFor({ state: 'hidden' });
  await focus();
  for (let i = 0; i < 8; i += 1) await keys('[');
  await keys(' ', 'ArrowUp', ' ');
  await eventually('a dab of voxels', async () => Object.values((await held()).painted)[0][0] > 0);
  await keys('Control+z');
  await eventually('they are gone', async () => Object.values((await held()).painted)[0][0] === 0);
  await keys('z', '0');
  await clear();
});

test('each tool draws to its end by keys alone', async () => {
  await settled(page, ROOT);
  await focus();
  await keys('1');
  const right = ['Shift+ArrowRight'];
  const round = ['Shift+ArrowRight', 'Shift+ArrowUp', 'Shift+ArrowLeft', 'Shift+ArrowDown'];
  for (const [tool, strokes, kind, numbers] of [
    ['p', [' '], 'point', 3],
    ['a', [' ', ...right, ' '], 'line', 6],
    ['Shift+A', [' ', ...right, ' ', 'Shift+ArrowUp', ' ', ...right, ' ', 'Enter'], 'polyline', 12],
    ['h', [' ', ...right, ' ', 'Shift+ArrowUp', ' ', 'Enter'], 'polygon', 9],
    ['f', [' ', ...round, ' '], 'polygon'],
    ['f', [' ', ...right, 'Shift+ArrowUp', ' '], 'polyline'],
    ['b', [' ', ...right, 'Shift+ArrowUp', ' '], 'box', 6],
    ['Shift+B', [' ', ...right, 'Shift+ArrowUp', ' '], 'oriented_box'],
    ['e', [' ', ...right, 'Shift+ArrowUp', ' '], 'ellipsoid'],
  ]) {
    await keys(tool, ' ', ...strokes);
    const [made, , coords] = await mark(`${tool} draws`, 1);
    assert.equal(made, kind);
    if (numbers) assert.equal(coords.length, numbers, `${tool}: ${coords}`);
    await clear();
  }
  await keys('z');
  const painted = async () => Object.values((await held()).painted)[0]?.[0];
  if ((await painted()) === undefined) await page.locator('[data-action="new-labels"]').press('Enter');
  await eventually('labels', async () => (await painted()) !== undefined);
  await focus();
  for (let i = 0; i < 8; i += 1) await keys('['); // a brush of one voxel
  for (const [act, strokes, least, most = least] of [
    ['p', [' '], 1],
    ['p', ['Shift+Space', ...right, ...right, 'Shift+Space'], 21],
    ['p', ['Shift+Space', ...right, 'Shift+ArrowUp', 'Enter'], 21],
    ['h', [' ', ...round, ' '], 80, 121],
    ['b', [' ', ...right, 'Shift+ArrowUp', ' '], 100, 121],
    ['f', [' '], 64 ** 2],
    ['v', [' '], 2, 4000],
  ]) {
    await keys(act, ' ', ...strokes);
    const voxels = await eventually(`${act} ${strokes.join()} paints`, async () => {
      const now = await painted();
      return now >= least && now;
    });
    assert.ok(voxels <= most, `${act}: ${voxels}`);
    if (act === 'v') {
      await keys('Escape', 'e', ' ', 'Shift+Space', ...right, ...right, ' ');
      await eventually('the eraser takes some of it away', async () => (await painted()) < voxels);
      await keys('Control+z');
      await becomes('it is back', painted, voxels);
    }
    await keys('Control+z');
    await becomes('one step of undo takes it back', painted, 0);
    await keys('Escape'); // the pointer goes; painting stays
  }
  await keys('z', '0');
  await clear();
});

test('drawn to voxel centres and to vertices; a line, a box that turns and a freehand outline by mouse', async () => {
  await settled(page, ROOT);
  const [x, y] = await viewAt(0);
  await focus();
  await keys('u', 'p');
  await drag([x + 17.3, y - 9.7]);
  const [, , centre] = await mark('a point', 1);
  assert.ok(centre.every((value) => Math.abs(value - Math.round(value)) < 1e-6), `${centre}`);
  await keys('u', 'Shift+U');
  await drag([x + 20, y - 12]); // near the first
  const [, , vertex] = await mark('one on it', 2);
  assert.deepEqual(vertex, centre);
  await keys('Shift+U', 'a');
  await drag([x - 40, y + 20], [10, -50]);
  const line = await mark('a line', 3);
  assert.deepEqual([line[0], line[2].length], ['line', 6]);
  await keys('Shift+B');
  await drag([x - 30, y - 30], [20, 30]);
  assert.equal((await mark('a box that turns', 4))[0], 'oriented_box');
  await keys('f');
  const ring = Array.from({ length: 24 }, (_, i) => [25 * Math.cos((i * Math.PI) / 12) - 25, 25 * Math.sin((i * Math.PI) / 12)]);
  await drag([x + 25, y], ...ring, [0, 0]);
  const outline = await mark('a freehand outline', 5);
  assert.equal(outline[0], 'polygon');
  assert.ok(outline[2].length >= 3 * 6, `${outline[2].length}`);

  // The table: found, put in order, gone to.
  const rows = () => page.locator('[data-annotation] [data-action="select"]').allTextContents();
  await page.locator('[data-field="filter"]').fill('point');
  await becomes('what is found', rows, ['Point 1', 'Point 2']);
  await page.locator('[data-field="filter"]').fill('');
  await page.locator('[data-field="sort"]').selectOption('name');
  await eventually('in order of names', async () => {
    const now = await rows();
    return now.length === 5 && now.join() === [...now].sort().join();
  });
  await page.locator('[data-action="turn"]').click();
  await eventually('the other way round', async () => {
    const now = await rows();
    return now.join() === [...now].sort().reverse().join();
  });
  await page.locator('[data-action="turn"]').click();
  /** The slice that the pointer is over, as the footer says it. */
  const slice = async (what, wanted) => {
    await page.mouse.move(x + 3, y + 3);
    await page.mouse.move(x + 4, y + 4);
    await eventually(what, async () => {
      const said = await page.locator('[data-footer="cursor"]').textContent();
      return Math.abs(Number(/^voxel (\d+),/.exec(said)?.[1]) - wanted) < 0.6;
    }, { timeout: 30_000 });
  };
  await slice('the slice that was drawn in', centre[2]);
  await focus();
  await keys('PageUp', 'PageUp', 'PageUp');
  await slice('three slices on', centre[2] + 3);
  await page.locator('[data-annotation]', { hasText: 'Point 1' }).locator('[data-action="jump"]').click();
  await slice('back at the mark', centre[2]);
  await clear();
});

test('a box is reshaped in 3D by one of its faces', async () => {
  await settled(page, ROOT);
  const [x, y] = await viewAt(0);
  await focus();
  await keys('b');
  await drag([x - 40, y - 40], [80, 80]);
  const [, , before] = await mark('a box', 1);
  await keys('Escape');
  await page.locator('[data-annotation] [data-action="select"]').first().click();
  await settled(page, ROOT);
  // Its handles are squares of white with a rim in its colour.
  const handle = await eventually('a handle in 3D', () => page.evaluate(() => {
    const canvas = document.querySelector('.voxbeam-overlay');
    const { left, top, width } = canvas.getBoundingClientRect();
    const ratio = canvas.width / width;
    const [w, h] = [canvas.width >> 1, canvas.height >> 1];
    const { data } = canvas.getContext('2d').getImageData(w, 0, w, h);
    const white = (i, j) => data[4 * (j * w + i)] === 255 && data[4 * (j * w + i) + 1] === 255 && data[4 * (j * w + i) + 2] === 255 && data[4 * (j * w + i) + 3] === 255;
    for (let j = 2; j < h - 2; j += 1) {
      for (let i = 2; i < w - 2; i += 1) {
        if ([-2, 0, 2].every((dx) => [-2, 0, 2].every((dy) => white(i + dx, j + dy)))) return [left + (w + i) / ratio, top + j / ratio];
      }
    }
    return undefined;
  }));
  const middle = await viewAt(1);
  const away = [handle[0] - middle[0], handle[1] - middle[1]];
  const long = Math.hypot(...away) || 1;
  await drag(handle, [(30 * away[0]) / long, (30 * away[1]) / long]);
  const changed = await eventually('one of its faces elsewhere', async () => {
    const [, , now] = (await held()).marks[0];
    const sides = now.flatMap((value, i) => (Math.abs(value - before[i]) > 0.5 ? [i] : []));
    return sides.length > 0 && sides;
  });
  assert.equal(changed.length, 1, `${changed}`);
  await focus();
  await keys('Control+z');
  await eventually('it is as it was', async () => JSON.stringify((await held()).marks[0][2]) === JSON.stringify(before));
  await clear();
});

test('one of very many is dragged: it alone is drawn, where it is; the picture below is whole when it is let go', async () => {
  await held(2000);
  await eventually('all of them', async () => (await page.locator('[aria-label="Annotations"] .voxbeam-count').textContent()) === '2001');
  await focus();
  await keys('r');
  await settled(page, ROOT);
  /** How magenta a canvas is about a place of the page. */
  const magenta = (selector, [px, py]) => page.evaluate(([of, ax, ay]) => {
    let count = 0;
    for (const canvas of document.querySelectorAll(of)) {
      const { left, top, width } = canvas.getBoundingClientRect();
      const ratio = canvas.width / width;
      if (canvas.hidden || !(width > 0)) continue;
      const { data } = canvas.getContext('2d').getImageData((ax - left) * ratio - 8, (ay - top) * ratio - 8, 16, 16);
      for (let i = 0; i < data.length; i += 4) if (data[i] > 200 && data[i + 1] < 90 && data[i + 2] > 200 && data[i + 3] > 200) count += 1;
    }
    return count;
  }, [selector, px, py]);
  const { x, y, width, height } = await page.locator('.voxbeam-canvas').boundingBox();
  const seen = async () => {
    for (let dy = -12; dy <= 12; dy += 6) for (let dx = -12; dx <= 12; dx += 6) if ((await magenta('.voxbeam-overlay', [x + width / 4 + dx, y + height / 4 + dy])) > 8) return [x + width / 4 + dx, y + height / 4 + dy];
    return undefined;
  };
  const at = await eventually('the one in the middle', seen);
  await page.mouse.move(...at);
  await page.mouse.down();
  for (let i = 1; i <= 10; i += 1) await page.mouse.move(at[0] + 5 * i, at[1] - 3 * i);
  const to = [at[0] + 50, at[1] - 30];
  await eventually('it is under the pointer, on a canvas of its own', async () => (await magenta('.voxbeam-moved', to)) > 8);
  assert.deepEqual([await magenta('.voxbeam-overlay', at), await magenta('.voxbeam-overlay', to)], [0, 0]);
  await page.mouse.up();
  await page.mouse.move(at[0] - 60, at[1] + 40);
  await eventually('it is in the picture with the others', async () => (await magenta('.voxbeam-overlay', to)) > 8);
  assert.equal(await page.locator('.voxbeam-moved').count(), 0);
  const [, name, [px, py]] = (await held()).marks.at(-1);
  assert.equal(name, 'seed');
  assert.ok(Math.abs(px - 32) > 3 && Math.abs(py - 32) > 2, `${[px, py]}`);
  assert.deepEqual(page.said, []);
});

test('while the panels wait for the full picture, what lies over it is not drawn again with every frame', async () => {
  await page.addInitScript(() => {
    globalThis.drawn = { frames: 0, overlay: 0 };
    const waiting = () => document.querySelector('.voxbeam')?.dataset.early === 'detail';
    const { setTransform } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.setTransform = function (...matrix) {
      if (this.canvas.className === 'voxbeam-overlay' && waiting()) globalThis.drawn.overlay += 1; // once for each drawing
      return setTransform.apply(this, matrix);
    };
    const frame = () => {
      globalThis.drawn.frames += waiting() ? 1 : 0;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await page.reload();
  await settled(page, ROOT);
  const { frames, overlay } = await page.evaluate(() => globalThis.drawn);
  assert.ok(overlay >= 1 && overlay <= 4 && frames >= 2 * overlay, `drawn ${overlay} times in ${frames} frames`);
});
