// A scheduler for the notebook, as a process of its own: what `voxbeam scheduler` starts.
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './lab.mjs';
import { bin as venvBin, end, environment, Failure } from './process.mjs';

const DEFAULT_PORT = 31000;

const reachable = (port) =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** Starts a scheduler on port 31000, or on a free one if that is taken: { address: 'host:port', close }. */
export async function startScheduler({ bin = venvBin, port: wanted = DEFAULT_PORT, env = {} } = {}) {
  const port = await freePort(wanted);
  const child = spawn(join(bin, 'voxbeam'), ['scheduler', '--port', String(port)], { stdio: ['ignore', 'pipe', 'pipe'], env: environment(env) });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { log = (log + chunk).slice(-4000); });
  const failed = new Promise((_, reject) => child.once('error', (error) => reject(new Failure(`the scheduler cannot be started: ${error.message}`))));
  const ready = (async () => {
    for (let i = 0; i < 200; i += 1) {
      if (child.exitCode !== null) throw new Failure(`the scheduler ended with ${child.exitCode}: ${log}`);
      if (await reachable(port)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Failure(`the scheduler did not listen on port ${port} within 10 s: ${log}`);
  })();
  try {
    await Promise.race([ready, failed]);
  } catch (error) {
    await end(child);
    throw error;
  }
  return { address: `127.0.0.1:${port}`, child, close: () => end(child) };
}
