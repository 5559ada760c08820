/** The layout is the architecture: imports point one way, every folder says what it is for, files stay small. */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

const ROOT = process.cwd();
const SRC = join(ROOT, 'src');

/** What each folder may import besides itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  protocol: [],
  volume: ['protocol'],
  session: ['protocol', 'volume'],
  annotation: ['protocol', 'volume'],
  renderer: ['protocol', 'volume', 'session', 'annotation'],
  viewer: ['protocol', 'volume', 'session', 'annotation', 'renderer'],
  widget: ['protocol', 'volume', 'session', 'annotation', 'renderer', 'viewer'],
  labextension: ['protocol', 'volume', 'session', 'annotation', 'renderer', 'viewer', 'widget'],
  sidecar: ['protocol', 'volume', 'annotation'],
  scheduler: ['protocol', 'volume', 'annotation'],
};

/** What runs in a browser knows no Node module, and what is pure knows neither. */
const PURE = ['protocol', 'volume', 'annotation'];
const NODE = ['sidecar', 'scheduler'];

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)));
const sources = tracked.filter((path) => /^src\/.*\.tsx?$/.test(path));

function importsOf(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return [...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^'";]*?\bfrom\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'|import\('([^']+)'\)/g)].map(
    (match) => (match[1] ?? match[2] ?? match[3])!,
  );
}

const folderOf = (path: string) => relative(SRC, path).split('/')[0]!;

test('every folder of src is known here, so that a new one states what it may import', () => {
  const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).filter((name) => !(name in MAY_IMPORT))).toEqual([]);
  expect(sources.length).toBeGreaterThan(20);
});

test('imports point one way', () => {
  const wrong: string[] = [];
  for (const path of sources) {
    const from = folderOf(join(ROOT, path));
    for (const name of importsOf(path).filter((spec) => spec.startsWith('.'))) {
      const to = folderOf(resolve(ROOT, dirname(path), name));
      if (to !== from && MAY_IMPORT[from] && !MAY_IMPORT[from].includes(to)) wrong.push(`${path} imports ${name}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('only the sidecar and the scheduler import Node, and what is pure asks for no DOM', () => {
  const wrong: string[] = [];
  for (const path of sources) {
    const folder = folderOf(join(ROOT, path));
    if (!NODE.includes(folder)) wrong.push(...importsOf(path).filter((name) => name.startsWith('node:') || name === 'ws').map((name) => `${path} imports ${name}`));
    if (PURE.includes(folder) && /\bdocument\.(?:body|createElement|getElementById|querySelector)|\bwindow\.(?:addEventListener|location|requestAnimationFrame)/.test(readFileSync(join(ROOT, path), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')))
      wrong.push(`${path} uses the DOM`);
  }
  expect(wrong).toEqual([]);
});

test('the import rule finds a wrong import', () => {
  expect(MAY_IMPORT.sidecar).not.toContain('viewer');
  expect(importsOf('src/volume/geometry.ts').length + importsOf('src/protocol/messages.ts').length).toBeGreaterThan(1);
});

test('no file of code is longer than 400 lines', () => {
  const code = tracked.filter((path) => /\.(ts|tsx|js|mjs|py|glsl|css)$/.test(path));
  const long = code.map((path) => [path, readFileSync(join(ROOT, path), 'utf8').split('\n').length - 1] as const).filter(([, lines]) => lines > 400);
  expect(long).toEqual([]);
});

test('every folder that holds code opens with a page of README', () => {
  const roots = ['src', 'python-bridge', 'test', 'scripts', 'notebooks'];
  const folders = new Set(tracked.filter((path) => roots.includes(path.split('/')[0]!) && /\.(ts|mjs|py|glsl|ipynb)$/.test(path)).map((path) => dirname(path)));
  folders.delete('src'); // declarations of asset types only
  const covered = (folder: string): boolean => existsSync(join(ROOT, folder, 'README.md')) || (/^test\/./.test(folder) && existsSync(join(ROOT, 'test', 'README.md'))) || /\/shaders$/.test(folder);
  expect([...folders].filter((folder) => !covered(folder)).sort()).toEqual([]);
});

test('nothing names this machine, a registry or a package host', () => {
  const text = tracked.filter((path) => !/\.(png|gz|lock)$/.test(path) && path !== 'test/unit/architecture.test.ts');
  const wrong = text.filter((path) => {
    const content = readFileSync(join(ROOT, path), 'utf8');
    return content.includes(`${ROOT}/`) || /"resolved": "https?:/.test(content);
  });
  expect(wrong).toEqual([]);
});

test('notebooks are committed without outputs', () => {
  const notebooks = tracked.filter((path) => path.endsWith('.ipynb'));
  expect(notebooks).toContain('notebooks/quickstart.ipynb');
  for (const path of notebooks) {
    const { cells } = JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as { cells: { cell_type: string; outputs?: unknown[]; execution_count?: number | null }[] };
    const ran = cells.filter((cell) => cell.cell_type === 'code' && ((cell.outputs?.length ?? 0) > 0 || cell.execution_count !== null));
    expect([path, ran.length]).toEqual([path, 0]);
  }
});
