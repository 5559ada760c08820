// What users install: one wheel, into a fresh environment without Node on the path, and the quickstart out of it.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { codeCells, kernelRun, runCell } from '../../scripts/notebook_page.mjs';
import { python, root, run } from '../../scripts/process.mjs';
import { settled, Workplace } from './support.mjs';

const scratch = await mkdtemp(join(tmpdir(), 'voxbeam-wheel-'));
after(() => rm(scratch, { recursive: true, force: true }));
const venv = join(scratch, 'venv');
const bin = join(venv, 'bin');
let wheel;

test('python -m build gives one wheel with everything in it, once', async () => {
  await run(python, ['-m', 'build', '--wheel', '--no-isolation', '--outdir', scratch, '.']);
  const wheels = (await readdir(scratch)).filter((name) => name.endsWith('.whl'));
  assert.equal(wheels.length, 1);
  assert.match(wheels[0], /-py3-none-any\.whl$/);
  wheel = join(scratch, wheels[0]);
  const { output } = await run(python, ['-c', 'import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist(), sep="\\n")', wheel]);
  const names = output.trim().split('\n');
  for (const file of ['widget.js', 'loader.js', 'viewer.js', 'page.html', 'sidecar.cjs', 'scheduler.cjs'])
    assert.ok(names.includes(`voxbeam/static/${file}`), `${file} is in the wheel`);
  assert.ok(names.includes('voxbeam/py.typed'));
  const extension = names.filter((name) => name.includes('labextension'));
  assert.ok(extension.some((name) => name.endsWith('.data/data/share/jupyter/labextensions/voxbeam-jupyter/package.json')), extension.join('\n'));
  assert.ok(extension.some((name) => name.endsWith('voxbeam-jupyter/install.json')));
  assert.equal(extension.filter((name) => name.endsWith('voxbeam-jupyter/package.json')).length, 1, 'the extension is there once');
  assert.equal(new Set(names).size, names.length);
  const stray = names.filter((name) => /node_modules|\.stamp$|\.map$|__pycache__|(^|\/)test/.test(name));
  assert.deepEqual(stray, []);
});

test('the wheel, in a fresh environment without Node on the path, shows the quickstart', { timeout: 600_000 }, async (t) => {
  assert.ok(wheel, 'the wheel was built');
  await run(python, ['-m', 'venv', '--without-pip', venv]);
  // What the wheel asks for was downloaded and installed a moment ago: links to that, and to nothing it does not ask for.
  await run(python, [join(root, 'test', 'browser', 'fresh_environment.py'), venv, wheel, 'demo']);
  const pip = (...args) => run(python, ['-m', 'pip', '--python', join(bin, 'python'), '--disable-pip-version-check', ...args]);
  await pip('install', '-q', '--no-deps', '--no-compile', wheel);
  await pip('check');
  const others = await run(join(bin, 'python'), ['-c', 'import SimpleITK'], { allowFailure: true });
  assert.match(others.output, /ModuleNotFoundError/, 'what only other extras ask for is not there');
  const env = { PATH: bin, VIRTUAL_ENV: venv };
  const { output } = await run(join(bin, 'python'), ['-c', 'import shutil, voxbeam; print(shutil.which("node"), voxbeam.__file__)'], { env, cwd: scratch });
  assert.match(output, /^None /, 'no Node on the path');
  assert.ok(output.includes(venv), `the package is the installed one: ${output}`);
  const listed = await run(join(bin, 'python'), ['-m', 'jupyter', 'labextension', 'list'], { env: { ...process.env, ...env }, cwd: scratch });
  assert.match(listed.output, /voxbeam-jupyter v[\d.]+ .*enabled.*OK/i);

  const place = await Workplace.open({ scheduler: true, bin, env });
  t.after(() => place.close());
  const page = await place.notebook(await readFile(join(root, 'notebooks', 'quickstart.ipynb'), 'utf8'), { viewport: { width: 1280, height: 3600 } });
  for (const { index, source } of await codeCells(page)) {
    const { error } = await runCell(page, index);
    assert.equal(error, undefined, `${source}\n${error}`);
  }
  await settled(page);
  await settled(page.locator('.jp-OutputArea iframe').contentFrame(), '.voxbeam[data-settled]');
  assert.ok((await kernelRun(page, 'print(rv.__file__)')).includes(venv));
});
