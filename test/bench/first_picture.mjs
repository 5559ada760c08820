// From running the cell to the first picture and to the settled one, in a JupyterLab, each time with a fresh kernel and browser.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLab } from '../../scripts/lab.mjs';
import { root } from '../../scripts/process.mjs';
import { inNotebook, mustRun } from './bench_notebook.mjs';
import { median, pythonJson, row } from './support.mjs';

const RUNS = Number(process.env.VOXBEAM_BENCH_RUNS ?? 5);
const VOLUMES = [[128, 'uint16'], [256, 'uint16'], [512, 'uint16'], [256, 'float32']];
const TOP = `import sys; sys.path.insert(0, ${JSON.stringify(join(root, 'test', 'bench'))})`;

const cellsOf = (side, dtype, more = '') => [
  `${TOP}\nimport voxbeam as rv, volumes\nvolume = volumes.make(${side}, "${dtype}")`,
  `view = rv.view(volume, height=600${more})\nview`,
];

/** The least a widget can do: one canvas with one filled rectangle. What is above this is ours. */
const BARE = `import anywidget, numpy
class Bare(anywidget.AnyWidget):
    _esm = """export default { render({ el }) {
      const canvas = document.createElement('canvas'); canvas.getContext('2d').fillRect(0, 0, 100, 100);
      const root = document.createElement('div'); root.className = 'voxbeam'; root.append(canvas); el.append(root);
      requestAnimationFrame(() => { root.dataset.firstPicture = performance.timeOrigin + performance.now(); root.dataset.settled = 'true'; });
    } }"""`;

/** Notes, in the page, when the attributes of a viewer say that it shows something and that it has settled. */
function watch() {
  window.voxbeamSeen = {};
  const look = () => {
    const seen = window.voxbeamSeen;
    const view = document.querySelector('.voxbeam[data-first-picture]');
    if (!view?.dataset.firstPicture) return;
    if (!seen.first) Object.assign(seen, { first: Number(view.dataset.firstPicture), bytes: Number(view.dataset.bytes ?? 0) });
    if (view.dataset.settled === 'true') seen.settled ??= performance.timeOrigin + performance.now();
    else if (seen.settled) seen.settled = undefined;
    Object.assign(seen, { transport: view.dataset.transport, total: Number(view.dataset.bytes ?? 0), error: view.dataset.error });
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-first-picture', 'data-settled', 'data-error'] });
}

const once = (lab, folder, cells) =>
  inNotebook(lab, folder, cells, async (page) => {
    await page.evaluate(watch);
    const shown = await mustRun(page, 1);
    const seen = await page.waitFor(
      () => {
        const { error, settled } = window.voxbeamSeen;
        if (error) throw new Error(`the viewer says: ${error}`);
        return settled && performance.timeOrigin + performance.now() - settled > 300 ? window.voxbeamSeen : undefined;
      },
      undefined,
      { timeout: 120_000, what: 'the view did not settle' },
    );
    return { first: seen.first - shown.started, settled: seen.settled - shown.started, bytes: seen.bytes, total: seen.total };
  });

/** The server that a first picture needs; the limit is one of time, whatever its reference. */
async function starts() {
  const { sidecar, node } = await pythonJson('sidecar_start.py', [Math.max(RUNS, 5)]);
  const took = median(sidecar) * 1000;
  return [{ ...row('a server, from its start to its answer (reference: Node that runs nothing)', took, 'ms', { reference: median(node) * 1000 }), target: '<= 300 ms', holds: took <= 300 }];
}

export async function run() {
  const folder = await mkdtemp(join(tmpdir(), 'voxbeam-bench-'));
  const lab = await startLab({ folder });
  const repeat = async (cells) => {
    const runs = [];
    for (let i = 0; i < RUNS; i += 1) runs.push(await once(lab, folder, cells));
    return (key) => median(runs.map((seen) => seen[key]));
  };
  try {
    const bare = await repeat([BARE, 'Bare()']);
    const rows = [];
    const firsts = new Map();
    for (const [side, dtype] of VOLUMES) {
      const of = await repeat(cellsOf(side, dtype));
      const name = `${side}³ ${dtype}`;
      firsts.set(name, of('first'));
      rows.push(
        row(`${name}: first picture (reference: a bare widget)`, of('first'), 'ms', { reference: bare('first') }),
        row(`${name}: settled (reference: a bare widget)`, of('settled'), 'ms', { reference: bare('settled') }),
        row(`${name}: moved to first picture`, of('bytes') / 2 ** 20, 'MiB', { reference: (side ** 3 * (dtype === 'uint16' ? 2 : 4)) / 2 ** 20 }),
        row(`${name}: moved until settled`, of('total') / 2 ** 20, 'MiB', { reference: (side ** 3 * (dtype === 'uint16' ? 2 : 4)) / 2 ** 20 }),
      );
    }
    // A still picture is polished for another 1.5 s; with one pass it has settled when it first stands at full resolution.
    for (const [views, words] of [['four', 'four views'], ['volume', 'the volume alone']]) {
      const of = await repeat(cellsOf(512, 'uint16', `, passes=1, views="${views}"`));
      rows.push(row(`512³ uint16: at full resolution, ${words} (reference: a bare widget)`, of('settled'), 'ms', { reference: bare('settled') }));
    }
    rows.push(row('first picture of 512³ beside 128³', firsts.get('512³ uint16'), 'ms', { reference: firsts.get('128³ uint16'), limit: ['<=', 1.5] }));
    return [...rows, ...(await starts())];
  } finally {
    await lab.close();
    await rm(folder, { recursive: true, force: true });
  }
}
