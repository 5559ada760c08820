/**
 * Several clients edit one scene over connections that break, lose, repeat and reorder what is under way, while the server is killed now and then: run by
 * the test under a Node that has SQLite. The sidecar's scene with its file and the session's end of it are the real ones; only the wire is chance.
 */

import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import * as encoding from 'lib0/encoding';
import { writeUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import { StoredAnnotations } from '../../../src/annotation/stored_annotations.js';
import { FrameType, readHeader, readPayload } from '../../../src/protocol/index.js';
import { SceneSync } from '../../../src/session/scene_sync.js';
import type { Connection } from '../../../src/sidecar/connection.js';
import { Scene } from '../../../src/sidecar/scene.js';
import { seeded } from '../../seed.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const CLIENTS = 5;

/** The server's end of a connection, and what is under way on it. */
class Wire {
  readonly up: Uint8Array[] = [];
  readonly down: Uint8Array[] = [];
  refusals = 0;
  readonly connection: Connection;

  constructor(role: string) {
    const send = (frame: Uint8Array) => {
      const header = readHeader(frame);
      if (header.type === FrameType.SCENE) this.down.push(readPayload(frame, header));
    };
    const error = () => {
      this.refusals += 1;
    };
    this.connection = { grant: { role }, send, sendControl: () => {}, error } as unknown as Connection;
  }
}

class Client {
  readonly doc = new Y.Doc();
  readonly sync: SceneSync;
  wire: Wire | undefined;
  made = 0;
  readonly #ids: string[] = [];
  readonly #stored: StoredAnnotations;
  /** Operations of each client that are here: always the first so many. */
  readonly seen = new Map<string, number>();

  constructor(readonly name: string, random: () => number) {
    this.doc.clientID = Math.floor(random() * 2 ** 31);
    this.sync = new SceneSync(this.doc, (payload) => this.wire?.up.push(payload.slice()), () => {});
    this.#stored = new StoredAnnotations(this.doc, () => {});
    this.doc.getMap('annotations').observe((event) => {
      for (const [id, { action }] of event.changes.keys) if (action === 'add') this.#ids.push(id);
    });
    this.doc.getMap('ops').observe((event) => {
      const found = [...event.keysChanged].map((key) => key.split('/') as [string, string]).sort(([, a], [, b]) => Number(a) - Number(b));
      for (const [who, n] of found) {
        assert.notEqual(who, 'rejected', `${this.name} sees what was refused`);
        assert.equal(Number(n), this.seen.get(who) ?? 0, `${this.name} sees operation ${n} of ${who} out of order`);
        this.seen.set(who, Number(n) + 1);
      }
    });
  }

  /** One operation: a mark is made, changed or removed, and the operation itself is noted. */
  edit(random: () => number): void {
    const id = this.#ids[Math.floor(random() * this.#ids.length)];
    const what = random();
    const [stored, fresh, fields] = [this.#stored, `${this.name}${this.made}`, { kind: 'point', coords: [this.made, 0, 0] }];
    this.doc.transact(() => {
      this.doc.getMap('ops').set(`${this.name}/${this.made}`, 1);
      if (id === undefined || what < 0.15) stored.add(fresh, fields, {});
      // As all once were: a map of its own.
      else if (what < 0.2) stored.rows.set(fresh, new Y.Map<unknown>([...Object.entries(fields), ['props', new Y.Map()]]));
      else if (what >= 0.97) stored.delete(id);
      else if (!stored.entry(id)) return;
      else if (what < 0.8) stored.write(id, what < 0.5 ? 'coords' : 'name', [this.made, random()]);
      else if (what < 0.9) stored.write(id, `props.p${this.made % 3}`, what < 0.88 ? this.made : undefined);
      else stored.write(id, 'deleted', true);
    });
    this.made += 1;
  }
}

/** How many operations of each client a document has, now and from now on. */
function counts(doc: Y.Doc): Map<string, number> {
  const found = new Map<string, number>();
  const add = (keys: Iterable<string>) => {
    for (const key of keys) found.set(key.split('/')[0] as string, (found.get(key.split('/')[0] as string) ?? 0) + 1);
  };
  const ops = doc.getMap('ops');
  add(ops.keys());
  ops.observe((event) => add(event.keysChanged));
  return found;
}

/** With the names of objects in order. */
const sorted = (value: unknown): unknown =>
  value && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]))
    : value;

