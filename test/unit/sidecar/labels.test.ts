/** Editable labels through a live sidecar: several who edit at once, what each is told, and what is refused. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseRanges } from '../../../src/protocol/arrow.js';
import { encodeFrame, encodeHeadTail, type Edited, FrameType, STORED_EDGE } from '../../../src/protocol/index.js';
import { brickGrid, levelCount } from '../../../src/volume/geometry.js';
import { GoodProducer } from '../../conformance/good_producer.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';
import { sqliteNode } from '../../conformance/sqlite_node.js';
import { type DenseChange, DenseLabels } from '../volume/labels/dense_labels.js';
import { type RandomEdit, randomEdit, randomFrom } from '../volume/labels/random_edits.js';
import { LabelClient } from './label_client.js';

const SHAPE = [36, 66, 130] as const;
type Triple = [number, number, number];
const WHOLE: [Triple, Triple] = [[0, 0, 0], [...SHAPE]];

let sidecar: SidecarProcess;
beforeAll(async () => {
  sidecar = await SidecarProcess.start();
});
afterAll(() => sidecar?.stop());

const box = (start: Triple, stop: Triple) => ({ kind: 'box', start, stop });

/** Where the bricks that a viewer gets differ from a model and its halo, at every level. */
async function difference(client: LabelClient, volume: number, model: DenseLabels): Promise<string | undefined> {
  for (let level = 0, dense = model; level < levelCount(SHAPE); level += 1, dense = dense.halved()) {
    const [nz, ny, nx] = brickGrid(SHAPE, level);
    for (let b = 0; b < nz * ny * nx; b += 1) {
      const key = { level, z: Math.floor(b / (ny * nx)), y: Math.floor(b / nx) % ny, x: b % nx };
      const { voxels } = await client.brick(volume, key, model.dtype);
      for (let i = 0; i < voxels.length; i += 1) {
        const at = [Math.floor(i / STORED_EDGE ** 2) + 64 * key.z, (Math.floor(i / STORED_EDGE) % STORED_EDGE) + 64 * key.y, (i % STORED_EDGE) + 64 * key.x];
        const [z, y, x] = at.map((v, axis) => Math.min(Math.max(v - 1, 0), (dense.shape[axis] as number) - 1)) as Triple;
        if (voxels[i] !== dense.voxels[dense.index(z, y, x)]) return `level ${level}, voxel (${z}, ${y}, ${x}): ${voxels[i]}`;
      }
    }
  }
  return undefined;
}

