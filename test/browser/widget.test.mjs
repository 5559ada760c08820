// The widget in a real JupyterLab: each way to the instance, the code's ways to the page, and what happens when one breaks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cellText, kernelRun } from '../../scripts/notebook_page.mjs';
import { BALL, becomes, eventually, kernelJson, runCells, settled, VIEW, Workplace } from './support.mjs';

let place;
before(async () => {
  place = await Workplace.open();
});
after(() => place?.close());

const SHOW = `${BALL}
import voxbeam as rv
`;

for (const transport of ['direct', 'proxy', 'comm']) {
  test(`forced to ${transport}: settles, and says so on both sides`, async () => {
    const page = await place.notebook([`${SHOW}view = rv.view(volume, transport="${transport}", height=380, passes=1)\nview`]);
    await runCells(page, [0]);
    const seen = await settled(page);
    assert.equal(seen.transport, transport);
    assert.equal(seen.missing, '0');
    const said = () => kernelJson(page, 'import json; print(json.dumps([view.transport, view.settled, view.stats, repr(view)]))');
    const [kind, isSettled, stats, words] = await eventually('the traits', async () => {
      const state = await said();
      return state[1] && state;
    });
    assert.deepEqual([kind, isSettled], [transport, true]);
    assert.equal(words, `<VolumeView volume 80×96×112 uint16 ${transport} settled>`);
    assert.ok(stats.bytes > 500_000 && Math.abs(Date.now() - stats.first_picture) < 600_000, JSON.stringify(stats));
    await page.leave({ keep: true });
  });
}

/** A cell that shows a view whose candidates `edit` (Python, of the list `ways`) has changed. */
const withWays = (edit, show = 'view = rv.view(volume, height=300, passes=1)\nview') => `${SHOW}
import voxbeam.widget as w
honest = w.candidates
def changed(instance):
    ways = honest(instance)
    ${edit}
    return ways
w.candidates = changed
${show}`;
const NOWHERE = '"127.0.0.1:9"';

test('chosen by itself: direct; proxy where direct is unreachable; comm where both are', async () => {
  const deadDirect = `ways[0].update(url="ws://" + ${NOWHERE} + "/v1/stream", assets="http://" + ${NOWHERE} + "/assets/")`;
  const deadProxy = 'ways[1].update(path="proxy/9/v1/stream", assets="proxy/9/assets/")';
  for (const [edit, expected] of [['pass', 'direct'], [deadDirect, 'proxy'], [`${deadDirect}; ${deadProxy}`, 'comm']]) {
    const page = await place.notebook([withWays(edit)]);
    await runCells(page, [0]);
    assert.equal((await settled(page)).transport, expected);
    await page.leave();
  }
});

test('tickets that have grown old are replaced by way of the kernel', async () => {
  const page = await place.notebook([withWays('for way in ways[:2]: way["ticket"] = "x" * 43')]);
  await runCells(page, [0]);
  assert.equal((await settled(page)).transport, 'direct');
  await page.leave();
});

test('two views of one model: the code comes once, both show, each has its connection, and closing ends both', async () => {
  const page = await place.notebook([`${SHOW}view = rv.view(volume, height=300, passes=1)\nview`, 'view']);
  const fetched = [];
  page.on('request', (request) => request.url().endsWith('/assets/widget.js') && fetched.push(request.url()));
  await runCells(page, [0]);
  await settled(page);
  const code = new Set(fetched.map((url) => new URL(url).port));
  await runCells(page, [1]);
  await settled(page, VIEW, { nth: 1 });
  const toolbars = await page.evaluate(() => [...document.querySelectorAll('.jp-cell-toolbar')].map((bar) => getComputedStyle(bar).willChange));
  assert.ok(toolbars.length > 0 && toolbars.every((hint) => hint === 'transform'), `the notebook's toolbars have layers of their own: ${toolbars}`);
  assert.equal(fetched.length, code.size, `each way is asked once a page: ${fetched}`);
  const viewers = () => kernelJson(page, 'print(view.instance.status()["viewers"])');
  await becomes('viewers', viewers, 2);
  await kernelRun(page, 'view.close()');
  await eventually('the viewers to go', async () => (await viewers()) === 0);
  await becomes('views in the page', () => page.locator(VIEW).count(), 0);
  await page.leave({ keep: true });
});

