import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { layoutSlots, planLayout } from '../../../src/renderer/atlas_layout.js';
import { GpuBudget } from '../../../src/renderer/gpu_budget.js';
import { SlotMap } from '../../../src/renderer/slot_map.js';
import { TimeFacet } from '../../../src/renderer/time_facet.js';
import { BrickRanges } from '../../../src/volume/ranges.js';

test('whatever happens: no two bricks share a slot, counts agree, and what this turn uses stays', () => {
  const action = fc.record({ number: fc.integer({ min: 0, max: 40 }), volume: fc.integer({ min: 1, max: 2 }), what: fc.constantFrom('claim', 'claim', 'claim', 'remove', 'turn', 'grow') });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(action, { maxLength: 120 }), (capacity, actions) => {
      const slots = new SlotMap(capacity);
      let turn = 1;
      let thisTurn = new Set<string>();
      for (const { number, volume, what } of actions) {
        if (what === 'turn') {
          turn += 1;
          thisTurn = new Set();
        } else if (what === 'grow') slots.grow(slots.capacity + 1);
        else if (what === 'remove') {
          slots.remove({ volume, number });
          thisTurn.delete(`${volume}/${number}`);
        } else {
          const claimed = slots.claim({ volume, number }, turn);
          if (!claimed) expect(thisTurn.size).toBeGreaterThanOrEqual(slots.capacity);
          else {
            claimed.entry.used = turn;
            thisTurn.add(`${volume}/${number}`);
            if (claimed.evicted) expect(thisTurn.has(`${claimed.evicted.volume}/${claimed.evicted.number}`)).toBe(false);
          }
        }
        const entries = [...slots.entries()];
        expect(new Set(entries.map((e) => e.slot)).size).toBe(entries.length);
        expect(entries.every((e) => e.slot < slots.capacity)).toBe(true);
        expect(slots.count).toBe(entries.length);
        for (const name of thisTurn) {
          const [v, n] = name.split('/').map(Number) as [number, number];
          expect(slots.get({ volume: v, number: n })).toBeDefined();
        }
      }
    }),
  );
});

test('the brick unused for longest makes room', () => {
  const slots = new SlotMap(2);
  slots.claim({ volume: 1, number: 1 }, 1);
  slots.claim({ volume: 1, number: 2 }, 2);
  expect(slots.claim({ volume: 1, number: 3 }, 3)?.evicted).toMatchObject({ number: 1 });
  expect(slots.claim({ volume: 1, number: 4 }, 3)?.evicted).toMatchObject({ number: 2 });
  expect(slots.claim({ volume: 1, number: 5 }, 3)).toBeUndefined();
});

test('a layout holds what is wanted, near a cube, within every limit, around the old one', () => {
  const layout = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 2000 }), layout, (wanted, most, inside) => {
      fc.pre(layoutSlots(inside) <= most);
      const planned = planLayout(wanted, most, 2048, inside);
      expect(layoutSlots(planned)).toBeLessThanOrEqual(Math.max(most, layoutSlots(inside)));
      expect(planned.every((n, i) => n >= (inside[i] as number) && n * 66 <= 2048)).toBe(true);
      if (wanted <= most * 0.7 && layoutSlots(inside) <= most * 0.1) expect(layoutSlots(planned)).toBeGreaterThanOrEqual(Math.min(wanted, most * 0.7));
    }),
  );
  expect(planLayout(27, 1000, 2048)).toEqual([3, 3, 3]);
});

test('the budget counts, keeps its peak, and refuses by name what is too much', () => {
  const budget = new GpuBudget(1000);
  budget.take('a', 600);
  budget.take('a', 300);
  expect(() => budget.take('b', 701)).toThrow(/b needs 701 bytes.*300 of 1000.*max_gpu_bytes/);
  budget.take('b', 700);
  budget.release('a');
  expect([budget.total, budget.peak, budget.free, budget.heldBy('b')]).toEqual([700, 1000, 300, 700]);
});

test('an atlas is made for the bricks of the finest level that show something, and one of each other', () => {
  const ranges = new BrickRanges([256, 256, 256]);
  let clearTo = 0;
  const facet = new TimeFacet([256, 256, 256], 0, ranges, (range) => range !== undefined && range.max <= clearTo);
  expect(facet.most).toBe(64 + 2);
  const places = Array.from({ length: 64 }, (_, i) => i);
  const values = places.map((i) => (i % 4 === 0 ? 10 : 0));
  ranges.apply({ level: places.map(() => 0), z: places.map((i) => i >> 4), y: places.map((i) => (i >> 2) & 3), x: places.map((i) => i & 3), min: values, max: values });
  facet.refresh();
  expect(facet.most).toBe(16 + 2);
  clearTo = 10;
  facet.forget();
  expect(facet.most).toBe(2);
  const huge = new TimeFacet([2 ** 20, 2 ** 20, 2 ** 20], 0, new BrickRanges([2 ** 20, 2 ** 20, 2 ** 20]), () => true);
  expect(huge.most).toBe(huge.numbering.bricks);
});