test('three who edit at once, and take edits back, equal one who does it all in the order that everybody is told', async () => {
  const people = await Promise.all([LabelClient.join(sidecar), LabelClient.join(sidecar), LabelClient.join(sidecar, 'owner', 'producer')]);
  const [first] = people as [LabelClient];
  const volume = await first.labels('three', SHAPE, 'u16');
  const asked = new Map<string, RandomEdit>();
  await Promise.all(
    people.map(async (person, who) => {
      const random = randomFrom(100 + who);
      for (let i = 0; i < 16; i += 1) {
        const kind = i > 2 ? random() : 1;
        if (kind < 0.3) {
          await person.undo(volume, `person ${who}`, kind < 0.1);
          continue;
        }
        const edit = randomEdit(random, SHAPE, 5);
        const ids = [person.send(volume, { ...edit, author: `person ${who}` })];
        asked.set(ids[0] as string, edit);
        // Some come in bursts, and are committed together.
        if (random() < 0.5) await person.edited(ids[0] as string);
      }
      await person.client.roundTrip();
    }),
  );
  const last = (await first.edit(volume, { op: box([0, 0, 0], [1, 1, 1]), label: 3, author: 'last', id: 'last' })).seq;
  await Promise.all(people.map((person) => person.edited('last')));
  const told = people.map(({ client }) => client.all(FrameType.EDITED).map(({ json }): Edited => json).filter((edited) => edited.volume === volume));
  expect(told[1]).toEqual(told[0]);
  expect(told[2]).toEqual(told[0]);
  expect(told[0]?.map(({ seq }) => seq)).toEqual(Array.from({ length: last }, (_, i) => i + 1));

  const model = new DenseLabels(SHAPE, 'u16');
  const stacks = new Map<string, { done: DenseChange[]; undone: DenseChange[] }>();
  const counts = { undo: 0, redo: 0 };
  for (const { id, author, undo, voxels } of told[0] as Edited[]) {
    const stack = stacks.get(author) ?? { done: [], undone: [] };
    stacks.set(author, stack);
    let change: DenseChange;
    if (undo) {
      counts[undo] += 1;
      change = model.undo((undo === 'undo' ? stack.done : stack.undone).pop() as DenseChange);
      (undo === 'undo' ? stack.undone : stack.done).push(change);
    } else {
      const { op, label, mode, values } = asked.get(id) ?? { op: box([0, 0, 0], [1, 1, 1]) as never, label: 3, mode: { write: 'all' as const }, values: [] };
      change = model.edit(op, label, mode, values);
      if (change.at.length > 0) {
        stack.done.push(change);
        stack.undone = [];
      }
    }
    expect(voxels).toBe(change.at.length);
  }
  expect(counts.undo).toBeGreaterThan(3);
  expect(await difference(first, volume, model)).toBeUndefined();
  const { labels, seq } = await people[1].read(volume, ...WHOLE, 'u16');
  expect(seq).toBe(last);
  expect(Buffer.compare(Buffer.from(labels.buffer), Buffer.from(model.voxels.buffer))).toBe(0);
  const half = await people[2].read(volume, [0, 0, 0], [18, 33, 65], 'u16', 1);
  expect(Buffer.compare(Buffer.from(half.labels.buffer), Buffer.from(model.halved().voxels.buffer))).toBe(0);
  await Promise.all(people.map((person) => person.close()));
});

test('a viewer sees empty labels as one value, is told what changed and in which bricks, and gets nothing twice', async () => {
  const [painter, viewer] = [await LabelClient.join(sidecar), await LabelClient.join(sidecar, 'view')];
  const volume = await painter.labels('seen', SHAPE);
  const status = (await viewer.client.next(FrameType.VOLUME, (f) => f.json.volume === volume)).json;
  expect(status).toMatchObject({ description: { editable: true, kind: 'labels', dtype: 'uint8' }, status: { producer: 'alive', complete: true } });
  const empty = await viewer.brick(volume, { level: 0, z: 0, y: 0, x: 1 });
  expect([empty.frame.frame.byteLength, empty.frame.header.generation]).toEqual([65, 1]);
  const { generation, voxels } = await painter.edit(volume, { op: box([0, 10, 64], [2, 20, 66]), label: 7 });
  expect([generation, voxels]).toEqual([2, 40]);
  const changed = (await viewer.client.next(FrameType.CHANGED, (f) => f.json.volume === volume)).json;
  const shown = changed.boxes.map((b: number[]) => b.slice(0, 4).join());
  expect(shown.sort()).toEqual(['0,0,0,0', '0,0,0,1', '1,0,0,0']); // at level 2 they are too few
  expect(changed.generation).toBe(2);
  const [beside, own] = [await viewer.brick(volume, { level: 0, z: 0, y: 0, x: 0 }), await viewer.brick(volume, { level: 0, z: 0, y: 0, x: 1 })];
  expect(beside.voxels[(1 * 66 + 11) * 66 + 65]).toBe(7); // the halo of the neighbour
  expect(own.voxels[(1 * 66 + 11) * 66 + 1]).toBe(7);
  expect(own.frame.header.generation).toBe(2);
  const ranges = await viewer.client.until(() => {
    const rows = viewer.client.all(FrameType.RANGES).filter((f) => f.header.volume === volume).map((f) => parseRanges(Uint8Array.from(f.payload)));
    return rows.find(({ max }) => max.includes(7));
  }, 'RANGES');
  expect(Array.from(ranges.level, (l, i) => [l, ranges.z[i], ranges.y[i], ranges.x[i], ranges.min[i], ranges.max[i]])).toContainEqual([0, 0, 0, 0, 0, 7]);
  // What the viewer holds already costs a header.
  const from = viewer.client.frames.length;
  viewer.client.control(FrameType.NEED, { volume, keys: [[0, 0, 0, 1, 0]], if_hash: [own.frame.header.checksum] });
  expect((await viewer.client.next(FrameType.BRICK, () => true, from)).frame.byteLength).toBe(64);
  // Who comes later hears of the ranges too.
  const late = await LabelClient.join(sidecar, 'view');
  const told = await late.client.next(FrameType.RANGES, (f) => f.header.volume === volume);
  expect(parseRanges(Uint8Array.from(told.payload)).max.filter((max) => max === 7).length).toBeGreaterThan(2);
  await Promise.all([painter.close(), viewer.close(), late.close()]);
});

