// Running other programs: one that must succeed, and one that lives until it is told to end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Where the virtual environment keeps its programs. */
export const bin = join(root, '.venv', 'bin');
export const python = join(bin, 'python');
export const isRoot = process.getuid?.() === 0;

/** The environment of everything that is started: the virtual environment's programs come first. */
export function environment(extra = {}) {
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}`, VIRTUAL_ENV: join(root, '.venv'), ...extra };
  delete env.PYTHONHOME;
  delete env.NODE_OPTIONS;
  return env;
}

/** A failure whose message says it all: shown without a stack. */
export class Failure extends Error {}

/** Says what happens, on one line. */
export const say = (text) => process.stdout.write(`voxbeam: ${text}\n`);

/**
 * Runs a program to its end and gives { code, output }. Its output is shown only when it fails, or at once with `show`.
 * Throws a Failure unless `allowFailure`.
 */
export async function run(command, args, { cwd = root, env = environment(), show = false, allowFailure = false } = {}) {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      chunks.push(chunk);
      if (show) process.stdout.write(chunk);
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Failure(`${command} cannot be started: ${error.message}`)));
    child.once('close', (status, signal) => resolve(status ?? `signal ${signal}`));
  });
  const output = Buffer.concat(chunks).toString('utf8');
  if (code !== 0 && !allowFailure) {
    if (!show) process.stdout.write(output.slice(-6000));
    throw new Failure(`${command} ${args.join(' ')} ended with ${code}`);
  }
  return { code, output };
}

/** True when the program can be started and ends with 0. */
export async function works(command, args, options = {}) {
  try {
    return (await run(command, args, { ...options, allowFailure: true })).code === 0;
  } catch {
    return false;
  }
}

/** Ends a child process: asks, waits, then insists. */
export async function end(child, patienceMs = 10_000) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await gone;
  clearTimeout(timer);
}

/** Runs `main`; a Failure is one line and exit status 1, anything else shows where it came from. */
export async function command(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`voxbeam: ${error instanceof Failure ? error.message : (error.stack ?? error)}\n`);
    process.exitCode = 1;
  }
}

/** True when this module is the program that was started. */
export const isMain = (url) => process.argv[1] === fileURLToPath(url);
