// Everything that must be there before anything can run; each step is skipped when its result is up to date.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { command, Failure, isMain, root, run, say } from './process.mjs';
import { hashOf, setStamp, stamped } from './stamp.mjs';
import { ensureBuilder, installPackage, installRequirements, makeVenv } from './venv.mjs';

const SOURCES = ['src', 'style', 'build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json', 'install.json'];
const BUILT = ['static/widget.js', 'static/worker.js', 'static/loader.js', 'static/viewer.js', 'static/page.html', 'static/sidecar.cjs', 'static/scheduler.cjs', 'labextension/package.json'];

async function nodePackages() {
  const stamp = 'node_modules/voxbeam.stamp';
  const value = hashOf(['package-lock.json']);
  if (stamped(stamp, value)) return;
  say('npm ci');
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  setStamp(stamp, value);
}

async function build() {
  const stamp = 'node_modules/voxbeam-build.stamp';
  const value = hashOf(SOURCES);
  if (stamped(stamp, value) && BUILT.every((path) => existsSync(join(root, 'python-bridge/voxbeam', path)))) return;
  say('building the widget, the viewer page, the sidecar, the scheduler and the JupyterLab extension');
  await run('npm', ['run', '--silent', 'build']);
  setStamp(stamp, value);
}

/**
 * Makes the checkout ready to run, what needs Node beside what needs Python. `extra` is `demo`, or `dev` for the tests.
 *
 * @param built called once the Node packages are there and everything is built, which is long before all is ready
 */
export async function setup(extra = 'demo', built = () => {}) {
  if (Number(process.versions.node.split('.')[0]) < 20) throw new Failure(`Node 20 or newer is needed; this is ${process.version}.`);
  const began = Date.now();
  const builder = makeVenv().then(ensureBuilder);
  const nodeSide = async () => {
    await Promise.all([nodePackages(), builder]);
    await build();
    built();
  };
  await Promise.all([nodeSide(), builder.then(() => installRequirements(extra))]);
  await installPackage(extra);
  say(`ready (${((Date.now() - began) / 1000).toFixed(1)} s)`);
}

if (isMain(import.meta.url)) await command(() => setup(process.argv[2] ?? 'demo'));
