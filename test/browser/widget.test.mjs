// The widget in a real JupyterLab: each way to the instance, the code's ways to the page, and what happens when one breaks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { kernelRun } from '../../scripts/notebook_page.mjs';
import { BALL, eventually, kernelJson, runCells, settled, VIEW, Workplace } from './support.mjs';

let place;
before(async () => {
  place = await Workplace.open();
});
after(() => place?.close());

const SHOW = `${BALL}
import voxbeam as rv
`;

for (const transport of ['direct', 'proxy', 'comm']) {
  test(`forced to ${transport}: settles, and says so on both sides`, async () => {
    const page = await place.notebook([`${SHOW}view = rv.view(volume, transport="${transport}", height=380)\nview`]);
    await runCells(page, [0]);
    const seen = await settled(page);
    assert.equal(seen.transport, transport);
    assert.equal(seen.missing, '0');
    const said = () => kernelJson(page, 'import json; print(json.dumps([view.transport, view.settled, view.stats, repr(view)]))');
    const [kind, isSettled, stats, words] = await eventually('the traits', async () => {
      const state = await said();
      return state[1] && state;
    });
    assert.deepEqual([kind, isSettled], [transport, true]);
    assert.equal(words, `<VolumeView volume 80×96×112 uint16 ${transport} settled>`);
    assert.ok(stats.bytes > 500_000 && Math.abs(Date.now() - stats.first_picture) < 120_000, JSON.stringify(stats));
    await page.close();
  });
}
