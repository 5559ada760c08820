// `npm start -- --check`: the quickstart run to its end in a headless browser, and what was seen.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Browser } from './cdp.mjs';
import { cellText, codeCells, kernelRun, openNotebook, runCell } from './notebook_page.mjs';
import { Failure, root, say } from './process.mjs';

const VIEW = '.jp-OutputArea .voxbeam[data-settled]';

/** Runs the cells in order; a cell that fails ends it with what the cell says. Gives each cell's start, by its source. */
async function runCells(page) {
  const runs = [];
  for (const { index, source } of await codeCells(page)) {
    const outcome = await runCell(page, index);
    if (outcome.error) throw new Failure(`the cell "${source.trim().split('\n').at(-1)}" failed: ${await cellText(page, index)}`);
    runs.push({ ...outcome, source, index });
  }
  return runs;
}

/** Waits until a viewer has settled; a viewer that says what is wrong ends the wait. */
async function settled(page, selector, { frame, what }) {
  const seen = await page.waitFor(
    (css) => {
      const view = document.querySelector(css);
      if (!view) return undefined;
      const { error, settled: done, firstPicture } = view.dataset;
      if (!error && !(done === 'true' && firstPicture)) return undefined;
      return { ...view.dataset, message: view.querySelector('[data-footer="message"]')?.textContent };
    },
    selector,
    { frame, what: `${what} did not settle`, timeout: 120_000, every: 100 },
  );
  if (seen.error) throw new Failure(`${what} says: ${seen.error} ${seen.message ?? ''}`);
  return seen;
}

async function picture(page, name) {
  await mkdir(join(root, 'out'), { recursive: true });
  const { height } = await page.evaluate(() => {
    const { content } = window.voxbeamPanel;
    content.node.querySelector('.jp-WindowedPanel-outer')?.scrollTo(0, 0);
    return { height: Math.ceil(Math.max(...content.widgets.map((cell) => cell.node.getBoundingClientRect().bottom))) };
  });
  await page.send('Emulation.setDeviceMetricsOverride', { width: 1440, height: Math.min(height + 60, 6000), deviceScaleFactor: 1, mobile: false });
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
  return writeFile(join(root, 'out', name), await page.screenshot());
}

/** Runs the check in this JupyterLab. Gives what was seen; throws a Failure with the reason. */
export async function checkQuickstart(lab, { notebook, transport, screenshot = 'quickstart.png' }) {
  const browser = await Browser.launch();
  try {
    const page = await browser.newPage({ width: 1440, height: 2600 });
    await openNotebook(page, lab, notebook);
    const runs = await runCells(page);
    const viewCell = runs.find(({ source }) => /rv\.view\(/.test(source));
    const widget = await settled(page, VIEW, { what: 'the widget' });
    const [frame] = page.frames('/').filter((id) => id);
    if (!frame) throw new Failure('the notebook shows no iframe');
    const iframe = await settled(page, '.voxbeam[data-settled]', { frame, what: 'the iframe' });
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    const shape = (await kernelRun(page, 'print(volume.shape, volume.dtype)')).trim();
    const reported = (await kernelRun(page, 'print(view.transport)')).trim();
    await picture(page, screenshot);
    if (transport && widget.transport !== transport) throw new Failure(`the widget used ${widget.transport}, not ${transport}`);
    if (reported !== widget.transport) throw new Failure(`the viewer says ${widget.transport}, view.transport says ${reported}`);
    return {
      shape, transport: widget.transport, bytes: Number(widget.bytes), firstPicture: Number(widget.firstPicture) - viewCell.started,
      iframe: { transport: iframe.transport, bytes: Number(iframe.bytes) }, screenshot: `out/${screenshot}`,
    };
  } finally {
    await browser.close();
  }
}

/** Prints what the check saw. */
export function report(seen) {
  const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  say(`volume          ${seen.shape}`);
  say(`bytes moved     ${mib(seen.bytes)} to the widget, ${mib(seen.iframe.bytes)} to the iframe`);
  say(`first picture   ${Math.round(seen.firstPicture)} ms after the cell with rv.view was run`);
  say(`transport       ${seen.transport} (widget), ${seen.iframe.transport} (iframe)`);
  say(`screenshot      ${seen.screenshot}`);
}
