/** An instance that an earlier scheduler started, which was killed: found again by its number and start, and kept from ending by itself. */

import http from 'node:http';
import * as z from 'zod';
import type { RunningInstance, SavedInstance } from './backend.js';
import { processBegan } from './process_identity.js';

/** How often is looked whether it lives: it is no child of this process, which nobody tells. */
const LOOK_MS = 500;
/** It lives by itself for a multiple of what lies between two words that it is kept. */
const WORDS = 4;
const ANSWER_MS = 5_000;

/** What a scheduler writes down of a process. */
export const ProcessHandle = z.strictObject({ pid: z.int().min(2), began: z.string().min(1).max(200), orphan_ms: z.int().min(1) });

/** The instance that `saved` says, if it lives and answers as that one. `termMs`: what it has to end by itself before it is killed. */
export async function adoptProcess(saved: SavedInstance, termMs: number): Promise<RunningInstance | undefined> {
  const handle = ProcessHandle.safeParse(saved.handle);
  if (!handle.success) return undefined;
  const { pid, began, orphan_ms: orphanMs } = handle.data;
  const lives = () => processBegan(pid) === began;
  if (!lives() || !(await keep(saved))) return undefined;
  const words = setInterval(() => void keep(saved), orphanMs / WORDS);
  const ended = new Promise<string>((resolve) => {
    const look = setInterval(() => {
      if (lives()) return;
      clearInterval(look);
      clearInterval(words);
      resolve('has ended');
    }, LOOK_MS);
  });
  return {
    ...saved,
    ended,
    stop: async () => {
      if (lives()) process.kill(pid, 'SIGTERM');
      const killer = setTimeout(() => lives() && process.kill(pid, 'SIGKILL'), termMs);
      await ended;
      clearTimeout(killer);
    },
  };
}

/** Tells an instance to go on; whether it is the one, and does. */
function keep({ host, port, token, id }: SavedInstance): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'Content-Length': 2 };
    const request = http.request({ host, port, path: '/v1/keep', method: 'POST', headers, agent: false, timeout: ANSWER_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text = (text + chunk).slice(0, 1000);
      });
      response.on('end', () => resolve(response.statusCode === 200 && text.includes(JSON.stringify(id))));
      response.on('error', () => resolve(false));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.end('{}');
  });
}
