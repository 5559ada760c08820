// npm test: sets up and runs every check and test, two steps at a time. The last line is `N passed, N failed`.
// VOXBEAM_SEEDS=500 has so many large trials of convergence made at the end, by themselves: a quarter of an hour on two processors.
// VOXBEAM_NAPARI=1 has napari installed in a folder of its own, and what is exchanged with it read and written by it.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { chromiumHere, findChromium } from './chromium.mjs';
import { bin, command, environment, python, root, run, say } from './process.mjs';
import { setup } from './setup.mjs';

const out = join(root, 'out');
const node = process.execPath;

/** Steps at a time. A browser test waits about as long as it works: a second one fills the gaps, a third would only slow both. */
const LANES = Math.min(2, availableParallelism());
/** Files of jest at a time: some of them wait for links and processes most of their time. */
const WORKERS = LANES;
/**
 * Files that share a browser, and a JupyterLab where they have one, in one process: starting those takes longer than some of their tests. Those with
 * a JupyterLab take longest.
 */
const TOGETHER = [
  ['notebooks', 'quickstart', 'look'],
  ['widget', 'views', 'linked_views', 'slices', 'faults', 'annotation', 'labextension', 'time'],
  ['renderer_limits', 'renderer_states', 'renderer_planner', 'renderer_planes', 'renderer_fade', 'renderer_cells'],
  ['renderer_modes', 'renderer_points', 'renderer_near', 'renderer_pictures', 'renderer_shaders', 'renderer_steadiness', 'renderer_time', 'slice_tiles'],
];
/** Of the others these take longest: they are begun after those that run together. */
const LONG = ['many_viewers', 'persistent_cache', 'wheel'];

/** A step gives { passed, failed, output }. A check has one verdict: its exit status. `early` ones need no Python: they run while that is installed. */
const check = (name, program, args, early = false) => ({
  name,
  early,
  run: async () => {
    const { code, output } = await run(program, args, { allowFailure: true });
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, output };
  },
});

/** A runner that dies without its report, or says it failed without naming a test, counts as one failed. */
const verdict = (code, passed, failed, output) => ({ passed, failed: code === 0 ? failed : Math.max(failed, 1), output });

async function jest(name, ...patterns) {
  const report = join(out, `${name}.json`);
  rmSync(report, { force: true });
  const args = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', '--forceExit', `--maxWorkers=${WORKERS}`, '--json', `--outputFile=${report}`, ...patterns];
  const { code, output } = await run(node, args, { allowFailure: true });
  if (!existsSync(report)) return { passed: 0, failed: 1, output };
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
  return verdict(code, numPassedTests, numFailedTests + numRuntimeErrorTestSuites, output);
}

