/**
 * Convergence: five clients, random operations, connections that break, lose, repeat and reorder, a server that is killed. Every operation that was
 * acknowledged is there, none that was refused is, each client's come in its order, and all documents, and the file, are equal in the end.
 *
 * `VOXBEAM_SEED` is the first seed. Ten thousand of them, some hours: `VOXBEAM_SEEDS=10000 npm run jest -- test/unit/faults/convergence`.
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

const SEEDS = Number(process.env.VOXBEAM_SEEDS ?? turns(1, 20));

interface Sums {
  readonly seeds: number;
  readonly crashes: number;
  readonly refused: number;
  readonly acknowledged: number;
}

async function trials(seeds: number, operations: number): Promise<Sums> {
  const { stdout } = await promisify(execFile)(sqliteNode(), [outfile, folder, String(SEED), String(seeds), String(operations)]);
  console.info(`seeds from ${SEED}, 5 clients x ${operations} operations: ${stdout.trim()}`);
  return JSON.parse(stdout);
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
