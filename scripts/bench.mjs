// npm run bench [-- --only GROUP[,GROUP]]: each figure beside its physical reference from the same run.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { command, Failure, root, say } from './process.mjs';
import { setup } from './setup.mjs';

/** Groups in the order they run, with the file of test/bench that measures each. */
const GROUPS = {
  'first-picture': 'first_picture.mjs', fill: 'fill.mjs', transfer: 'transfer.mjs', stream: 'stream.mjs', orbit: 'orbit.mjs', annotation: 'annotation.mjs', edits: 'edits.mjs', memory: 'memory.mjs', remote: 'remote.mjs', planner: 'planner.mjs',
  bytes: 'bytes.mjs', pyramid: 'pyramid.mjs', sources: 'sources.mjs', upload: 'upload.mjs', busy: 'busy.mjs', layers: 'layers.mjs', learn: 'learn.mjs', codecs: 'codecs.mjs',
};

function chosen() {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const names = values.only ? values.only.split(',') : Object.keys(GROUPS);
  const unknown = names.filter((name) => !(name in GROUPS));
  if (unknown.length > 0) throw new Failure(`no such group: ${unknown.join(', ')}. Groups: ${Object.keys(GROUPS).join(', ')}`);
  return names;
}

const number = (value) => (value === null || value === undefined ? '' : Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** Rows as lines of equal columns; also what docs/performance.md holds. */
function table(rows) {
  const cells = [['group', 'name', 'value', 'unit', 'reference', 'ratio', 'target', 'holds']];
  for (const row of rows) {
    cells.push([row.group, row.name, number(row.value), row.unit, number(row.reference), number(row.ratio), row.target ?? '', row.holds === null ? '' : row.holds ? 'yes' : 'NO']);
  }
  const widths = cells[0].map((_, i) => Math.max(...cells.map((line) => String(line[i]).length)));
  cells.splice(1, 0, widths.map((width) => '-'.repeat(width)));
  return cells.map((line) => `| ${line.map((cell, i) => String(cell).padEnd(widths[i])).join(' | ')} |`).join('\n');
}

async function main() {
  const names = chosen();
  await setup('dev');
  const rows = [];
  for (const name of names) {
    say(`measuring ${name}`);
    const { run } = await import(`../test/bench/${GROUPS[name]}`);
    for (const row of await run()) rows.push({ group: name, reference: null, ratio: null, target: null, holds: null, ...row });
  }
  await mkdir(join(root, 'out'), { recursive: true });
  await writeFile(join(root, 'out', 'bench.json'), `${JSON.stringify(rows, undefined, 1)}\n`);
  process.stdout.write(`${table(rows)}\n`);
  const missed = rows.filter((row) => row.holds === false);
  say(missed.length === 0 ? 'every target holds' : `${missed.length} targets do not hold: ${missed.map((row) => row.name).join('; ')}`);
}

await command(main);
