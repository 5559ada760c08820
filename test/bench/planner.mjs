// How long planning keeps the page's main thread, beside sorting and copying as much, and how many bricks a view takes against the least.
import { build } from 'esbuild';
import { Browser } from '../../scripts/cdp.mjs';
import { root } from '../../scripts/process.mjs';
import { median, quantile, row, servePage } from './support.mjs';

const RUNS = 9;
/** Turns while streaming. */
const TURNS = 5;
/** Pixels of the picture at full resolution. */
const SIZE = [800, 600];
/** What a frame of a moving view may take. */
const TARGET_MS = 40;

/** The cases as a page has them that has just been opened: nothing of them has run yet. */
async function cases(fresh = 0) {
  const { outputFiles } = await build({
    entryPoints: [`${root}/test/bench/planner_cases.ts`], bundle: true, write: false, format: 'esm', platform: 'node', target: 'es2022',
    loader: { '.glsl': 'text' },
  });
  return import(`data:text/javascript;base64,${Buffer.from(`${outputFiles[0].text}\n// ${fresh}`).toString('base64')}`);
}

/** Turns a view of 512³ voxels while it streams in, each time from nothing. */
async function streaming() {
  const [page, browser] = await Promise.all([servePage('streaming_page.ts'), Browser.launch()]);
  try {
    const tab = await browser.newPage({ width: 900, height: 700 });
    await tab.goto(page.url);
    await tab.waitFor('globalThis.streamingBench !== undefined', undefined, { timeout: 120_000 });
    const turns = [];
    for (let i = 0; i < TURNS; i += 1) turns.push(await tab.evaluate('streamingBench.turns(3)'));
    const name = '512³ streams in while it is turned, 800x600';
    const drawnAt = (scale) => SIZE.map((n) => Math.round(n * scale)).join('x');
    const each = (pick, when = 'streaming') => median(turns.map((turn) => pick(turn[when])));
    const apart = (share) => ({ pictures }) => quantile(pictures, share);
    const worst = (pick) => Math.max(...turns.map(({ streaming }) => pick(streaming)));
    return [
      row(`${name}: longest task of the page's main thread in any of ${TURNS} turns (0: none over 50)`, worst(({ tasks }) => Math.max(0, ...tasks)), 'ms', { limit: ['<=', 50] }),
      row('the same, from the first call to the first picture', worst(({ first }) => Math.max(0, ...first)), 'ms'),
      row(`${name}: the page's part of a frame, longest in any turn`, worst(({ frames }) => Math.max(...frames)), 'ms', { limit: ['<=', 50] }),
      row(`${name}: the page's part of a frame, p95`, each(({ frames }) => quantile(frames, 0.95)), 'ms', { limit: ['<=', 16] }),
      row(`${name}: between two pictures, median (reference: the same turn, all bricks here)`, each(apart(0.5)), 'ms', { reference: each(apart(0.5), 'resident') }),
      row(`${name}: between two pictures, p95 (reference: the same turn, all bricks here)`, each(apart(0.95)), 'ms', { reference: each(apart(0.95), 'resident') }),
      row(`${name}, drawn at ${drawnAt(each(({ scales }) => median(scales)))}: between two pictures, p95`, each(apart(0.95)), 'ms', { limit: ['<=', TARGET_MS] }),
      row('the same turns, whenever the hand rests and details come: between two pictures, median', each(({ resting }) => median(resting)), 'ms'),
    ];
  } finally {
    await browser.close();
    await page.close();
  }
}

export async function run() {
  const cold = [];
  for (let i = 1; i <= RUNS; i += 1) cold.push((await cases(i)).longestGo().ms);
  const { planOnce, longestGo, sortOnce, tableOnce, settledBricks, CANDIDATES } = await cases();
  const [plans, sorts, tables, copies, goes] = [[], [], [], [], []];
  let bricks = 0;
  for (let i = 0; i <= RUNS; i += 1) {
    const plan = planOnce();
    const go = longestGo();
    const sort = sortOnce();
    const table = tableOnce();
    bricks = Math.max(bricks, plan.bricks);
    if (i === 0) continue; // the first one warms all up
    plans.push(plan.ms);
    goes.push(go.ms);
    sorts.push(sort);
    tables.push(table.ms);
    copies.push(table.copy);
  }
  const { asked, least } = settledBricks();
  return [
    ...(await streaming()),
    row(`a plan of ${bricks} bricks, turned, in parts: its longest go, median of ${RUNS} plans`, median(goes), 'ms', { limit: ['<=', 12] }),
    row(`the same, each the first that its code does, median of ${RUNS}`, median(cold), 'ms', { limit: ['<=', 12] }),
    row('the same, all goes together', median(plans), 'ms'),
    row(`the same (reference: sorting ${CANDIDATES} numbers)`, median(plans), 'ms', { reference: median(sorts), limit: ['<=', 4] }),
    row('a page table of 64³ cells for 900 bricks (reference: copying it)', median(tables), 'ms', { reference: median(copies) }),
    row('bytes: bricks to settle a view (reference: those that it shows)', asked, 'bricks', { reference: least, limit: ['<=', 1.3] }),
  ];
}