async function trial(folder: string, seed: number, ops: number) {
  const random = seeded(seed);
  const pick = (n: number) => Math.floor(random() * n);
  let file = path.join(folder, `${seed}.vxscene`);
  const files = [file];
  let scene = new Scene({ file, lazy: false });
  let counted = counts(scene.doc);
  const clients = Array.from({ length: CLIENTS }, (_, n) => new Client(`c${n}`, random));
  const acknowledged = new Map<string, number>();
  const stranger = new Wire('view');
  let crashes = 0;
  let refused = 0;

  const connect = (client: Client) => {
    client.wire = new Wire('edit');
    scene.greet(client.wire.connection);
    client.sync.start(true);
  };
  const cut = (client: Client) => {
    if (!client.wire) return;
    scene.left(client.wire.connection);
    client.wire = undefined;
    client.sync.stop();
  };
  /** What is told: mostly in order, once; now and then out of order, or again. */
  const take = (queue: Uint8Array[]): Uint8Array | undefined => {
    const index = random() < 0.1 ? pick(queue.length) : 0;
    return random() < 0.05 ? queue[index] : queue.splice(index, 1)[0];
  };
  const deliver = (client: Client, calm = false) => {
    const { wire } = client;
    const up = calm ? wire?.up.shift() : wire && take(wire.up);
    if (wire && up) {
      scene.frame(wire.connection, up);
      const there = scene;
      const count = [...counted];
      scene.keeper.after((kept) => {
        if (kept && there === scene) for (const [who, n] of count) acknowledged.set(who, Math.max(n, acknowledged.get(who) ?? 0));
      });
    }
    const down = calm ? wire?.down.shift() : wire && take(wire.down);
    if (down) client.sync.receive(down);
    return Boolean(up || down);
  };
  /** kill -9: the next server has what is on disk at this moment, and whoever was connected is not. */
  const crash = () => {
    crashes += 1;
    file = path.join(folder, `${seed}.${crashes}.vxscene`);
    files.push(file);
    for (const suffix of ['', '-wal']) if (fs.existsSync(scene.keeper.file + suffix)) fs.copyFileSync(scene.keeper.file + suffix, file + suffix);
    for (const client of clients) cut(client);
    const killed = scene;
    scene = new Scene({ file, lazy: false });
    killed.close(); // what it still writes and tells is nobody's
    counted = counts(scene.doc);
    assert.equal(scene.keeper.status.message, undefined);
    obeys(scene.doc);
  };
  /** Every operation that was acknowledged is there, of each client the first so many, and none that was refused. */
  const obeys = (doc: Y.Doc) => {
    const there = new Map<string, number[]>();
    for (const key of doc.getMap('ops').keys()) {
      const [who, n] = key.split('/') as [string, string];
      const all = there.get(who);
      if (all) all.push(Number(n));
      else there.set(who, [Number(n)]);
    }
    for (const [who, all] of there) assert.deepEqual(all.sort((a, b) => a - b), all.map((_, n) => n), `seed ${seed}: operations of ${who}`);
    for (const [who, n] of acknowledged) assert.ok((there.get(who)?.length ?? 0) >= n, `seed ${seed}: ${n} operations of ${who} were acknowledged, and some are lost`);
    assert.ok(!there.has('rejected'), `seed ${seed}: what was refused is there`);
  };

  scene.greet(stranger.connection);
  for (const client of clients) connect(client);
  const busy = new Set(clients);
  while (busy.size > 0) {
    for (const client of busy) {
      const dice = random();
      if (dice < 0.5) client.edit(random);
      else if (dice < 0.5 + 2 / ops && client.wire) cut(client);
      else if (!client.wire && dice < 0.52) connect(client);
      else deliver(client);
      if (client.made >= ops) busy.delete(client);
    }
    if (random() < 0.02) await turn();
    if (random() < 0.5 / ops) crash();
    if (random() < 1 / ops) {
      const doc = new Y.Doc();
      doc.getMap('ops').set('rejected/0', 1);
      const encoder = encoding.createEncoder();
      encoding.writeVarUint(encoder, 0);
      writeUpdate(encoder, Y.encodeStateAsUpdate(doc));
      scene.frame(stranger.connection, encoding.toUint8Array(encoder));
      refused += 1;
    }
  }
  for (const client of clients) {
    cut(client);
    connect(client);
  }
  let rounds = 0;
  for (let moving = true; moving; rounds += 1) {
    moving = clients.map((client) => deliver(client, true)).some(Boolean);
    await turn();
    moving ||= clients.some(({ wire }) => wire && wire.up.length + wire.down.length > 0);
  }
  const state = (doc: Y.Doc) => JSON.stringify(sorted(Object.fromEntries(['annotations', 'annotation_edits', 'ops'].map((name) => [name, doc.getMap(name).toJSON()]))));
  const expected = state(scene.doc);
  for (const client of clients) {
    assert.equal(state(client.doc), expected, `seed ${seed}: ${client.name} differs`);
    assert.equal(client.seen.size, CLIENTS);
    for (const other of clients) assert.equal(client.seen.get(other.name), ops, `seed ${seed}: operations of ${other.name}`);
    obeys(client.doc);
    cut(client);
    client.sync.close();
  }
  scene.close();
  const again = new Scene({ file, lazy: false });
  assert.equal(state(again.doc), expected, `seed ${seed}: the file differs`);
  obeys(again.doc);
  again.close();
  assert.ok(acknowledged.size > 0 && stranger.refusals === refused, `seed ${seed}: ${stranger.refusals} of ${refused} were refused`);
  for (const one of files) for (const suffix of ['', '-wal']) fs.rmSync(one + suffix, { force: true });
  return { crashes, rounds, refused, acknowledged: [...acknowledged.values()].reduce((sum, n) => sum + n, 0) };
}

async function main() {
  const [folder, first, count, ops] = [process.argv[2] as string, ...process.argv.slice(3).map(Number)] as [string, number, number, number];
  const sums = { seeds: 0, crashes: 0, rounds: 0, refused: 0, acknowledged: 0 };
  for (let seed = first; seed < first + count; seed += 1) {
    const { crashes, rounds, refused, acknowledged } = await trial(folder, seed, ops);
    sums.refused += refused;
    sums.acknowledged += acknowledged;
    sums.seeds += 1;
    sums.crashes += crashes;
    sums.rounds = Math.max(sums.rounds, rounds);
  }
  console.log(JSON.stringify(sums));
}

await main();
process.exit(0);
