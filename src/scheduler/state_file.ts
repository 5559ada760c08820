/** What a scheduler must know again after it was killed: which user has which instance. A file of this user alone, for it holds the instances' tokens. */

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import type { InstanceRequest, SavedInstance } from './backend.js';

const MAX_BYTES = 16 * 2 ** 20;

const axis = z.int().min(1);
const Saved = z.object({
  request: z.object({
    username: z.string().min(1).max(64),
    shape: z.tuple([axis, axis, axis]),
    dtype: z.string(),
    storeBytes: z.number().optional(),
    storeBytesAtMost: z.number(),
    scene: z.string().optional(),
  }),
  started: z.iso.datetime(),
  running: z.object({
    id: z.string().regex(/^[0-9a-f]{16}$/),
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65535),
    token: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
    storeBytes: z.number(),
    scene: z.string().optional(),
    handle: z.unknown(),
  }),
});
const Contents = z.object({ version: z.literal(1), instances: z.array(Saved).max(10_000) });

/** An instance as it is written down. */
export interface SavedRecord {
  readonly request: InstanceRequest;
  readonly started: string;
  readonly running: SavedInstance;
}

export class StateFile {
  /** @param file its path, in a folder that this user alone may write */
  constructor(
    readonly file: string,
    readonly log: (message: string) => void,
  ) {}

  /** What an earlier scheduler wrote; nothing where there is no file, or none to be trusted. */
  read(): SavedRecord[] {
    let fd: number | undefined;
    try {
      fd = fs.openSync(this.file, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0));
      const { mode, uid, size } = fs.fstatSync(fd);
      if (process.platform !== 'win32' && ((mode & 0o077) !== 0 || uid !== process.getuid?.())) throw new Error(`others may read or write it (mode ${(mode & 0o777).toString(8)})`);
      if (size > MAX_BYTES) throw new Error(`it has ${size} bytes`);
      return Contents.parse(JSON.parse(fs.readFileSync(fd, 'utf8'))).instances as SavedRecord[];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.log(`${this.file} is not used: ${reasonOf(error)}; instances of an earlier scheduler are not found again`);
      return [];
    } finally {
      if (fd !== undefined) fs.closeSync(fd);
    }
  }

  /** Writes down all that there are; there is never half of it. */
  write(instances: readonly SavedRecord[]): void {
    const fresh = path.join(path.dirname(this.file), `.${path.basename(this.file)}.${randomBytes(6).toString('hex')}`);
    try {
      fs.writeFileSync(fresh, JSON.stringify({ version: 1, instances }), { mode: 0o600, flag: 'wx' });
      fs.renameSync(fresh, this.file);
    } catch (error) {
      fs.rmSync(fresh, { force: true });
      this.log(`${this.file} cannot be written: ${(error as Error).message}; a scheduler after this one will not know its instances`);
    }
  }

  remove(): void {
    fs.rmSync(this.file, { force: true });
  }
}

function reasonOf(error: unknown): string {
  const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
  return issue ? `${issue.path.join('.')}: ${issue.message}` : (error as Error).message.slice(0, 300);
}
