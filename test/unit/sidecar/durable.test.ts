/** A scene file under a live sidecar that is killed, starved of space, and started anew. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { parseRanges } from '../../../src/protocol/arrow.js';
import { FrameType } from '../../../src/protocol/index.js';
import type { LabelArray } from '../../../src/volume/labels/brick.js';
import { Peer } from '../../conformance/scene_peer.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';
import { sqliteNode } from '../../conformance/sqlite_node.js';
import { SEED, seeded, turns } from '../../seed.js';
import { LabelClient } from './label_client.js';

const node = sqliteNode();
const folder = mkdtempSync(path.join(os.tmpdir(), 'voxbeam-scene-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const newFile = () => {
  files += 1;
  return path.join(folder, `${files}.vxscene`);
};
const start = (config: object) => SidecarProcess.start(config, node);
const mark = (name: string, more: object = {}) => new Y.Map(Object.entries({ kind: 'point', name, coords: [1, 2, 3], ...more }));

test('what was acknowledged, and what anybody saw, is there after kill -9 at random moments', async () => {
  const file = newFile();
  const random = seeded(SEED);
  const acknowledged = new Set<string>();
  for (let turn = 0; turn < turns(3, 60); turn += 1) {
    const sidecar = await start({ scene_file: file });
    const [writer, other] = [await Peer.join(sidecar, 'edit'), await Peer.join(sidecar, 'edit')];
    const seen = new Set<string>();
    other.annotations.observe((event) => {
      for (const key of event.keysChanged) seen.add(key);
    });
    await writer.client.until(() => writer.saved?.state === 'saved', 'the state');
    const first = writer.sent;
    const names = Array.from({ length: 400 }, (_, n) => `${turn}/${n}`);
    const enough = Math.floor(random() * 300);
    let told = 0;
    const watch = () => {
      told = Math.max(told, (writer.saved?.edits ?? 0) - first);
      if (told >= enough) sidecar.child.kill('SIGKILL');
    };
    writer.client.socket.on('message', watch);
    for (const name of names) writer.annotations.set(name, mark(name));
    expect(await sidecar.exited).toBe('SIGKILL');
    await Promise.all([writer.client.closed(), other.client.closed()]);
    for (const name of names.slice(0, told)) acknowledged.add(name);
    for (const name of seen) acknowledged.add(name);
    expect(acknowledged.size).toBeGreaterThanOrEqual(enough);
    const next = await start({ scene_file: file });
    const reader = await Peer.join(next, 'view');
    await reader.client.until(() => reader.annotations.size > 0 || enough === 0, 'the scene');
    for (const name of acknowledged) expect([name, reader.annotations.has(name)]).toEqual([name, true]);
    await next.stop();
  }
}, turns(60_000, 900_000));

test('a sidecar of another owner has the same scene; two at a time may not, and a file of others stays as it is', async () => {
  const file = newFile();
  const first = await start({ scene_file: file });
  const peer = await Peer.join(first, 'edit');
  peer.annotations.set('a', mark('a'));
  await peer.flushed();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const second = await start({ scene_file: file });
  expect(second.started.error).toBe(`scene_file: ${file} is in use by another instance`);
  expect(second.started.remedy).toMatch(/another path/);
  await first.stop();
  expect(readdirSync(folder).filter((name) => name.startsWith(path.basename(file)))).toEqual([path.basename(file)]);
  const third = await start({ scene_file: file });
  const again = await Peer.join(third, 'view');
  await again.client.until(() => again.annotations.has('a'), 'the point');
  expect((again.annotations.get('a') as Y.Map<unknown>).toJSON()).toEqual({ kind: 'point', name: 'a', coords: [1, 2, 3] });
  await third.stop();
  const foreign = path.join(folder, 'letter.txt');
  writeFileSync(foreign, 'not a scene');
  expect((await start({ scene_file: foreign })).started.error).toBe(`scene_file: ${foreign} is no scene of voxbeam`);
  expect(readFileSync(foreign, 'utf8')).toBe('not a scene');
  expect((await start({ scene_file: 'relative' })).started.error).toMatch(/^scene_file: the path is not absolute/);
  const missing = await start({ scene_file: path.join(folder, 'no', 'such.vxscene') });
  expect((await missing.status()).scene).toMatchObject({ state: 'unsaved', message: expect.stringMatching(/NOT SAVED.*ENOENT/) });
  await missing.stop();
});

test('in a folder the file is made with the first edit, and goes where nothing was drawn', async () => {
  const scenes = path.join(folder, 'scenes');
  mkdirSync(scenes);
  const looked = await start({ scene_folder: scenes });
  const viewer = await Peer.join(looked, 'edit');
  await viewer.client.until(() => viewer.saved, 'SAVED');
  expect(viewer.saved).toEqual({ state: 'saved', edits: 0 });
  expect(readdirSync(scenes)).toEqual([]);
  viewer.doc.getMap('layers').set('brain', new Y.Map([['opacity', 0.5]]));
  await viewer.flushed();
  expect(readdirSync(scenes).sort()).toEqual([`${looked.started.instance}.vxscene`, `${looked.started.instance}.vxscene-wal`]);
  await looked.stop();
  expect(readdirSync(scenes)).toEqual([]);
  const drew = await start({ scene_folder: scenes });
  const painter = await Peer.join(drew, 'edit');
  painter.annotations.set('a', mark('a'));
  await painter.flushed();
  await drew.stop();
  expect(readdirSync(scenes)).toEqual([`${drew.started.instance}.vxscene`]);
});

test('without a file, and without SQLite, the state says that nothing is kept', async () => {
  const without = await start({});
  const peer = await Peer.join(without, 'edit');
  peer.annotations.set('a', mark('a'));
  await peer.client.roundTrip();
  expect(peer.saved).toMatchObject({ state: 'memory', edits: 0, message: expect.stringMatching(/nothing drawn is kept/) });
  expect(await peer.history({ do: 'make', name: 'x' })).toMatchObject({ points: [], error: expect.stringMatching(/no scene file/) });
  await without.stop();
  if ((process.getBuiltinModule as (name: string) => unknown)('node:sqlite')) return;
  const old = await SidecarProcess.start({ scene_file: newFile() }); // this process's Node
  expect((await old.status()).scene).toMatchObject({ file: null, state: 'memory', message: expect.stringMatching(/no SQLite/) });
  await old.stop();
});

test('a disk that is full: edits are shared and not acknowledged, the state is red, and all is written once there is space', async () => {
  const mount = path.join(folder, 'full');
  mkdirSync(mount);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount], { stdio: 'ignore' });
  } catch {
    return; // only root may mount
  }
  try {
    const file = path.join(mount, 's.vxscene');
    const sidecar = await start({ scene_file: file });
    const [writer, other] = [await Peer.join(sidecar, 'edit'), await Peer.join(sidecar, 'view')];
    writer.annotations.set('before', mark('before'));
    await writer.flushed();
    const ballast = path.join(mount, 'ballast');
    writeFileSync(ballast, '');
    try {
      for (;;) writeFileSync(ballast, Buffer.alloc(4096), { flag: 'a' });
    } catch {} // full
    writer.annotations.set('during', mark('d'.repeat(40_000)));
    await other.client.until(() => other.annotations.has('during'), 'the edit, shared');
    await writer.client.until(() => writer.saved?.state === 'unsaved', 'the red state');
    await other.client.until(() => other.saved?.state === 'unsaved', 'the red state of the other');
    expect(writer.saved).toMatchObject({ message: expect.stringMatching(/NOT SAVED.*full/), remedy: expect.stringMatching(/make room/) });
    writer.annotations.set('more', mark('more'));
    await other.client.until(() => other.annotations.has('more'), 'the next one');
    expect(writer.saved?.edits).toBe(writer.sent - 2);
    rmSync(ballast);
    await writer.flushed();
    expect(writer.saved).toMatchObject({ state: 'saved' });
    expect(writer.saved?.message).toBeUndefined();
    await sidecar.stop('SIGKILL');
    const next = await start({ scene_file: file });
    const reader = await Peer.join(next, 'view');
    await reader.client.until(() => reader.annotations.size === 3, 'all three');
    await next.stop();
    execFileSync('mount', ['-o', 'remount,ro', mount]);
    const fixed = await start({ scene_file: file });
    const looker = await Peer.join(fixed, 'edit');
    await looker.client.until(() => looker.annotations.size === 3, 'what a read-only file holds');
    expect(looker.saved).toMatchObject({ state: 'unsaved', edits: 0 });
    execFileSync('mount', ['-o', 'remount,rw', mount]);
    await looker.client.until(() => looker.saved?.state === 'saved', 'the state, once it can be written');
    await fixed.stop();
  } finally {
    execFileSync('umount', [mount]);
  }
});

test('what came before that which it builds on is acknowledged when both are on disk, and not before', async () => {
  const file = newFile();
  const sidecar = await start({ scene_file: file });
  const [ann, bob, eve] = [await Peer.join(sidecar, 'edit'), await Peer.join(sidecar, 'edit'), await Peer.join(sidecar, 'edit')];
  for (const peer of [ann, bob, eve]) await peer.client.until(() => peer.sent > 0 && peer.saved?.edits === peer.sent, 'the answer to the greeting, saved');
  const [first, second] = [new Y.Doc(), new Y.Doc()];
  first.getMap('annotations').set('mark', mark('mark'));
  Y.applyUpdate(second, Y.encodeStateAsUpdate(first));
  const known = Y.encodeStateVector(second);
  (second.getMap('annotations').get('mark') as Y.Map<unknown>).set('name', 'renamed');
  const before = bob.sent;
  bob.sendUpdate(Y.encodeStateAsUpdate(second, known));
  bob.annotations.set('later', mark('later'));
  await bob.client.roundTrip();
  await ann.client.until(() => ann.annotations.has('later'), 'what builds on nothing');
  expect([bob.saved?.edits, bob.sent]).toEqual([before, before + 2]);
  // Another one's edit builds on what never comes: that is his alone to wait for.
  const never = new Y.Doc();
  never.getMap('annotations').set('never', mark('never'));
  const nothing = Y.encodeStateVector(never);
  never.getMap('annotations').set('never', mark('again'));
  eve.sendUpdate(Y.encodeStateAsUpdate(never, nothing));
  await eve.client.roundTrip();
  ann.sendUpdate(Y.encodeStateAsUpdate(first));
  await Promise.all([ann.flushed(), bob.flushed()]);
  expect(eve.saved?.edits).toBe(eve.sent - 1);
  await sidecar.stop('SIGKILL');
  const next = await start({ scene_file: file });
  const reader = await Peer.join(next, 'view');
  await reader.client.until(() => reader.annotations.size === 2, 'both');
  expect((reader.annotations.get('mark') as Y.Map<unknown>).get('name')).toBe('renamed');
  await next.stop();
});

test('a document that is given back in parts is not swept between them: an old removal that was taken back stays taken back', async () => {
  const scenes = mkdtempSync(path.join(folder, 'given-back-'));
  const sidecar = await start({ scene_folder: scenes });
  const [ann, bob] = [new Y.Doc(), new Y.Doc()];
  const old = new Date(Date.now() - 40 * 24 * 3_600_000).toISOString();
  ann.getMap('annotations').set('mark', mark('mark', { deleted: true, modified: old }));
  Y.applyUpdate(bob, Y.encodeStateAsUpdate(ann));
  const known = Y.encodeStateVector(bob);
  (bob.getMap('annotations').get('mark') as Y.Map<unknown>).delete('deleted');
  const peer = await Peer.join(sidecar, 'edit');
  Y.applyUpdate(peer.doc, Y.encodeStateAsUpdate(ann)); // this makes the file
  await peer.flushed();
  Y.applyUpdate(peer.doc, Y.encodeStateAsUpdate(bob, known));
  await peer.flushed();
  await sidecar.stop('SIGKILL');
  const [file] = readdirSync(scenes).filter((name) => name.endsWith('.vxscene'));
  const next = await start({ scene_file: path.join(scenes, file as string) });
  const reader = await Peer.join(next, 'view');
  await reader.client.until(() => reader.annotations.has('mark'), 'the annotation');
  expect((reader.annotations.get('mark') as Y.Map<unknown>).get('deleted')).toBeUndefined();
  await next.stop();
});

test('ranges of what was painted before a kill are told to who looks after it', async () => {
  const file = newFile();
  const shape = [70, 70, 200] as const;
  const first = await start({ scene_file: file });
  const painter = await LabelClient.join(first);
  await painter.edit(await painter.labels('tissue', shape), { op: { kind: 'box', start: [0, 0, 70], stop: [5, 5, 75] }, label: 9 });
  await first.stop('SIGKILL');
  const next = await start({ scene_file: file });
  const looker = await LabelClient.join(next);
  const volume = await looker.labels('tissue', shape);
  const told = new Map<string, string>();
  await looker.client.until(() => {
    for (const { header, payload } of looker.client.all(FrameType.RANGES)) {
      if (header.volume !== volume) continue;
      const rows = parseRanges(Uint8Array.from(payload));
      for (const [i, level] of rows.level.entries()) told.set([level, rows.z[i], rows.y[i], rows.x[i]].join('/'), `${rows.min[i]}-${rows.max[i]}`);
    }
    return told.get('0/0/0/1') && told.get('2/0/0/0');
  }, 'the ranges');
  expect(told.size).toBe(2 * 2 * 4 + 2 + 1); // every brick of every level, painted or bare
  expect([told.get('0/0/0/1'), told.get('0/0/0/0'), told.get('0/1/0/3')]).toEqual(['0-9', '0-0', '0-0']);
  await next.stop();
});

test('labels: an edit that was told is there after kill -9, with its bricks, its number and what takes it back', async () => {
  const file = newFile();
  const shape = [40, 50, 70] as const;
  let told = 0;
  let voxels: LabelArray | undefined;
  for (let turn = 0; turn < turns(3, 40); turn += 1) {
    const sidecar = await start({ scene_file: file });
    const client = await LabelClient.join(sidecar);
    const volume = await client.labels('tissue', shape, 'u16');
    const held = await client.read(volume, [0, 0, 0], shape, 'u16');
    expect(held.seq).toBeGreaterThanOrEqual(told);
    if (voxels && held.seq === told) expect(held.labels).toEqual(voxels);
    if (turn > 0) expect(await client.undo(volume, 'Ann')).toMatchObject({ seq: held.seq + 1, undo: 'undo' });
    const point = (turn * 3) % 40;
    for (let n = 0; n < 4; n += 1) {
      await client.edit(volume, { op: { kind: 'box', start: [n, point, 0], stop: [n + 9, point + 7, 60] }, label: 1 + turn });
    }
    const state = await client.read(volume, [0, 0, 0], shape, 'u16');
    client.send(volume, { op: { kind: 'box', start: [0, 0, 0], stop: [2, 2, 2] }, label: 9 }); // on its way when it dies
    told = state.seq;
    voxels = state.labels;
    await sidecar.stop('SIGKILL');
  }
}, turns(60_000, 900_000));

test('restore points: made, listed, restored as an edit that everybody sees, removed', async () => {
  const file = newFile();
  const sidecar = await start({ scene_file: file });
  const [ann, bob, eve] = [await Peer.join(sidecar, 'edit'), await Peer.join(sidecar, 'edit'), await Peer.join(sidecar, 'view')];
  ann.annotations.set('kept', mark('kept', { props: new Y.Map([['size', 4]]) }));
  ann.annotations.set('changed', mark('as it was'));
  ann.annotations.set('gone', mark('gone'));
  const { made } = await ann.history({ do: 'make', name: 'first', author: 'ann' });
  ann.annotations.delete('gone');
  (ann.annotations.get('changed') as Y.Map<unknown>).set('name', 'otherwise');
  ann.annotations.set('late', mark('late'));
  ann.doc.getMap('layers').set('brain', new Y.Map([['opacity', 0.5]]));
  await bob.client.until(() => bob.annotations.has('late') && bob.doc.getMap('layers').size === 1, 'the edits');
  expect((await eve.history({ do: 'restore', point: made as string })).error).toMatch(/role view may not/);
  const { points, made: before } = await bob.history({ do: 'restore', point: made as string, author: 'bob' });
  expect(points.map(({ name, author, automatic, annotations }) => [name, author, automatic, annotations])).toEqual([
    ['first', 'ann', false, 3], ['before the restoration of first', 'bob', true, 3],
  ]);
  const shown = (peer: Peer) => Object.fromEntries(Object.entries(peer.annotations.toJSON() as Record<string, { name: string; deleted?: boolean }>)
    .map(([id, { name, deleted }]) => [id, deleted ? null : name]));
  const restored = { kept: 'kept', changed: 'as it was', gone: 'gone', late: null };
  for (const peer of [ann, bob, eve]) await peer.client.until(() => JSON.stringify(sorted(shown(peer))) === JSON.stringify(sorted(restored)), 'the restoration');
  expect(ann.doc.getMap('layers').size).toBe(1);
  expect((ann.annotations.get('kept') as Y.Map<Y.Map<unknown>>).get('props')?.get('size')).toBe(4);
  await bob.history({ do: 'restore', point: before as string });
  await eve.client.until(() => shown(eve).late === 'late' && shown(eve).changed === 'otherwise', 'the restoration taken back');
  expect((await ann.history({ do: 'remove', point: made as string })).points.map(({ name }) => name)).not.toContain('first');
  expect((await ann.history({ do: 'restore', point: made as string })).error).toBe(`there is no restore point ${made}`);
  const listed = (await ann.history({ do: 'list' })).points;
  await sidecar.stop('SIGKILL');
  const next = await start({ scene_file: file });
  const late = await Peer.join(next, 'view');
  expect((await late.history({ do: 'list' })).points).toEqual(listed);
  await next.stop();
});

const sorted = (value: object) => Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
