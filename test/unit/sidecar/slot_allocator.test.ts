import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UNIT_BYTES } from '../../../src/protocol/index.js';
import { SlotAllocator, type SlotUnits } from '../../../src/sidecar/slot_allocator.js';
import { GROUP_BYTES, GROUP_UNITS } from '../../../src/sidecar/store_budget.js';

const units = fc.constantFrom<SlotUnits>(1, 2, 4);
const step = fc.oneof(
  fc.record({ op: fc.constant('take' as const), units }),
  fc.record({ op: fc.constant('free' as const), which: fc.nat() }),
);

/** What the model knows: the units in use, each slot's offset with its class. */
function check(held: Map<number, SlotUnits>, groups: number): void {
  const owner = new Map<number, number>();
  const classes = new Map<number, number>();
  for (const [offset, size] of held) {
    expect(offset % (size * UNIT_BYTES)).toBe(0);
    expect(offset + size * UNIT_BYTES).toBeLessThanOrEqual(groups * GROUP_BYTES);
    const group = Math.floor(offset / GROUP_BYTES);
    expect(classes.get(group) ?? size).toBe(size); // one class a group
    classes.set(group, size);
    for (let unit = 0; unit < size; unit += 1) {
      const at = offset / UNIT_BYTES + unit;
      expect(owner.has(at)).toBe(false); // no overlap
      owner.set(at, offset);
    }
  }
}

test('slots never overlap, stay in the file and in groups of one class, and are refused only when no group can serve', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 120 }), (groups, steps) => {
      const slots = new SlotAllocator(groups);
      const held = new Map<number, SlotUnits>();
      for (const s of steps) {
        if (s.op === 'take') {
          const offset = slots.allocate(s.units);
          const inGroup = (g: number) => [...held].filter(([o]) => Math.floor(o / GROUP_BYTES) === g);
          const possible = Array.from({ length: groups }, (_, g) => inGroup(g)).some(
            (own) => own.length === 0 || (own[0]?.[1] === s.units && own.length < GROUP_UNITS / s.units),
          );
          expect(offset !== undefined).toBe(possible);
          if (offset !== undefined) {
            expect(held.has(offset)).toBe(false);
            held.set(offset, s.units);
          }
        } else if (held.size > 0) {
          const offset = [...held.keys()][s.which % held.size] as number;
          slots.free(offset);
          held.delete(offset);
        }
        check(held, groups);
        expect(slots.usedBytes).toBe([...held.values()].reduce((sum, n) => sum + n, 0) * UNIT_BYTES);
      }
      for (const offset of [...held.keys()]) slots.free(offset);
      for (let g = 0; g < groups; g += 1) expect(slots.allocate(4)).toBeDefined(); // nothing leaked, no hole left
      expect(slots.allocate(1)).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});

describe('slots', () => {
  test('used ones come before fresh ones', () => {
    const slots = new SlotAllocator(10);
    const first = slots.allocate(2) as number;
    slots.allocate(4);
    slots.free(first);
    expect(slots.allocate(4)).toBe(first);
  });

  test('a slot that is not in use cannot be freed', () => {
    const slots = new SlotAllocator(2);
    expect(() => slots.free(0)).toThrow('not in use');
    const offset = slots.allocate(1) as number;
    slots.free(offset);
    expect(() => slots.free(offset)).toThrow('not in use');
  });

  test('once frozen, only written slots are handed out', () => {
    const slots = new SlotAllocator(4);
    const [a, b, c] = [slots.allocate(2), slots.allocate(2), slots.allocate(2)] as [number, number, number];
    slots.markWritten(a);
    slots.markWritten(b);
    slots.freeze(c);
    slots.free(c);
    expect(slots.allocate(2)).toBeUndefined();
    expect(slots.writtenBytes).toBe(4 * UNIT_BYTES);
    slots.free(b);
    expect(slots.allocate(2)).toBe(b);
    slots.free(a);
    slots.free(b);
    expect(slots.allocate(4)).toBe(0); // both halves have been written
  });
});
