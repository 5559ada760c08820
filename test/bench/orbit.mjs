// Frames a second of a scripted three-second turn at 800x600, beside a bare march of one texture with the same volume, step and colours.
import { Browser } from '../../scripts/cdp.mjs';
import { median, row, servePage } from './support.mjs';

const RUNS = 5;
/** Places of the orbit, in seconds, at which the two pictures are compared. */
const COMPARED = [0, 0.4, 1.1, 1.9, 2.6];

export async function run() {
  const [page, browser] = await Promise.all([servePage('orbit_page.ts'), Browser.launch()]);
  try {
    const tab = await browser.newPage({ width: 900, height: 700 });
    await tab.goto(page.url);
    await tab.waitFor('globalThis.orbitBench !== undefined', undefined, { timeout: 120_000 });
    await tab.evaluate('globalThis.pair = orbitBench.equal(), 0');
    const worst = [];
    for (const t of COMPARED) worst.push(await tab.evaluate(`pair.difference(${t})`));
    const speed = { ours: [], bare: [] };
    for (let i = 0; i <= RUNS; i += 1) {
      for (const name of i % 2 ? ['ours', 'bare'] : ['bare', 'ours']) {
        const fps = await tab.evaluate(`pair.orbit('${name}')`);
        if (i > 0) speed[name].push(fps); // the first one warms both up
      }
    }
    await tab.evaluate('pair.dispose(), orbitBench.shipped().then((it) => { globalThis.whole = it; })');
    const moving = [];
    for (let i = 0; i < RUNS; i += 1) moving.push(await tab.evaluate('whole.orbit()'));
    await tab.evaluate('whole.dispose()');
    const bare = median(speed.bare);
    const scale = median(moving.map((m) => m.scale));
    const bias = median(moving.map((m) => m.coarser));
    const drawn = `${Math.round(800 * scale)}x${Math.round(600 * scale)}${bias > 0 ? `, steps of ${2 ** bias} voxels` : ''}`;
    return [
      row('256³ uint16, 800x600, all at level 0 (reference: bare march)', median(speed.ours), 'fps', { reference: bare, limit: ['>=', 0.75] }),
      row('largest difference of the two pictures, of 255', Math.max(...worst), 'steps', { limit: ['<=', 3] }),
      row(`as shipped while moving, drawn at ${drawn} (reference: bare march at 800x600)`, median(moving.map((m) => m.fps)), 'fps', { reference: bare, limit: ['>=', 4] }),
    ];
  } finally {
    await browser.close();
    await page.close();
  }
}
