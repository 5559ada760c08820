// Faults that are caused: a sidecar killed while it is looked at, and a page whose ticket is used.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { kernelRun, runCell } from '../../scripts/notebook_page.mjs';
import { BALL, eventually, kernelJson, runCells, settled, VIEW, Workplace } from './support.mjs';

let place;
before(async () => {
  place = await Workplace.open();
});
after(() => place?.close());

test('a sidecar that is killed is back within seconds, for its view, a page alone and the next cell; one that is ended is said so, and a new view works', async (t) => {
  const page = await place.notebook([`import voxbeam as rv, json\n${BALL}`, 'view = rv.view(volume, passes=1)\nview', 'rv.render_volume(volume, view.instance)', 'again = rv.view(volume, passes=1)\nagain']);
  t.after(() => page.leave());
  await runCells(page, [0, 1]);
  await settled(page);
  const { pid, url } = await kernelJson(page, 'print(json.dumps({**view.instance.status(), "url": view.instance.visualization_server_url}))');
  const context = await place.browser.newContext({ viewport: { width: 480, height: 360 } });
  t.after(() => context.close());
  const alone = await context.newPage();
  await alone.goto(url);
  await settled(alone, '.voxbeam[data-settled]');

  process.kill(pid, 'SIGKILL');
  const began = Date.now();
  const status = await eventually('both viewers are back', async () => {
    const now = await kernelJson(page, 'print(json.dumps(view.instance.status()))');
    return now.pid !== pid && now.viewers >= 2 && now.volumes.every(({ status: { producer } }) => producer === 'alive') ? now : undefined;
  });
  t.diagnostic(`two viewers back after ${Date.now() - began} ms, asked through the notebook`);
  assert.deepEqual(status.volumes.map(({ volume }) => volume), [1], 'the volume has its handle');
  assert.equal(status.sent_bricks, 0, 'no brick is sent again to those who have it');
  for (const [one, selector] of [[page, VIEW], [alone, '.voxbeam']]) {
    assert.ok(await one.locator(selector).first().evaluate((element) => !element.dataset.error && ![...element.querySelectorAll('[role="alert"]')].some((e) => !e.hidden && e.textContent)));
  }
  await alone.reload(); // its cookie is known to the new process
  await settled(alone, '.voxbeam[data-settled]');
  assert.equal((await runCell(page, 2)).error, undefined);

  process.kill(status.pid, 'SIGTERM');
  const said = await eventually(
    'the view says that its server is gone',
    () => page.locator(VIEW).first().evaluate((element) => {
      const banner = element.querySelector('[role="alert"]');
      return element.dataset.error || (banner && !banner.hidden && banner.textContent);
    }),
  );
  assert.match(said, /server|instance|connection/i);
  const { error } = await runCell(page, 2);
  assert.match(error ?? '', /gone|ended/i);
  assert.equal((await runCell(page, 3)).error, undefined);
  await settled(page, VIEW, { nth: 1 });
});

test('the page alone: its ticket leaves the address, a reload works, a used ticket says what to do', async (t) => {
  const page = await place.notebook([`import voxbeam as rv\n${BALL}\nview = rv.view(volume)`]);
  t.after(() => page.leave({ keep: true }));
  await runCells(page, [0]);
  const url = (await kernelRun(page, 'print(view.instance.visualization_server_url)')).trim();
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}$/);

  const context = await place.browser.newContext({ viewport: { width: 760, height: 560 } });
  t.after(() => context.close());
  const alone = await context.newPage();
  const problems = [];
  alone.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  alone.on('pageerror', (error) => problems.push(error.message));
  await alone.goto(url);
  await settled(alone, '.voxbeam[data-settled]');
  assert.ok(!alone.url().includes(url.split('#')[1]), 'the ticket is gone from the address');
  const cookies = await context.cookies();
  assert.ok(cookies.some(({ name, httpOnly, sameSite }) => name.startsWith('vxb_') && httpOnly && sameSite === 'Strict'), JSON.stringify(cookies));
  assert.deepEqual(problems, [], 'nothing is refused by the content policy');
  // Workers have the page's policy: WebAssembly, which decodes Zstandard, and no `eval`.
  const allowed = await alone.evaluate(() => new Promise((resolve, reject) => {
    const tries = "const t = (f) => { try { f(); return true; } catch { return false; } };" +
      "postMessage([t(() => new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))), t(() => (0, eval)('1'))]);";
    const worker = new Worker(URL.createObjectURL(new Blob([tries], { type: 'text/javascript' })));
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = () => reject(new Error('no worker'));
  }));
  assert.deepEqual(allowed, [true, false]);
  await alone.reload();
  await settled(alone, '.voxbeam[data-settled]');
  // An address may hold a view: its ticket leaves it, the view stays, and so do those that are copied from the menu.
  await kernelRun(page, 'view.views, view.slab = "slices", {"thickness": 5, "mode": "max"}');
  await alone.goto('about:blank');
  await alone.goto((await kernelRun(page, 'print(view.link())')).trim());
  await settled(alone, '.voxbeam[data-settled]');
  await eventually('the slices of the link', () => alone.locator('[data-layout="slices"][aria-pressed="true"]').count());
  const given = new URL(alone.url()).hash;
  assert.match(given, /^#view=[\w-]+$/);
  await alone.locator('.voxbeam').first().focus();
  await alone.keyboard.press('0');
  await eventually('all four', () => alone.locator('[data-layout="four"][aria-pressed="true"]').count());
  await alone.locator('[data-action="more"]').click();
  await alone.locator('[data-item="copy-link"]').click();
  const held = await eventually('another view in the address', () => alone.url().includes('#view=') && !alone.url().endsWith(given) && new URL(alone.url()).hash.slice(6));
  const { views, slab } = JSON.parse(Buffer.from(held, 'base64url').toString());
  assert.deepEqual([views, slab], ['four', { thickness: 5, mode: 'max' }]);

  const stranger = await place.browser.newContext({ viewport: { width: 480, height: 360 } });
  t.after(() => stranger.close());
  const late = await stranger.newPage();
  await late.goto(url);
  const text = await eventually('words about the used ticket', async () => {
    const words = await late.locator('body').textContent();
    return /run the cell again/i.test(words) ? words : undefined;
  });
  assert.ok(text.length > 20);
  assert.ok(!late.url().includes(url.split('#')[1]));
  await late.goto(url.split('#')[0]);
  await eventually('words about the missing ticket', async () => /run the cell again/i.test(await late.locator('body').textContent()));
});

