// Frames a second of a scripted turn at two resolutions, beside two marches of one texture with the same volume, step and colours: a bare one, and
// one that stops early and steps over blocks that show nothing. Then the renderer as it ships: while it moves, and until the picture stands.
import { Browser } from '../../scripts/cdp.mjs';
import { median, row, servePage } from './support.mjs';

/** Places of the orbit, in turns. */
const PLACES = [0.02, 0.17, 0.35, 0.52, 0.7, 0.86];
/** Edge, what is in it, and the resolutions it is drawn at. */
const CASES = [
  [256, 'dense', [[800, 600], [1600, 1200]]],
  [256, 'air', [[800, 600], [1600, 1200]]],
  [512, 'dense', [[800, 600], [1600, 1200]]],
  [512, 'air', [[800, 600], [1600, 1200]]],
];
/** What the picture's difference, and the renderer as it ships, are measured at. */
const SIZE = [800, 600];
/** At this size a voxel of level 0 of the largest volume covers half a pixel, so that another level is planned; at `SIZE` it covers one. */
const FEWER = [400, 300];
const WORDS = { dense: 'dense', air: 'mostly air' };
const fps = (times) => 1000 / median(times);

async function equalCase(tab, n, kind, sizes) {
  await tab.evaluate('globalThis.pair = orbitBench.equal(), 0');
  const rows = [];
  const times = {};
  for (const [width, height] of sizes) {
    const found = { bare: [], skipping: [], ours: [] };
    await tab.evaluate(`pair.place(0.6, ${width}, ${height}, 0)`); // warms up
    for (const [i, t] of PLACES.entries()) {
      const one = await tab.evaluate(`pair.place(${t}, ${width}, ${height}, ${i})`);
      for (const name of Object.keys(found)) found[name].push(one[name]);
    }
    times[width] = found;
    const name = `${n}³ uint16, ${WORDS[kind]}, ${width}x${height}, all at level 0`;
    rows.push(
      row(`${name} (reference: bare march)`, fps(found.ours), 'fps', { reference: fps(found.bare), limit: ['>=', kind === 'air' ? 4 : 0.9] }),
      row(`${name} (reference: march with early stop and block skipping)`, fps(found.ours), 'fps', { reference: fps(found.skipping), limit: ['>=', 0.85] }),
    );
  }
  const [width, height] = SIZE;
  if (times[width]) {
    let worst = 0;
    for (const t of PLACES.slice(0, 3)) worst = Math.max(worst, await tab.evaluate(`pair.difference(${t}, ${width}, ${height})`));
    rows.push(row(`${n}³ uint16, ${WORDS[kind]}: largest difference to the bare march, of 255`, worst, 'steps', { limit: ['<=', 3] }));
  }
  if (n === 256 && times[width]) {
    await tab.evaluate(`pair.pieces(0.6, ${width}, ${height})`); // compiles
    const found = [];
    for (const t of PLACES) found.push(await tab.evaluate(`pair.pieces(${t}, ${width}, ${height})`));
    const [pieces, samples] = ['pieces', 'samples'].map((name) => fps(found.map((one) => one[name])));
    rows.push(row(`${n}³ uint16, ${WORDS[kind]}, ${width}x${height}, transfer function integrated between samples (reference: looked up at samples)`, pieces, 'fps', { reference: samples }));
  }
  await tab.evaluate('pair.dispose(), 0');
  return { rows, times };
}

const drawnAt = (width, height, moving) => {
  const scale = median(moving.map((m) => m.scale));
  const bias = median(moving.map((m) => m.coarser));
  return `drawn at ${Math.round(width * scale)}x${Math.round(height * scale)}${bias > 0 ? `, steps of ${2 ** bias} voxels` : ''}`;
};

/** A picture of the planned levels, with all that drawing one takes. */
async function plannedRow(tab, name, bare) {
  const full = [];
  await tab.evaluate('whole.light(false)');
  for (const t of PLACES) full.push(await tab.evaluate(`whole.full(${t})`, undefined, { timeout: 100_000 }));
  await tab.evaluate('whole.light(true)');
  return row(`${name}, planned levels at full resolution, unlit (reference: bare march)`, fps(full), 'fps', { reference: fps(bare), limit: ['>=', 1.5] });
}

/** The renderer as it ships; `bare` has the bare march's times of this volume, where there is one. */
async function shippedCase(tab, name, open, [width, height], bare) {
  await tab.evaluate(`orbitBench.${open}.then((it) => { globalThis.whole = it; })`, undefined, { timeout: 400_000 });
  const rows = bare ? [await plannedRow(tab, name, bare)] : [];
  const still = [];
  const moving = [];
  for (const t of PLACES.slice(0, 5)) {
    moving.push(await tab.evaluate('whole.moving(1.5)', undefined, { timeout: 400_000 }));
    still.push(await tab.evaluate(`whole.still(${t})`, undefined, { timeout: 400_000 }));
  }
  await tab.evaluate('whole.dispose()');
  const rate = { reference: bare ? fps(bare) : null, limit: bare ? ['>=', 4] : null };
  rows.push(
    row(`${name}, as shipped while moving, ${drawnAt(width, height, moving)}${bare ? ' (reference: bare march at full resolution)' : ''}`, median(moving.map((m) => m.fps)), 'fps', rate),
    row(`${name}, from moving to the full picture${bare ? ' (reference: one bare march)' : ''}`, median(still), 'ms', { reference: bare ? median(bare) : null }),
  );
  return rows;
}

/** @param only picks pieces by name: '512 air 800x600', '512 dense 1600x1200', '512 dense shipped', '512 dense fewer', 'exabyte' */
export async function run(only = () => true) {
  const [page, browser] = await Promise.all([servePage('orbit_page.ts'), Browser.launch()]);
  const rows = [];
  try {
    const tab = await browser.newPage({ width: 1700, height: 1300 });
    await tab.goto(page.url);
    await tab.waitFor('globalThis.orbitBench !== undefined', undefined, { timeout: 120_000 });
    for (const [n, kind, all] of CASES) {
      const sizes = all.filter((size) => only(`${n} ${kind} ${size.join('x')}`));
      const ships = kind === 'dense' && only(`${n} ${kind} shipped`);
      const fewer = n === 512 && kind === 'dense' && only(`${n} ${kind} fewer`);
      if (ships && !sizes.some(([width]) => width === SIZE[0])) sizes.push(SIZE);
      if (fewer) sizes.push(FEWER);
      if (sizes.length === 0) continue;
      await tab.evaluate(`orbitBench.make(${n}, '${kind}'), 0`, undefined, { timeout: 120_000 });
      const { rows: found, times } = await equalCase(tab, n, kind, sizes);
      rows.push(...found);
      if (ships) rows.push(...await shippedCase(tab, `${n}³ uint16, dense, 800x600`, 'shipped(800, 600)', SIZE, times[800]?.bare));
      if (fewer) {
        await tab.evaluate(`orbitBench.shipped(${FEWER.join()}).then((it) => { globalThis.whole = it; })`, undefined, { timeout: 400_000 });
        rows.push(await plannedRow(tab, `${n}³ uint16, dense, ${FEWER.join('x')}`, times[FEWER[0]].bare));
        await tab.evaluate('whole.dispose()');
      }
    }
    if (only('exabyte')) rows.push(...await shippedCase(tab, 'Mandelbulb of 2^60 voxels, whole, 800x600', 'exabyte(800, 600, 0.8)', SIZE));
    return rows;
  } finally {
    await browser.close();
    await page.close();
  }
}
