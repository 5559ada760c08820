// How long planning keeps the page's main thread, beside sorting and copying as much, and how many bricks a view takes against the least.
import { build } from 'esbuild';
import { root } from '../../scripts/process.mjs';
import { median, row } from './support.mjs';

const RUNS = 9;

async function cases() {
  const { outputFiles } = await build({
    entryPoints: [`${root}/test/bench/planner_cases.ts`], bundle: true, write: false, format: 'esm', platform: 'node', target: 'es2022',
    loader: { '.glsl': 'text' },
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

export async function run() {
  const { planOnce, sortOnce, tableOnce, settledBricks, CANDIDATES } = await cases();
  const [plans, sorts, tables, copies] = [[], [], [], []];
  let bricks = 0;
  for (let i = 0; i <= RUNS; i += 1) {
    const plan = planOnce();
    const sort = sortOnce();
    const table = tableOnce();
    bricks = Math.max(bricks, plan.bricks);
    if (i === 0) continue; // the first one warms all up
    plans.push(plan.ms);
    sorts.push(sort);
    tables.push(table.ms);
    copies.push(table.copy);
  }
  const { asked, least } = settledBricks();
  return [
    row(`a plan of ${bricks} bricks, turned`, median(plans), 'ms', { limit: ['<=', 50] }),
    row(`the same (reference: sorting ${CANDIDATES} numbers)`, median(plans), 'ms', { reference: median(sorts), limit: ['<=', 4] }),
    row('a page table of 64³ cells for 900 bricks (reference: copying it)', median(tables), 'ms', { reference: median(copies) }),
    row('bytes: bricks to settle a view (reference: those that it shows)', asked, 'bricks', { reference: least, limit: ['<=', 1.3] }),
  ];
}
