// What a 256 MiB volume costs each process when it is shown and settled, beside the array and the stated budgets; then a volume of four times all budgets.
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLab } from '../../scripts/lab.mjs';
import { kernelRun } from '../../scripts/notebook_page.mjs';
import { root } from '../../scripts/process.mjs';
import { inNotebook, mustRun } from './bench_notebook.mjs';
import { largeVolume, PAGE_MIB } from './memory_large.mjs';
import { own, status } from './process_memory.mjs';
import { median, row } from './support.mjs';

const RUNS = Number(process.env.VOXBEAM_BENCH_RUNS ?? 5);
const MIB = 2 ** 20;
const BENCH = JSON.stringify(join(root, 'test', 'bench'));
const PREPARE = `import os, sys; sys.path.insert(0, ${BENCH})
import json, voxbeam as rv, volumes
volume = volumes.make(512, "uint16")`;

const once = (lab, folder) =>
  inNotebook(lab, folder, [PREPARE, 'view = rv.view(volume, height=600)\nview'], async (page) => {
    const kernel = Number(await kernelRun(page, 'print(os.getpid())'));
    const heap = () => page.evaluate('gc(); performance.memory.usedJSHeapSize');
    const before = { kernel: own(kernel), heap: await heap() };
    writeFileSync(`/proc/${kernel}/clear_refs`, '5'); // the peak counts from here
    const peakBefore = status(kernel, 'VmHWM');
    await mustRun(page, 1);
    await page.waitFor(() => document.querySelector('.voxbeam[data-settled="true"][data-first-picture]'), undefined, { timeout: 120_000, what: 'the view did not settle' });
    const view = await page.evaluate(() => ({ ...document.querySelector('.voxbeam[data-settled]').dataset }));
    const sidecar = JSON.parse(await kernelRun(page, 'print(json.dumps(view.instance.status()))'));
    return {
      kernel: own(kernel) - before.kernel,
      kernelPeak: status(kernel, 'VmHWM') - peakBefore,
      sidecarOwn: own(sidecar.pid),
      store: sidecar.used_bytes,
      storeBudget: sidecar.store_bytes,
      heap: (await heap()) - before.heap,
      gpu: Number(view.gpuPeak),
      gpuBudget: Number(view.gpuBudget),
    };
  }, ['--js-flags=--expose-gc']);

export async function run() {
  const folder = await mkdtemp(join(tmpdir(), 'voxbeam-bench-'));
  const lab = await startLab({ folder });
  try {
    const runs = [];
    for (let i = 0; i < RUNS; i += 1) runs.push(await once(lab, folder));
    const of = (key) => median(runs.map((seen) => seen[key]));
    const array = (512 ** 3 * 2) / MIB;
    const line = (name, key, more = {}) => row(name, of(key) / MIB, 'MiB', more);
    return [
      line('kernel, growth of its own memory (reference: the array)', 'kernel', { reference: array, limit: ['<=', 0.25] }),
      line('kernel, peak growth with shared pages (reference: the array)', 'kernelPeak', { reference: array }),
      line('sidecar, its own memory (reference: its budget)', 'sidecarOwn', { reference: 256, limit: ['<=', 1] }),
      line('store (reference: its budget)', 'store', { reference: of('storeBudget') / MIB, limit: ['<=', 1] }),
      line('browser heap, growth (reference: its budget, 256 MiB of them bricks)', 'heap', { reference: PAGE_MIB + 256, limit: ['<=', 1] }),
      line('GPU, at most (reference: its budget)', 'gpu', { reference: of('gpuBudget') / MIB, limit: ['<=', 1] }),
      ...(await largeVolume(lab, folder, RUNS)),
    ];
  } finally {
    await lab.close();
    await rm(folder, { recursive: true, force: true });
  }
}
