import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fairShares } from '../../../src/volume/fair_share.js';

const layers = fc.array(fc.record({ slots: fc.integer({ min: 1, max: 5000 }), bytes: fc.constantFrom(1, 2, 4) }), { minLength: 1, maxLength: 8 });

test('whatever layers ask for: within the budget, none starves, and none has less than another that has more than it needs', () => {
  fc.assert(
    fc.property(layers, fc.integer({ min: 64, max: 20_000 }), (demands, budget) => {
      const shares = fairShares(demands, budget);
      const used = shares.reduce((sum, share, i) => sum + share * (demands[i]?.bytes as number), 0);
      expect(used).toBeLessThanOrEqual(Math.max(budget, demands.reduce((sum, { bytes }) => sum + bytes, 0)));
      const cut = shares.filter((share, i) => share < (demands[i]?.slots as number));
      shares.forEach((share, i) => {
        expect(share).toBeGreaterThanOrEqual(1);
        expect(share).toBeLessThanOrEqual(demands[i]?.slots as number);
        for (const least of cut) expect(share).toBeLessThanOrEqual(least);
      });
      if (cut.length > 0) expect(budget - used).toBeLessThan(2 * demands.reduce((sum, { bytes }) => sum + bytes, 0));
    }),
    { numRuns: 500 },
  );
});

test('equal layers get equal slots, in slots of any size; what one leaves goes to the others', () => {
  expect(fairShares([{ slots: 900, bytes: 2 }, { slots: 900, bytes: 2 }], 1000)).toEqual([250, 250]);
  expect(fairShares([{ slots: 900, bytes: 2 }, { slots: 900, bytes: 1 }], 900)).toEqual([300, 300]);
  expect(fairShares([{ slots: 10, bytes: 2 }, { slots: 900, bytes: 2 }, { slots: 900, bytes: 2 }], 1000)).toEqual([10, 245, 245]);
});
