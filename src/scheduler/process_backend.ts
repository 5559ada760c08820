/** Instances as processes of this machine and user. They hold one end of a pipe to this process, so that none outlives it for long. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { adoptProcess, type ProcessHandle } from './adopted_process.js';
import { type Backend, type InstanceRequest, type RunningInstance, type SavedInstance, SchedulerError } from './backend.js';
import { processBegan } from './process_identity.js';

const READY_MS = 15_000;
/** What a process has to end by itself before it is killed. */
const TERM_MS = 3_000;
/** Long enough to start a scheduler again by hand. */
export const ORPHAN_MS = 60_000;
const MAX_LOG_CHARS = 4_000;

const Ready = z.object({ port: z.int(), host: z.string(), instance: z.string(), pid: z.int(), store_bytes: z.number(), scene: z.object({ file: z.string().nullable() }).optional() });
const Refused = z.object({ error: z.string(), remedy: z.string() });

export class ProcessBackend implements Backend {
  /**
   * @param program path of the bundled sidecar
   * @param allowedHosts names besides this machine's own under which instances answer
   * @param sceneFolder where scenes are kept that were given no file
   * @param orphanMs how long instances go on by themselves when this process is killed
   */
  constructor(
    readonly program: string,
    readonly allowedHosts: readonly string[] = [],
    readonly sceneFolder?: string,
    readonly orphanMs = ORPHAN_MS,
  ) {}

  async start(request: InstanceRequest): Promise<RunningInstance> {
    const token = randomBytes(32).toString('base64url');
    const child = spawn(process.execPath, [this.program], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      log = (log + chunk).slice(-MAX_LOG_CHARS);
    });
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}: ${log.trim().split('\n').pop() ?? ''}`));
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    });
    child.stdin.on('error', () => {}); // it is gone: `ended` tells
    child.stdin.write(
      `${JSON.stringify({
        token,
        parent: true,
        orphan_ms: this.orphanMs,
        allowed_hosts: this.allowedHosts,
        store_bytes: request.storeBytes ?? null,
        store_bytes_at_most: request.storeBytesAtMost,
        ...(request.scene ? { scene_file: request.scene } : this.sceneFolder && { scene_folder: this.sceneFolder }),
      })}\n`,
    );
    try {
      const ready = await readiness(child, ended);
      return {
        id: ready.instance,
        host: ready.host,
        port: ready.port,
        token,
        storeBytes: ready.store_bytes,
        scene: ready.scene?.file ?? undefined,
        handle: { pid: ready.pid, began: processBegan(ready.pid) ?? '', orphan_ms: this.orphanMs } satisfies z.infer<typeof ProcessHandle>,
        ended,
        stop: () => end(child, ended),
      };
    } catch (error) {
      await end(child, ended);
      throw error;
    }
  }

  adopt(saved: SavedInstance): Promise<RunningInstance | undefined> {
    return adoptProcess(saved, TERM_MS);
  }
}

/** What the sidecar says on its first line. */
async function readiness(child: ChildProcessWithoutNullStreams, ended: Promise<string>): Promise<z.infer<typeof Ready>> {
  let timer: NodeJS.Timeout | undefined;
  const line = await Promise.race([
    new Promise<string>((resolve) => {
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
      });
    }),
    ended.then((reason) => {
      throw new SchedulerError(`the visualization server ${reason}`, 'see the log of the scheduler');
    }),
    new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new SchedulerError(`the visualization server was not ready within ${READY_MS} ms`, 'try again when the machine is less busy')),
        READY_MS,
      );
    }),
  ]).finally(() => clearTimeout(timer));
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new SchedulerError(`the visualization server answered ${JSON.stringify(line.slice(0, 100))}`, 'install voxbeam again');
  }
  const refused = Refused.safeParse(value);
  if (refused.success) throw new SchedulerError(refused.data.error, refused.data.remedy);
  return Ready.parse(value);
}

/** TERM, and KILL when that does not help. */
async function end(child: ChildProcessWithoutNullStreams, ended: Promise<string>): Promise<void> {
  child.stdin.end();
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), TERM_MS);
  await ended;
  clearTimeout(killer);
}