async function pytest(name, path, env) {
  const report = join(out, `${name}.xml`);
  rmSync(report, { force: true });
  const { code, output } = await run(python, ['-m', 'pytest', path, `--junitxml=${report}`], { allowFailure: true, ...(env && { env: environment(env) }) });
  if (!existsSync(report)) return { passed: 0, failed: 1, output };
  const attribute = (name) => Number(readFileSync(report, 'utf8').match(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`))?.[1] ?? 0);
  const failed = attribute('failures') + attribute('errors');
  return verdict(code, attribute('tests') - failed - attribute('skipped'), failed, output);
}

/** It is large, and nothing but its own formats needs it. */
async function napari() {
  const home = join(out, 'napari');
  const own = join(home, 'bin', 'python');
  await run(python, ['-m', 'venv', home]);
  await run(own, ['-m', 'pip', 'install', '--quiet', 'napari']);
  return pytest('pytest_napari', 'test/python/test_formats_napari.py', { VOXBEAM_NAPARI_PYTHON: own });
}

const CONVERGENCE = 'test/unit/faults/convergence.test.ts';
/** Large trials of convergence that were asked for: they need both processors, as the browsers do. */
const SEEDS = Number(process.env.VOXBEAM_SEEDS ?? 0);

/** Unit tests of what SQLite keeps and Zstandard packs, as a pattern: they need the Node that comes with the Python packages. */
const kept = () =>
  readdirSync(join(root, 'test', 'unit'), { recursive: true })
    .filter((name) => name.endsWith('.test.ts') && readFileSync(join(root, 'test', 'unit', name), 'utf8').includes('sqlite_node'))
    .map((name) => `test/unit/${name.replaceAll('\\', '/')}`)
    .filter((name) => SEEDS === 0 || name !== CONVERGENCE)
    .join('|');

/** What a file that passed says is its tests' names. */
async function browser(group) {
  const files = group.map((name) => `test/browser/${name}.test.mjs`);
  const args = ['--test-reporter=tap', ...(files.length === 1 ? ['--test', ...files] : ['--input-type=module', '-e', files.map((file) => `import './${file}';`).join('\n')])];
  const { code, output } = await run(node, args, { allowFailure: true, env: environment({ CHROMIUM: await findChromium(), VOXBEAM_CACHE: 'off', VOXBEAM_SCENES: 'off' }) });
  const count = (name) => Number(output.match(new RegExp(`^# ${name} (\\d+)$`, 'm'))?.[1] ?? 0);
  const names = [...output.matchAll(/^ *ok \d+ - (.*)$/gm)].map((match) => `  ok ${match[1]}\n`).join('');
  return verdict(code, count('pass'), count('fail') + count('cancelled'), code === 0 ? names : output);
}

/** The names of the browser tests' files, those that run in one process together. */
function browserSteps() {
  const names = readdirSync(join(root, 'test', 'browser')).filter((name) => name.endsWith('.test.mjs')).map((name) => name.slice(0, -'.test.mjs'.length)).sort();
  const first = [...TOGETHER, ...LONG.map((name) => [name])].map((step) => step.filter((name) => names.includes(name))).filter((step) => step.length > 0);
  return [...first, ...names.filter((name) => !first.flat().includes(name)).map((name) => [name])];
}

const steps = () => [
  check('types: tsc', node, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'], true),
  check('lint: biome', join(root, 'node_modules/.bin/biome'), ['check', '.'], true),
  { name: 'jest', early: true, run: () => jest('jest', 'test/unit', `--testPathIgnorePatterns=${kept()}|${CONVERGENCE}`) },
  { name: 'pytest', run: () => pytest('pytest', 'test/python') },
  check('lint: ruff', join(bin, 'ruff'), ['check', 'python-bridge', 'test/python']),
  check('types: mypy', join(bin, 'mypy'), []),
  { name: 'jest: conformance, and what is kept', run: () => jest('jest_kept', 'test/conformance', kept()) },
  ...browserSteps().map((names) => ({ name: `browser: ${names.join(', ')}`, run: () => browser(names) })),
];

/** What takes longer than anybody should wait for: done where it is asked for, one after the other. */
const last = () => [
  ...(process.env.VOXBEAM_NAPARI ? [{ name: 'pytest: with napari', run: napari }] : []),
  ...(SEEDS > 0 ? [{ name: `jest: convergence, ${SEEDS} seeds`, run: () => jest('jest_seeds', CONVERGENCE) }] : []),
];

/** Words after `npm test --` run the steps whose name holds one of them. */
const wanted = (name, words) => words.length === 0 || words.some((word) => name.includes(word));

async function main() {
  const began = Date.now();
  chromiumHere(); // or one line that says how to get it, before anything is begun
  mkdirSync(out, { recursive: true });
  const total = { passed: 0, failed: 0 };
  const rows = [];
  const all = steps().filter(({ name }) => wanted(name, process.argv.slice(2)));
  const [early, queue] = [all.filter((step) => step.early), all.filter((step) => !step.early)];
  const lane = async (left) => {
    for (let step = left.shift(); step; step = left.shift()) {
      const start = Date.now();
      const { passed, failed, output } = await step.run().catch((error) => ({ passed: 0, failed: 1, output: `${error.stack}\n` }));
      total.passed += passed;
      total.failed += failed;
      const row = `${step.name.padEnd(42)} ${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed ${((Date.now() - start) / 1000).toFixed(1).padStart(7)} s`;
      rows.push(row);
      say(row);
      process.stdout.write(output);
    }
  };
  let tellBuilt;
  const built = new Promise((resolve) => {
    tellBuilt = resolve;
  });
  const ready = Promise.all([setup('dev', tellBuilt), findChromium()]);
  // Installing is mostly waiting: it has the other steps' lane until it is done.
  const first = built.then(() => lane(early)).then(() => ready);
  const lanes = LANES === 1 ? [first] : [first, ready];
  await Promise.all(lanes.map((begun) => begun.then(() => lane(queue))));
  await lane(last().filter(({ name }) => wanted(name, process.argv.slice(2))));
  process.stdout.write(`\n${rows.join('\n')}\n${((Date.now() - began) / 1000).toFixed(0)} s in all\n`);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

await command(main);
