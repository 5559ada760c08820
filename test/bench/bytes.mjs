// Bytes that a view fetches until it is settled: a perspective view beside the bricks that its rays meet, a slice beside 2 MiB.
import { Browser } from '../../scripts/cdp.mjs';
import { row, servePage } from './support.mjs';

const MIB = 2 ** 20;
const sum = (list, key) => list.reduce((total, one) => total + one[key], 0) / MIB;

export async function run() {
  const [page, browser] = await Promise.all([servePage('bytes_page.ts'), Browser.launch()]);
  try {
    const tab = await browser.newPage({ width: 900, height: 700 });
    await tab.goto(page.url);
    await tab.waitFor('globalThis.bytesBench !== undefined', undefined, { timeout: 120_000 });
    const rows = [];
    for (const [kind, words] of [['dense', 'dense'], ['air', 'mostly air']]) {
      const views = await tab.evaluate(`bytesBench.views(512, '${kind}')`, undefined, { timeout: 400_000 });
      rows.push(row(`512³ uint16, ${words}: four views of 800x600, each from nothing (reference: bricks that their rays meet)`, sum(views, 'fetched'), 'MiB', {
        reference: sum(views, 'least'), limit: ['<=', 1.3],
      }));
    }
    for (const [voxels, words] of [[1, 'a voxel a pixel'], [2048 / 600, 'all of it']]) {
      const bytes = await tab.evaluate(`bytesBench.slice(${voxels})`, undefined, { timeout: 400_000 });
      rows.push(row(`2048³ uint16: a slice of 800x600, ${words}`, bytes / MIB, 'MiB', { limit: ['<=', 2] }));
    }
    return rows;
  } finally {
    await browser.close();
    await page.close();
  }
}
