/**
 * Scene files with one flipped bit, or cut short, opened again and again: run by the test under a Node that has SQLite. Says in one line of JSON what
 * became of them.
 */

import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import * as Y from 'yjs';
import { SceneKeeper } from '../../../src/sidecar/durable/scene_keeper.js';
import { seeded } from '../../seed.js';

const [folder, seed, count] = [process.argv[2] as string, Number(process.argv[3]), Number(process.argv[4])];
const random = seeded(seed);
const EDITS = 300;
const turn = () => new Promise((resolve) => setImmediate(resolve));

function open(file: string): { doc: Y.Doc; keeper: SceneKeeper } {
  const doc = new Y.Doc();
  const keeper = new SceneKeeper(doc, { file, lazy: false }, () => {});
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== 'file') keeper.keep(update, false, () => {});
  });
  keeper.start();
  return { doc, keeper };
}

/** Entries, each made by a document of its own so that none depends on another; `n` was the n-th. */
const entries = (doc: Y.Doc) => new Map([...doc.getMap('annotations').keys()].map((name) => [Number(name), doc.getMap('annotations').get(name)]));
const textOf = (n: number) => `${n} `.repeat(20 + (n % 50));

async function base(file: string, orderly: boolean): Promise<string> {
  const { doc, keeper } = open(file);
  for (let n = 0; n < EDITS; n += 1) {
    const one = new Y.Doc();
    one.getMap('annotations').set(String(n), textOf(n));
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(one));
    if (n % 3 === 0) await turn();
  }
  await turn();
  if (orderly) keeper.close();
  const kept = `${file}.base`;
  for (const suffix of ['', '-wal']) if (fs.existsSync(file + suffix)) fs.copyFileSync(file + suffix, kept + suffix);
  return kept;
}

function damage(file: string): { what: string; lost: boolean } {
  const wal = fs.existsSync(`${file}-wal`);
  const victim = wal && random() < 0.8 ? `${file}-wal` : file;
  const bytes = fs.readFileSync(victim);
  if (random() < 0.2) {
    let length = Math.floor(random() * bytes.length);
    if (wal && (length - 32) % 4120 === 0) length += 1; // between two frames nothing shows that there was more
    fs.truncateSync(victim, length);
    return { what: `${path.basename(victim)} cut to ${length}`, lost: true };
  }
  const bit = Math.floor(random() * bytes.length * 8);
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
  fs.writeFileSync(victim, bytes);
  return { what: `${path.basename(victim)} bit ${bit}`, lost: false };
}

async function trial(n: number, from: string) {
  const file = path.join(folder, `trial${n}.vxscene`);
  for (const suffix of ['', '-wal']) if (fs.existsSync(from + suffix)) fs.copyFileSync(from + suffix, file + suffix);
  const { what } = damage(file);
  const before = ['', '-wal'].map((suffix) => (fs.existsSync(file + suffix) ? fs.readFileSync(file + suffix) : undefined));
  let opened: ReturnType<typeof open>;
  try {
    opened = open(file);
  } catch (error) {
    assert.match((error as Error).message, /is no scene|newer voxbeam/, what); // its mark was hit: it stays as it is
    assert.ok(fs.readFileSync(file).equals(before[0] as Buffer), `${what}: touched`);
    return { refused: true, kept: 0, told: true };
  }
  const found = entries(opened.doc);
  for (const [name, value] of found) assert.equal(value, textOf(name), `${what}: wrong content`);
  const told = opened.keeper.status.message;
  if (found.size < EDITS) assert.match(String(told), /damaged/, `${what}: ${EDITS - found.size} lost and not told`);
  const aside = fs.readdirSync(folder).filter((name) => name.startsWith(`trial${n}.vxscene.damaged-`) && !name.endsWith('-wal'));
  assert.equal(aside.length, told ? 1 : 0, what);
  for (const [i, suffix] of told ? ['', '-wal'].entries() : []) {
    assert.ok(!before[i] || fs.readFileSync(path.join(folder, aside[0] + suffix)).equals(before[i]), `${what}: ${suffix}`);
  }
  opened.doc.getMap('annotations').set(String(EDITS), textOf(EDITS)); // it goes on
  await turn();
  opened.keeper.close();
  const again = open(file);
  assert.equal(again.keeper.status.message, undefined, `${what}: told again`);
  assert.equal(entries(again.doc).size, found.size + 1, what);
  again.keeper.close();
  return { refused: false, kept: found.size, told: told !== undefined };
}

async function main() {
  const bases = [await base(path.join(folder, 'orderly.vxscene'), true), await base(path.join(folder, 'killed.vxscene'), false)];
  const outcomes: Awaited<ReturnType<typeof trial>>[] = [];
  for (let n = 0; n < count; n += 1) outcomes.push(await trial(n, bases[n % 2] as string));
  const read = outcomes.filter(({ refused }) => !refused);
  const share = read.reduce((sum, { kept }) => sum + kept, 0) / (EDITS * read.length);
  const whole = read.filter(({ kept }) => kept === EDITS).length;
  const one = path.join(folder, 'many.vxscene');
  const many = open(one);
  const mark = many.doc.getMap('annotations').set('a', new Y.Map());
  let bytes = 0;
  many.doc.on('update', (update: Uint8Array) => {
    bytes += update.length + 60;
  });
  for (let n = 0; n < 40_000; n += 1) {
    mark.set('coords', [n, 2, 3]);
    if (n % 50 === 0) await turn();
  }
  await turn();
  many.doc.getMap('annotations').set('last', 1); // at the end nothing waits
  many.keeper.close();
  const last = open(one);
  assert.deepEqual(last.doc.getMap('annotations').toJSON(), { a: { coords: [39_999, 2, 3] }, last: 1 });
  last.keeper.close();
  console.log(JSON.stringify({ trials: outcomes.length, refused: outcomes.length - read.length, told: read.filter(({ told }) => told).length, whole, share, edited: bytes, compacted: fs.statSync(one).size }));
}

await main();
process.exit(0);
