/**
 * Convergence: five clients, random operations, connections that break, lose, repeat and reorder, a server that is killed. Every operation that was
 * acknowledged is there, none that was refused is, each client's come in its order, and all documents, and the file, are equal in the end.
 *
 * `VOXBEAM_SEED` is the first seed. Of the large trials, three seconds of a processor each, there are as many here as half a minute allows. `.ci/run` makes
 * five hundred, a quarter of an hour on two processors; ten thousand, some hours: `VOXBEAM_SEEDS=10000 npm run jest -- test/unit/faults/convergence`. How soon real sockets heal is measured in `test/python/test_healing.py`.
 */

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { sqliteNode } from '../../conformance/sqlite_node.js';
import { SEED, turns } from '../../seed.js';

// In memory where that can be: closing a file on a disk waits for it, three quarters of the time, and what a kill leaves is the same.
const folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'voxbeam-converge-'));
const outfile = path.join(folder, 'trials.mjs');
beforeAll(async () => {
  const entryPoints = ['test/unit/faults/convergence_trials.ts'];
  await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'warning' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SEEDS = Number(process.env.VOXBEAM_SEEDS || turns(12, 500)); // empty: none are asked for besides
/** Seeds are shared out among so many processes. */
const PROCESSES = Math.min(4, os.availableParallelism());

interface Sums {
  readonly seeds: number;
  readonly crashes: number;
  readonly refused: number;
  readonly acknowledged: number;
}

async function trials(seeds: number, operations: number): Promise<Sums> {
  const each = Math.ceil(seeds / PROCESSES);
  const shares = Array.from({ length: PROCESSES }, (_, n) => ({ first: SEED + n * each, count: Math.min(each, seeds - n * each) })).filter(({ count }) => count > 0);
  const found = await Promise.all(shares.map(async ({ first, count }) => {
    // With room for what is young: most of what is made here lives for one operation.
    const { stdout } = await promisify(execFile)(sqliteNode(), ['--max-semi-space-size=32', outfile, folder, String(first), String(count), String(operations)]);
    return JSON.parse(stdout) as Sums;
  }));
  const sum = (name: keyof Sums) => found.reduce((all, one) => all + one[name], 0);
  const sums: Sums = { seeds: sum('seeds'), crashes: sum('crashes'), refused: sum('refused'), acknowledged: sum('acknowledged') };
  console.info(`seeds from ${SEED}, 5 clients x ${operations} operations: ${JSON.stringify(sums)}`);
  return sums;
}

test('five clients with 2000 operations each', async () => {
  const { seeds, crashes, refused, acknowledged } = await trials(SEEDS, 2_000);
  expect(seeds).toBe(SEEDS);
  expect(crashes).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
  expect(acknowledged).toBeGreaterThan(5_000 * SEEDS);
}, 120_000 * SEEDS);

test('and with a dozen, of many seeds', async () => {
  const { seeds, crashes, refused, acknowledged } = await trials(turns(500, 10_000), 12);
  expect(seeds).toBe(turns(500, 10_000));
  expect(crashes).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(100);
  expect(acknowledged).toBeGreaterThan(5_000);
}, turns(120_000, 10 * 3_600_000));