test('only voxels that still hold what an edit wrote are taken back, each by its author', async () => {
  const client = await LabelClient.join(sidecar);
  const volume = await client.labels('undone', SHAPE);
  await client.edit(volume, { op: box([0, 0, 0], [1, 1, 10]), label: 1, author: 'Ann' });
  await client.edit(volume, { op: box([0, 0, 5], [1, 1, 15]), label: 2, author: 'Bob' });
  expect(await client.undo(volume, 'Ann')).toMatchObject({ undo: 'undo', voxels: 5, box: [[0, 0, 0], [1, 1, 5]], author: 'Ann' });
  const row = async () => [...(await client.read(volume, [0, 0, 0], [1, 1, 16])).labels].join('');
  expect(await row()).toBe('0000022222222220');
  expect(await client.undo(volume, 'Bob')).toMatchObject({ voxels: 10 });
  expect(await row()).toBe('0000011111000000');
  expect(await client.undo(volume, 'Bob')).toMatchObject({ code: 4404 });
  expect(await client.undo(volume, 'Bob', true)).toMatchObject({ undo: 'redo', voxels: 10 });
  await client.edit(volume, { op: box([9, 0, 0], [10, 1, 1]), author: 'Ann' });
  expect(await client.undo(volume, 'Ann', true)).toMatchObject({ code: 4404 }); // a new edit: nothing is left to do again
  await client.close();
});

test('the same id is applied once, and answered again to the one who asks', async () => {
  const [one, two] = [await LabelClient.join(sidecar), await LabelClient.join(sidecar)];
  const volume = await one.labels('once', SHAPE);
  const first = await one.edit(volume, { op: box([0, 0, 0], [1, 1, 9]), id: 'twice' });
  await two.edited('twice');
  one.send(volume, { op: box([0, 0, 0], [1, 1, 9]), id: 'twice', label: 5 });
  const answers = await one.client.until(() => {
    const all = one.client.all(FrameType.EDITED).filter((f) => f.json.id === 'twice');
    return all.length > 1 && all;
  }, 'the second answer');
  expect(answers[1]?.json).toEqual(first);
  await two.client.roundTrip();
  expect(two.client.all(FrameType.EDITED).filter((f) => f.json.id === 'twice')).toHaveLength(1);
  expect(await one.since(volume, 0)).toEqual(expect.objectContaining({ seq: 1, boxes: [[[0, 0, 0], [1, 1, 9]]] }));
  expect(await one.since(volume, 1)).toEqual(expect.objectContaining({ seq: 1, boxes: [] }));
  await Promise.all([one.close(), two.close()]);
});

