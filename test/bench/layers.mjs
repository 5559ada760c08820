// Two and four equal layers beside a bare march of as many textures, and beside one of them: frames a second, and how evenly they share the slots.
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
    const times = { ours: { 1: [], 2: [], 4: [] }, bare: { 1: [], 2: [], 4: [] } };
    const makers = Object.keys(times);
    for (const count of COUNTS) for (const who of makers) await tab.evaluate(`drawing.picture(${count}, 0.5, '${who}')`); // compiles
    for (const t of PLACES) {
      for (const count of COUNTS) for (const who of makers) times[who][count].push(await tab.evaluate(`drawing.picture(${count}, ${t}, '${who}')`));
    }
    const rows = [];
    const fps = (count, who = 'ours') => 1000 / median(times[who][count]);
    for (const count of [2, 4]) {
      const name = `${count} equal layers of 128³ uint16, 400x300`;
      rows.push(
        row(`${name} (reference: a bare march of ${count} textures at once)`, fps(count), 'fps', { reference: fps(count, 'bare') }),
        row(`${name} (reference: one of them, by the pass for one)`, fps(count), 'fps', { reference: fps(1) }),
        row(`${name}: mean difference to the bare march, of 255`, await tab.evaluate(`drawing.difference(${count}, 0.29)`), 'steps', { limit: ['<=', 1] }),
      );
    }
    await tab.evaluate('drawing.dispose(), 0');
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
