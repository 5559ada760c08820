// The virtual environment: made with the system's Python, filled with the package and its extras.
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { environment, Failure, isRoot, python, root, run, say, works } from './process.mjs';
import { hashOf, setStamp, stamped } from './stamp.mjs';

const MINIMUM = [3, 10];
const EXTENSION = join(root, '.venv', 'share', 'jupyter', 'labextensions', 'voxbeam-jupyter');

async function systemPython() {
  const seen = [];
  for (const name of [process.env.PYTHON, 'python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10'].filter(Boolean)) {
    const probe = await run(name, ['-c', 'import sys; print(*sys.version_info[:2])'], { env: process.env, allowFailure: true }).catch(() => undefined);
    if (probe?.code !== 0) continue;
    const [major, minor] = probe.output.trim().split(' ').map(Number);
    if (major === MINIMUM[0] && minor >= MINIMUM[1]) return name;
    seen.push(`${name} is ${major}.${minor}`);
  }
  throw new Failure(`Python ${MINIMUM.join('.')} or newer is needed (${seen.join(', ') || 'no python3 on the path'}). Install it, or set PYTHON to its path.`);
}

/** Debian and Ubuntu ship Python without ensurepip: it is in the package python3-venv. */
async function ensureVenvModule(name) {
  if (await works(name, ['-c', 'import venv, ensurepip'])) return;
  const remedy = 'apt-get install python3-venv';
  if (!isRoot) throw new Failure(`${name} has no venv module. Get it with: sudo ${remedy}`);
  say(`${name} has no venv module: ${remedy}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-q'], { env });
  await run('apt-get', ['install', '-y', '-q', 'python3-venv'], { env });
}

/** Makes `.venv` unless it is there and works. Returns true when it is new. */
export async function makeVenv() {
  if (existsSync(python) && (await works(python, ['-m', 'pip', '--version']))) return false;
  const name = await systemPython();
  await ensureVenvModule(name);
  say('making .venv');
  rmSync(join(root, '.venv'), { recursive: true, force: true });
  await run(name, ['-m', 'venv', '.venv']);
  // Node looks upwards for a package.json: without this one it takes the CommonJS scripts that Jupyter brings for modules like ours.
  writeFileSync(join(root, '.venv', 'package.json'), '{}\n');
  return true;
}

/**
 * The build needs one Python program: jupyter-builder. The pip that Python comes with may be years old: 23.2 reads what is said of all
 * installed packages for each new one, and compares every file on offer with every platform's name.
 */
export async function ensureBuilder() {
  if (existsSync(join(root, '.venv', 'bin', 'jupyter-builder'))) return;
  say('installing the JupyterLab extension builder');
  await pip('pip>=25', 'jupyter-builder>=1.3,<2');
}

/**
 * The package's build hook would install the Node packages and build once more: that is done. Modules are compiled when they are first imported:
 * most never are.
 */
const pip = (...args) =>
  run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--no-input', '--no-compile', ...args], {
    env: environment({ HATCH_JUPYTER_BUILDER_SKIP_NPM: '1' }),
  });

const stamp = (name) => `.venv/voxbeam-${name}.stamp`;
const isInstalled = (extra, value) => stamped(stamp(extra), value) || stamped(stamp('dev'), value); // dev holds all others

/** Installs all that the package needs with an extra: it takes longest, and can be done before the package itself is built. */
export async function installRequirements(extra) {
  if (isInstalled(extra, hashOf(['pyproject.toml']))) return;
  say(`installing what the Python package needs with its ${extra} extra (a few minutes the first time)`);
  const { output } = await run(python, [join(root, 'scripts', 'requirements.py'), extra]);
  await pip(...output.trim().split(/\r?\n/));
}

/** Installs the package in place with an extra whose requirements are there, unless that was done from the same pyproject.toml. */
export async function installPackage(extra) {
  const value = hashOf(['pyproject.toml']);
  if (isInstalled(extra, value)) return;
  rmSync(EXTENSION, { recursive: true, force: true }); // else pip would write, and remove, what the link points at
  await pip('--no-deps', '--no-build-isolation', '-e', `.[${extra}]`);
  linkExtension();
  setStamp(stamp(extra), value);
}

/** An editable install copies the JupyterLab extension; a link keeps it the one that was built last. */
function linkExtension() {
  rmSync(EXTENSION, { recursive: true, force: true });
  mkdirSync(dirname(EXTENSION), { recursive: true });
  symlinkSync(relative(dirname(EXTENSION), join(root, 'python-bridge', 'voxbeam', 'labextension')), EXTENSION);
}
