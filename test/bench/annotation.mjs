// A point from the kernel to the viewer's scene and an answer back, beside the same two hops of bare messages through a relay.
import { WebSocketServer } from 'ws';
import { Browser } from '../../scripts/cdp.mjs';
import { median, pythonSession, quantile, row, servePage } from './support.mjs';

const ROUNDS = 200;

/** Passes each message on to every other client: what a sidecar is to the scene, without the scene. */
async function relay() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      for (const other of server.clients) if (other !== socket) other.send(data);
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return { url: `ws://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

export async function run() {
  const kernel = pythonSession('ping_annotations.py', [ROUNDS]);
  const [page, browser, wire] = await Promise.all([servePage('annotation_page.ts'), Browser.launch(), relay()]);
  try {
    const { url, ticket } = await kernel.receive();
    const tab = await browser.newPage();
    await tab.goto(page.url);
    await tab.waitFor('globalThis.answer !== undefined');
    await tab.evaluate(`answer(${JSON.stringify(url)}, ${JSON.stringify(ticket)})`);
    kernel.send({});
    await kernel.receive();
    kernel.send({ relay: wire.url });
    await kernel.receive();
    await tab.evaluate(`echo(${JSON.stringify(wire.url)})`);
    kernel.send({});
    const { ours, bare } = await kernel.receive();
    return [
      row('kernel to viewer to kernel, median (reference: bare messages)', median(ours) * 1000, 'ms', { reference: median(bare) * 1000 }),
      row('kernel to viewer to kernel, p95 (reference: bare messages)', quantile(ours, 0.95) * 1000, 'ms', { reference: quantile(bare, 0.95) * 1000 }),
    ];
  } finally {
    await kernel.close();
    await browser.close();
    await page.close();
    wire.close();
  }
}
