// What the groups share: statistics, rows, Python processes, pages of our own modules.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { workerSource } from '../../build.mjs';
import { end, environment, Failure, python, root, run } from '../../scripts/process.mjs';

const sorted = (values) => [...values].sort((a, b) => a - b);

/** The value below which this share of the values lies. */
export function quantile(values, share) {
  const all = sorted(values);
  const at = (all.length - 1) * share;
  const low = Math.floor(at);
  return all[low] + (all[Math.min(low + 1, all.length - 1)] - all[low]) * (at - low);
}

export const median = (values) => quantile(values, 0.5);

/**
 * One line of the table. `limit` is ['>=' or '<=', number] on the ratio to the reference; on the value where there is no reference, or `judge` is 'value'.
 */
export function row(name, value, unit, { reference = null, limit = null, judge = reference === null ? 'value' : 'ratio' } = {}) {
  const ratio = reference === null ? null : value / reference;
  const judged = judge === 'value' ? value : ratio;
  const holds = limit === null ? null : limit[0] === '>=' ? judged >= limit[1] : judged <= limit[1];
  return { name, value, unit, reference, ratio, target: limit && `${limit[0]} ${limit[1]}${judge === 'value' ? ` ${unit}` : ''}`, holds };
}

/** Runs a Python program that prints one line of JSON last, and gives it. */
export async function pythonJson(file, args = []) {
  const session = pythonSession(file, args);
  let last;
  for await (const message of session.messages()) last = message;
  if (session.child.exitCode !== 0 || last === undefined) throw new Failure(`${file} ended with ${session.child.exitCode}: ${session.log()}`);
  return last;
}

/** A Python program that talks in lines of JSON on its standard streams. */
export function pythonSession(file, args = []) {
  const child = spawn(python, ['-u', `${root}/test/bench/${file}`, ...args.map(String)], { stdio: ['pipe', 'pipe', 'pipe'], env: environment({ VOXBEAM_CACHE: 'off' }) });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-8000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = new Promise((resolve) => child.once('close', resolve));
  const next = async () => {
    for (;;) {
      const { done, value } = await lines.next();
      if (done) return undefined;
      if (value.startsWith('{')) return JSON.parse(value);
      log += `${value}\n`;
    }
  };
  return {
    child,
    log: () => log,
    /** The next message; a program that ended instead is a failure that shows what it said. */
    receive: async () => {
      const message = await next();
      if (message === undefined) throw new Failure(`${file} ended: ${log}`);
      return message;
    },
    send: (message) => child.stdin.write(`${JSON.stringify(message)}\n`),
    async *messages() {
      for (let message = await next(); message !== undefined; message = await next()) yield message;
      await gone;
    },
    close: async () => {
      child.stdin.end();
      const timer = setTimeout(() => end(child), 5000);
      await gone;
      clearTimeout(timer);
    },
  };
}

/** A bare `ws` server of messages of so many bytes; see bare_server.mjs. The Node that pip brings is the sidecar's: the reference gets the same. */
export async function bareServer(bytes, ...args) {
  const { output } = await run(python, ['-c', 'from voxbeam.sidecar import find_node; print(find_node())']);
  const child = spawn(output.trim().split('\n').at(-1), [`${root}/test/bench/bare_server.mjs`, String(bytes), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await new Promise((resolve) => createInterface({ input: child.stdout }).once('line', (text) => resolve([text])));
  return { url: `ws://127.0.0.1:${JSON.parse(line).port}/`, close: () => end(child) };
}

/** Serves one page that runs a bundled TypeScript module of this folder: { url, close }. */
export async function servePage(entry) {
  const { outputFiles } = await build({
    entryPoints: [`${root}/test/bench/${entry}`], bundle: true, write: false, format: 'esm', platform: 'browser', target: 'es2022', minify: true,
    loader: { '.glsl': 'text', '.css': 'text', '.html': 'text' }, plugins: [workerSource], define: { 'process.env.NODE_ENV': '"production"' },
  });
  const script = outputFiles[0].contents;
  const server = createServer((request, response) => {
    const isScript = request.url.startsWith('/page.js');
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? script : '<!doctype html><title>bench</title><body><script type="module" src="/page.js"></script>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }),
  };
}
