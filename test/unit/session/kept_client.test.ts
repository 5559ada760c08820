import { describe, expect, test } from '@jest/globals';
import type { VolumeDescription } from '../../../src/protocol/messages.js';
import { KeptClient, scopeOf } from '../../../src/session/kept_client.js';
import { KeptHints } from '../../../src/session/kept_hints.js';
import { type KeptCommand, NOTHING_KEPT } from '../../../src/session/kept_messages.js';
import type { Brick, WantedBrick } from '../../../src/session/types.js';

const description: VolumeDescription = {
  name: 'v', kind: 'image', dtype: 'uint8', stored: 'u8', scale: 1, offset: 0, shape: [64, 64, 640], voxel_size: [1, 1, 1], unit: '', origin: [0, 0, 0],
  fingerprint: 'f', display: {},
};
const want = (x: number, priority = x): WantedBrick => ({ level: 0, z: 0, y: 0, x, priority });
const key = (x: number) => ({ level: 0, z: 0, y: 0, x });
const brick = (x: number, bytes: number): Brick => ({ ...key(x), volume: 1, generation: 1, preview: false, dtype: 'u8', voxels: new Uint8Array(bytes) });

/** What a browser's `localStorage` does. */
function storage() {
  const held = new Map<string, string>();
  return {
    getItem: (name: string) => held.get(name) ?? null,
    setItem: (name: string, value: string) => void held.set(name, value),
    removeItem: (name: string) => void held.delete(name),
  };
}

/** @param visited whether something of the volume is likely to be kept */
function client(creditBytes = 100 * 2 ** 20, { visited = true, place = storage() } = {}) {
  const hints = new KeptHints(() => place);
  if (visited) hints.add(scopeOf(description));
  const sent: KeptCommand[] = [];
  const listed: number[] = [];
  const missed: number[] = [];
  const made = new KeptClient({
    maxBytes: 1e9, creditBytes, send: (command) => sent.push(command), listed: (volume) => listed.push(volume), read: () => undefined,
    missed: (_volume, { x }) => missed.push(x), state: () => undefined, hints,
  });
  const reads = () => sent.flatMap((command) => (command.t === 'keep-read' ? [command.key.x] : []));
  return { made, sent, listed, missed, reads, place };
}

