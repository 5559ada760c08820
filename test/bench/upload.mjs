// Bricks a second that go into the atlas, beside a bare texSubImage3D of the same bytes.
import { Browser } from '../../scripts/cdp.mjs';
import { median, row, servePage } from './support.mjs';

const RUNS = 15;

export async function run() {
  const [page, browser] = await Promise.all([servePage('upload_page.ts'), Browser.launch()]);
  try {
    const tab = await browser.newPage({ width: 300, height: 200 });
    await tab.goto(page.url);
    await tab.waitFor('globalThis.uploadBench !== undefined', undefined, { timeout: 120_000 });
    const speed = { ours: [], bare: [] };
    for (let i = -4; i < RUNS; i += 1) {
      for (const name of i % 2 ? ['ours', 'bare'] : ['bare', 'ours']) {
        const rate = await tab.evaluate(`uploadBench.batch('${name}')`);
        if (i >= 0) speed[name].push(rate); // those before fill the slots of both
      }
    }
    const error = await tab.evaluate('uploadBench.error()');
    if (error !== 0) throw new Error(`WebGL error ${error}`);
    const limit = ['>=', 0.8];
    return [row('bricks of 66³ uint16 into the atlas (reference: bare texSubImage3D)', median(speed.ours), 'bricks/s', { reference: median(speed.bare), limit })];
  } finally {
    await browser.close();
    await page.close();
  }
}
