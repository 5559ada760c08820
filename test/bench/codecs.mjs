// Codecs by themselves, beside the library's own calls and a bare copy; 16-bit bricks over slow links as they are and as chosen, beside a bare socket over the same link.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { zstdSource } from '../../build.mjs';
import { end, python, root, run as runProgram } from '../../scripts/process.mjs';
import { row } from './support.mjs';

const RUNS = 5;

/** The Node that pip brings, which has Zstandard. */
async function wheelNode() {
  const { output } = await runProgram(python, ['-c', 'from voxbeam.sidecar import find_node; print(find_node())'], {});
  return output.trim().split('\n').pop();
}

async function startSidecar(node) {
  const token = randomBytes(32).toString('base64url');
  const child = spawn(node, [`${root}/python-bridge/voxbeam/static/sidecar.cjs`], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.write(`${JSON.stringify({ token, parent: true, store_bytes: 128 * 2 ** 20 })}\n`);
  for await (const line of createInterface({ input: child.stdout })) return { child, token, ...JSON.parse(line) };
  throw new Error('the sidecar ended');
}

async function measured(node, program, { port, token }) {
  const child = spawn(node, [program, JSON.stringify({ port, token, runs: RUNS })], { stdio: ['ignore', 'pipe', 'inherit'] });
  let last;
  for await (const line of createInterface({ input: child.stdout })) last = line;
  return JSON.parse(last);
}

export async function run() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'voxbeam-bench-'));
  const node = await wheelNode();
  const sidecar = await startSidecar(node);
  try {
    const program = path.join(folder, 'codecs.mjs');
    await build({
      entryPoints: [`${root}/test/bench/codecs_links.ts`], outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning', plugins: [zstdSource],
      banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" }, external: ['bufferutil', 'utf-8-validate'],
    });
    const { alone, ...links } = await measured(node, program, sidecar);
    const { lz4, zstd, preview, plain, copy, unsorted } = alone;
    const GB = 1e9;
    const rows = [
      row('a 16-bit brick into Zstandard, sorted and sealed (reference: zlib.zstdCompressSync alone)', zstd.encode / GB, 'GB/s', { reference: plain.encode / GB }),
      row('out of it in the worker: decoded, sorted back, checked, Arrow (reference: zlib.zstdDecompressSync alone)', zstd.decode / GB, 'GB/s', { reference: plain.decode / GB }),
      row('a 16-bit brick into LZ4 (reference: a bare copy)', lz4.encode / GB, 'GB/s', { reference: copy / GB }),
      row('out of LZ4 (reference: a bare copy)', lz4.decode / GB, 'GB/s', { reference: copy / GB }),
      row('a 16-bit brick into a preview of 8 bits', preview.encode / GB, 'GB/s'),
      row('times smaller: Zstandard (reference: bytes not sorted)', zstd.ratio, '', { reference: unsorted }),
      row('times smaller: LZ4', lz4.ratio, ''),
      row('times smaller: a preview', preview.ratio, ''),
    ];
    for (const [name, { bare, raw, chosen, preview: rough }] of Object.entries(links)) {
      const MB = 1e6;
      rows.push(
        row(`${name}: 16-bit bricks as they are (reference: a bare socket)`, raw / MB, 'MB/s', { reference: bare / MB, limit: ['>=', 0.9] }),
        row(`${name}: as chosen (reference: as they are)`, chosen / MB, 'MB/s', { reference: raw / MB, limit: ['>=', 1] }),
        row(`${name}: as previews of 8 bits (reference: as they are)`, rough / MB, 'MB/s', { reference: raw / MB }),
      );
    }
    return rows;
  } finally {
    await end(sidecar.child);
    await rm(folder, { recursive: true, force: true });
  }
}
