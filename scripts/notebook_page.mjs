// Driving a notebook in JupyterLab through the page's own application object. `page` is a Page of cdp.mjs or of Playwright:
// all that is asked of it is goto(url) and evaluate(function, argument).

/** Opens a notebook and waits until its kernel can run cells. */
export async function openNotebook(page, lab, notebook) {
  await page.goto(lab.url(notebook));
  await ready(page, notebook);
}

/** The same in a JupyterLab that the page shows already: what takes most of the time of opening one is loading JupyterLab. */
export async function openAnother(page, notebook) {
  await page.evaluate(async (path) => {
    await window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook' });
  }, notebook);
  await ready(page, notebook);
}

/** Closes the notebook that is open, and ends its kernel. */
export const closeNotebook = (page) =>
  page.evaluate(async () => {
    const { sessionContext } = window.voxbeamPanel;
    const kernel = sessionContext.session?.kernel;
    if (kernel?.status === 'busy') await kernel.interrupt(); // else it is waited for
    await sessionContext.shutdown();
    window.voxbeamPanel.dispose();
    window.voxbeamPanel = undefined;
  });

/** Ends what was made in the kernel: widgets, the instance, names. What was imported stays. */
const EMPTY = `
import sys
from ipywidgets import Widget
Widget.close_all()
if "voxbeam.embedded" in sys.modules:
    sys.modules["voxbeam.embedded"]._close()
get_ipython().reset(new_session=True)`;

/** Empties the notebook that is open, and its kernel, for another one's cells; false where the kernel is busy, and nothing was done. */
export async function emptyNotebook(page) {
  if (await page.evaluate(() => window.voxbeamPanel.sessionContext.session?.kernel?.status !== 'idle')) return false;
  await kernelRun(page, EMPTY);
  await fillNotebook(page, notebookOf([]));
  return true;
}

/** Puts the cells of a notebook, its file's text, in place of those that are open. */
export const fillNotebook = (page, text) =>
  page.evaluate((json) => {
    window.voxbeamPanel.context.model.fromJSON(JSON.parse(json));
  }, text);

const ready = (page, notebook) =>
  page.evaluate(async (name) => {
    const until = performance.now() + 240_000;
    const wait = async (what, test) => {
      for (;;) {
        const value = await test();
        if (value) return value;
        if (performance.now() > until) throw new Error(`${what}: not within 240 s`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const app = await wait('JupyterLab', () => window.jupyterapp);
    await app.restored;
    const panel = await wait(name, () => {
      const widget = app.shell.currentWidget;
      return widget?.content?.widgets && widget.context?.path === name ? widget : undefined;
    });
    await panel.context.ready;
    await panel.sessionContext.ready;
    window.voxbeamPanel = panel;
    await wait('the kernel', () => {
      const kernel = panel.sessionContext.session?.kernel;
      return kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
    });
  }, notebook);

/** The sources of the code cells, by cell index. */
export const codeCells = (page) =>
  page.evaluate(() =>
    window.voxbeamPanel.content.widgets.map((cell, index) => ({ index, type: cell.model.type, source: cell.model.sharedModel.getSource() })).filter((cell) => cell.type === 'code'),
  );

/** Runs one cell to its end: { started (epoch ms), ms, error }. */
export const runCell = (page, index) =>
  page.evaluate(async (i) => {
    const { content } = window.voxbeamPanel;
    content.deselectAll();
    content.activeCellIndex = i;
    const started = performance.timeOrigin + performance.now();
    await window.jupyterapp.commands.execute('notebook:run-cell');
    const ms = performance.timeOrigin + performance.now() - started;
    const { outputs } = content.widgets[i].model;
    let error;
    for (let k = 0; k < outputs.length; k += 1) {
      const output = outputs.get(k).toJSON();
      if (output.output_type === 'error') error = `${output.ename}: ${output.evalue}`;
    }
    return { started, ms, error };
  }, index);

/** What a cell shows: text of its outputs, HTML included, without terminal colours. */
export const cellText = (page, index) =>
  page.evaluate((i) => {
    const { outputs } = window.voxbeamPanel.content.widgets[i].model;
    const parts = [];
    for (let k = 0; k < outputs.length; k += 1) {
      const output = outputs.get(k).toJSON();
      if (output.output_type === 'stream') parts.push([output.text].flat().join(''));
      else if (output.output_type === 'error') parts.push(`${output.ename}: ${output.evalue}`);
      else parts.push(...Object.values(output.data ?? {}).map((value) => (typeof value === 'string' ? value : [value].flat().join(''))));
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours begin with ESC
    return parts.join('\n').replace(/\x1b\[[0-9;]*m/g, '');
  }, index);

/** Runs code in the kernel beside the notebook; gives what it printed, or throws what it raised. */
export const kernelRun = (page, code) =>
  page.evaluate(async (source) => {
    const future = window.voxbeamPanel.sessionContext.session.kernel.requestExecute({ code: source, store_history: false });
    let text = '';
    let error;
    future.onIOPub = ({ header, content }) => {
      if (header.msg_type === 'stream') text += content.text;
      if (header.msg_type === 'error') error = `${content.ename}: ${content.evalue}`;
    };
    await future.done;
    if (error) throw new Error(error);
    return text;
  }, code);

/** Restarts the kernel and waits until it can run cells. */
export const restartKernel = (page) =>
  page.evaluate(async () => {
    const { session } = window.voxbeamPanel.sessionContext;
    await session.kernel.restart();
    for (let i = 0; i < 1800 && !(session.kernel.connectionStatus === 'connected' && session.kernel.status === 'idle'); i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

/** A notebook of these code cells, as its file's text. */
export const notebookOf = (cells) =>
  JSON.stringify({
    cells: cells.map((source, i) => ({ cell_type: 'code', id: `cell-${i}`, metadata: {}, execution_count: null, outputs: [], source })),
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' }, language_info: { name: 'python' } },
    nbformat: 4,
    nbformat_minor: 5,
  });
