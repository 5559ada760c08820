import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { WantedBrick } from '../../../src/session/types.js';
import { WantList } from '../../../src/session/want_list.js';
import { keyText } from '../../../src/volume/geometry.js';

const brick = (x: number, priority = 1): WantedBrick => ({ level: 0, z: 0, y: 0, x, priority });
const nothing = () => false;
const xs = (bricks: readonly { x: number }[]) => bricks.map((b) => b.x);

describe('WantList', () => {
  test('asks for what is new, most urgent first, and cancels what is stale', () => {
    const list = new WantList();
    expect(xs(list.update([brick(1, 5), brick(2, 1)], nothing).ask)).toEqual([2, 1]);
    const next = list.update([brick(2, 1), brick(3, 0)], nothing);
    expect([xs(next.ask), xs(next.cancel), list.pending]).toEqual([[3], [1], 2]);
  });

  test('a brick that came is neither asked for nor cancelled', () => {
    const list = new WantList();
    list.update([brick(1)], nothing);
    expect(list.arrived(brick(1))).toBe(true);
    expect(list.update([brick(1)], nothing)).toEqual({ ask: [], reorder: [], cancel: [], serve: [] });
    expect(list.update([], nothing)).toEqual({ ask: [], reorder: [], cancel: [], serve: [] });
  });

  test('a brick that nobody wants any more is not announced', () => {
    const list = new WantList();
    list.update([brick(1)], nothing);
    list.update([], nothing);
    expect([list.arrived(brick(1)), list.pending]).toEqual([false, 0]);
  });

  test('priorities that moved by much are asked for again, small moves are not', () => {
    const list = new WantList();
    list.update([brick(1, 10), brick(2, 10)], nothing);
    const { ask, reorder } = list.update([brick(1, 11), brick(2, 2)], nothing);
    expect([xs(ask), xs(reorder)]).toEqual([[], [2]]);
    expect(list.pending).toBe(2);
  });

  test('what is in memory is served; once used and wanted again, served again', () => {
    const list = new WantList();
    const all = () => true;
    expect(xs(list.update([brick(1)], all).serve)).toEqual([1]);
    expect(list.update([brick(1)], all).serve).toEqual([]);
    list.used(brick(1));
    expect(xs(list.update([brick(1)], all).serve)).toEqual([1]);
    list.used(brick(1));
    expect(xs(list.update([brick(1)], nothing).ask)).toEqual([1]);
  });

  test('whatever happens, exactly the asked bricks are pending and each is wanted', () => {
    const step = fc.oneof(
      fc.record({ t: fc.constant('want' as const), x: fc.uniqueArray(fc.nat(9)), have: fc.uniqueArray(fc.nat(9)) }),
      fc.record({ t: fc.constantFrom('arrived' as const, 'used' as const, 'failed' as const), x: fc.nat(9) }),
      fc.record({ t: fc.constant('renew' as const) }),
    );
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const list = new WantList();
      const asked = new Set<string>(); // what the server would still answer
      let wanted = new Set<string>();
      for (const s of steps) {
        if (s.t === 'want') {
          const { ask, cancel } = list.update(s.x.map((x) => brick(x)), (k) => s.have.includes(k.x));
          for (const b of ask) asked.add(keyText(b));
          for (const b of cancel) expect(asked.delete(keyText(b))).toBe(true);
          wanted = new Set(s.x.map((x) => keyText(brick(x))));
        } else if (s.t === 'renew') for (const b of list.renew((_k, state) => state === 'failed')) asked.add(keyText(b));
        else if (s.t === 'used') list.used(brick(s.x));
        else {
          if (!asked.delete(keyText(brick(s.x)))) continue;
          if (s.t === 'arrived') expect(list.arrived(brick(s.x))).toBe(wanted.has(keyText(brick(s.x))));
          else expect(list.failed(brick(s.x))).toBe(true);
        }
        expect(list.pending).toBe(asked.size);
        for (const text of asked) expect(wanted.has(text)).toBe(true);
      }
    }));
  });
});
