import { describe, expect, test } from '@jest/globals';
import type { VolumeDescription } from '../../../src/protocol/messages.js';
import { KeptClient, scopeOf } from '../../../src/session/kept_client.js';
import { type KeptCommand, NOTHING_KEPT } from '../../../src/session/kept_messages.js';
import type { Brick, WantedBrick } from '../../../src/session/types.js';

const description: VolumeDescription = {
  name: 'v', kind: 'image', dtype: 'uint8', stored: 'u8', scale: 1, offset: 0, shape: [64, 64, 640], voxel_size: [1, 1, 1], unit: '', origin: [0, 0, 0],
  fingerprint: 'f', display: {},
};
const want = (x: number, priority = x): WantedBrick => ({ level: 0, z: 0, y: 0, x, priority });
const key = (x: number) => ({ level: 0, z: 0, y: 0, x });
const brick = (x: number, bytes: number): Brick => ({ ...key(x), volume: 1, generation: 1, preview: false, dtype: 'u8', voxels: new Uint8Array(bytes) });

function client(creditBytes = 100 * 2 ** 20) {
  const sent: KeptCommand[] = [];
  const listed: number[] = [];
  const missed: number[] = [];
  const made = new KeptClient({
    maxBytes: 1e9, creditBytes, send: (command) => sent.push(command), listed: (volume) => listed.push(volume), read: () => undefined,
    missed: (_volume, { x }) => missed.push(x), state: () => undefined,
  });
  const reads = () => sent.flatMap((command) => (command.t === 'keep-read' ? [command.key.x] : []));
  return { made, sent, listed, missed, reads };
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
