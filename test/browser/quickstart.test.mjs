// The quickstart, run to its end in a real JupyterLab, on each transport.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cellText, codeCells, kernelRun, runCell } from '../../scripts/notebook_page.mjs';
import { root } from '../../scripts/process.mjs';
import { startScheduler } from '../../scripts/scheduler.mjs';
import { becomes, out, pictureOf, settled, VIEW, Workplace } from './support.mjs';

let place;
before(async () => {
  place = await Workplace.open();
});
after(() => place?.close());

for (const transport of ['direct', 'proxy', 'comm']) {
  test(`the quickstart by ${transport}`, async (t) => {
    // One of its own: nobody has an instance there.
    const scheduler = await startScheduler({ port: 0 });
    t.after(() => scheduler.close());
    const notebook = await readFile(join(root, 'notebooks', 'quickstart.ipynb'), 'utf8');
    const page = await place.notebook(notebook, { viewport: { width: 900, height: 3600 } });
    t.after(() => page.leave());
    await kernelRun(page, `import os\nos.environ.update(VOXBEAM_SCHEDULER="${scheduler.address}", VOXBEAM_TRANSPORT="${transport}")`);
    const cells = await codeCells(page);
    const shown = {};
    for (const { index, source } of cells) {
      const { error } = await runCell(page, index);
      assert.equal(error, undefined, `${source}\n${error}`);
      shown[source.split('\n').at(-1)] = await cellText(page, index);
    }
    assert.match(shown['print(instance)'], /^None/);
    assert.match(shown['instance.visualization_server_url'], transport === 'proxy' ? /^'\/proxy\/\d+\/#[\w-]{43}'$/m : /^'http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}'$/m);
    assert.match(shown['rv.render_volume(volume, instance, name="T1", **space)'], /^True$/m);

    const widget = await settled(page);
    assert.equal(widget.transport, transport);
    await becomes('the transport in Python', async () => (await kernelRun(page, 'print(view.transport)')).trim(), transport);
    assert.match(widget.footer, new RegExp(transport));
    assert.equal(widget.missing, '0');
    const frame = page.locator('.jp-OutputArea iframe').contentFrame();
    const iframe = await settled(frame, '.voxbeam[data-settled]');
    // A page of its own has no kernel to ask: comm is the widget's way only.
    assert.equal(iframe.transport, transport === 'proxy' ? 'proxy' : 'direct');

    for (const [name, canvas] of [['widget', page.locator(`${VIEW} canvas.voxbeam-canvas`)], ['iframe', frame.locator('canvas.voxbeam-canvas')]]) {
      const picture = await pictureOf(page, canvas);
      assert.ok(picture.colours > 100 && picture.drawn > 0.1, `the ${name} shows a picture: ${JSON.stringify(picture)}`);
    }
    await mkdir(out, { recursive: true });
    await page.screenshot({ path: join(out, `quickstart-${transport}.png`) });
    assert.deepEqual(page.said.filter((line) => /^thrown|voxbeam.*error/i.test(line)), []);
  });
}
