/**
 * SQLite as Node brings it. The Node that pip brings has it and an older one of the system may not, so it is looked for when it is needed, and its
 * absence is a state of the scene and not an error.
 */

import type { DatabaseSync } from 'node:sqlite';

export type { DatabaseSync } from 'node:sqlite';

/** Primary result codes, the low byte of an error's `errcode`. */
export const SqliteCode = { ERROR: 1, BUSY: 5, CORRUPT: 11, NOT_A_DATABASE: 26 } as const;

/** How long opening waits for a process that is just letting go of the file. */
const BUSY_MS = 2_000;

/** Not an import: that would be resolved when the bundle starts, and fail there. */
const builtin = () => (process.getBuiltinModule as ((name: string) => typeof import('node:sqlite') | undefined) | undefined)?.('node:sqlite');

/** Opens databases; undefined where this Node cannot. */
export function sqliteOpener(): ((file: string) => DatabaseSync) | undefined {
  const found = builtin();
  return found && ((file) => new found.DatabaseSync(file, { timeout: BUSY_MS }));
}

/** The primary code of an error of SQLite; undefined for any other. */
export function sqliteCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

/**
 * Writes a copy of a database that is in use, on another thread and page by page; what this connection writes meanwhile is in it too.
 *
 * @throws what SQLite says, or that this Node cannot
 */
export async function copyDatabase(db: DatabaseSync, to: string): Promise<void> {
  const backup = (builtin() as { backup?: (db: DatabaseSync, to: string) => Promise<number> } | undefined)?.backup;
  if (!backup) throw new Error(`Node ${process.version} cannot copy a scene that is in use`);
  await backup(db, to);
}
