// A notebook that was never opened before, in a fresh browser with a fresh kernel: its first cell prepares, what the others do is measured.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Browser } from '../../scripts/cdp.mjs';
import { kernelRun, notebookOf, openNotebook, runCell } from '../../scripts/notebook_page.mjs';
import { Failure } from '../../scripts/process.mjs';

/** Runs a cell; a failure ends the measurement. When it was started, and what it printed, as `runCell` tells. */
export async function mustRun(page, index) {
  const ran = await runCell(page, index);
  if (ran.error) throw new Failure(`cell ${index} failed: ${ran.error}`);
  return ran;
}

/**
 * Opens a notebook of `cells`, runs the first one, and gives what `measure(page, browser)` gives; the instance of `view` and the kernel end with it.
 *
 * @param flags more for the browser
 */
export async function inNotebook(lab, folder, cells, measure, flags = []) {
  const name = `bench-${Math.random().toString(36).slice(2, 8)}.ipynb`;
  await writeFile(join(folder, name), notebookOf(cells));
  const browser = await Browser.launch({ flags });
  try {
    const page = await browser.newPage({ width: 1280, height: 1000 });
    await openNotebook(page, lab, name);
    await mustRun(page, 0);
    const seen = await measure(page, browser);
    await kernelRun(page, 'globals().get("view") and view.instance.close()').catch(() => undefined);
    await page.evaluate(() => window.voxbeamPanel.sessionContext.shutdown());
    return seen;
  } finally {
    await browser.close();
  }
}
