// The JupyterLab extension: a volume file opens in a viewer, its bytes stay where they are, and closing it leaves nothing behind.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { kernelRun } from '../../scripts/notebook_page.mjs';
import { BALL, becomes, eventually, settled, Workplace } from './support.mjs';

let place;
let page;
const reads = [];
before(async () => {
  place = await Workplace.open();
  page = await place.notebook(['']);
  page.on('request', (request) => reads.push(`${request.method()} ${request.url()}`));
  await kernelRun(page, `${BALL}
import nibabel
nibabel.save(nibabel.Nifti1Image(volume.T.astype("int16"), np.eye(4)), "ball.nii.gz")
open("broken.nii.gz", "wb").write(b"no volume")`);
});
after(() => place?.close());

const kernels = () => page.evaluate(async () => {
  const { serviceManager } = window.jupyterapp;
  await serviceManager.sessions.refreshRunning();
  return [...serviceManager.sessions.running()].map((s) => s.path).sort();
});
const documentOf = (name) => page.locator('.voxbeam-document').filter({ has: page.locator(`iframe[title="${name}"]`) });

test('a NIfTI file opens by its kind, and none of its bytes come to the page', async () => {
  const before = await kernels();
  await page.evaluate(() => window.jupyterapp.commands.execute('docmanager:open', { path: 'ball.nii.gz' }));
  const frame = documentOf('ball.nii.gz').locator('iframe');
  await frame.waitFor();
  const seen = await settled(frame.contentFrame(), '.voxbeam[data-settled]');
  assert.equal(seen.transport, 'direct');
  const ofFile = reads.filter((request) => /(contents|files)\/ball\.nii\.gz/.test(request));
  assert.ok(ofFile.length > 0 && ofFile.every((request) => /^GET .*(content=0|checkpoints)/.test(request)), ofFile.join('\n'));
  assert.equal(existsSync(join(place.folder, '.ipynb_checkpoints', 'ball.nii-checkpoint.gz')), false, 'no copy beside it');
  assert.equal((await kernels()).length, before.length + 1);
  await page.evaluate(() => window.jupyterapp.commands.execute('application:close'));
  await eventually('its kernel to end', async () => (await kernels()).length === before.length);
});

test('the command opens a path, and a broken file is explained in the document', async () => {
  await page.evaluate(() => window.jupyterapp.commands.execute('voxbeam:open', { path: 'broken.nii.gz' }));
  await becomes('what is wrong', () => page.locator('.voxbeam-document [role=alert]').textContent(), /broken\.nii\.gz/);
  await page.evaluate(() => window.jupyterapp.commands.execute('application:close'));
});

test('the command stands in the palette and the launcher', async () => {
  assert.equal(await page.evaluate(() => window.jupyterapp.commands.label('voxbeam:open')), 'Open volume with voxbeam');
  await page.evaluate(() => window.jupyterapp.commands.execute('launcher:create'));
  await page.locator('.jp-LauncherCard[data-category="Other"]', { hasText: 'Volume' }).waitFor();
});
