// A page with sessions and viewers of a real sidecar in a Chromium that keeps its profile, for the tests beside this file.
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { workerSource } from '../../build.mjs';
import { TEST_FLAGS, findChromium } from '../../scripts/chromium.mjs';
import { end, environment, python, root } from '../../scripts/process.mjs';
import { PATIENCE_MS } from './support.mjs';

/** Python that holds resident balls of these edges; `ask` answers 'ticket' and 'status'. */
export async function serveVolumes(...edges) {
  const child = spawn(python, ['-u', `${root}/test/browser/serve_volumes.py`, ...edges.map(String)], { stdio: ['pipe', 'pipe', 'inherit'], env: environment() });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    for (;;) {
      const { done, value } = await lines.next();
      if (done) throw new Error('serve_volumes.py ended');
      if (value.startsWith('{')) return JSON.parse(value);
    }
  };
  const first = await next();
  let turn = Promise.resolve();
  return {
    ...first,
    child,
    ask(word) {
      turn = turn.then(() => {
        child.stdin.write(`${word}\n`);
        return next();
      });
      return turn;
    },
    async close() {
      child.stdin.end();
      const timer = setTimeout(() => end(child), 30_000);
      if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('close', resolve));
      clearTimeout(timer);
    },
  };
}

/** A server of the page, always at the same address, and a browser profile that lasts for as long as the test file. */
export class Stage {
  static async open() {
    const stage = new Stage();
    const { outputFiles } = await build({
      entryPoints: [`${root}/test/browser/robust_page.ts`], bundle: true, write: false, format: 'iife', platform: 'browser', target: 'es2022',
      loader: { '.glsl': 'text', '.css': 'text', '.html': 'text' }, plugins: [workerSource], define: { 'process.env.NODE_ENV': '"production"' },
    });
    const script = outputFiles[0].contents;
    stage.server = createServer((request, response) => {
      const isScript = request.url.startsWith('/page.js');
      response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
      response.end(isScript ? script : '<!doctype html><title>test</title><body style="margin:0"><script src="/page.js"></script>');
    });
    await new Promise((resolve) => stage.server.listen(0, '127.0.0.1', resolve));
    stage.origin = `http://127.0.0.1:${stage.server.address().port}`;
    stage.profile = await mkdtemp(join(tmpdir(), 'voxbeam-profile-'));
    await stage.start();
    return stage;
  }

  async start(args = []) {
    this.context = await chromium.launchPersistentContext(this.profile, {
      executablePath: await findChromium(), headless: true, args: [...TEST_FLAGS, ...args], viewport: { width: 900, height: 700 }, timeout: PATIENCE_MS,
    });
    this.context.setDefaultTimeout(PATIENCE_MS);
  }

  /** The page anew, with tickets of `volumes`. */
  async page(volumes, init) {
    const page = await this.context.newPage();
    page.problems = [];
    page.on('pageerror', (error) => page.problems.push(error.message));
    await page.exposeFunction('ticket', async () => (await volumes.ask('ticket')).ticket);
    if (init) await page.addInitScript(init);
    await page.goto(this.origin);
    return page;
  }

  async close() {
    await this.context?.close();
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
    if (this.profile) await rm(this.profile, { recursive: true, force: true, maxRetries: 3 });
  }
}
