// Bricks by a streamed fetch: a real page, a real sidecar, and a relay between them that cuts the stream.
import assert from 'node:assert/strict';
import { createServer, connect } from 'node:net';
import { after, before, test } from 'node:test';
import { Browser } from '../../scripts/cdp.mjs';
import { pythonSession, servePage } from '../bench/support.mjs';

let volume;
let page;
let browser;
let url;
before(async () => {
  volume = pythonSession('serve_volume.py', [256]);
  [page, browser] = await Promise.all([servePage('stream_page.ts'), Browser.launch()]);
  ({ url } = await volume.receive());
});
after(async () => {
  await browser?.close();
  await page?.close();
  await volume?.close();
});

async function ticket() {
  volume.send({});
  return (await volume.receive()).ticket;
}

async function tab() {
  const made = await browser.newPage();
  await made.goto(page.url);
  await made.waitFor('globalThis.bricks !== undefined');
  return made;
}

/**
 * A relay to the sidecar. `refuse` breaks connections whose first bytes hold `word`; `cut` breaks the first such one once so many bytes have come
 * by it, and `cuts` says how many were.
 */
async function relay(port) {
  const pairs = new Set();
  let [refused, cutting, cuts] = [undefined, undefined, 0];
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    const pair = { near, far, first: '', come: 0 };
    pairs.add(pair);
    const end = () => {
      near.destroy();
      far.destroy();
      pairs.delete(pair);
    };
    near.on('data', (bytes) => {
      pair.first ||= bytes.toString('latin1');
      if (refused && pair.first.includes(refused)) end();
      else far.write(bytes);
    });
    far.on('data', (bytes) => {
      pair.come += bytes.length;
      if (!cutting || pair.come < cutting.after || !pair.first.includes(cutting.word)) return;
      [cutting, cuts] = [undefined, cuts + 1];
      end();
    });
    far.pipe(near);
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    refuse: (word) => {
      refused = word;
    },
    cut: (word, after) => {
      cutting = { word, after };
    },
    get cuts() {
      return cuts;
    },
    close: () => {
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
      server.close();
    },
  };
}

test('many bricks come by a stream, all of them', async () => {
  const view = await tab();
  let got;
  // On a busy machine the WebSocket may have brought all bricks before the stream stands.
  for (let visit = 0; visit < 5 && !got?.streamed; visit += 1) {
    got = await view.evaluate(`bricks(${JSON.stringify(url)}, ${JSON.stringify(await ticket())})`);
    assert.equal(got.refused, 0);
  }
  assert.equal(got.streamed, true);
  assert.ok(got.messages >= 64, `${got.messages} bricks`);
  await view.close();
});

test('of many viewers of a page two have a stream; everyone gets every brick', async () => {
  const view = await tab();
  const tickets = [await ticket(), await ticket(), await ticket(), await ticket()];
  const { got, most } = await view.evaluate(`(async () => {
    let most = 0;
    const places = (list) => list.filter(({ name }) => name.startsWith('voxbeam down')).length;
    const watch = setInterval(async () => { most = Math.max(most, places((await navigator.locks.query()).held)); }, 5);
    const got = await Promise.all(${JSON.stringify(tickets)}.map((ticket) => bricks(${JSON.stringify(url)}, ticket)));
    clearInterval(watch);
    return { got, most };
  })()`);
  assert.ok(got.some(({ streamed }) => streamed));
  assert.ok(most >= 1 && most <= 2, `${most} streams at once`);
  assert.deepEqual(got.map(({ refused }) => refused), [0, 0, 0, 0]);
  await view.close();
});

test('where the stream cannot be had the WebSocket brings everything', async (t) => {
  const between = await relay(new URL(url).port);
  t.after(() => between.close());
  between.refuse('/v1/down');
  const view = await tab();
  const through = url.replace(/:\d+\//, `:${between.port}/`);
  const got = await view.evaluate(`bricks(${JSON.stringify(through)}, ${JSON.stringify(await ticket())})`);
  assert.equal(got.streamed, false);
  assert.equal(got.refused, 0);
  await view.close();
});

test('a stream that is cut costs a reconnection and no brick', async (t) => {
  const between = await relay(new URL(url).port);
  t.after(() => between.close());
  const view = await tab();
  const through = url.replace(/:\d+\//, `:${between.port}/`);
  between.cut('/v1/down', 3e6); // about five bricks
  const got = await view.evaluate(`bricks(${JSON.stringify(through)}, ${JSON.stringify(await ticket())}, 20)`);
  assert.equal(between.cuts, 1);
  assert.equal(got.refused, 0);
  assert.ok(got.connections >= 2, `${got.connections} connections`);
  await view.close();
});

test('a page that may not have workers does the work itself', async () => {
  const view = await tab();
  await view.evaluate("globalThis.Worker = class { constructor() { throw new Error('refused by policy'); } }");
  const got = await view.evaluate(`bricks(${JSON.stringify(url)}, ${JSON.stringify(await ticket())})`);
  assert.equal(got.refused, 0);
  assert.ok(got.messages >= 64, `${got.messages} bricks`);
  await view.close();
});
