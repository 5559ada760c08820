// Two and four equal layers beside one: frames a second, and how evenly they share the slots.
import { Browser } from '../../scripts/cdp.mjs';
import { median, row, servePage } from './support.mjs';

const PLACES = [0, 0.13, 0.29, 0.46, 0.61, 0.78, 0.9];
const COUNTS = [1, 2, 4];

export async function run() {
  const [page, browser] = await Promise.all([servePage('layers_page.ts'), Browser.launch()]);
  try {
    const tab = await browser.newPage({ width: 500, height: 400 });
    await tab.goto(page.url);
    await tab.waitFor('globalThis.layersBench !== undefined', undefined, { timeout: 120_000 });
    await tab.evaluate('globalThis.drawing = layersBench.drawing(4), 0');
    const times = { 1: [], 2: [], 4: [] };
    for (const count of COUNTS) await tab.evaluate(`drawing.picture(${count}, 0.5)`); // compiles
    for (const t of PLACES) for (const count of COUNTS) times[count].push(await tab.evaluate(`drawing.picture(${count}, ${t})`));
    await tab.evaluate('drawing.dispose(), 0');
    const fps = (count) => 1000 / median(times[count]);
    const rows = [2, 4].map((count) =>
      row(`${count} equal layers of 128³ uint16, 400x300 (reference: one of them, by the pass for one)`, fps(count), 'fps', { reference: fps(1) }));
    for (const count of [2, 4]) {
      const slots = await tab.evaluate(`layersBench.shares(${count})`, undefined, { timeout: 400_000 });
      rows.push(row(`${count} equal layers of 384³: largest share of the slots (reference: smallest; ${slots.join(', ')})`, Math.max(...slots), 'slots', {
        reference: Math.min(...slots), limit: ['<=', 1.1],
      }));
    }
    return rows;
  } finally {
    await browser.close();
    await page.close();
  }
}
