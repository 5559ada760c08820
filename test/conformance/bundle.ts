/** The programs under test: as built for the wheel, or, where that build is older than the sources, bundled to a temporary folder. */

import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from '@jest/globals';
import { build } from 'esbuild';

const BUILT = 'python-bridge/voxbeam/static';
const SOURCES = ['src/sidecar', 'src/scheduler', 'src/protocol', 'src/volume', 'src/annotation'];

function newest(folder: string): number {
  return Math.max(0, ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => statSync(path.join(folder, name)).mtimeMs));
}

let folder: Promise<string> | undefined;
afterAll(async () => {
  if (folder) rmSync(await folder, { recursive: true, force: true });
});

/** Path of `sidecar.cjs` or `scheduler.cjs`, with the page and the other program beside it. */
export async function bundled(program: 'sidecar' | 'scheduler'): Promise<string> {
  const built = path.resolve(BUILT, `${program}.cjs`);
  const sources = Math.max(...SOURCES.filter((folder) => existsSync(folder)).map(newest));
  if (existsSync(built) && statSync(built).mtimeMs > sources && existsSync(path.resolve(BUILT, 'page.html'))) return built;
  folder ??= bundleAll();
  return path.join(await folder, `${program}.cjs`);
}

async function bundleAll(): Promise<string> {
  const outdir = mkdtempSync(path.join(os.tmpdir(), 'voxbeam-test-'));
  const entries = ['sidecar', 'scheduler'].filter((name) => existsSync(`src/${name}/main.ts`));
  await build({
    entryPoints: Object.fromEntries(entries.map((name) => [name, `src/${name}/main.ts`])),
    outdir, bundle: true, format: 'cjs', platform: 'node', target: 'node20', outExtension: { '.js': '.cjs' }, logLevel: 'warning',
    external: ['bufferutil', 'utf-8-validate'],
    define: { 'import.meta.url': '__url' },
    banner: { js: "const __url=require('node:url').pathToFileURL(__filename).href;" },
  });
  if (existsSync('src/viewer/page.html')) copyFileSync('src/viewer/page.html', path.join(outdir, 'page.html'));
  return outdir;
}
