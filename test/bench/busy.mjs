// Bricks of a volume that its store cannot hold, while the kernel is idle, computes in Python, or sits in C code that keeps the interpreter.
import { Browser } from '../../scripts/cdp.mjs';
import { bareServer, pythonSession, quantile, row, servePage } from './support.mjs';

/** Ten bricks each. */
const TENS = 20;
const GROUPS = 4;
/** A frame of 16-bit voxels. */
const BRICK_BYTES = 575_448;
/** Long enough for all of a measurement. */
const BUSY_SECONDS = 8;
const NAMES = { idle: 'kernel idle', loop: 'kernel in a Python loop', held: 'the interpreter held in C code' };

export async function run() {
  const page = await servePage('busy_page.ts');
  const browser = await Browser.launch();
  const kernel = pythonSession('busy.py', [640]);
  const server = await bareServer(BRICK_BYTES, 'each');
  try {
    const { url } = await kernel.receive();
    kernel.send({});
    const { ticket } = await kernel.receive();
    const tab = await browser.newPage();
    await tab.goto(page.url);
    await tab.waitFor('globalThis.measure !== undefined');
    await tab.evaluate(`open_volume(${JSON.stringify(url)}, ${JSON.stringify(ticket)})`);
    await tab.evaluate(`open_bare(${JSON.stringify(server.url)})`);
    const measure = () => tab.evaluate(`measure(${TENS}, ${GROUPS})`);
    await measure(); // warms everything up, and fills the store
    const rows = [];
    let idle;
    for (const kind of ['idle', 'loop', 'held']) {
      const busy = kind !== 'idle';
      if (busy) {
        kernel.send({ busy: kind, seconds: BUSY_SECONDS });
        await kernel.receive();
      }
      const { bricks, bare } = await measure();
      idle ??= { bricks: bricks.rate, bare: bare.rate };
      if (busy) await kernel.receive();
      const p95 = ({ ms }) => quantile(ms, 0.95);
      rows.push(row(`need to typed array, one brick, p95, ${NAMES[kind]} (reference: a bare ws message)`, p95(bricks), 'ms', { reference: p95(bare), limit: ['<=', busy ? 10 : 5], judge: 'value' }));
      if (!busy) continue;
      rows.push(row(`64 bricks at once, ${NAMES[kind]} (reference: idle)`, bricks.rate, 'bricks/s', { reference: idle.bricks, limit: ['>=', 0.8] }));
      rows.push(row(`64 bare ws messages at once, ${NAMES[kind]} (reference: idle)`, bare.rate, 'messages/s', { reference: idle.bare }));
    }
    return rows;
  } finally {
    await kernel.close();
    await server.close();
    await browser.close();
    await page.close();
  }
}