test('bricks that were compressed, and previews of 8 bits, which a view at rest has no more', async (t) => {
  const page = await place.notebook([
    `import voxbeam as rv, json\nfrom voxbeam.widget import VolumeView\n${BALL}\nvolume += (37 * x + 11 * y).astype("uint16")\nview = rv.view(volume, codec="zstd", max_cache_bytes=0, passes=1)\nview`,
    'rough = VolumeView(view.instance, codec="preview", max_cache_bytes=0, passes=1)\nrough',
    'lz4 = VolumeView(view.instance, codec="lz4", transport="comm", max_cache_bytes=0, passes=1)\nlz4',
  ]);
  t.after(() => page.leave({ keep: true }));
  const status = () => kernelJson(page, 'print(json.dumps(view.instance.status()))');
  const shown = [];
  const before = {};
  for (const [nth, way] of [[0, 'zstd'], [1, 'preview'], [2, 'lz4']]) {
    await runCells(page, [nth]);
    const data = await settled(page, VIEW, { nth });
    const now = await status();
    shown.push([way, data.codec, now.sent_coded - (before.sent_coded ?? 0) > 0, now.sent_previews - (before.sent_previews ?? 0) > 0]);
    Object.assign(before, now);
    if (way === 'zstd') assert.match(data.footer, /direct, Zstandard/);
    if (way === 'lz4') assert.match(data.footer, /kernel comm, LZ4/);
  }
  // A preview is over once the view is settled: what came last are the true voxels.
  assert.deepEqual(shown.map(([way, codec, coded, previews]) => [way, coded, previews, codec === 'preview']), [
    ['zstd', true, false, false], ['preview', true, true, false], ['lz4', true, false, false],
  ]);
  await eventually('the views tell the kernel', async () => {
    const said = await kernelJson(page, 'print(json.dumps([view.codec, lz4.codec]))');
    return said.join() === 'zstd,lz4';
  });
});

test('a large volume through the kernel\'s own connection: cells are answered meanwhile, and the connection stays', async (t) => {
  const page = await place.notebook([
    'import voxbeam as rv, numpy as np\nvolume = np.random.default_rng(1).integers(0, 60000, (320, 320, 320)).astype("uint16")',
    'view = rv.view(volume, transport="comm", passes=1)\nview',
  ]);
  t.after(() => page.leave({ keep: true }));
  await runCells(page, [0]);
  const answers = async (count) => {
    const times = [];
    while (times.length < count) {
      const began = Date.now();
      assert.equal((await kernelRun(page, 'print(6 * 7)')).trim(), '42');
      times.push(Date.now() - began);
    }
    return times.sort((a, b) => a - b);
  };
  const [, usual] = await answers(3); // nothing else comes through the kernel
  await runCells(page, [1]);
  await page.locator(`${VIEW}[data-first-picture]`).first().waitFor();
  const times = await answers(12);
  const { sent_bytes: sent } = await kernelJson(page, 'import json; print(json.dumps(view.instance.status()))');
  t.diagnostic(`a cell alone ${usual} ms; 12 cells in between: median ${times[6]} ms, slowest ${times[11]} ms; ${(sent / 2 ** 20).toFixed(0)} MiB came through the kernel by then`);
  assert.ok(times[6] < Math.max(1000, 10 * usual) && times[11] < Math.max(5000, 50 * usual), `${times}, alone ${usual}`);
  await settled(page);
  assert.ok(!page.said.some((line) => /Connection lost|WebSocket.*(closed|failed)|kernel.*(dead|restart)/i.test(line)), page.said.join('\n'));
});

test('a page that is reloaded while it streams starts anew, and the other one notices nothing', async (t) => {
  const page = await place.notebook(['import voxbeam as rv, numpy as np, json\nvolume = np.random.default_rng(1).integers(0, 60000, (140, 140, 140)).astype("uint16")\nview = rv.view(volume)']);
  t.after(() => page.leave({ keep: true }));
  await runCells(page, [0]);
  const urls = await kernelJson(page, 'print(json.dumps([view.instance.visualization_server_url for _ in range(2)]))');
  const context = await place.browser.newContext({ viewport: { width: 320, height: 240 } });
  t.after(() => context.close());
  const [one, other] = [await context.newPage(), await context.newPage()];
  await Promise.all([one.goto(urls[0]), other.goto(urls[1])]);
  for (let i = 0; i < 3; i += 1) {
    await one.locator('.voxbeam[data-first-picture]').waitFor({ state: 'attached' });
    await one.reload();
  }
  await Promise.all([one, other].map((each) => settled(each, '.voxbeam[data-settled]')));
});
