import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BrickStore, type StoredBrick } from '../../../src/sidecar/brick_store.js';
import type { SlotUnits } from '../../../src/sidecar/slot_allocator.js';
import { GROUP_BYTES } from '../../../src/sidecar/store_budget.js';

function store(groups: number, keep: (brick: StoredBrick) => boolean = () => false) {
  const gone: string[] = [];
  return { gone, it: new BrickStore(groups * GROUP_BYTES, keep, (brick) => gone.push(`${brick.volume}:${brick.id}`)) };
}

function put(it: BrickStore, volume: number, x: number, units: SlotUnits, spare?: number): boolean {
  const offset = it.reserve(units, spare);
  if (offset === undefined) return false;
  const key = { level: 0, z: 0, y: 0, x };
  it.commit({ volume, key, id: `${x}`, offset, units, bytes: 100, generation: 1, preview: false });
  return true;
}

describe('eviction', () => {
  test('the least recently used brick goes', () => {
    const { it, gone } = store(1);
    for (let x = 0; x < 4; x += 1) put(it, 1, x, 1);
    it.use(1, '0');
    put(it, 1, 4, 1);
    put(it, 1, 5, 1);
    expect(gone).toEqual(['1:1', '1:2']);
    expect(it.has(1, '0')).toBe(true);
  });

  test('a group of another class goes as a whole when it has been idle longest', () => {
    const { it, gone } = store(2);
    put(it, 1, 0, 2);
    put(it, 1, 1, 2);
    for (let x = 0; x < 4; x += 1) put(it, 2, x, 1);
    put(it, 2, 4, 1);
    expect(gone).toEqual(['1:0', '1:1']);
    put(it, 1, 2, 2);
    expect(gone).toContain('2:0'); // the older group of u8, not the brick just written
    expect(it.has(2, '4')).toBe(true);
  });

  test('a slot that is being written is never taken, nor its group', () => {
    const { it } = store(1);
    it.reserve(1);
    for (let x = 0; x < 3; x += 1) put(it, 1, x, 1);
    expect(it.reserve(4)).toBeUndefined();
    for (let x = 3; x < 9; x += 1) expect(put(it, 1, x, 1)).toBe(true);
    expect(it.reserved).toBe(1);
  });

  test('bricks to be kept go last, but go', () => {
    const { it, gone } = store(1, (brick) => brick.key.x === 0);
    for (let x = 0; x < 4; x += 1) put(it, 1, x, 1);
    for (let x = 4; x < 7; x += 1) put(it, 1, x, 1);
    expect(gone).toEqual(['1:1', '1:2', '1:3']);
    expect(put(it, 2, 0, 4)).toBe(true);
    expect(gone).toContain('1:0');
  });

  test('filling a volume does not undo itself', () => {
    const { it, gone } = store(1);
    put(it, 2, 0, 2);
    expect(put(it, 1, 0, 2, 1)).toBe(true);
    expect(put(it, 1, 1, 2, 1)).toBe(true);
    expect(gone).toEqual(['2:0']);
    expect(put(it, 1, 2, 2, 1)).toBe(false);
    expect(it.has(1, '0') && it.has(1, '1')).toBe(true);
  });
});

describe('constant bricks', () => {
  const constant = (it: BrickStore, x: number) => {
    const offset = it.reserve(4) as number;
    it.commit({ volume: 1, key: { level: 0, z: 0, y: 0, x }, id: `${x}`, offset, units: 4, bytes: 68, generation: 1, preview: false, constant: new Uint8Array(68) });
  };

  test('take no slot, and are there until they are dropped', () => {
    const { it, gone } = store(1);
    for (let x = 0; x < 50; x += 1) constant(it, x);
    expect([it.usedBytes, it.reserved, it.constants, it.bricks(1).length]).toEqual([0, 0, 50, 50]);
    for (let x = 0; x < 4; x += 1) expect(put(it, 2, x, 1)).toBe(true);
    expect(it.use(1, '7')?.constant).toHaveLength(68);
    expect(it.drop(1, '7')?.id).toBe('7');
    expect([it.has(1, '7'), it.constants, gone.length]).toEqual([false, 49, 0]);
    it.dropVolume(1);
    expect([it.constants, it.usedBytes]).toEqual([0, GROUP_BYTES]);
  });

  test('are bounded by the budget, one for 16 KiB; the least recently used goes, a held one not', () => {
    const { it, gone } = store(1, (brick) => brick.key.x === 1);
    const most = Math.floor(GROUP_BYTES / 16_384);
    for (let x = 0; x < most; x += 1) constant(it, x);
    expect(gone).toEqual([]);
    it.hold(1, '0');
    it.use(1, '2');
    constant(it, most);
    constant(it, most + 1);
    expect(gone).toEqual(['1:3', '1:4']);
    expect(it.constants).toBe(most);
  });

  test('become ordinary ones and back, without a slot lost', () => {
    const { it } = store(1);
    constant(it, 0);
    put(it, 1, 0, 4);
    expect([it.constants, it.usedBytes, it.bricks(1).length]).toEqual([0, GROUP_BYTES, 1]);
    it.drop(1, '0');
    constant(it, 0);
    expect([it.constants, it.usedBytes, it.bricks(1).length]).toEqual([1, 0, 1]);
  });
});

test('whatever happens, the budget holds, bricks never share space, and nothing is lost but by eviction or drop', () => {
  const units = fc.constantFrom<SlotUnits>(1, 2, 4);
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ op: fc.constant('put' as const), x: fc.nat(40), units }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('use' as const), x: fc.nat(40), units }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('drop' as const), x: fc.nat(40), units }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('dropVolume' as const), x: fc.nat(40), units }) },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 150 }), (groups, steps) => {
      const held = new Set<string>();
      const it = new BrickStore(groups * GROUP_BYTES, (b) => b.key.x === 0, (b) => held.delete(`${b.volume}:${b.id}`));
      for (const s of steps) {
        const id = `${s.units}:${s.x}`;
        if (s.op === 'put') {
          if (it.has(s.units, `${s.x}`)) continue;
          expect(put(it, s.units, s.x, s.units)).toBe(true); // nothing is being written, so there is always room
          held.add(id);
        } else if (s.op === 'use') expect(it.use(s.units, `${s.x}`) !== undefined).toBe(held.has(id));
        else if (s.op === 'drop') expect(it.drop(s.units, `${s.x}`) !== undefined).toBe(held.delete(id));
        else {
          it.dropVolume(s.units);
          for (const other of [...held]) if (other.startsWith(`${s.units}:`)) held.delete(other);
        }
        const bricks = [1, 2, 4].flatMap((volume) => it.bricks(volume));
        expect(new Set(bricks.map((b) => `${b.volume}:${b.id}`))).toEqual(held);
        expect(new Set(bricks.map((b) => b.offset)).size).toBe(bricks.length);
        expect(it.usedBytes).toBeLessThanOrEqual(it.bytes);
      }
    }),
    { numRuns: 200 },
  );
});
