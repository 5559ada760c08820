// npm start: sets up, starts a scheduler and JupyterLab, and opens the quickstart. With --check it runs it and says what it saw.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { chromiumHere } from './chromium.mjs';
import { startLab } from './lab.mjs';
import { command, Failure, say } from './process.mjs';
import { startScheduler } from './scheduler.mjs';
import { setup } from './setup.mjs';

const NOTEBOOK = 'notebooks/quickstart.ipynb';
const TRANSPORTS = ['direct', 'proxy', 'comm'];

function options() {
  try {
    const { values } = parseArgs({ options: { check: { type: 'boolean', default: false }, transport: { type: 'string' } } });
    if (values.transport && !TRANSPORTS.includes(values.transport)) throw new Error(`--transport is ${values.transport}; it can be ${TRANSPORTS.join(', ')}`);
    return values;
  } catch (error) {
    throw new Failure(`${error.message}. Usage: npm start [-- --check] [-- --transport ${TRANSPORTS.join('|')}]`);
  }
}

/** Ctrl-C reaches the whole terminal group; what we started is ended in order by `main` in either case. */
function asked() {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => controller.abort());
  return controller.signal;
}

async function stayOpen(lab, signal) {
  say(`open ${lab.base}/lab/tree/${NOTEBOOK}?token=${lab.token}`);
  say('Ctrl-C ends it');
  const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort');
  const died = lab.child.exitCode !== null ? Promise.resolve() : once(lab.child, 'exit');
  await Promise.race([stopped, died]);
  if (!signal.aborted) throw new Failure(`JupyterLab ended by itself: ${lab.log.slice(-1000)}`);
  say('ending JupyterLab and the scheduler');
}

async function main() {
  const { check, transport } = options();
  if (check) chromiumHere(); // or one line that says how to get it, before anything is begun
  await setup('demo');
  const signal = asked();
  const scheduler = await startScheduler();
  let lab;
  try {
    const env = { VOXBEAM_SCHEDULER: scheduler.address, ...(transport ? { VOXBEAM_TRANSPORT: transport } : {}) };
    lab = await startLab({ env, automated: check });
    if (!check) return await stayOpen(lab, signal);
    const { checkQuickstart, report } = await import('./check.mjs'); // needs the Node packages, which are there by now
    const stopped = new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Failure('stopped'))));
    report(await Promise.race([checkQuickstart(lab, { notebook: NOTEBOOK, transport }), stopped]));
    return 0;
  } finally {
    await lab?.close();
    await scheduler.close();
  }
}

await command(main);
