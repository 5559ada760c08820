// Bricks of a volume that its store cannot hold, while the kernel is idle, computes in Python, or sits in C code that keeps the interpreter.
import { Browser } from '../../scripts/cdp.mjs';
import { pythonSession, quantile, row, servePage } from './support.mjs';

const SINGLES = 200;
const GROUPS = 4;
/** Long enough for all of a measurement. */
const BUSY_SECONDS = 8;
const NAMES = { idle: 'kernel idle', loop: 'kernel in a Python loop', held: 'the interpreter held in C code' };

export async function run() {
  const page = await servePage('busy_page.ts');
  const browser = await Browser.launch();
  const kernel = pythonSession('busy.py', [640]);
  try {
    const { url } = await kernel.receive();
    kernel.send({});
    const { ticket } = await kernel.receive();
    const tab = await browser.newPage();
    await tab.goto(page.url);
    await tab.waitFor('globalThis.measure !== undefined');
    await tab.evaluate(`open_volume(${JSON.stringify(url)}, ${JSON.stringify(ticket)})`);
    const measure = () => tab.evaluate(`measure(${SINGLES}, ${GROUPS})`);
    await measure(); // warms everything up, and fills the store
    const rows = [];
    let idle;
    for (const kind of ['idle', 'loop', 'held']) {
      const busy = kind !== 'idle';
      if (busy) {
        kernel.send({ busy: kind, seconds: BUSY_SECONDS });
        await kernel.receive();
      }
      const { ms, rate } = await measure();
      idle ??= rate;
      if (busy) await kernel.receive();
      rows.push(row(`need to typed array, one brick, p95, ${NAMES[kind]}`, quantile(ms, 0.95), 'ms', { limit: ['<=', busy ? 10 : 5] }));
      if (busy) rows.push(row(`64 bricks at once, ${NAMES[kind]} (reference: idle)`, rate, 'bricks/s', { reference: idle, limit: ['>=', 0.8] }));
    }
    return rows;
  } finally {
    await kernel.close();
    await browser.close();
    await page.close();
  }
}
