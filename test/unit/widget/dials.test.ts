import { expect, jest, test } from '@jest/globals';
import { checkedDials, DEFAULT_DIALS, type Dials } from '../../../src/viewer/dials.js';
import { followDials } from '../../../src/widget/dials.js';

/** A view with its kernel's traits: `model` as front ends keep it, `host` as a viewer has it. */
function view(given: Record<string, number | null>, kept: Partial<Dials> = {}) {
  const traits: Record<string, number | null> = { max_gpu_bytes: null, max_browser_bytes: null, max_cache_bytes: null, frame_ms: null, passes: null, ...given };
  const listeners = new Map<string, () => void>();
  const model = {
    get: (name: string) => traits[name],
    set: jest.fn((name: string, value: number) => {
      traits[name] = value;
      listeners.get(`change:${name}`)?.();
    }),
    on: (event: string, listener: () => void) => listeners.set(event, listener),
    off: (event: string) => listeners.delete(event),
  };
  let heard = (): void => undefined;
  const host = {
    unset: { ...DEFAULT_DIALS, ...kept },
    dials: { ...DEFAULT_DIALS, ...kept } as Dials,
    onDials: (listener: () => void) => {
      heard = listener;
    },
    setDials(dials: Partial<Dials>) {
      host.dials = { ...host.dials, ...checkedDials(dials) };
      heard();
    },
  };
  const saves = { save: jest.fn() };
  const ending = new AbortController();
  followDials(model as never, { host } as never, {} as never, ending.signal, saves);
  return { traits, model, host, saves, ending, listeners };
}

test('dials go from the kernel to the view and from the view to the kernel, each once, and what nobody set stays unset', () => {
  const { traits, model, host, saves, ending, listeners } = view({ passes: 8 });
  model.set('max_gpu_bytes', 2 ** 24);
  expect(host.dials).toEqual({ ...DEFAULT_DIALS, maxGpuBytes: 2 ** 24, passes: 8 });
  expect([model.set.mock.calls.length, saves.save.mock.calls.length]).toEqual([1, 0]);
  host.setDials({ maxBrowserBytes: 2 ** 20, passes: 2 });
  expect(traits).toEqual({ max_gpu_bytes: 2 ** 24, max_browser_bytes: 2 ** 20, max_cache_bytes: null, frame_ms: null, passes: 2 });
  expect(saves.save).toHaveBeenCalled();
  const [sets, saved] = [model.set.mock.calls.length, saves.save.mock.calls.length];
  host.setDials({ passes: 2, frameMs: DEFAULT_DIALS.frameMs });
  expect([model.set.mock.calls.length, saves.save.mock.calls.length]).toEqual([sets, saved]);
  // Back to what the viewer has by itself.
  host.setDials(DEFAULT_DIALS);
  expect(traits.max_gpu_bytes).toBe(DEFAULT_DIALS.maxGpuBytes);
  ending.abort();
  host.setDials({ passes: 7 });
  expect([traits.passes, listeners.size]).toEqual([DEFAULT_DIALS.passes, 0]);
});

test('what a person chose in this browser holds where the kernel says nothing, and is not told to it', () => {
  const { traits, model, host } = view({}, { frameMs: 25, passes: 2 });
  model.set('passes', 16);
  expect(host.dials).toEqual({ ...DEFAULT_DIALS, frameMs: 25, passes: 16 });
  expect(traits.frame_ms).toBe(null);
  host.setDials({ frameMs: DEFAULT_DIALS.frameMs });
  expect(traits.frame_ms).toBe(DEFAULT_DIALS.frameMs);
});