test('equal labels are found, others of that name refused; they can be removed and made again', async () => {
  const [owner, editor] = [await LabelClient.join(sidecar, 'owner', 'producer'), await LabelClient.join(sidecar)];
  const volume = await editor.labels('found', SHAPE);
  expect(await owner.labels('found', SHAPE)).toBe(volume);
  const refuse = async (fields: object, message: RegExp) => {
    const from = editor.client.frames.length;
    editor.client.control(FrameType.LABELS, { name: 'found', shape: SHAPE, voxel_size: [1, 1, 1], origin: [0, 0, 0], dtype: 'u8', ...fields });
    const { json } = await editor.client.next(FrameType.ERROR, (f) => f.json.id === 'found', from);
    expect(json).toMatchObject({ code: 4422, fatal: false });
    expect(json.message).toMatch(message);
  };
  await refuse({ dtype: 'u16' }, /another dtype, "u8"/);
  await refuse({ shape: [1, 2, 3] }, /another shape/);
  await refuse({ dtype: 'f32' }, /dtype/);
  const producer = await GoodProducer.connect(sidecar);
  const image = await producer.declare({ name: 'found 2', shape: [8, 8, 8] });
  expect(image).toBeGreaterThan(volume);
  const from = editor.client.frames.length;
  editor.client.control(FrameType.LABELS, { name: 'found 2', shape: [8, 8, 8], voxel_size: [1, 1, 1], origin: [0, 0, 0], dtype: 'u8' });
  expect((await editor.client.next(FrameType.ERROR, () => true, from)).json).toMatchObject({ code: 4422, id: 'found 2' });
  await editor.edit(volume, { op: box([0, 0, 0], [9, 9, 9]) });
  owner.client.control(FrameType.VOLUME_GONE, { volume });
  await editor.client.next(FrameType.VOLUME_GONE, (f) => f.json.volume === volume);
  const again = await editor.labels('found', SHAPE, 'u32');
  expect(again).toBeGreaterThan(volume);
  expect((await editor.read(again, [0, 0, 0], [9, 9, 9], 'u32')).labels.every((label) => label === 0)).toBe(true);
  await Promise.all([owner.close(), editor.close()]);
});

describe('refused, with nothing changed and the connection as it was', () => {
  let client: LabelClient;
  let volume: number;
  beforeAll(async () => {
    client = await LabelClient.join(sidecar);
    volume = await client.labels('refused', SHAPE);
    await client.edit(volume, { op: box([0, 0, 0], [4, 4, 4]), label: 2 });
  });
  afterAll(async () => {
    const { labels, seq } = await client.read(volume, ...WHOLE);
    expect(seq).toBe(1);
    expect(labels.reduce((sum, label) => sum + label, 0)).toBe(128);
    await client.close();
  });

  const runs = { kind: 'runs', start: [0, 0, 0], stop: [1, 1, 4] };
  const cases: [string, object, number, RegExp][] = [
    ['a label beyond the dtype', { op: box([0, 0, 0], [1, 1, 1]), label: 256 }, 4422, /256/],
    ['a box outside', { op: box([0, 0, 0], [37, 1, 1]) }, 4422, /36 × 66 × 130/],
    ['a box beyond all limits', { op: { kind: 'box', start: [0, 0, 0], stop: [1, 1, 2 ** 40] } }, 4422, /op\.stop/],
    ['runs of another length', { op: runs, tail: Uint8Array.of(1, 1) }, 4422, /2 voxels for a box of 4/],
    ['an unknown op', { op: { kind: 'wand' } }, 4422, /op/],
    ['a mode of no kind', { op: box([0, 0, 0], [1, 1, 1]), mode: { write: 'some' } }, 4422, /mode/],
    ['NaN', { op: { kind: 'stroke', points: [[Number.NaN, 0, 0]], radius: [1, 1, 1] } }, 4422, /op\.points/],
    ['a polygon of two points', { op: { kind: 'polygon', axis: 0, index: [0, 0], points: [[0, 0], [1, 1]] } }, 4422, /op\.points/],
  ];
  test.each(cases)('%s', async (name, ask, code, message) => {
    client.send(volume, { id: name, ...ask } as never);
    const error = await client.refused(name);
    expect(error).toMatchObject({ code, volume, fatal: false });
    expect(error.message).toMatch(message);
  });

  test('a tail that is not deflate, and one that inflates without end', async () => {
    const head = { volume, author: 'Ann', op: runs, label: 1, mode: { write: 'all' } };
    client.client.send(encodeHeadTail(FrameType.EDIT, { ...head, id: 'noise' }, Uint8Array.of(7, 7, 7)));
    expect(await client.refused('noise')).toMatchObject({ code: 4422 });
    client.send(volume, { id: 'bomb', op: runs, tail: new Uint8Array(65 * 2 ** 20) });
    expect(await client.refused('bomb')).toMatchObject({ code: 4413 });
  });

  test('a viewer with the role view may look, not edit', async () => {
    const viewer = await LabelClient.join(sidecar, 'view');
    viewer.send(volume, { op: box([0, 0, 0], [9, 9, 9]), id: 'viewer' });
    expect(await viewer.refused('viewer')).toMatchObject({ code: 4403, volume, fatal: false });
    expect(await viewer.undo(volume, 'Ann')).toMatchObject({ code: 4403 });
    expect((await viewer.read(volume, [0, 0, 0], [1, 1, 5])).labels.join('')).toBe('22220');
    await viewer.close();
  });

  test('an unknown volume, a read outside, one that is too large', async () => {
    client.send(4_000_000_000, { op: box([0, 0, 0], [1, 1, 1]), id: 'nowhere' });
    expect(await client.refused('nowhere')).toMatchObject({ code: 4404, volume: 4_000_000_000 });
    const read = async (id: string, fields: object) => {
      client.client.control(FrameType.READ, { volume, id, start: [0, 0, 0], ...fields });
      return client.refused(id);
    };
    expect(await read('outside', { stop: [36, 66, 131] })).toMatchObject({ code: 4422 });
    expect(await read('too coarse', { stop: [1, 1, 1], level: 3 })).toMatchObject({ code: 4422 });
    const large = await client.labels('large', [1024, 1024, 1024]);
    client.client.control(FrameType.READ, { volume: large, id: 'too much', start: [0, 0, 0], stop: [512, 512, 512] });
    expect(await client.refused('too much')).toMatchObject({ code: 4413 });
    expect((await client.read(large, [0, 0, 0], [8, 1024, 1024])).parts).toBe(8);
  });

  test('a frame that is no JSON ends its connection, and nobody else\'s', async () => {
    const other = await LabelClient.join(sidecar);
    other.client.send(encodeFrame(FrameType.EDIT, Uint8Array.of(2, 0, 0, 0, 123)));
    expect(await other.client.closed()).toBe(4400);
    await client.client.roundTrip();
  });
});

