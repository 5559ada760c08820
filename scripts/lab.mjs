// A real JupyterLab on loopback with a token and folders of its own: nothing of the user's is read or written.
import { spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bin as venvBin, end, environment, Failure, isRoot, root } from './process.mjs';

/** Whether nobody listens on a port. */
export const isFree = (port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Systems give ports from 32768 on to who asks for any: one below stays free until who is told of it listens there. */
async function freePort() {
  for (let tries = 0; tries < 1000; tries += 1) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Failure('no port from 20000 to 32000 is free');
}

const SETTINGS = {
  '@jupyterlab/apputils-extension/notification': { fetchNews: 'false', checkForUpdates: false }, // else a news pop-up covers the corner
  '@jupyterlab/notebook-extension/tracker': { windowingMode: 'none' }, // outputs out of sight are still there
};

async function writeSettings(folder, settings) {
  for (const [name, value] of Object.entries(settings)) {
    const file = join(folder, `${name}.jupyterlab-settings`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(value));
  }
}

/**
 * Starts JupyterLab; resolves once it answers. `folder` is what it shows, `env` goes to its kernels, `bin` is the virtual
 * environment it is taken from. `automated` exposes the application object to the page, for checks and tests.
 */
export async function startLab({ folder = root, env = {}, bin = venvBin, settings = {}, automated = true } = {}) {
  const scratch = await mkdtemp(join(tmpdir(), 'voxbeam-lab-'));
  await writeSettings(join(scratch, 'settings'), { ...SETTINGS, ...settings });
  const token = randomBytes(16).toString('hex');
  const port = await freePort();
  const args = [
    '-m', 'jupyterlab', '--no-browser', '--ServerApp.ip=127.0.0.1', `--ServerApp.port=${port}`, '--ServerApp.port_retries=0',
    `--ServerApp.root_dir=${folder}`, '--ServerApp.answer_yes=True', '--LabApp.extension_manager=readonly',
    ...(automated ? ['--LabApp.expose_app_in_browser=True'] : []), ...(isRoot ? ['--allow-root'] : []),
  ];
  const child = spawn(join(bin, 'python'), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment({
      JUPYTER_TOKEN: token, // in the environment: a command line can be read by everyone on the machine
      JUPYTER_CONFIG_DIR: join(scratch, 'config'), JUPYTER_DATA_DIR: join(scratch, 'data'), JUPYTER_RUNTIME_DIR: join(scratch, 'runtime'),
      JUPYTERLAB_SETTINGS_DIR: join(scratch, 'settings'), JUPYTERLAB_WORKSPACES_DIR: join(scratch, 'workspaces'),
      IPYTHONDIR: join(scratch, 'ipython'), PYDEVD_DISABLE_FILE_VALIDATION: '1', ...env,
    }),
  });
  const lab = { child, port, token, base: `http://127.0.0.1:${port}`, log: '' };
  const keep = (chunk) => {
    lab.log = (lab.log + chunk).slice(-40_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  lab.url = (notebook) => `${lab.base}/lab/tree/${notebook}?reset&token=${token}`;
  lab.close = async () => {
    await end(child, 20_000);
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    await answered(lab);
  } catch (error) {
    await lab.close();
    throw error;
  }
  return lab;
}

async function answered(lab) {
  for (const late = Date.now() + 180_000; Date.now() < late; ) {
    if (lab.child.exitCode !== null) throw new Failure(`JupyterLab ended with ${lab.child.exitCode}: ${lab.log.slice(-2000)}`);
    const answer = await fetch(`${lab.base}/api/status?token=${lab.token}`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Failure(`JupyterLab did not answer within 180 s: ${lab.log.slice(-2000)}`);
}
