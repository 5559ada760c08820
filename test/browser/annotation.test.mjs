// Annotations both ways: drawn with the mouse, made in Python, kept over a reload and a restart of the kernel.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { kernelRun, openNotebook, restartKernel } from '../../scripts/notebook_page.mjs';
import { startScheduler } from '../../scripts/scheduler.mjs';
import { BALL, becomes, eventually, kernelJson, runCells, settled, VIEW, Workplace } from './support.mjs';

const VOXEL = [2, 0.5, 1]; // z, y, x: different, so that a swap of axes shows
const SIZE = [80, 96, 112];
/** World x, y, z of the middle of the volume. */
const MIDDLE = [0, 1, 2].map((i) => ((SIZE[2 - i] - 1) / 2) * VOXEL[2 - i]);
const LIST = `import json
print(json.dumps([dict(name=a.name, kind=a.kind, color=a.color, id=a.id, voxel=a.voxel if a.kind == "point" else [a.start, a.stop], world=a.world) for a in annotations]))`;

let place;
let scheduler;
before(async () => {
  [place, scheduler] = await Promise.all([Workplace.open(), startScheduler({ port: 0 })]);
});
after(async () => {
  await place?.close();
  await scheduler?.close();
});

/** Centre and size, in page pixels, of one of the four views of a canvas: two columns, or four in a row when it is wide. */
async function viewAt(canvas, index) {
  await canvas.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await canvas.boundingBox();
  const columns = width > 3.2 * height ? 4 : 2;
  const size = [width / columns, height / (4 / columns)];
  const [column, row] = [index % columns, Math.floor(index / columns)];
  return { x: x + (column + 0.5) * size[0], y: y + (row + 0.5) * size[1], width: size[0], height: size[1] };
}

async function drawPoint(page, view, at) {
  await view.locator('[data-tool="point"]').click();
  await page.mouse.move(at.x, at.y);
  await page.mouse.down();
  await page.mouse.up();
}

async function drawBox(page, view, from, to) {
  await view.locator('[data-tool="box"]').click();
  await page.mouse.move(from[0], from[1]);
  await page.mouse.down();
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
  await page.mouse.move(to[0], to[1]);
  await page.mouse.up();
}

const near = (a, b, tolerance) => a.every((value, i) => Math.abs(value - b[i]) <= tolerance);

test('a point and a box drawn with the mouse are in the kernel, in world and voxel coordinates, and as events', async (t) => {
  const page = await place.notebook([
    `import voxbeam as rv\n${BALL}\nview = rv.view(volume, passes=1, voxel_size=${JSON.stringify(VOXEL)}, unit="mm")\nannotations = view.annotations\nheard = []\nannotations.on_change(heard.extend)`,
    'view',
  ]);
  t.after(() => page.leave({ keep: true }));
  await runCells(page, [0, 1]);
  await settled(page);
  const view = page.locator(VIEW).first();
  const canvas = view.locator('canvas.voxbeam-canvas');
  const axial = await viewAt(canvas, 0);

  await drawPoint(page, view, axial);
  const [point] = await eventually('the point in the kernel', async () => {
    const list = await kernelJson(page, LIST);
    return list.length === 1 ? list : undefined;
  });
  assert.equal(point.kind, 'point');
  assert.ok(near(point.world, MIDDLE, 1.5), `${point.world} is the middle ${MIDDLE}`);
  assert.ok(near(point.voxel, [0, 1, 2].map((i) => point.world[2 - i] / VOXEL[i]), 1e-3), 'voxel coordinates are z, y, x');

  await drawBox(page, view, [axial.x - 40, axial.y - 20], [axial.x + 40, axial.y + 20]);
  const box = await eventually('the box in the kernel', async () => (await kernelJson(page, LIST)).find(({ kind }) => kind === 'box'));
  const [low, high] = box.world;
  const middle = low.map((value, i) => (value + high[i]) / 2);
  assert.ok(near(middle.slice(0, 2), MIDDLE.slice(0, 2), 1.5), `the box is around the middle: ${JSON.stringify(box)}`);
  assert.ok(Math.abs((high[0] - low[0]) / (high[1] - low[1]) - 2) < 0.1, 'twice as wide as high, as drawn');
  assert.ok(high[2] > low[2], 'it has a thickness');

  // and in 3D: the volume's view is the second one
  const before = (await kernelJson(page, LIST)).length;
  await drawPoint(page, view, await viewAt(canvas, 1));
  const in3d = (await eventually('the point drawn in 3D', async () => {
    const list = await kernelJson(page, LIST);
    return list.length === before + 1 ? list : undefined;
  })).at(-1);
  assert.ok(in3d.voxel.every((value, i) => value >= -0.5 && value <= SIZE[i] - 0.5), `inside the volume: ${in3d.voxel}`);

  const heard = () => kernelJson(page, 'print(json.dumps([(e.kind, e.origin, e.annotation.kind) for e in heard if e.kind == "added"]))');
  await becomes('what was heard', heard, [['added', 'remote', 'point'], ['added', 'remote', 'box'], ['added', 'remote', 'point']]);
  const table = await kernelRun(page, 'print(annotations.to_pandas().to_string())');
  assert.equal(table.trim().split('\n').length >= 4, true, table);
});

