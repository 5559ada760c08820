/** Edits that a sidecar refuses leave the document of who made them, and take nothing else with them. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { Bookmarks } from '../../../src/annotation/bookmarks.js';
import { Scene as Marks } from '../../../src/annotation/scene.js';
import { StoredAnnotations } from '../../../src/annotation/stored_annotations.js';
import { type ErrorMessage, FrameType, MAX_SCENE_VALUE_BYTES, readHeader, readPayload, type Saved } from '../../../src/protocol/index.js';
import { SceneSync } from '../../../src/session/scene_sync.js';
import type { Connection } from '../../../src/sidecar/connection.js';
import { Scene } from '../../../src/sidecar/scene.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';
import { SEED, seeded, turns } from '../../seed.js';
import { socketCandidate, WatchedSession } from './node_session.js';

const LIMIT = 400;
const NAMES = ['annotations', 'annotation_edits', 'annotation_layers', 'classes', 'layers', 'bookmarks'];
const state = (doc: Y.Doc) => JSON.stringify(NAMES.map((name) => Object.entries(doc.getMap(name).toJSON()).sort(([a], [b]) => (a < b ? -1 : 1))));
const point = (name: string, more = '') => ({ kind: 'point' as const, coords: [1, 2, 3] as [number, number, number], name, color: '#ff0000', volumeName: '', author: 'Ada', ...(more && { props: { more } }) });

/** One who edits, on a wire that keeps the order and what is under way. */
class Editor {
  readonly #up: Uint8Array[] = [];
  readonly #down: (() => void)[] = [];
  readonly sync: SceneSync;
  readonly marks: Marks;
  readonly told: string[] = [];
  readonly grant = { role: 'edit' };
  #connection: Connection | undefined;

