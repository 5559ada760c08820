/** Who fell silent is gone: with the clock held, for the waiting is half a minute. */

import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import * as decoding from 'lib0/decoding';
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { HEADER_BYTES, PRESENCE_EXPIRY_MS } from '../../../src/protocol/index.js';
import type { Connection } from '../../../src/sidecar/connection.js';
import { Presence } from '../../../src/sidecar/presence.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** The end of a connection: what it is sent goes into an awareness of its own. */
function listener() {
  const awareness = new Awareness(new Y.Doc());
  awareness.setLocalState(null);
  const told: number[] = [];
  const send = (frame: Uint8Array) => {
    const decoder = decoding.createDecoder(frame.subarray(HEADER_BYTES));
    expect(decoding.readVarUint(decoder)).toBe(1);
    const update = decoding.readVarUint8Array(decoder);
    told.push(decoding.readVarUint(decoding.createDecoder(update)));
    applyAwarenessUpdate(awareness, update, 'told');
  };
  const connection = { send, grant: { role: 'edit' }, error: () => undefined } as unknown as Connection;
  return { connection, awareness, told };
}

/** Says something as a client of that id. */
function say(presence: Presence, { connection }: ReturnType<typeof listener>, id: number, clock: number): void {
  const awareness = new Awareness(new Y.Doc());
  awareness.meta.set(id, { clock, lastUpdated: 0 });
  awareness.states.set(id, { name: `${id}` });
  presence.receive(connection, encodeAwarenessUpdate(awareness, [id]));
  awareness.destroy();
}

test('who was silent for half a minute is gone, who says the same again is not', async () => {
  const presence = new Presence();
  const [a, b, c] = [listener(), listener(), listener()];
  for (const { connection } of [a, b, c]) presence.greet(connection);
  say(presence, a, 7, 1);
  say(presence, b, 8, 1);
  await jest.advanceTimersByTimeAsync(PRESENCE_EXPIRY_MS - 1000);
  say(presence, b, 8, 2);
  expect([...c.awareness.states.keys()]).toEqual([7, 8]);
  await jest.advanceTimersByTimeAsync(6000);
  expect([...c.awareness.states.keys()]).toEqual([8]);
  expect([...b.awareness.states.keys()]).toEqual([]);
  presence.close();
});

test('of fifty who move ten times at once, each gets a message for those who were first and one for all the rest', async () => {
  const presence = new Presence();
  const all = Array.from({ length: 50 }, listener);
  for (const { connection } of all) presence.greet(connection);
  for (let clock = 1; clock <= 10; clock += 1) {
    for (const [id, one] of all.entries()) say(presence, one, id, clock);
  }
  await jest.advanceTimersByTimeAsync(100);
  for (const { told, awareness } of all) {
    expect(told.length).toBeLessThanOrEqual(2);
    expect(awareness.states.size).toBe(49);
    expect([...awareness.meta.values()].every(({ clock }) => clock === 10 || clock <= 1)).toBe(true);
  }
  presence.close();
});
