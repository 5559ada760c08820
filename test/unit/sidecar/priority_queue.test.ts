import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PriorityQueue } from '../../../src/sidecar/priority_queue.js';

test('gives items by priority, then by age; a second set only moves an item', () => {
  const id = fc.integer({ min: 0, max: 15 }).map(String);
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ op: fc.constant('set' as const), id, priority: fc.integer({ min: 0, max: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('delete' as const), id, priority: fc.constant(0) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('pop' as const), id, priority: fc.constant(0) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new PriorityQueue<string>();
      let model: { id: string; priority: number }[] = []; // oldest first
      for (const s of steps) {
        const known = model.find((entry) => entry.id === s.id);
        const first = model.reduce<(typeof model)[number] | undefined>((best, e) => (best && best.priority <= e.priority ? best : e), undefined);
        if (s.op === 'set') {
          queue.set(s.id, s.priority, s.id);
          if (known) known.priority = s.priority;
          else model.push({ id: s.id, priority: s.priority });
        } else if (s.op === 'delete') {
          expect(queue.delete(s.id)).toBe(known !== undefined);
          model = model.filter((entry) => entry !== known);
        } else {
          expect(queue.peek()).toBe(first?.id);
          expect(queue.pop()).toBe(first?.id);
          model = model.filter((entry) => entry !== first);
        }
        expect(queue.size).toBe(model.length);
      }
    }),
    { numRuns: 300 },
  );
});