test('lines, polygons and ellipsoids are drawn and reshaped with the mouse, and undone by key, across slices', async (t) => {
  const page = await place.notebook([
    `import voxbeam as rv, json\n${BALL}\nview = rv.view(volume, passes=1, voxel_size=${JSON.stringify(VOXEL)}, unit="mm")\nannotations = view.annotations`,
    'view',
  ]);
  t.after(() => page.leave({ keep: true }));
  await runCells(page, [0, 1]);
  await settled(page);
  const view = page.locator(VIEW).first();
  const axial = await viewAt(view.locator('canvas.voxbeam-canvas'), 0);
  const forms = () => kernelJson(page, 'print(json.dumps([(a.kind, a.coords()) for a in annotations]))');
  const kinds = (wanted) => eventually(wanted.join(', '), async () => {
    const list = await forms();
    return JSON.stringify(list.map(([kind]) => kind)) === JSON.stringify(wanted) ? list.map(([, coords]) => coords) : undefined;
  });
  const click = async (dx, dy) => {
    await page.mouse.move(axial.x + dx, axial.y + dy);
    await page.mouse.down();
    await page.mouse.up();
  };
  const drag = async (from, to) => {
    await page.mouse.move(axial.x + from[0], axial.y + from[1]);
    await page.mouse.down();
    await page.mouse.move(axial.x + (from[0] + to[0]) / 2, axial.y + (from[1] + to[1]) / 2);
    await page.mouse.move(axial.x + to[0], axial.y + to[1]);
    await page.mouse.up();
  };

  await view.locator('[data-tool="polyline"]').click();
  for (const [dx, dy] of [[-40, -15], [0, -20], [30, 0], [35, 15]]) await click(dx, dy);
  await page.keyboard.press('Backspace');
  await click(40, -15);
  await page.keyboard.press('Enter');
  const [line] = await kinds(['polyline']);
  assert.equal(line.length, 12);
  assert.ok(near(line.slice(1, 3), line.slice(10), 0.02) && line[9] > line[0], `its ends are equally high, as drawn: ${line}`);

  await view.locator('[data-tool="polygon"]').click();
  for (const [dx, dy] of [[-30, 5], [30, 5], [30, 20], [-30, 20]]) await click(dx, dy);
  await click(-30, 5); // on its first point: it closes
  const [, polygon] = await kinds(['polyline', 'polygon']);
  const scale = (polygon[3] - polygon[0]) / 60;
  assert.ok(scale > 0 && near(polygon, [0, 0, 0, 60, 0, 0, 60, -15, 0, 0, -15, 0].map((px, i) => polygon[i % 3] + px * scale), 0.02), `the rectangle that was drawn: ${polygon}`);

  await view.locator('[data-tool="ellipsoid"]').click();
  await drag([-20, -22], [20, -2]);
  const [, , ellipsoid] = await kinds(['polyline', 'polygon', 'ellipsoid']);
  assert.ok(near(ellipsoid.slice(3, 5), [20 * scale, 10 * scale], 0.02), `half as large as what was drawn: ${ellipsoid}`);

  // a frame around all of them selects all; they are dragged together, copied, taken away, and each is one step back
  await view.locator('[data-tool="navigate"]').click();
  const placed = async () => (await forms()).map(([, coords]) => coords);
  const before = await placed();
  await page.keyboard.down('Alt');
  await drag([-60, -30], [60, 30]);
  await page.keyboard.up('Alt');
  await view.getByText('3 selected', { exact: true }).waitFor();
  await drag([0, 20], [12, 24]);
  const shifted = await eventually('all of them further right', async () => {
    const now = await placed();
    return now.every(([x], i) => x > before[i][0] + 5 * scale) && now;
  });
  const moved = shifted.map(([x, y], i) => [(x - before[i][0]) / scale, (y - before[i][1]) / scale]);
  assert.ok(moved.every((each) => near(each, [12, -4], 0.05)), `by what was dragged: ${JSON.stringify(moved)}`);
  await page.keyboard.press('Control+d');
  await kinds(['polyline', 'polygon', 'ellipsoid', 'polyline', 'polygon', 'ellipsoid']);
  await page.keyboard.press('Delete');
  await kinds(['polyline', 'polygon', 'ellipsoid']);
  for (let i = 0; i < 3; i += 1) await page.keyboard.press('Control+z');
  await eventually('all as it was', async () => JSON.stringify(await placed()) === JSON.stringify(before));
  await page.keyboard.press('Escape');

  // the polygon's vertex is dragged, and an edge gets another one
  await view.locator('[data-tool="navigate"]').click();
  await view.locator('[data-annotation] [data-action="select"]', { hasText: 'Polygon 1' }).click();
  await drag([30, 20], [40, 16]);
  await drag([0, 5], [0, 10]);
  const reshaped = (await eventually('the reshaped polygon', async () => {
    const list = await forms();
    return list[1][1].length === 15 ? list : undefined;
  }))[1][1];
  const expected = [[0, 0], [30, -5], [60, 0], [70, -11], [0, -15]].flatMap(([dx, dy]) => [polygon[0] + dx * scale, polygon[1] + dy * scale, polygon[2]]);
  assert.ok(near(reshaped, expected, 0.05), `${reshaped} is ${expected}`);

  // undo goes back through all of it, in another slice too
  await page.mouse.move(axial.x, axial.y);
  await page.mouse.wheel(0, 300);
  for (let i = 0; i < 3; i += 1) await page.keyboard.press('Control+z');
  const [, again] = await kinds(['polyline', 'polygon']);
  assert.deepEqual(again, polygon);
  await page.keyboard.press('Control+Shift+z');
  await kinds(['polyline', 'polygon', 'ellipsoid']);
});

