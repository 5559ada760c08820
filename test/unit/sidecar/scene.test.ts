/** The scene document through a live sidecar: who sees and changes it, and what stays. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as encoding from 'lib0/encoding';
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { encodeFrame, FrameType } from '../../../src/protocol/index.js';
import { Client } from '../../conformance/client.js';
import { GoodProducer } from '../../conformance/good_producer.js';
import { Peer } from '../../conformance/scene_peer.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';

let sidecar: SidecarProcess;
beforeAll(async () => {
  sidecar = await SidecarProcess.start();
});
afterAll(() => sidecar?.stop());

const eventually = (peer: Peer, done: () => boolean, what: string) => peer.client.until(done, what);

test('what one draws the others see, Python too, and those who come later', async () => {
  const [a, b, python] = [await Peer.join(sidecar, 'edit'), await Peer.join(sidecar, 'view'), await Peer.join(sidecar, 'owner', 'producer')];
  a.annotations.set('p', { kind: 'point', coords: [1, 2, 3] });
  for (const peer of [b, python]) await eventually(peer, () => peer.annotations.has('p'), 'the point');
  python.annotations.set('q', { kind: 'box' });
  await eventually(a, () => a.annotations.has('q'), 'the box');
  await Promise.all([a.leave(), b.leave(), python.leave()]);
  const late = await Peer.join(sidecar, 'view');
  await eventually(late, () => late.annotations.has('q') && late.annotations.has('p'), 'both, kept by the sidecar');
  await late.leave();
});

test('what was drawn while there was no connection is not lost', async () => {
  const doc = new Y.Doc();
  doc.getMap('annotations').set('offline', { kind: 'point' });
  const peer = await Peer.join(sidecar, 'edit');
  Y.applyUpdate(peer.doc, Y.encodeStateAsUpdate(doc), peer); // as if it had been there before: the greeting asks for it
  await peer.client.roundTrip();
  await peer.leave();
  const again = await Client.greet(sidecar, 'viewer', 'edit');
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 0);
  encoding.writeVarUint(encoder, 1); // step 2, the answer to the greeting
  encoding.writeVarUint8Array(encoder, Y.encodeStateAsUpdate(doc));
  again.send(encodeFrame(FrameType.SCENE, encoding.toUint8Array(encoder)));
  await again.roundTrip();
  const other = await Peer.join(sidecar, 'view');
  await eventually(other, () => other.annotations.has('offline'), 'the offline point');
  await Promise.all([again.close(), other.leave()]);
});

test('a viewer with the role view changes nothing, and is told', async () => {
  const [looker, editor] = [await Peer.join(sidecar, 'view'), await Peer.join(sidecar, 'edit')];
  looker.annotations.set('mine', { kind: 'point' });
  const { json } = await looker.client.next(FrameType.ERROR);
  expect(json).toMatchObject({ code: 4403, fatal: false });
  editor.annotations.set('after', 1);
  await eventually(looker, () => looker.annotations.has('after'), 'later changes');
  expect(editor.annotations.has('mine')).toBe(false);
  const late = await Peer.join(sidecar, 'edit');
  await eventually(late, () => late.annotations.has('after'), 'the document');
  expect(late.annotations.has('mine')).toBe(false);
  await Promise.all([looker.leave(), editor.leave(), late.leave()]);
});

test('a volume has a layer as long as it is there; its settings outlive a new declaration', async () => {
  const [producer, peer] = [await GoodProducer.connect(sidecar), await Peer.join(sidecar, 'edit')];
  const layers = peer.doc.getMap('layers') as Y.Map<Y.Map<unknown>>;
  await producer.declare({ name: 'brain' });
  await eventually(peer, () => layers.has('brain'), 'the layer');
  layers.get('brain')?.set('colormap', 'magma');
  await peer.client.roundTrip();
  const volume = await producer.declare({ name: 'brain', fingerprint: 'other' });
  await peer.client.next(FrameType.VOLUME, (f) => f.json.volume === volume);
  expect(layers.get('brain')?.get('colormap')).toBe('magma');
  producer.client.control(FrameType.VOLUME_GONE, { volume });
  await eventually(peer, () => !layers.has('brain'), 'the layer gone');
  await Promise.all([producer.close(), peer.leave()]);
});

test('what clients say of themselves goes when they go', async () => {
  const [a, b] = [await Peer.join(sidecar, 'view'), await Peer.join(sidecar, 'view')];
  a.awareness.setLocalStateField('cursor', [1, 2, 3]);
  const id = a.doc.clientID;
  await eventually(b, () => b.awareness.getStates().get(id)?.cursor !== undefined, 'the cursor');
  const late = await Peer.join(sidecar, 'view');
  await eventually(late, () => late.awareness.getStates().has(id), 'the cursor, told on joining');
  a.awareness.destroy();
  a.client.socket.terminate();
  for (const peer of [b, late]) await eventually(peer, () => !peer.awareness.getStates().has(id), 'the cursor gone');
  await Promise.all([b.leave(), late.leave()]);
});

test('nobody speaks for another, of himself at no length, and under another role', async () => {
  const [a, b, c] = [await Peer.join(sidecar, 'view'), await Peer.join(sidecar, 'edit'), await Peer.join(sidecar, 'edit')];
  const id = a.doc.clientID;
  a.awareness.setLocalState({ name: 'Ada', role: 'owner' });
  await eventually(b, () => b.awareness.getStates().get(id)?.name === 'Ada', 'Ada');
  expect(b.awareness.getStates().get(id)?.role).toBe('view');
  const forged = new Awareness(new Y.Doc());
  forged.clientID = id;
  for (const [clock, state] of [[100, { name: 'Eve' }], [101, null]] as const) {
    forged.meta.set(id, { clock, lastUpdated: 0 });
    if (state) forged.states.set(id, state);
    else forged.states.delete(id);
    b.say(encodeAwarenessUpdate(forged, [id]));
  }
  forged.destroy();
  b.awareness.setLocalState({ name: 'x'.repeat(8192) });
  const { json } = await b.client.next(FrameType.ERROR);
  expect(json).toMatchObject({ code: 4413, fatal: false });
  expect(json.message).toMatch(/8203 characters; the limit is 8192/);
  b.awareness.setLocalState({ name: 'Ben' });
  await eventually(c, () => [...c.awareness.getStates().values()].some(({ name }) => name === 'Ben'), 'Ben');
  expect(c.awareness.getStates().get(id)).toEqual({ name: 'Ada', role: 'view' });
  await Promise.all([a.leave(), b.leave(), c.leave()]);
});

test('a client has eight ids, and an id is free once its client is gone', async () => {
  const [a, b] = [await Peer.join(sidecar, 'edit'), await Peer.join(sidecar, 'edit')];
  const say = (peer: Peer, ids: number[], clock: number) => {
    const many = new Awareness(new Y.Doc());
    for (const id of ids) {
      many.meta.set(id, { clock, lastUpdated: 0 });
      many.states.set(id, { name: `${id}` });
    }
    peer.say(encodeAwarenessUpdate(many, ids));
    many.destroy();
  };
  const ids = Array.from({ length: 9 }, (_, i) => 1000 + i);
  const seen = () => ids.filter((id) => b.awareness.getStates().has(id));
  a.awareness.setLocalState(null);
  say(a, ids, 1);
  expect((await a.client.next(FrameType.ERROR)).json.code).toBe(4413);
  await eventually(b, () => seen().length === 8, 'eight of nine');
  await a.leave();
  await eventually(b, () => seen().length === 0, 'nobody');
  say(b, [1000], 1); // the clock of who was there before does not count
  const late = await Peer.join(sidecar, 'view');
  await eventually(late, () => late.awareness.getStates().has(1000), 'the id in other hands');
  await Promise.all([b.leave(), late.leave()]);
});

test('an update that is damaged ends its connection and changes nothing', async () => {
  const good = await Peer.join(sidecar, 'edit');
  const state = () => Buffer.from(Y.encodeStateAsUpdate(good.doc)).toString('hex');
  good.annotations.set('stays', 1);
  await good.client.roundTrip();
  const before = state();
  for (const payload of ['00', '0002', '000205ffffffffff', '0103616263', '010101', '010601010131', '07', '']) {
    const bad = await Client.greet(sidecar, 'viewer', 'edit');
    bad.send(encodeFrame(FrameType.SCENE, Buffer.from(payload, 'hex')));
    expect(await bad.closed()).toBe(4400);
  }
  await good.client.roundTrip();
  expect(state()).toBe(before);
  await good.leave();
});
