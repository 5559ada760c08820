/** A live sidecar for tests. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { afterAll } from '@jest/globals';
import { bundled } from './bundle.js';

export interface HttpAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

export interface HttpAsk {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** What a sidecar said on stdout when it started. */
export interface Started {
  port: number;
  host: string;
  instance: string;
  pid: number;
  error?: string;
  remedy?: string;
}

/** All that were started, so that a test that fails halfway leaves none behind. */
const started = new Set<SidecarProcess>();
afterAll(async () => {
  for (const sidecar of started) await sidecar.stop('SIGKILL');
});

export class SidecarProcess {
  readonly token = randomBytes(32).toString('base64url');
  started!: Started;
  /** Milliseconds from start to ready. */
  startMs = 0;
  log = '';
  child!: ChildProcess;
  /** Resolves with the exit code, or the signal that ended it. */
  exited!: Promise<number | string>;

  /** Starts one, with this Node or another; `started.error` says why not. */
  static async start(config: object = {}, node = process.execPath): Promise<SidecarProcess> {
    const it = new SidecarProcess();
    const program = await bundled('sidecar');
    const before = performance.now();
    it.child = spawn(node, [program], { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env.PATH } });
    started.add(it);
    it.exited = new Promise((resolve) => it.child.once('exit', (code, signal) => resolve(code ?? signal ?? -1)));
    it.child.stderr?.on('data', (chunk) => {
      it.log += chunk;
    });
    it.child.stdin?.on('error', () => {});
    it.child.stdin?.write(`${JSON.stringify({ token: it.token, parent: true, store_bytes: 64 * 2 ** 20, ...config })}\n`);
    it.started = await new Promise<Started>((resolve, reject) => {
      let text = '';
      it.child.stdout?.on('data', (chunk) => {
        text += chunk;
        if (text.includes('\n')) resolve(JSON.parse(text));
      });
      it.child.once('exit', (code) => reject(new Error(`sidecar ended with ${code} before it was ready: ${it.log}`)));
    });
    it.startMs = performance.now() - before;
    return it;
  }

  get port(): number {
    return this.started.port;
  }

  /** Ends it and waits. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.child.kill(signal);
    await this.exited;
    started.delete(this);
  }

  /** One HTTP request; the path goes out as it stands. */
  ask({ method = 'GET', path, headers = {}, body }: HttpAsk): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port: this.port, method, path, headers, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  /** A fresh ticket. */
  async ticket(role: string, origin = 'none', use = 'stream'): Promise<string> {
    const answer = await this.ask({
      method: 'POST',
      path: '/v1/ticket',
      headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ use, role, origin }),
    });
    if (answer.status !== 200) throw new Error(`ticket: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text).ticket;
  }

  /** GET /v1/status as the owner. */
  async status(): Promise<Record<string, unknown> & { sent_bytes: number; sent_bricks: number; sent_constants: number; sent_same: number; sent_tiles: number; sent_tile_bytes: number; copied_bytes: number; used_bytes: number; stored_bytes: number }> {
    return JSON.parse((await this.ask({ path: '/v1/status', headers: { Authorization: `Bearer ${this.token}` } })).text);
  }
}