test('added, moved and removed in Python is seen in the viewer', async (t) => {
  const page = await place.notebook([
    `import voxbeam as rv\n${BALL}\nview = rv.view(volume, passes=1, voxel_size=${JSON.stringify(VOXEL)})\nannotations = view.annotations`,
    'view',
  ]);
  t.after(() => page.leave({ keep: true }));
  await runCells(page, [0, 1]);
  await settled(page);
  const view = page.locator(VIEW).first();
  const said = () => view.evaluate((element) => `${element.textContent} ${[...element.querySelectorAll('input')].map((input) => input.value).join(' ')}`);
  const shot = async () => (await view.locator('canvas.voxbeam-canvas').screenshot()).toString('base64');

  await view.locator('[data-tool="navigate"]').click();
  const empty = await shot();
  await kernelRun(page, `seed = annotations.add(rv.Point(world=${JSON.stringify(MIDDLE)}, name="seed-7", color="#ff00ff"))`);
  await eventually('its name in the viewer', async () => (await said()).includes('seed-7'));
  const placed = await eventually('its picture', async () => {
    const now = await shot();
    return now === empty ? undefined : now;
  });
  await kernelRun(page, 'annotations.update(seed.id, voxel=(39.5, 20, 20))');
  const moved = await eventually('its move', async () => {
    const now = await shot();
    return now === placed ? undefined : now;
  });
  assert.notEqual(moved, empty);
  await kernelRun(page, 'annotations.remove(seed.id)');
  await eventually('its name is gone', async () => !(await said()).includes('seed-7'));
});

test('annotations are there after a reload of the page and a restart of the kernel', async (t) => {
  const page = await place.notebook([
    `import voxbeam as rv\n${BALL}
host, port = "${scheduler.address}".split(":")
instance = rv.initialize_visualization_server(host, int(port), shape=volume.shape, dtype="uint16")
rv.render_volume(volume, instance, name="ball", voxel_size=${JSON.stringify(VOXEL)})
annotations = instance.annotations`,
    'annotations.add(rv.Box((10, 20, 30), (20, 40, 60), name="kept box"))\nannotations.add(rv.Point(voxel=(1, 2, 3), name="kept point", volume="ball"))\nview = rv.view(instance=instance, passes=1)\nview',
    'view = rv.view(instance=instance, passes=1)\nview',
  ]);
  t.after(() => page.leave());
  await runCells(page, [0, 1]);
  await settled(page);
  const before = await kernelJson(page, LIST);
  assert.equal(before.length, 2);
  const names = ['kept box', 'kept point'];
  const view = page.locator(VIEW).first();
  const shows = () => view.evaluate((element, wanted) => {
    const text = `${element.textContent} ${[...element.querySelectorAll('input')].map((input) => input.value).join(' ')}`;
    return wanted.every((name) => text.includes(name));
  }, names);
  await eventually('both in the viewer', shows);

  await page.evaluate(() => window.voxbeamPanel.context.save());
  await openNotebook(page, place.lab, page.notebook);
  await runCells(page, [2]);
  await settled(page);
  await eventually('both after the reload', shows);
  assert.deepEqual(await kernelJson(page, LIST), before);

  await restartKernel(page);
  await runCells(page, [0]); // the scheduler's instance is still there
  assert.deepEqual(await kernelJson(page, LIST), before);
  await runCells(page, [2]);
  await eventually('both after the restart', shows);
});
