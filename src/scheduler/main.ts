/** The scheduler's process. */

import type { AddressInfo, Server } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SchedulerError } from './backend.js';
import { answer, refuse } from './commands.js';
import { ProcessBackend } from './process_backend.js';
import { createSocketServer } from './socket_server.js';
import { SchedulerState } from './state.js';
import { openTokenFile, type TokenFile } from './token_file.js';

const DEFAULT_PORT = 31000;
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];
const USAGE = `node scheduler.cjs [--port ${DEFAULT_PORT}] [--host 127.0.0.1] [--token-file PATH] [--allowed-host NAME]… [--scene-folder PATH]`;

/** Control characters would let a name from outside forge lines of the log. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
const log = (message: string) => process.stderr.write(`voxbeam scheduler: ${message.replace(CONTROL, '?').slice(0, 2000)}\n`);

function options(): { host: string; port: number; tokenFile: string | undefined; allowedHosts: string[]; sceneFolder: string | undefined } {
  let values: { port?: string; host?: string; 'token-file'?: string; 'allowed-host'?: string[]; 'scene-folder'?: string };
  try {
    ({ values } = parseArgs({
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        'token-file': { type: 'string' },
        'allowed-host': { type: 'string', multiple: true },
        'scene-folder': { type: 'string' },
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
  return { host, port, tokenFile: values['token-file'], allowedHosts: values['allowed-host'] ?? [], sceneFolder: values['scene-folder'] };
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

async function main(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const { host, port: wanted, tokenFile, allowedHosts, sceneFolder } = options();
  const backend = new ProcessBackend(path.join(path.dirname(fileURLToPath(import.meta.url)), 'sidecar.cjs'), allowedHosts, sceneFolder);
  const state = new SchedulerState(backend, log);
  let secret: TokenFile | undefined;
  const server = createSocketServer(async (text) =>
    secret ? answer(text, secret.token, state, log) : refuse('', 'the scheduler is still starting', 'ask again'),
  );
  // The port first: a scheduler that cannot have it must not replace the token of the one that has.
  const port = await listen(server, host, wanted);
  secret = openTokenFile(tokenFile, port);
  const { path: file, remove } = secret;
  let ending = false;
  const end = (reason: string) => {
    if (ending) return;
    ending = true;
    log(`ends: ${reason}`);
    server.close();
    remove();
    state.close().finally(() => process.exit(0));
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
