import { expect, test } from '@jest/globals';
import { DEFAULT_DIALS } from '../../../src/viewer/dials.js';
import { KeptDials } from '../../../src/viewer/kept_dials.js';

/** A browser's storage in memory. */
function storage(first?: string) {
  const held = new Map<string, string>(first === undefined ? [] : [['voxbeam:dials', first]]);
  const place = { getItem: (key: string) => held.get(key) ?? null, setItem: (key: string, text: string) => void held.set(key, text), removeItem: (key: string) => void held.delete(key) };
  return { held, place };
}

test('dials that were set in the panel are there for the next viewer; those that are as they would be anyway are not kept', () => {
  const { held, place } = storage();
  const kept = new KeptDials(() => place);
  expect(kept.read()).toEqual({});
  kept.keep({ passes: 8 });
  kept.keep({ maxGpuBytes: 2 ** 27, frameMs: DEFAULT_DIALS.frameMs });
  expect(new KeptDials(() => place).read()).toEqual({ passes: 8, maxGpuBytes: 2 ** 27 });
  kept.keep(DEFAULT_DIALS);
  expect([kept.read(), held.size]).toEqual([{}, 0]);
});

test('what is no dial, is beyond its limits or no JSON at all is left out of what the storage has, and a storage that refuses is none', () => {
  const of = (text: string) => new KeptDials(() => storage(text).place).read();
  expect(of('{"passes": 1e9, "frameMs": 16.5, "maxGpuBytes": "all", "toString": 3, "__proto__": {"passes": 2}, "maxCacheBytes": 1.5}')).toEqual({ frameMs: 16.5 });
  for (const text of ['', '{', 'null', '7', '"x"', '[9]']) expect(of(text)).toEqual({});
  const refusing = new KeptDials(() => {
    throw new Error('not here');
  });
  expect(refusing.read()).toEqual({});
  expect(() => refusing.keep({ passes: 2 })).not.toThrow();
});