  constructor(readonly scene: Scene, readonly mostBytes?: number) {
    this.sync = new SceneSync(new Y.Doc(), (payload) => this.#up.push(payload.slice()), () => undefined, ({ message }) => this.told.push(message), mostBytes);
    this.marks = new Marks(this.sync.doc, {}, 'Ada');
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  connect(): void {
    const send = (frame: Uint8Array) => {
      const header = readHeader(frame);
      const payload = readPayload(frame, header).slice();
      if (header.type === FrameType.SCENE) this.#down.push(() => this.sync.receive(payload));
    };
    const sendControl = (_type: FrameType, saved: Saved) => this.#down.push(() => this.sync.handlers.saved(saved));
    const error = (message: ErrorMessage) => this.#down.push(() => this.sync.notTaken(message));
    this.#connection = { grant: this.grant, send, sendControl, error } as unknown as Connection;
    this.scene.greet(this.#connection);
    this.sync.start(this.grant.role === 'edit');
  }

  cut(): void {
    if (this.#connection) this.scene.left(this.#connection);
    this.#connection = undefined;
    this.#up.length = 0;
    this.#down.length = 0;
    this.sync.stop();
  }

  /** One message each way; false where there was none. */
  step(): boolean {
    const [up, down] = [this.#up.shift(), this.#down.shift()];
    if (up && this.#connection) this.scene.frame(this.#connection, up);
    down?.();
    return Boolean(up || down);
  }
}

async function quiet(editors: readonly Editor[]): Promise<void> {
  for (let idle = 0; idle < 3; ) {
    idle = editors.map((one) => one.step()).some(Boolean) ? 0 : idle + 1;
    await new Promise((resolve) => setImmediate(resolve)); // SAVED is told after a turn
  }
}

test('of a refused edit nothing stays, what was made after it does, and it is said what and why', async () => {
  const scene = new Scene(undefined, LIMIT);
  const [a, b] = [new Editor(scene), new Editor(scene)];
  for (const one of [a, b]) one.connect();
  await quiet([a, b]);
  const shared = b.marks.add(point('shared'));
  const bookmarks = new Bookmarks(a.sync.doc, {});
  await quiet([a, b]);
  const before = a.sync.doc;
  const large = a.marks.add(point('large', 'x'.repeat(500)));
  a.marks.update(large, { name: 'renamed' });
  a.marks.update(shared, { name: 'seen' });
  const later = a.marks.add(point('later'));
  a.marks.classes.put('vessel');
  bookmarks.add({ name: 'here', author: '', view: { layout: 'four' } });
  b.marks.update(shared, { color: '#00ff00' });
  await quiet([a, b]);
  expect(a.sync.doc).not.toBe(before);
  expect([a.marks.doc, a.marks.classes.doc, bookmarks.doc]).toEqual([a.sync.doc, a.sync.doc, a.sync.doc]);
  for (const { marks } of [a, b]) {
    expect(marks.annotations().map(({ id, name, color }) => [id, name, color])).toEqual([[shared, 'seen', '#00ff00'], [later, 'later', '#ff0000']]);
    expect(marks.classes.list().map(({ name }) => name)).toEqual(['vessel']);
  }
  expect(bookmarks.list().map(({ name }) => name)).toEqual(['here']);
  expect([state(a.sync.doc), state(b.sync.doc)]).toEqual([state(scene.doc), state(scene.doc)]);
  expect(a.told).toEqual([expect.stringMatching(/^not kept: 1 annotation \(large\): a value of \d+ bytes; the limit is 400$/), expect.stringMatching(/^not kept: 1 annotation.*what it changes was refused itself$/)]);
  expect(b.told).toEqual([]);
  // It goes on as ever: edits, undo, and another one that is refused.
  a.marks.update(later, { name: 'moved' });
  await quiet([a, b]);
  expect(b.marks.annotation(later)?.name).toBe('moved');
  a.marks.undo();
  a.marks.add(point('large again', 'y'.repeat(500)));
  await quiet([a, b]);
  expect(b.marks.annotation(later)?.name).toBe('later');
  expect(state(a.sync.doc)).toBe(state(b.sync.doc));
  expect(Y.encodeStateAsUpdate(scene.doc).byteLength).toBeLessThan(2_000); // nor does anything of it wait in the sidecar
  scene.close();
});

test('who may only look from now on, by his own connection or by the sidecar, has nothing that others have not', async () => {
  const scene = new Scene();
  const [a, b] = [new Editor(scene), new Editor(scene)];
  for (const one of [a, b]) one.connect();
  await quiet([a, b]);
  const id = a.marks.add(point('crack'));
  await quiet([a, b]);
  a.cut();
  a.marks.update(id, { name: 'while away' });
  a.marks.add(point('offline'));
  a.grant.role = 'view';
  a.connect();
  b.marks.update(id, { color: '#0000ff' });
  await quiet([a, b]);
  expect(a.marks.annotations().map(({ name, color }) => [name, color])).toEqual([['crack', '#0000ff']]);
  expect(a.told).toEqual([expect.stringMatching(/offline.*the role view/)]);
  a.marks.remove(id);
  expect(a.marks.annotations()).toHaveLength(0);
  await quiet([a, b]);
  b.grant.role = 'view'; // the sidecar knows before he does
  b.marks.update(id, { name: 'late' });
  b.marks.add(point('later still'));
  await quiet([a, b]);
  for (const { marks, sync } of [a, b]) {
    expect(marks.annotations().map(({ name }) => name)).toEqual(['crack']);
    expect(state(sync.doc)).toBe(state(scene.doc));
  }
  expect(b.told).toHaveLength(1);
  scene.close();
});

/** Edits at random, a third of them refused; connections that break; in the end all is equal, and what was not refused is there. */
async function trial(seed: number, roles: boolean): Promise<number> {
  const random = seeded(seed);
  const pick = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)];
  const scene = new Scene(undefined, LIMIT);
  const editors = [undefined, LIMIT, LIMIT].map((most) => new Editor(scene, most)); // the first one has to be told by the sidecar
  const [bad, good]: [Set<string>, Set<string>] = [new Set(), new Set()];
  for (const one of editors) one.connect();
  for (let turn = 0; turn < 240; turn += 1) {
    const one = pick(editors) as Editor;
    const [dice, ids] = [random(), one.marks.annotations().map(({ id }) => id)];
    const id = pick(ids);
    if (dice < 0.1) bad.add(one.marks.add(point('bad', 'x'.repeat(500))));
    else if (dice < 0.2) good.add(one.marks.add(point(`good${turn}`)));
    else if (dice < 0.3 && id) one.marks.update(id, random() < 0.3 ? { props: { note: 'z'.repeat(500) } } : { name: `n${turn}` });
    else if (dice < 0.33) one.marks.together(() => [one.marks.add(point('a')), one.marks.add(point('b'))].map((each) => good.add(each)));
    else if (dice < 0.35) one.marks.undo();
    else if (dice < 0.37 && one.mostBytes) one.cut();
    else if (dice < 0.4 && roles) one.grant.role = random() < 0.4 ? 'view' : 'edit';
    else if (!one.connected && dice < 0.6) one.connect();
    else one.step();
    if (dice > 0.9) await new Promise((resolve) => setImmediate(resolve));
  }
  for (const one of editors) {
    one.grant.role = 'edit';
    if (!one.connected) one.connect();
  }
  await quiet(editors);
  const truth = state(scene.doc);
  for (const { sync } of editors) expect(state(sync.doc)).toBe(truth);
  const there = new StoredAnnotations(scene.doc);
  for (const id of bad) expect(there.entry(id)).toBeUndefined();
  for (const key of scene.doc.getMap('annotation_edits').keys()) expect(key.endsWith('/props.note')).toBe(false);
  if (!roles) for (const id of good) expect(there.entry(id)).toBeDefined();
  for (const { sync } of editors) sync.close();
  scene.close();
  return editors.reduce((sum, { told }) => sum + told.length, 0);
}

test.each([false, true])('whatever is refused, all documents are equal in the end, roles that change: %p', async (roles) => {
  let told = 0;
  const trials = turns(6, 2_000);
  for (let n = 0; n < trials; n += 1) told += await trial(SEED + n, roles);
  expect(told).toBeGreaterThan(5 * trials);
}, turns(60_000, 3_600_000));

describeSidecar();

/** The same by a sidecar of its own process and a session. */
function describeSidecar(): void {
  let sidecar: SidecarProcess;
  beforeAll(async () => {
    sidecar = await SidecarProcess.start();
  });
  afterAll(() => sidecar?.stop());

  test('by a sidecar: one annotation that is too large goes, the next one stays, and another viewer has only that', async () => {
    const open = async () => new WatchedSession([socketCandidate(`ws://127.0.0.1:${sidecar.started.port}/v1/stream`, 'direct', [await sidecar.ticket('edit')])]);
    const [a, b] = [await open(), await open()];
    await Promise.all([a.opened(), b.opened()]);
    const marks = new Marks(a.doc, {}, 'Ada');
    const others = new Marks(b.doc, {}, 'Ben');
    a.doc.getMap('annotations').set('huge', 'x'.repeat(MAX_SCENE_VALUE_BYTES));
    marks.add(point('small'));
    await a.until(() => a.errors.length > 0 && marks.annotations().length === 1, 'the refusal');
    expect(a.errors[0]).toMatchObject({ code: 4413, fatal: false, message: expect.stringMatching(/^not kept: 1 annotation: it is 31457\d\d bytes large/) });
    await b.until(() => others.annotations().length === 1, 'the small one');
    for (const { doc } of [a, b]) expect([...doc.getMap('annotations').keys()]).toHaveLength(1);
    expect([a.state, b.state, a.states.includes('reconnecting')]).toEqual(['open', 'open', false]);
    a.close();
    b.close();
  });
}
