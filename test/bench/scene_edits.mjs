// Edits of the scene from one client to others: with a scene file against without, and one editor with two hundred viewers.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { end, python, root, run as runProgram } from '../../scripts/process.mjs';
import { median, quantile, row } from './support.mjs';

const TICKS = 100;

/** The Node that has SQLite, as Python finds it. */
async function sqliteNode() {
  const { output } = await runProgram(python, ['-c', 'from voxbeam.sidecar import find_node; print(find_node())'], {});
  return output.trim().split('\n').pop();
}

async function startSidecar(node, config) {
  const token = randomBytes(32).toString('base64url');
  const child = spawn(node, [`${root}/python-bridge/voxbeam/static/sidecar.cjs`], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.write(`${JSON.stringify({ token, parent: true, store_bytes: 64 * 2 ** 20, ...config })}\n`);
  for await (const line of createInterface({ input: child.stdout })) return { child, token, ...JSON.parse(line) };
  throw new Error('the sidecar ended');
}

/** Seconds of processor and bytes of memory of a process. */
async function taken(pid) {
  const [stat, status] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/status`, 'utf8')]);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { seconds: (Number(fields[11]) + Number(fields[12])) / TICKS, bytes: Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024 };
}

async function measure(node, program, config, task) {
  const sidecar = await startSidecar(node, config);
  try {
    const before = { ...(await taken(sidecar.pid)), at: performance.now() };
    const text = await new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, JSON.stringify({ ...task, port: sidecar.port, token: sidecar.token })], { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.on('data', (chunk) => {
        output += chunk;
      });
      child.once('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`scene_clients ended with ${code}`))));
    });
    const after = await taken(sidecar.pid);
    const cores = (1000 * (after.seconds - before.seconds)) / (performance.now() - before.at);
    return { ...JSON.parse(text), cores, bytes: after.bytes };
  } finally {
    await end(sidecar.child);
  }
}

export async function run() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'voxbeam-bench-'));
  try {
    const program = path.join(folder, 'clients.mjs');
    await build({
      entryPoints: [`${root}/test/bench/scene_clients.ts`], outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning',
      banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" }, external: ['bufferutil', 'utf-8-validate'],
    });
    const node = await sqliteNode();
    const one = { viewers: 1, edits: 400, everyMs: 5 };
    const bare = await measure(node, program, {}, one);
    const kept = await measure(node, program, { scene_file: path.join(folder, 'one.vxscene') }, one);
    const many = await measure(node, program, { scene_file: path.join(folder, 'many.vxscene') }, { viewers: 200, edits: 60, everyMs: 100 });
    return [
      row('edit to another client, on disk first, p95', quantile(kept.delays, 0.95), 'ms', { limit: ['<=', 30] }),
      row('edit to another client, on disk first, median (reference: in memory)', median(kept.delays), 'ms', { reference: median(bare.delays) }),
      row('edit to its maker knowing that it is saved, p95', quantile(kept.saved, 0.95), 'ms'),
      row('one editor, 10 edits a second, 200 viewers: p95 of all', quantile(many.delays, 0.95), 'ms', { limit: ['<=', 150] }),
      row('its sidecar, processor', many.cores, 'cores', { limit: ['<=', 1] }),
      row('its sidecar, memory at most', many.bytes / 2 ** 20, 'MiB', { limit: ['<=', 600] }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
