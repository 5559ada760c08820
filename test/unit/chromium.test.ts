/** The browser of the checks: the one that is here, or one line that says how to get it. */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';

type Here = (env: { PATH?: string; CHROMIUM?: string }, mayInstall: boolean) => string | undefined;
const { chromiumHere } = (await import('../../scripts/chromium.mjs' as string)) as { chromiumHere: Here };

const folder = mkdtempSync(join(tmpdir(), 'voxbeam-browsers-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the named one goes before those on the path, and they before an installation', () => {
  for (const name of ['google-chrome', 'chromium', 'mine']) {
    writeFileSync(join(folder, name), '');
    chmodSync(join(folder, name), 0o755);
  }
  const PATH = `/nowhere:${folder}`;
  expect(chromiumHere({ PATH }, true)).toBe(join(folder, 'chromium'));
  expect(chromiumHere({ PATH, CHROMIUM: join(folder, 'mine') }, false)).toBe(join(folder, 'mine'));
  rmSync(join(folder, 'chromium'));
  expect(chromiumHere({ PATH }, false)).toBe(join(folder, 'google-chrome'));
});

test('where there is none, root may install it, and others are told how in one line', () => {
  expect(chromiumHere({ PATH: '/nowhere' }, true)).toBeUndefined();
  expect(() => chromiumHere({ PATH: '/nowhere' }, false)).toThrow(/^No Chromium found \(CHROMIUM, .*\)\. Get one with: sudo apt-get install chromium$/);
  expect(() => chromiumHere({ CHROMIUM: '/nowhere/c', PATH: folder }, true)).toThrow(/^CHROMIUM is \/nowhere\/c, which is not there\. Set it/);
});
