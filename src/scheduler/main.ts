/** The scheduler's process. */

import type { AddressInfo, Server } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SchedulerError } from './backend.js';
import { answer, refuse } from './commands.js';
import { ORPHAN_MS, ProcessBackend } from './process_backend.js';
import { createSocketServer } from './socket_server.js';
import { SchedulerState } from './state.js';
import { StateFile } from './state_file.js';
import { openTokenFile, stateFilePath, type TokenFile } from './token_file.js';

const DEFAULT_PORT = 31000;
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];
const USAGE = `node scheduler.cjs [--port ${DEFAULT_PORT}] [--host 127.0.0.1] [--token-file PATH] [--allowed-host NAME]… [--scene-folder PATH] [--orphan-seconds 60]`;

/** Control characters would let a name from outside forge lines of the log. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
const log = (message: string) => process.stderr.write(`voxbeam scheduler: ${message.replace(CONTROL, '?').slice(0, 2000)}\n`);

function options(): { host: string; port: number; tokenFile: string | undefined; allowedHosts: string[]; sceneFolder: string | undefined; orphanMs: number } {
  let values: { port?: string; host?: string; 'token-file'?: string; 'allowed-host'?: string[]; 'scene-folder'?: string; 'orphan-seconds'?: string };
  try {
    ({ values } = parseArgs({
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        'token-file': { type: 'string' },
        'allowed-host': { type: 'string', multiple: true },
        'scene-folder': { type: 'string' },
        'orphan-seconds': { type: 'string' },
      },
    }));
  } catch (error) {
    throw new SchedulerError((error as Error).message, USAGE);
  }
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new SchedulerError(`port ${values.port} is none`, 'give 0 to 65535; 0 is any free one');
  const host = values.host ?? '127.0.0.1';
  if (!LOOPBACK.includes(host)) {
    throw new SchedulerError(`host ${host} is not this machine's own`, `listen on one of ${LOOPBACK.join(', ')} and let an SSH tunnel lead there`);
  }
  const seconds = Number(values['orphan-seconds'] ?? ORPHAN_MS / 1000);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 3600) throw new SchedulerError(`--orphan-seconds ${values['orphan-seconds']} is none`, 'give 1 to 3600');
  return { host, port, tokenFile: values['token-file'], allowedHosts: values['allowed-host'] ?? [], sceneFolder: values['scene-folder'], orphanMs: 1000 * seconds };
}

/** Listens; resolves with the port. */
function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        new SchedulerError(
          taken ? `port ${port} on ${host} is already taken` : `cannot listen on ${host}:${port}: ${error.message}`,
          taken ? 'another scheduler may be running there; choose another with --port' : 'choose another with --port and --host',
        ),
      );
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Where this scheduler's instances are written down; nowhere, and said so, where others could write there too. */
function openStateFile(port: number): StateFile | undefined {
  try {
    return new StateFile(stateFilePath(port), log);
  } catch (error) {
    log(`instances are not written down, and not found again: ${(error as Error).message}`);
    return undefined;
  }
}

async function main(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const { host, port: wanted, tokenFile, allowedHosts, sceneFolder, orphanMs } = options();
  const backend = new ProcessBackend(path.join(path.dirname(fileURLToPath(import.meta.url)), 'sidecar.cjs'), allowedHosts, sceneFolder, orphanMs);
  let state: SchedulerState | undefined;
  let secret: TokenFile | undefined;
  const server = createSocketServer(async (text) =>
    secret && state ? answer(text, secret.token, state, log) : refuse('', 'the scheduler is still starting', 'ask again'),
  );
  // The port first: a scheduler that cannot have it must not replace the token of the one that has.
  const port = await listen(server, host, wanted);
  const known = new SchedulerState(backend, log, openStateFile(port));
  state = known;
  await known.restore();
  secret = openTokenFile(tokenFile, port);
  const { path: file, remove } = secret;
  let ending = false;
  const end = (reason: string) => {
    if (ending) return;
    ending = true;
    log(`ends: ${reason}`);
    server.close();
    remove();
    known.close().finally(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end(signal));
  process.stdout.write(`${JSON.stringify({ port, host, token_file: file })}\n`);
}

main().catch((error: unknown) => {
  if (error instanceof SchedulerError) log(`${error.message}. ${error.remedy}`);
  else log(`cannot start: ${(error as Error)?.stack ?? error}`);
  process.exitCode = 1;
  setImmediate(() => process.exit(1));
});