test('labels, their handle and what can be taken back are there after the sidecar was killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'voxbeam-labels-'));
  try {
    const scene_file = join(folder, 'labels.vxscene');
    const first = await SidecarProcess.start({ scene_file }, sqliteNode());
    const painter = await LabelClient.join(first);
    await painter.labels('other', [8, 8, 8]);
    const volume = await painter.labels('kept', SHAPE, 'u16');
    await painter.edit(volume, { op: box([0, 0, 0], [3, 4, 5]), label: 300 });
    await painter.edit(volume, { op: box([0, 0, 0], [1, 1, 1]), label: 301 });
    const { description } = (await painter.client.next(FrameType.VOLUME, (f) => f.json.volume === volume)).json;
    await first.stop('SIGKILL');

    const restored = { instance: first.started.instance, last_handle: 90, volumes: [{ volume: 77, description, edited: true }] };
    const second = await SidecarProcess.start({ scene_file, restored }, sqliteNode());
    const back = await LabelClient.join(second);
    const volumes = back.client.welcome.volumes.map((v: { volume: number; description: { name: string } }) => [v.description.name, v.volume]);
    expect(new Map(volumes)).toEqual(new Map([['kept', 77], ['other', 91]]));
    expect(back.client.welcome.volumes.find((v: { volume: number }) => v.volume === 77).status).toMatchObject({ edited: true, producer: 'alive' });
    expect((await back.read(77, [0, 0, 0], [1, 1, 6], 'u16')).labels.join()).toBe('301,300,300,300,300,0');
    expect((await back.brick(77, { level: 0, z: 0, y: 0, x: 0 }, 'u16')).frame.header.generation).toBe(3);
    expect(await back.undo(77)).toMatchObject({ seq: 3, voxels: 1, undo: 'undo' });
    expect(await back.undo(77)).toMatchObject({ seq: 4, voxels: 60 });
    await back.close();
    await second.stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a large fill tells how far it is, lets others have their turn, and can be taken back before it is applied', async () => {
  const [client, other] = [await LabelClient.join(sidecar), await LabelClient.join(sidecar)];
  const side = 640;
  const volume = await client.labels('filled', [side, side, side]);
  const small = await client.labels('beside', SHAPE);
  const fill = { kind: 'fill', seed: [1, 1, 1], box: [[0, 0, 0], [side, side, side]], dims: 3 };
  client.send(volume, { op: fill, id: 'cancelled' });
  await client.client.next(FrameType.PROGRESS, (f) => f.json.id === 'cancelled');
  const beside = await other.edit(small, { op: box([0, 0, 0], [1, 1, 1]) }); // while it is at work
  expect(beside.voxels).toBe(1);
  client.client.control(FrameType.CANCEL_EDIT, { volume, id: 'cancelled' });
  expect(await client.refused('cancelled')).toMatchObject({ code: 4499 });
  expect((await client.since(volume, 0)).seq).toBe(0);
  expect((await client.read(volume, [0, 0, 0], [1, side, side])).labels.every((label) => label === 0)).toBe(true);
  const { done, total } = client.client.all(FrameType.PROGRESS).at(-1)?.json ?? {};
  expect(done).toBeGreaterThan(0);
  expect(total).toBe(2 * side ** 3); // found, and written
  await Promise.all([client.close(), other.close()]);
});

