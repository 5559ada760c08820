import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { COARSEST, type LoadingPolicy, orderedName, POLICIES, POLICY_NAMES, policyOf, REQUEST_CLASSES } from '../../../src/volume/policy.js';
import { chooseRequests, type MissingBrick } from '../../../src/volume/requests.js';
import { WantList } from '../../../src/session/want_list.js';

const missing = (x: number, of: Partial<MissingBrick> = {}): MissingBrick => ({
  key: { level: 1, z: 0, y: 0, x }, class: 'visible-fine', urgency: 0.5, stale: false, mayWait: false, ...of,
});
const choose = (policy: LoadingPolicy, bricks: MissingBrick[], moving = false) => chooseRequests(policy, new Map([[1, { bricks, top: 5 }]]), moving).get(1) ?? [];
const xs = (list: readonly { x: number }[]) => list.map(({ x }) => x);

test('a policy is known by its name, and one of a user is checked', () => {
  expect(POLICY_NAMES).toEqual(['exploration', 'playback', 'low-bandwidth', 'no-prefetch']);
  for (const name of POLICY_NAMES) expect(policyOf(name)).toBe(policyOf(policyOf(name)));
  expect(() => policyOf('hasty')).toThrow("no policy named 'hasty'; there are exploration, playback, low-bandwidth, no-prefetch");
  expect(() => policyOf('toString')).toThrow("no policy named 'toString'");
  const mine = { ...POLICIES.exploration, name: 'mine' };
  expect(() => policyOf({ ...mine, order: ['prefetch', 'prefetch'] })).toThrow("'mine' orders 'prefetch'");
  expect(() => policyOf({ ...mine, order: ['soon' as never] })).toThrow("orders 'soon'");
  expect(() => policyOf({ ...mine, underWay: { moving: 0, still: 8 } })).toThrow('underWay.moving is 0; it must be from 1 to 4096');
  expect(() => policyOf({ ...mine, prefetchShare: Number.NaN })).toThrow('prefetchShare is NaN');
});

test('a text gives a policy another order, the same object each time, and says what is wrong with it', () => {
  const text = orderedName('low-bandwidth', ['prefetch', 'visible-coarse', 'visible-fine']);
  expect(text).toBe('low-bandwidth:prefetch,visible-coarse,visible-fine');
  const mine = policyOf(text);
  expect(policyOf(text)).toBe(mine);
  expect(mine).toMatchObject({ pixelsPerVoxel: 2, order: ['prefetch', 'visible-coarse', 'visible-fine'], name: text });
  const [ahead, fine] = [missing(1, { class: 'prefetch', urgency: 0.9 }), missing(2, { urgency: 0.1 })];
  expect(xs(choose(mine, [fine, ahead]))).toEqual([1, 2]);
  expect(xs(choose(policyOf('low-bandwidth'), [fine, ahead]))).toEqual([2]);
  for (const name of POLICY_NAMES) expect(orderedName(name, POLICIES[name].order)).toBe(name);
  expect(() => policyOf('exploration:soon')).toThrow("orders 'soon'");
  expect(() => policyOf('exploration:')).toThrow("orders ''");
  expect(() => policyOf('exploration:prefetch,prefetch')).toThrow("orders 'prefetch'");
  expect(() => policyOf('playback:prefetch:visible-fine')).toThrow('no policy named');
});

test('the order of a policy decides, then what is urgent; a class without a place is not asked for', () => {
  const bricks = REQUEST_CLASSES.flatMap((kind, i) => [missing(10 * i, { class: kind, urgency: 0.9 }), missing(10 * i + 1, { class: kind, urgency: 0.1 })]);
  expect(xs(choose(POLICIES.exploration, bricks))).toEqual([1, 0, 11, 10, 21, 20, 31, 30]);
  expect(xs(choose(POLICIES.playback, bricks))).toEqual([1, 0, 31, 30, 11, 10, 21, 20]);
  expect(xs(choose(POLICIES['no-prefetch'], bricks))).toEqual([1, 0, 11, 10]);
  const mine = policyOf({ ...POLICIES.exploration, order: ['prefetch', 'visible-fine', 'visible-coarse'] });
  const top = missing(99, { key: { level: 5, z: 0, y: 0, x: 99 }, class: 'visible-coarse', urgency: 0 });
  expect(xs(choose(mine, [...bricks, top]))).toEqual([99, 21, 20, 11, 10, 1, 0]);
  expect(xs(choose(COARSEST, [...bricks, top]))).toEqual([99]);
});

test('no more than may be under way, all volumes together; prefetching has its part at most; a moving view does not ask for details', () => {
  const many = (n: number, of: Partial<MissingBrick> = {}) => Array.from({ length: n }, (_, i) => missing(i, of));
  const policy = policyOf({ ...POLICIES.exploration, underWay: { moving: 10, still: 40 }, prefetchShare: 0.1 });
  const both = chooseRequests(policy, new Map([[1, { bricks: many(100), top: 5 }], [2, { bricks: many(100), top: 5 }]]), false);
  expect([...both.values()].flat().length).toBe(40);
  const ahead = choose(policy, [...many(3), ...many(30, { class: 'prefetch' })]);
  expect(ahead.length).toBe(3 + 4);
  const details = many(6, { mayWait: true });
  expect(choose(policy, [...details, missing(50)], true).length).toBe(1);
  expect(choose(policy, [...details, missing(50)]).length).toBe(7);
  expect(choose(policy, many(30), true).length).toBe(10);
  expect(choose(policy, [missing(1, { stale: true, urgency: 0 }), missing(2, { urgency: 0.99 })]).map(({ x }) => x)).toEqual([2, 1]);
});

test('what is no longer wanted is taken back from the sidecar, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }), { minLength: 1, maxLength: 12 }), (views) => {
      const list = new WantList();
      const asked = new Set<number>();
      for (const view of views) {
        const wanted = choose(POLICIES.exploration, [...new Set(view)].map((x) => missing(x)));
        const { ask, cancel } = list.update(wanted, () => false);
        for (const { x } of cancel) expect(asked.delete(x)).toBe(true);
        for (const { x } of ask) asked.add(x);
        expect([...asked].sort()).toEqual(xs(wanted).sort());
        expect(list.pending).toBe(asked.size);
      }
    }),
  );
});
