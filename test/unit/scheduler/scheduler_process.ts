/** A live scheduler for tests, and its socket. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from '@jest/globals';
import { processBegan } from '../../../src/scheduler/process_identity.js';
import { bundled } from '../../conformance/bundle.js';

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every form
export type Answer = any;

/** All that were started, so that a test that fails halfway leaves none behind. */
const started = new Set<SchedulerProcess>();
const folders = new Set<string>();
afterAll(async () => {
  for (const scheduler of started) await scheduler.stop(); // which ends its instances too
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A runtime folder of its own. */
function runtimeFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'voxbeam-run-'));
  folders.add(folder);
  return folder;
}

export class SchedulerProcess {
  started!: { port: number; host: string; token_file: string };
  log = '';
  child!: ChildProcess;
  exited!: Promise<number | string>;

  private constructor(readonly runtime: string) {}

  /** Starts one with a runtime folder of its own; rejects with its log when it ends at once. */
  static async start(args: string[] = ['--port', '0'], runtime = runtimeFolder()): Promise<SchedulerProcess> {
    const it = new SchedulerProcess(runtime);
    const program = await bundled('scheduler');
    it.child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, XDG_RUNTIME_DIR: runtime },
    });
    started.add(it);
    it.exited = new Promise((resolve) => it.child.once('exit', (code, signal) => resolve(code ?? signal ?? -1)));
    it.child.stderr?.on('data', (chunk) => {
      it.log += chunk;
    });
    it.started = await new Promise((resolve, reject) => {
      let text = '';
      it.child.stdout?.on('data', (chunk) => {
        text += chunk;
        if (text.includes('\n')) resolve(JSON.parse(text));
      });
      it.child.once('close', (code) => reject(new Error(`ended with ${code}: ${it.log}`)));
    });
    return it;
  }

  get token(): string {
    return readFileSync(this.started.token_file, 'utf8').trim();
  }

  /** Sends `data` and gives back all that comes until the other side closes. */
  raw(data: string | Buffer, { end = true } = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: '127.0.0.1', port: this.started.port, allowHalfOpen: true });
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('end', () => {
        socket.destroy();
        resolve(text);
      });
      socket.on('error', (error: NodeJS.ErrnoException) => (text === '' ? reject(error) : resolve(text)));
      if (end) socket.end(data);
      else socket.write(data);
    });
  }

  async ask(command: string, params: object = {}, fields: object = {}): Promise<Answer> {
    return JSON.parse(await this.raw(JSON.stringify({ command, params, username: 'ada', token: this.token, ...fields })));
  }

  /** Another one in its place, after it was killed. */
  async again(args: string[] = []): Promise<SchedulerProcess> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.stop('SIGKILL');
    return SchedulerProcess.start(['--port', String(this.started.port), ...args], this.runtime);
  }

  /** Where its instances are written down. */
  get instances(): string {
    return path.join(this.runtime, 'voxbeam', `scheduler-${this.started.port}.instances`);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.child.kill(signal);
    await this.exited;
    started.delete(this);
  }
}

/** Whether a process lives. */
export const lives = (pid: number): boolean => processBegan(pid) !== undefined;

/** Waits until `done` holds. */
export async function eventually(done: () => boolean | Promise<boolean>, what: string, milliseconds = 60_000): Promise<void> {
  for (const end = Date.now() + milliseconds; Date.now() < end; ) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited ${milliseconds} ms for ${what}`);
}