describe('KeptClient', () => {
  test('nobody is asked while it is not known what is kept; then only for what is not', () => {
    const { made, listed, reads } = client();
    made.volume(1, description, false);
    expect(made.take(1, [want(0), want(1), want(2)])).toEqual([]);
    made.receive({ t: 'kept-list', volume: 1, keys: [key(2), key(0)] });
    expect(listed).toEqual([1]);
    expect(made.take(1, [want(0, 9), want(1), want(2)]).map(({ x }) => x)).toEqual([1]);
    expect(reads()).toEqual([2, 0]);
  });

  test('on a first visit nothing waits for the list, and what was asked for is not asked for twice', () => {
    const { made, listed, reads } = client(100 * 2 ** 20, { visited: false });
    made.volume(1, description, false);
    expect(made.take(1, [want(0), want(1)])).toHaveLength(2);
    made.receive({ t: 'kept-list', volume: 1, keys: [key(0), key(3)] });
    expect(listed).toEqual([]);
    expect(made.take(1, [want(3), want(4)]).map(({ x }) => x)).toEqual([4]);
    expect(reads()).toEqual([3]);
  });

  test('a visit that keeps something has the next one wait; one that finds nothing, or clears it, does not', () => {
    const first = client(100 * 2 ** 20, { visited: false });
    first.made.volume(1, description, false);
    first.made.receive({ t: 'kept-list', volume: 1, keys: [] });
    first.made.receive({ t: 'kept-state', state: { ...NOTHING_KEPT, state: 'on' } });
    const visit = () => {
      const it = client(100 * 2 ** 20, { visited: false, place: first.place });
      it.made.volume(1, description, false);
      const asked = it.made.take(1, [want(0)]).length;
      it.made.receive({ t: 'kept-list', volume: 1, keys: [] });
      it.made.close();
      return { asked, ...it };
    };
    expect(visit().asked).toBe(1);
    first.made.receive({ t: 'kept-state', state: { ...NOTHING_KEPT, state: 'on', waiting: 5 } });
    expect(visit().asked).toBe(0);
    expect(visit().asked).toBe(1);
    const second = client(100 * 2 ** 20, { visited: false, place: first.place });
    second.made.volume(1, description, false);
    second.made.receive({ t: 'kept-state', state: { ...NOTHING_KEPT, state: 'on', bricksWritten: 1 } });
    void second.made.clear();
    expect(visit().asked).toBe(1);
  });

  test('a page without localStorage asks at once, and the last 64 volumes are remembered', () => {
    const refused = new KeptHints(() => {
      throw new DOMException('refused', 'SecurityError');
    });
    refused.add('a');
    expect(refused.has('a')).toBe(true);
    const place = storage();
    const hints = new KeptHints(() => place);
    for (let i = 0; i < 70; i += 1) hints.add(`scope ${i}`);
    const later = new KeptHints(() => place);
    expect([...Array(70).keys()].filter((i) => later.has(`scope ${i}`))).toEqual([...Array(64).keys()].map((i) => i + 6));
  });

  test('what cannot be read is asked for', () => {
    const { made, missed } = client();
    made.volume(1, description, false);
    made.receive({ t: 'kept-list', volume: 1, keys: [key(0)] });
    made.take(1, [want(0)]);
    made.receive({ t: 'kept-brick', volume: 1, key: key(0), frame: undefined });
    expect(missed).toEqual([0]);
    expect(made.take(1, [want(0)])).toHaveLength(1);
  });

  test('as much is under way and in the viewer\'s hands as credit allows; the rest waits in order of priority, or is cancelled', () => {
    const MB = 2 ** 20;
    const { made, reads } = client(3 * MB);
    made.volume(1, description, false);
    made.receive({ t: 'kept-list', volume: 1, keys: [0, 1, 2, 3, 4, 5, 6].map(key) });
    made.take(1, [5, 4, 3, 2, 1, 0].map((x) => want(x)));
    expect(reads()).toEqual([0, 1, 2]);
    expect(made.cancel(1, [key(4), key(6), key(0)]).map(({ x }) => x)).toEqual([6]);
    const held = brick(0, MB);
    made.hold(held);
    made.receive({ t: 'kept-brick', volume: 1, key: key(0), frame: undefined });
    expect(reads()).toEqual([0, 1, 2]);
    made.consumed(held);
    expect(reads()).toEqual([0, 1, 2, 3]);
    made.receive({ t: 'kept-brick', volume: 1, key: key(1), frame: undefined });
    expect(reads()).toEqual([0, 1, 2, 3, 5]);
  });

  test('an edited volume is voided once and never read', () => {
    const { made, sent } = client();
    made.volume(1, description, false);
    made.receive({ t: 'kept-list', volume: 1, keys: [key(0)] });
    made.edited(1);
    made.edited(1);
    expect(sent.filter(({ t }) => t === 'keep-void')).toHaveLength(1);
    expect(made.take(1, [want(0)])).toHaveLength(1);
    made.volume(1, description, true);
    made.volume(2, description, true);
    expect(made.take(2, [want(0)])).toHaveLength(1);
  });

  test('storage that is off hands every wait on at once', () => {
    const { made, listed } = client();
    made.volume(1, description, false);
    made.take(1, [want(0)]);
    made.receive({ t: 'kept-state', state: { ...NOTHING_KEPT, state: 'off', reason: 'refused' } });
    expect(listed).toEqual([1]);
    expect(made.take(1, [want(0)])).toHaveLength(1);
    made.close();
  });

  test('another kind, dtype or shape under the same fingerprint is another scope', () => {
    const scopes = [description, { ...description, kind: 'labels' as const }, { ...description, stored: 'u16' as const }, { ...description, shape: [64, 64, 641] as [number, number, number] }];
    expect(new Set(scopes.map(scopeOf)).size).toBe(4);
    expect(scopeOf({ ...description, name: 'w', note: 'n' })).toBe(scopeOf(description));
  });
});
