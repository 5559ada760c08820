/** The sidecar's process: configuration from stdin, one line on stdout when it is ready, and an end for every way its parent can end. */

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, workerData } from 'node:worker_threads';
import { serveEncoder } from './codec/encoder.js';
import { parseConfig, StartError } from './config.js';
import { Instance } from './instance.js';
import { log } from './log.js';
import { serveUploads } from './upload/upload_thread.js';
import { VERSION } from './version.js';

const CONFIG_TIMEOUT_MS = 10_000;
/** A scene may come with it. */
const MAX_CONFIG_CHARS = 64 * 2 ** 20;

/** The first line of stdin; what follows is left unread until stdin ends. */
function firstLine(): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: string[] = [];
    let length = 0;
    const refuse = (why: string) => reject(new StartError(why, 'write the configuration as one line of JSON to stdin'));
    const timer = setTimeout(() => refuse(`no configuration within ${CONFIG_TIMEOUT_MS} ms`), CONFIG_TIMEOUT_MS);
    process.stdin.setEncoding('utf8');
    const onData = (chunk: string) => {
      const end = chunk.indexOf('\n');
      chunks.push(end < 0 ? chunk : chunk.slice(0, end));
      length += chunk.length;
      if (end < 0 && length <= MAX_CONFIG_CHARS) return;
      clearTimeout(timer);
      process.stdin.off('data', onData);
      if (end < 0) refuse(`configuration longer than ${MAX_CONFIG_CHARS} characters`);
      else resolve(chunks.join(''));
    };
    process.stdin.on('data', onData);
    process.stdin.once('end', () => {
      clearTimeout(timer);
      refuse('stdin ended before the configuration');
    });
  });
}

async function main(): Promise<void> {
  // A parent that is gone takes its ends of the pipes with it.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const config = parseConfig(await firstLine());
  const instance = new Instance(config, path.dirname(fileURLToPath(import.meta.url)), () => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => instance.stop(signal));
  if (config.parent) {
    for (const event of ['end', 'close', 'error'] as const) process.stdin.once(event, () => instance.orphan.begin());
    process.stdin.resume();
  } else {
    process.stdin.destroy();
  }
  const port = await instance.listen();
  const ready = { port, host: config.host, instance: instance.id, pid: process.pid, version: VERSION, store_bytes: instance.storeBytes, scene: instance.scene, ...(instance.tls && { fingerprint: instance.tls.fingerprint }) };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

if (!isMainThread) (workerData?.role === 'upload' ? serveUploads : serveEncoder)();
else main().catch((error: unknown) => {
  const failure =
    error instanceof StartError
      ? { error: error.message, remedy: error.remedy }
      : { error: String((error as Error)?.message ?? error), remedy: 'the log has the details' };
  if (!(error instanceof StartError)) log(`cannot start: ${(error as Error)?.stack ?? error}`);
  process.stdout.write(`${JSON.stringify(failure)}\n`, () => process.exit(1));
});
