/** The scheduler's token: read from a file that somebody keeps, or made for as long as the scheduler runs. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SchedulerError } from './backend.js';

const MIN_TOKEN_CHARS = 16;

/** Whether two tokens are equal, in a time that does not depend on where they differ. */
export function tokensEqual(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** Where the token of a scheduler stands unless it is told otherwise; clients look there too. */
export function defaultTokenFile(port: number): string {
  return path.join(runtimeFolder(), `scheduler-${port}.token`);
}

/** Where the instances of a scheduler are written down. @throws SchedulerError where its folder may be written by others */
export function stateFilePath(port: number): string {
  ownFolder(runtimeFolder());
  return path.join(runtimeFolder(), `scheduler-${port}.instances`);
}

function runtimeFolder(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  return runtime ? path.join(runtime, 'voxbeam') : path.join(os.tmpdir(), `voxbeam-${process.getuid?.() ?? os.userInfo().username}`);
}

/** A token and its file; `remove` takes away what this process made. */
export interface TokenFile {
  readonly token: string;
  readonly path: string;
  remove(): void;
}

/**
 * Reads the token from `given`, or makes one: in `given` where that does not exist yet, else in the default file.
 *
 * @throws SchedulerError where the file or its folder may be read or written by others
 */
export function openTokenFile(given: string | undefined, port: number): TokenFile {
  if (given !== undefined && fs.existsSync(given)) return { token: readToken(given), path: given, remove: () => {} };
  const file = given ?? defaultTokenFile(port);
  if (given === undefined) ownFolder(path.dirname(file));
  const token = randomBytes(32).toString('base64url');
  // A file that a scheduler which was killed left behind is replaced, never written through: it might be a link.
  const fresh = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    fs.writeFileSync(fresh, `${token}\n`, { mode: 0o600, flag: 'wx' });
    fs.renameSync(fresh, file);
  } catch (error) {
    fs.rmSync(fresh, { force: true });
    throw new SchedulerError(`token file ${file}: ${(error as Error).message}`, 'give a --token-file in a folder that you may write');
  }
  const remove = () => {
    try {
      if (fs.readFileSync(file, 'utf8').trim() === token) fs.rmSync(file);
    } catch {
      // somebody removed it before
    }
  };
  return { token, path: file, remove };
}

function readToken(file: string): string {
  const { mode } = fs.statSync(file);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new SchedulerError(`token file ${file} has mode ${(mode & 0o777).toString(8)}: others may read it`, `chmod 600 ${file}`);
  }
  const token = fs.readFileSync(file, 'utf8').trim();
  if (token.length < MIN_TOKEN_CHARS) {
    throw new SchedulerError(`token file ${file} holds ${token.length} characters; a token has at least ${MIN_TOKEN_CHARS}`, `remove it, and one is made`);
  }
  return token;
}

/** Makes the folder, or makes sure that it is this user's and nobody else may write there. */
function ownFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new SchedulerError(`folder ${folder}: ${(error as Error).message}`, 'give --token-file, or set XDG_RUNTIME_DIR to a folder of yours');
    }
  }
  const stat = fs.lstatSync(folder);
  const uid = process.getuid?.();
  if (!stat.isDirectory() || (uid !== undefined && stat.uid !== uid) || (process.platform !== 'win32' && (stat.mode & 0o022) !== 0)) {
    throw new SchedulerError(`${folder} is not a folder that only you may write`, 'remove it, or give --token-file');
  }
}
