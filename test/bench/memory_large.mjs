// The peak of every process's memory, beside its budget, while a file of four times each budget is turned round, zoomed into and out of.
import { join } from 'node:path';
import { kernelRun } from '../../scripts/notebook_page.mjs';
import { root } from '../../scripts/process.mjs';
import { inNotebook, mustRun } from './bench_notebook.mjs';
import { descendants, own, status, watchPeaks } from './process_memory.mjs';
import { median, row } from './support.mjs';

const MIB = 2 ** 20;
/** Of the store, of the page's bricks, of the GPU, and of what a kernel keeps of a volume: a quarter of the file. */
const BUDGET_MIB = 128;
/** What a page may take besides its bricks. */
export const PAGE_MIB = 384;
const SIDECAR_MIB = 256;
/** Turns of an eighth, and notches of the wheel between them. */
const TURNS = [[200, 0, -300], [200, 0, 0], [0, 120, -300], [200, 0, 300], [200, -120, -600], [200, 0, 0], [0, 120, 600], [200, 0, 0]];

const prepare = (folder) => `import os, sys; sys.path.insert(0, ${JSON.stringify(join(root, 'test', 'bench'))})
import json, numpy as np, tempfile, voxbeam as rv, volumes
path = ${JSON.stringify(join(folder, 'large.npy'))}
if not os.path.exists(path):
    cube = volumes.make(512, "uint16")
    np.save(path, np.concatenate([cube, cube]))
    del cube
rv.configure(store_bytes=${BUDGET_MIB * MIB}, cache=tempfile.mkdtemp(dir=${JSON.stringify(folder)}))
budgets = dict(max_gpu_bytes=${BUDGET_MIB * MIB}, max_browser_bytes=${BUDGET_MIB * MIB})`;

const settled = (page, what) =>
  page.waitFor(() => document.querySelector('.voxbeam[data-settled="true"][data-first-picture]'), undefined, { timeout: 180_000, what });

async function turn(page) {
  const { x, y } = await page.evaluate(() => {
    const canvas = document.querySelector('.voxbeam canvas');
    canvas.scrollIntoView({ block: 'center' });
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2 };
  });
  for (const [dx, dy, wheel] of TURNS) {
    await page.mouse('mousePressed', x, y, { buttons: 1 });
    for (let step = 1; step <= 10; step += 1) await page.mouse('mouseMoved', x + (dx * step) / 10, y + (dy * step) / 10, { buttons: 1 });
    await page.mouse('mouseReleased', x + dx, y + dy);
    if (wheel) await page.mouse('mouseWheel', x, y, { deltaX: 0, deltaY: wheel });
    await settled(page, 'the turned view did not settle');
  }
}

const once = (lab, folder) =>
  inNotebook(lab, folder, [prepare(folder), 'view = rv.view(path, height=600, **budgets)\nview'], async (page, browser) => {
    const kernel = Number(await kernelRun(page, 'print(os.getpid())'));
    const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    const inPage = () => Math.max(...renderers.map((pid) => status(pid, 'RssAnon')));
    const before = { kernel: status(kernel, 'RssAnon'), page: inPage() };
    const watch = watchPeaks(() => {
      const children = descendants(kernel);
      const sum = (chosen) => children.filter(({ command }) => chosen(command)).reduce((total, { pid }) => total + own(pid), 0);
      const isSidecar = (command) => command.includes('sidecar.cjs');
      return { kernel: status(kernel, 'RssAnon') - before.kernel, page: inPage() - before.page, sidecar: sum(isSidecar), others: sum((command) => !isSidecar(command)) };
    }, 100);
    await mustRun(page, 1);
    await settled(page, 'the view did not settle');
    await turn(page);
    const view = await page.evaluate(() => ({ ...document.querySelector('.voxbeam[data-settled]').dataset }));
    const sidecar = JSON.parse(await kernelRun(page, 'print(json.dumps(view.instance.status()))'));
    return { ...watch.stop(), store: sidecar.used_bytes, bricks: Number(view.memoryPeak), gpu: Number(view.gpuPeak) };
  });

/** Rows of a file of 512 MiB. */
export async function largeVolume(lab, folder, runs) {
  const all = [];
  for (let i = 0; i < runs; i += 1) all.push(await once(lab, folder));
  const line = (name, key, reference) => row(`${name} (reference: its budget)`, median(all.map((seen) => seen[key])) / MIB, 'MiB', { reference, limit: ['<=', 1] });
  const what = 'a file of 512 MiB turned round, four times each budget';
  return [
    line(`${what}: store, at most`, 'store', BUDGET_MIB),
    line(`${what}: sidecar, its own memory at most`, 'sidecar', SIDECAR_MIB),
    line(`${what}: kernel, growth at most`, 'kernel', BUDGET_MIB),
    line(`${what}: bricks in the page, at most`, 'bricks', BUDGET_MIB),
    line(`${what}: the page's process, growth at most`, 'page', PAGE_MIB + BUDGET_MIB),
    line(`${what}: GPU, at most`, 'gpu', BUDGET_MIB),
  ];
}
