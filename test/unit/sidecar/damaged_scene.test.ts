/** Damaged scene files: found by checksum, told, set aside as they are, and all that can be read goes on. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { sqliteNode } from '../../conformance/sqlite_node.js';
import { SEED, turns } from '../../seed.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'voxbeam-damage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('one flipped bit or a lost end, anywhere: never a wrong edit, nothing lost untold, nothing written over', async () => {
  const outfile = path.join(folder, 'trials.mjs');
  await build({ entryPoints: ['test/unit/sidecar/damage_trials.ts'], outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'warning' });
  const text = execFileSync(sqliteNode(), [outfile, folder, String(SEED), String(turns(40, 2000))], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const { trials, refused, told, share, edited, compacted } = JSON.parse(text);
  console.info(text.trim());
  expect(told).toBeGreaterThan(trials / 2); // what is not told hit pages or bits that nothing uses
  expect(refused).toBeLessThan(trials / 20);
  expect(share).toBeGreaterThan(0.6);
  expect(compacted).toBeLessThan(edited / 3);
});
