// A fill that takes its time is seen, and taken back by a key or a button: nothing of it stays; undo and redo of one likewise. The sidecar stands still while the page is looked at and acted on, so that the fill is caught.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/process.mjs';
import { openPythonPage } from './python_page.mjs';
import { becomes, eventually } from './support.mjs';

let opened;
let page;
let row;

before(async () => {
  opened = await openPythonPage('page_fill.py', { width: 900, height: 480 });
  page = opened.page;
  row = page.locator('.voxbeam-under-way');
  await page.locator('.voxbeam').press('z');
  await page.keyboard.press('f');
  await becomes('the fill is chosen', () => page.locator('[data-paint="fill"]').getAttribute('aria-pressed'), 'true');
  await page.locator('[data-paint-reach="ball"]').click();
  await becomes('it goes through all slices', () => page.locator('[data-paint-reach="ball"]').getAttribute('aria-pressed'), 'true');
});
after(async () => {
  await opened?.ask('go');
  await opened?.close();
});

const press = async () => {
  const stage = await page.locator('.voxbeam-canvas').boundingBox();
  await page.mouse.click(stage.x + stage.width / 4 + 20, stage.y + stage.height / 4 + 20);
};
const stored = async () => JSON.parse(await opened.ask());
const message = () => page.locator('[data-footer="message"]').textContent();

test('escape takes back a fill that waits: it was never there', async () => {
  await opened.ask('stop');
  await press();
  await row.waitFor();
  assert.equal(await row.textContent(), 'Editing labels …Cancel');
  assert.equal(await row.locator('progress').getAttribute('value'), null);
  await page.locator('.voxbeam').press('Escape');
  await becomes('it says so', () => row.textContent(), 'Cancelling …Cancel');
  assert.ok(await row.locator('button').isDisabled());
  assert.equal(await page.locator('[data-paint="fill"]').getAttribute('aria-pressed'), 'true', 'painting goes on');
  await opened.ask('go');
  await row.waitFor({ state: 'hidden' });
  await becomes('what became of it', message, 'It was cancelled: nothing was changed');
  assert.deepEqual(await stored(), { counts: {}, edits: 0 });
});

test('a fill at work says how far it is, and its button takes it back: nothing of it stays', async () => {
  await press();
  await eventually('its progress', async () => (await row.locator('progress').getAttribute('value')) !== null, { every: 20 });
  await opened.ask('stop');
  const words = await row.locator('span').textContent();
  const share = Number(await row.locator('progress').getAttribute('value'));
  assert.match(words, /^Editing labels: \d+ %$/);
  assert.ok(share > 0 && share < 1, `${share}`);
  await page.screenshot({ path: `${root}/out/fill_under_way.png` });
  await row.locator('[data-action="cancel-edit"]').click();
  await becomes('it says so', () => row.locator('span').textContent(), 'Cancelling …');
  await opened.ask('go');
  await row.waitFor({ state: 'hidden' });
  assert.deepEqual(await stored(), { counts: {}, edits: 0 });
});

test('the next fill, of a slice, is as ever', async () => {
  await page.locator('[data-paint-reach="slice"]').click();
  await becomes('it stays in the slice', () => page.locator('[data-paint-reach="slice"]').getAttribute('aria-pressed'), 'true');
  await press();
  await becomes('the slice is full', stored, { counts: { 1: 640 ** 2 }, edits: 1 });
  await page.locator('.voxbeam').press('Control+z');
  await becomes('it is empty', stored, { counts: {}, edits: 2 });
  assert.deepEqual(page.said, []);
});

test('undo and redo of a fill say how far they are, and are called off by a key or the button: labels are as before, and the next one does it', async () => {
  const empty = { counts: {}, edits: 2 };
  const full = { 1: 640 ** 3 };
  assert.deepEqual(await stored(), empty);
  await page.locator('[data-paint-reach="ball"]').click();
  await becomes('it goes through all slices', () => page.locator('[data-paint-reach="ball"]').getAttribute('aria-pressed'), 'true');
  await press();
  await becomes('the volume is full', async () => (await stored()).counts, full);
  await row.waitFor({ state: 'hidden' });
  for (const [key, words, before, after, edits] of [['Control+z', 'Undoing', full, {}, 3], ['Control+Shift+z', 'Redoing', {}, full, 4]]) {
    await page.locator('.voxbeam').press(key);
    await row.waitFor();
    await eventually('its progress', async () => (await row.locator('progress').getAttribute('value')) !== null, { every: 20 });
    await opened.ask('stop');
    assert.match(await row.locator('span').textContent(), new RegExp(`^${words} an edit: \\d+ %$`));
    if (words === 'Undoing') await page.locator('.voxbeam').press('Escape');
    else await row.locator('[data-action="cancel-edit"]').click();
    await becomes('it says so', () => row.locator('span').textContent(), 'Cancelling …');
    await opened.ask('go');
    await row.waitFor({ state: 'hidden' });
    await becomes('what became of it', message, 'It was cancelled: nothing was changed');
    assert.deepEqual(await stored(), { counts: before, edits });
    await page.locator('.voxbeam').press(key);
    await becomes('it is done', stored, { counts: after, edits: edits + 1 });
  }
  assert.deepEqual(page.said, []);
});
