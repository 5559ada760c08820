// A scheduler for the notebook, as a process of its own: what `voxbeam scheduler` starts.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isFree } from './lab.mjs';
import { bin as venvBin, end, environment, Failure } from './process.mjs';

const DEFAULT_PORT = 31000;

/** Starts a scheduler on port 31000, or on a free one if that is taken: { address: 'host:port', close }. */
export async function startScheduler({ bin = venvBin, port: wanted = DEFAULT_PORT, env = {} } = {}) {
  const port = wanted === 0 || !(await isFree(wanted)) ? 0 : wanted;
  const child = spawn(join(bin, 'voxbeam'), ['scheduler', '--port', String(port)], { stdio: ['ignore', 'pipe', 'pipe'], env: environment(env) });
  let log = '';
  child.stderr.on('data', (chunk) => { log = (log + chunk).slice(-4000); });
  const started = new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Failure(`the scheduler cannot be started: ${error.message}`)));
    child.once('exit', (code) => reject(new Failure(`the scheduler ended with ${code}: ${log}`)));
    setTimeout(() => reject(new Failure(`the scheduler did not say within 60 s where it listens: ${log}`)), 60_000).unref();
    createInterface({ input: child.stdout }).once('line', resolve); // what follows is read too
  });
  try {
    const { port: given } = JSON.parse(await started);
    return { address: `127.0.0.1:${given}`, child, close: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}
