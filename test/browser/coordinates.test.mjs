// A mark set on a feature that is seen lies where the feature is: found in the picture, in straight slices of every direction and in 3D, drawn from each of three levels, and in turned ones.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, kernelJson, runCells, VIEW, Workplace } from './support.mjs';

let place;
before(async () => {
  place = await Workplace.open();
});
after(() => place?.close());

/** A head with a bead in it at a known voxel; what is finer than a level cannot be read, so that the picture is of that one. */
const CELL = (level) => `
import json
import numpy as np
import voxbeam as rv
from nilearn.datasets import load_mni152_template

FEATURE, SIZE, ORIGIN = (84, 131, 70), (1, 1, 1), (-72, -107, -90)
head = load_mni152_template(resolution=1).get_fdata().T
z, y, x = (np.arange(n) - at for n, at in zip(head.shape, FEATURE))
bead = np.exp(-(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2) / (2 * 3**2))
levels = [20000 * head / head.max() + 45000 * bead]
while len(levels) < 3:
    full = np.pad(levels[-1], [(0, n % 2) for n in levels[-1].shape], mode="edge")
    levels.append(full.reshape([m for n in full.shape for m in (n // 2, 2)]).mean(axis=(1, 3, 5)))

def read(level, z, y, x):
    if level < ${level}:
        raise OSError(f'level {level} is not here')
    return levels[level][z, y, x]

source = rv.from_function(read, head.shape, "uint16", levels=3, window=(25000, 65000))
view = rv.view(source, passes=1, voxel_size=SIZE, origin=ORIGIN, unit="mm", height=720, mode="mip", colormap="#00ff00")
view.cross = [o + s * i for i, s, o in zip(FEATURE[::-1], SIZE[::-1], ORIGIN[::-1])]
marks = view.annotations`;

/** Where the bead is in each of four views, in pixels from the canvas's corner: the middle of what is green, weighed; nothing in a view without. */
const beads = (canvas) =>
  canvas.evaluate((source) => {
    const { width } = source.getBoundingClientRect();
    const [w, h] = [source.width >> 1, source.height >> 1];
    const context = new OffscreenCanvas(source.width, source.height).getContext('2d');
    context.drawImage(source, 0, 0);
    return [[0, 0], [1, 0], [0, 1], [1, 1]].map(([column, row]) => {
      const { data } = context.getImageData(column * w, row * h, w, h);
      let [sum, sx, sy] = [0, 0, 0];
      for (let i = 0; i < w * h; i += 1) {
        // What has a colour: all else is grey.
        const weight = Math.max(0, Math.max(data[4 * i], data[4 * i + 1], data[4 * i + 2]) - Math.min(data[4 * i], data[4 * i + 1], data[4 * i + 2]) - 60);
        sum += weight;
        sx += weight * ((i % w) + 0.5);
        sy += weight * (Math.floor(i / w) + 0.5);
      }
      const scale = width / source.width;
      return sum > 50 && [(column * w + sx / sum) * scale, (row * h + sy / sum) * scale];
    });
  });

/** Sets a mark on the bead in each of four views, drawn from a level, and holds each to half a voxel. Where one beside it in the first view is, from the bead, in voxels z, y, x. */
async function marked(t, level, more = '') {
  const page = await place.notebook([`${CELL(level)}\n${more}`, 'view'], { viewport: { width: 1500, height: 1000 } });
  t.after(() => page.leave());
  await runCells(page, [0, 1]);
  const view = page.locator(VIEW).first();
  const canvas = view.locator('canvas.voxbeam-canvas');
  await eventually(`level ${level} is shown`, async () => (await view.getAttribute('data-level')) === String(level));
  const found = await eventually('the bead in the views, at rest', async () => {
    const once = await beads(canvas);
    await new Promise((resolve) => setTimeout(resolve, 700));
    const again = await beads(canvas);
    const calm = (px, i) => px && again[i] && Math.hypot(px[0] - again[i][0], px[1] - again[i][1]) < 0.05;
    return once.every(calm) && again;
  }, { every: 200 });
  const mark = async ([x, y], count) => {
    await view.locator('[data-tool="point"]').click();
    // A notebook may have scrolled meanwhile.
    await canvas.scrollIntoViewIfNeeded();
    const box = await canvas.boundingBox();
    await page.mouse.move(box.x + x, box.y + y);
    await page.mouse.down();
    await page.mouse.up();
    const [feature, voxel, world] = await eventually(`mark ${count}`, async () => {
      const all = await kernelJson(page, 'print(json.dumps([[FEATURE, m.voxel, m.world] for m in marks]))');
      return all.length === count && all[count - 1];
    }, { timeout: 30_000 });
    assert.ok(world.every((w, axis) => Math.abs(w - (voxel[2 - axis] + [-90, -107, -72][axis])) < 1e-5), `${voxel} is ${world}`);
    return voxel.map((v, axis) => v - feature[axis]);
  };
  const off = [];
  for (const [i, px] of found.entries()) off.push(await mark(px, i + 1));
  t.diagnostic(`off by ${off.map((each) => each.map((v) => v.toFixed(2)).join(', ')).join(' | ')} voxels`);
  for (const each of off) assert.ok(each.every((v) => Math.abs(v) <= 0.5), `${each}`);
  return mark([found[0][0] + 60, found[0][1] + 30], 5);
}

for (const level of [0, 1, 2]) {
  test(`within half a voxel from level ${level}: axial, coronal, sagittal, and in 3D`, async (t) => void (await marked(t, level)));
}

test('and in slices that are turned about it by 40 degrees, along no axis', async (t) => {
  const [x, y, z, w] = [0.2, -0.16, 0.226, 0.94];
  const [dz, dy, dx] = await marked(t, 0, `view.turn = (${x}, ${y}, ${z}, ${w})`);
  // A place beside it differs along every axis, and lies in the plane that was turned.
  assert.ok([dx, dy, dz].every((d) => Math.abs(d) > 2), `${[dx, dy, dz]}`);
  const across = dx * 2 * (x * z + w * y) + dy * 2 * (y * z - w * x) + dz * (1 - 2 * (x * x + y * y));
  assert.ok(Math.abs(across) < 0.5, `${across}`);
});
