// Bricks from the sidecar's store to a page, by our session, beside bare sends of as many bytes to the same browser.
import { Browser } from '../../scripts/cdp.mjs';
import { bareServer, median, pythonSession, row, servePage } from './support.mjs';

const RUNS = 7;

export async function run() {
  const volume = pythonSession('serve_volume.py', [512]);
  const [page, browser] = await Promise.all([servePage('stream_page.ts'), Browser.launch()]);
  let server;
  try {
    const { url } = await volume.receive();
    const ours = [];
    const bare = [];
    const beside = [];
    const open = async () => {
      const tab = await browser.newPage();
      await tab.goto(page.url);
      await tab.waitFor('globalThis.bricks !== undefined');
      return tab;
    };
    const bricks = async (tab, order) => {
      volume.send(order);
      const { ticket } = await volume.receive();
      return tab.evaluate(`bricks(${JSON.stringify(url)}, ${JSON.stringify(ticket)})`);
    };
    for (let i = 0; i <= RUNS; i += 1) {
      // By turns which comes first; a page of its own for each: both are first visits.
      const got = {};
      let tab;
      for (const deaf of i % 2 ? [true, false] : [false, true]) {
        await tab?.close();
        tab = await open();
        got[deaf] = await bricks(tab, { deaf });
      }
      server ??= await bareServer(Math.round(got.false.bytes / got.false.messages));
      const sent = await tab.evaluate(`bare(${JSON.stringify(server.url)}, ${got.false.messages})`);
      if (i > 0) { // the first one warms both up
        ours.push(got.false.bytes / got.false.ms / 1e6);
        beside.push(got.true.bytes / got.true.ms / 1e6);
        bare.push(sent.bytes / sent.ms / 1e6);
      }
      await tab.close();
    }
    return [
      row('bricks, sidecar to page (reference: bare ws)', median(ours), 'GB/s', { reference: median(bare), limit: ['>=', 0.8] }),
      row('the same beside a viewer that reads nothing (reference: alone)', median(beside), 'GB/s', { reference: median(ours), limit: ['>=', 0.95] }),
    ];
  } finally {
    await server?.close();
    await browser.close();
    await page.close();
    await volume.close();
  }
}