test('a large undo or redo tells how far it is, and can be called off before it is applied: what it was about can still be undone, or done again', async () => {
  const client = await LabelClient.join(sidecar);
  const side = 512;
  const volume = await client.labels('undone at length', [side, side, side]);
  await client.edit(volume, { op: box([0, 0, 0], [side, side, side]) });
  const corner = async () => (await client.read(volume, [0, 0, 0], [1, 1, 1])).labels[0];
  for (const redo of [false, true]) {
    const id = `called off, ${redo}`;
    const { seq } = await client.since(volume, 0);
    client.client.control(FrameType.UNDO, { volume, id, author: 'Ann', ...(redo && { redo }) });
    const { done, total } = (await client.client.next(FrameType.PROGRESS, (f) => f.json.id === id)).json;
    client.client.control(FrameType.CANCEL_EDIT, { volume, id });
    expect(await client.refused(id)).toMatchObject({ code: 4499 });
    expect([done > 0, done < total, total]).toEqual([true, true, side ** 3]);
    expect([(await client.since(volume, 0)).seq, await corner()]).toEqual([seq, redo ? 0 : 1]);
    expect(await client.undo(volume, 'Ann', redo)).toMatchObject({ seq: seq + 1, voxels: side ** 3, undo: redo ? 'redo' : 'undo' });
    expect(await corner()).toBe(redo ? 1 : 0);
  }
  await client.close();
});

test('an edit that waits to be stored can be taken back too: what was applied after it is applied anew, as if it had never been', async () => {
  const client = await LabelClient.join(sidecar);
  const side = 320;
  const volume = await client.labels('taken back late', [side, side, side]);
  const fill = { kind: 'fill', seed: [300, 1, 1], box: [[0, 0, 0], [side, side, side]], dims: 3 };
  // Both are of one batch, unless the machine stood still between them.
  for (let round = 0; ; round += 1) {
    const [early, late] = [`early ${round}`, `late ${round}`];
    client.send(volume, { op: box([0, 0, 0], [2, 3, 4]), label: 5, id: early });
    client.send(volume, { op: fill, label: 2, id: late });
    await client.client.next(FrameType.PROGRESS, (f) => f.json.id === late);
    const stored = client.client.all(FrameType.EDITED).some(({ json }) => json.id === early);
    client.client.control(FrameType.CANCEL_EDIT, { volume, id: stored ? late : early });
    expect(await client.refused(stored ? late : early)).toMatchObject({ code: 4499 });
    if (stored) {
      await client.undo(volume);
      continue;
    }
    expect((await client.edited(late)).voxels).toBe(side ** 3);
    break;
  }
  const { labels } = await client.read(volume, [0, 0, 0], [2, 3, 4]);
  expect([...new Set(labels)]).toEqual([2]);
  await client.close();
});