test('a screenshot is awaited in a cell', async () => {
  const page = await place.notebook([
    `${SHOW}view = rv.view(volume, height=300, passes=1)\nview`,
    'png = await view.screenshot()\nimport struct\nprint(png[:4], *struct.unpack(">II", png[16:24]))',
  ]);
  await runCells(page, [0]);
  const { width } = await settled(page).then(() => page.locator(VIEW).boundingBox());
  await runCells(page, [1]);
  const words = await cellText(page, 1);
  const [, w, h] = /^b'\\x89PNG' (\d+) (\d+)/.exec(words) ?? assert.fail(words);
  assert.ok(Number(w) > 100 && Number(w) <= width && Number(h) <= 300 && Number(h) > 100, words);
  await page.leave({ keep: true });
});

test('what a page tells while a cell awaits it is heard, and so is what it tells afterwards', async () => {
  const page = await place.notebook([
    `${SHOW}view = rv.view(volume, height=300, passes=1)\nview`,
    `import asyncio
print(len(await view.screenshot()))
heard, loop = asyncio.Event(), asyncio.get_running_loop()
view.observe(lambda change: loop.call_soon_threadsafe(heard.set), "camera")
view.send({"t": "nothing"})  # answers come to the cell's own thread
print("waits", flush=True)
await asyncio.wait_for(heard.wait(), 60)
print("heard")`,
  ]);
  await runCells(page, [0]);
  await settled(page);
  const turn = async () => {
    await page.locator(VIEW).focus();
    await page.keyboard.press('ArrowRight');
  };
  const ran = runCells(page, [1]);
  await page.locator('.jp-OutputArea-output pre', { hasText: 'waits' }).waitFor();
  await turn();
  await ran;
  assert.match(await cellText(page, 1), /\d{4,}\s+waits\s+heard/);
  const camera = () => kernelJson(page, 'import json; print(json.dumps(view.camera))');
  const before = JSON.stringify(await camera());
  await turn();
  await eventually('the kernel hears of the next turn', async () => JSON.stringify(await camera()) !== before);
  await page.leave({ keep: true });
});

test('code that cannot be had is said in the cell, and the next view tries again', async () => {
  const lost = 'w._ASSETS["widget.js"] = w.STATIC / "no such file"; [way.pop("assets", None) for way in ways]';
  const page = await place.notebook([withWays(lost), 'w._ASSETS["widget.js"] = w.STATIC / "widget.js"\nw.candidates = honest\nview']);
  await runCells(page, [0]);
  await becomes('what is missing', () => page.locator('.jp-OutputArea [role=alert]').first().textContent(), /did not load.*missing from the installed package/s);
  await runCells(page, [1]);
  await settled(page);
  await page.leave();
});

test('a kernel that is busy holds up nothing: the view settles while the cell still runs', async () => {
  const busy = `from IPython.display import display
display(rv.view(volume, height=300, passes=1))
while True:
    sum(range(10_000))`; // until it is interrupted
  const page = await place.notebook([`${SHOW}${busy}`]);
  const ran = runCells(page, [0]).then(() => 'ended');
  await settled(page);
  assert.equal(await Promise.race([ran, Promise.resolve('runs')]), 'runs');
  await page.leave();
});

test('frames are checked in a worker, in a cell and on the page with its strict policy', async () => {
  const page = await place.notebook([`${SHOW}view = rv.view(volume, height=300, passes=1)\nview`]);
  const workers = [];
  page.on('worker', (worker) => workers.push(worker.url()));
  await runCells(page, [0]);
  await settled(page);
  assert.equal(workers.filter((url) => url.startsWith('blob:')).length, 1, workers.join(' '));
  const url = (await kernelRun(page, 'print(view.instance.visualization_server_url)')).trim();
  const alone = await place.browser.newPage({ viewport: { width: 480, height: 360 } });
  const own = [];
  alone.on('worker', (worker) => own.push(worker.url()));
  await alone.goto(url);
  await settled(alone, '.voxbeam[data-settled]');
  assert.equal(own.length, 1, own.join(' '));
  await Promise.all([page.leave({ keep: true }), alone.close()]);
});
