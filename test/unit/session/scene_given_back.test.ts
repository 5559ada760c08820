/** A scene larger than a frame, given back by a viewer to a sidecar that has lost it: in parts, each counted as an edit. */

import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { Scene as Marks } from '../../../src/annotation/scene.js';
import { FrameType, MAX_FRAME_BYTES, readHeader, readPayload } from '../../../src/protocol/index.js';
import { SceneSync } from '../../../src/session/scene_sync.js';
import type { Connection } from '../../../src/sidecar/connection.js';
import { Scene } from '../../../src/sidecar/scene.js';

/** A viewer with a document and a new sidecar with none, connected by a wire that keeps what is under way. */
function meet(doc: Y.Doc, role: 'edit' | 'view') {
  const [up, down]: [Uint8Array[], Uint8Array[]] = [[], []];
  const sidecar = new Scene();
  const refused: unknown[] = [];
  const send = (frame: Uint8Array) => {
    const header = readHeader(frame);
    if (header.type === FrameType.SCENE) down.push(readPayload(frame, header));
  };
  const connection = { grant: { role }, send, sendControl: () => undefined, error: (error: unknown) => refused.push(error) } as unknown as Connection;
  let told = 0;
  const sync = new SceneSync(doc, (payload) => up.push(payload.slice()), () => undefined, () => {
    told += 1;
  });
  sidecar.greet(connection);
  sync.start(role === 'edit');
  const sizes: number[] = [];
  while (up.length + down.length > 0) {
    for (const payload of up.splice(0)) {
      sizes.push(payload.byteLength);
      sidecar.frame(connection, payload);
    }
    for (const payload of down.splice(0)) sync.receive(payload);
  }
  sync.close();
  return { sidecar, sizes, refused, told };
}

test('all of it arrives, no frame is too large, and what a part of it says is whole', () => {
  const doc = new Y.Doc();
  const marks = new Marks(doc, {}, 'Ada');
  const text = 'x'.repeat(4000);
  doc.transact(() => {
    for (let n = 0; n < 2500; n += 1) marks.add({ kind: 'point', coords: [n, 0, 0], name: `n${n}`, color: '#ff0000', volumeName: '', author: 'Ada', props: { text } });
  });
  marks.update(marks.annotations()[7]!.id, { coords: [1, 2, 3] });
  marks.remove(marks.annotations()[8]!.id);
  const { sidecar, sizes, refused } = meet(doc, 'edit');
  const large = sizes.filter((size) => size > 1000);
  expect(large.length).toBeGreaterThan(2);
  expect(large.reduce((sum, size) => sum + size)).toBeGreaterThan(MAX_FRAME_BYTES);
  expect(Math.max(...sizes)).toBeLessThan(MAX_FRAME_BYTES);
  expect(refused).toEqual([]);
  expect(Y.encodeStateVector(sidecar.doc)).toEqual(Y.encodeStateVector(doc));
  const there = new Marks(sidecar.doc, {});
  expect(there.annotations()).toEqual(marks.annotations());
  expect(there.annotations()).toHaveLength(2499);
  sidecar.close();
});

test('of who may only look nothing is given back', () => {
  const doc = new Y.Doc();
  new Marks(doc, {}).add({ kind: 'point', coords: [1, 2, 3], name: '', color: '#ff0000', volumeName: '', author: '' });
  const { sidecar, refused, told } = meet(doc, 'view');
  expect([sidecar.doc.getMap('annotations').size, refused]).toEqual([0, []]);
  expect(told).toBe(1); // what was drawn before the role was known, or while it was another one, is nobody's but his: he hears of it
  sidecar.close();
  const others = new Y.Doc();
  Y.applyUpdate(others, Y.encodeStateAsUpdate(doc));
  const looker = meet(others, 'view');
  expect(looker.told).toBe(0); // what others drew is not missing from him
  looker.sidecar.close();
});
