/** Edits that ask for values of an image or for shapes, and labels that are counted, through a live sidecar. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FrameType } from '../../../src/protocol/index.js';
import { GoodProducer } from '../../conformance/good_producer.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';
import { LabelClient } from './label_client.js';

type Triple = [number, number, number];
const SHAPE: Triple = [36, 66, 130];
const WHOLE: [Triple, Triple] = [[0, 0, 0], SHAPE];

let sidecar: SidecarProcess;
beforeAll(async () => {
  sidecar = await SidecarProcess.start();
});
afterAll(() => sidecar?.stop());

const box = (start: Triple, stop: Triple) => ({ kind: 'box', start, stop });

test('an edit within a range of values writes what is in it at level 0: bricks are asked for, others wait their turn, and it can be taken back', async () => {
  const producer = await GoodProducer.connect(sidecar);
  const shape: Triple = [40, 66, 140];
  // Values are halves of x + y + z, stored as such: 0.5 · stored - 3.
  const valueAt = (z: number, y: number, x: number) => ((x + y + z) % 200) * 0.5 - 3;
  producer.voxels = ([, bz, by, bx]) => {
    const voxels = new Uint8Array(66 ** 3);
    for (let z = 0, at = 0; z < 66; z += 1) for (let y = 0; y < 66; y += 1) for (let x = 0; x < 66; x += 1, at += 1) voxels[at] = (x + y + z - 3 + 64 * (bz + by + bx) + 200) % 200;
    return voxels;
  };
  producer.automatic = false;
  const image = await producer.declare({ name: 'measured', shape, scale: 0.5, offset: -3, fingerprint: 'measured-1' });
  const painter = await LabelClient.join(sidecar);
  const volume = await painter.labels('in range', shape);
  const [low, high] = [50, 52.5];
  const within = { volume: image, low, high };
  const stroke = { kind: 'stroke', points: [[30, 30, 40], [30, 30, 90]], radius: [3, 12, 12] };
  const first = painter.send(volume, { op: stroke, within });
  const second = painter.send(volume, { op: box([30, 30, 0], [31, 31, 140]), label: 5, mode: { write: 'only', label: 1 } }); // what comes after it waits for it
  const needs = await painter.client.until(() => (producer.needs.length >= 2 ? producer.needs.filter(({ volume: of }) => of === image) : undefined), 'the needs');
  expect(needs.map(({ key }) => key.slice(0, 4).join()).sort()).toEqual(['0,0,0,0', '0,0,0,1']);
  expect(painter.client.all(FrameType.EDITED)).toEqual([]);
  producer.automatic = true;
  for (const { key } of needs) producer.answer(image, key);
  const [done, over] = [await painter.edited(first), await painter.edited(second)];
  const inRange = (z: number, y: number, x: number) => valueAt(z, y, x) >= low && valueAt(z, y, x) <= high;
  const whole: [Triple, Triple] = [[0, 0, 0], shape];
  const plain = await painter.labels('without', shape);
  await painter.edit(plain, { op: stroke });
  const [{ labels: found }, { labels: all }] = [await painter.read(volume, ...whole), await painter.read(plain, ...whole)];
  let [expected, crossed, wrong] = [0, 0, 0];
  for (let z = 0, at = 0; z < shape[0]; z += 1) {
    for (let y = 0; y < shape[1]; y += 1) {
      for (let x = 0; x < shape[2]; x += 1, at += 1) {
        const inside = all[at] === 1 && inRange(z, y, x);
        const again = inside && z === 30 && y === 30;
        expected += Number(inside);
        crossed += Number(again);
        wrong += Number(found[at] !== (again ? 5 : Number(inside)));
      }
    }
  }
  expect([wrong, done.voxels, over.voxels]).toEqual([0, expected, crossed]);
  expect(expected).toBeGreaterThan(200);
  expect(crossed).toBeGreaterThan(2);
  expect(await painter.counts(volume)).toEqual([[1, expected - crossed], [5, crossed]]);
  await painter.undo(volume);
  await painter.undo(volume);
  expect(await painter.counts(volume)).toEqual([]);

  // What cannot be asked is refused, and nothing has changed; one that still waits can be taken back.
  const other = await painter.labels('elsewhere', [70, 66, 139]);
  expect((await painter.refused(painter.send(other, { op: stroke, within }))).message).toContain('not those of the labels');
  expect((await painter.refused(painter.send(volume, { op: stroke, within: { ...within, volume: 99_999 } }))).code).toBe(4404);
  expect((await painter.refused(painter.send(volume, { op: stroke, within: { ...within, low: 60 } }))).message).toContain('empty');
  expect((await painter.refused(painter.send(volume, { op: stroke, within: { ...within, time: 1 } }))).code).toBe(4404);
  expect((await painter.refused(painter.send(volume, { op: { kind: 'fill', seed: [0, 0, 0], box: whole, dims: 3 }, within }))).message).toContain('fill');
  expect((await painter.refused(painter.send(volume, { op: box([0, 0, 0], [41, 1, 1]), within }))).message).toContain('not in the volume');
  producer.automatic = false;
  const waits = painter.send(volume, { op: box([0, 65, 0], [5, 66, 1]), within });
  await producer.need(image, [0, 0, 1, 0]);
  painter.client.control(FrameType.CANCEL_EDIT, { volume, id: waits });
  expect((await painter.refused(waits)).code).toBe(4499);
  const failing = painter.send(volume, { op: box([0, 65, 70], [5, 66, 71]), within });
  const [level, z, y, x] = await producer.need(image, [0, 0, 1, 1]);
  producer.client.control(FrameType.ERROR, { code: 4500, message: 'the disk is away', volume: image, key: [level, z, y, x], fatal: false });
  expect((await painter.refused(failing)).message).toContain('the disk is away');
  expect(await painter.counts(volume)).toEqual([]);
  await Promise.all([painter.close(), producer.close()]);
});

test('planes of a label are interpolated as one edit, by the size of voxels', async () => {
  const painter = await LabelClient.join(sidecar);
  const volume = await painter.labels('shapes', SHAPE, 'u8', { voxel_size: [3, 1, 1] });
  const disc = (z: number, radius: number) => painter.edit(volume, { op: { kind: 'stroke', points: [[z, 30, 64]], radius: [0, radius, radius] }, label: 2 });
  const [one, two] = [(await disc(4, 4)).voxels, (await disc(10, 10)).voxels];
  const { voxels, box: around, seq } = await painter.edit(volume, { op: { kind: 'interpolate', axis: 0, box: WHOLE }, label: 2 });
  expect(around).toEqual([[5, 21, 55], [10, 40, 74]]);
  const discs = [5, 6, 7, 8, 9].reduce((sum, radius) => sum + Math.PI * radius ** 2, 0);
  expect(Math.abs(voxels - discs) / discs).toBeLessThan(0.05); // from a disc to a larger one: a cone
  expect(await painter.counts(volume)).toEqual([[2, one + two + voxels]]);
  expect(await painter.undo(volume)).toMatchObject({ voxels, undo: 'undo', seq: seq + 1 });
  expect((await painter.refused(painter.send(volume, { op: { kind: 'interpolate', axis: 0, box: WHOLE }, label: 0 }))).code).toBe(4422);
  await painter.close();
});

test('supervoxels are found in the image at level 0: shown, painted, taken back, stopped, refused', async () => {
  const producer = await GoodProducer.connect(sidecar);
  const shape: Triple = [60, 66, 100];
  // Slabs along x, 17 voxels each, 50 and 90 in turn, across the bricks' border; stored as twice the value.
  const valueAt = (x: number) => (Math.floor(x / 17) % 2 ? 90 : 50);
  producer.voxels = ([, , , bx]) => Uint8Array.from({ length: 66 ** 3 }, (_, at) => 2 * valueAt(64 * bx + (at % 66) - 1));
  const image = await producer.declare({ name: 'slabs', shape, scale: 0.5, offset: 0, fingerprint: 'slabs-1' });
  const painter = await LabelClient.join(sidecar);
  const volume = await painter.labels('pieces', shape);
  const division = { image, cell: [10, 10, 10], contrast: 10 };
  const seeds: Triple[] = [[20, 20, 60], [21, 20, 60], [20, 20, 70]];
  const [left, right] = [await painter.supervoxel(volume, { ...division, seed: seeds[0] }), await painter.supervoxel(volume, { ...division, seed: seeds[2] })];
  const onOf = ({ runs }: { runs: readonly number[] }) => runs.reduce((sum, length, i) => sum + (i % 2) * length, 0);
  expect([left.start[2] >= 51, left.stop[2] <= 68, right.start[2] >= 68, right.stop[2] <= 85]).toEqual([true, true, true, true]); // never across the edge at 68
  expect(onOf(left)).toBeGreaterThan(300);
  const { voxels, box: around } = await painter.edit(volume, { op: { kind: 'supervoxel', seeds, ...division }, label: 3 });
  expect(voxels).toBe(onOf(left) + onOf(right));
  const [low, high] = around as [Triple, Triple];
  expect([low, high]).toEqual([[0, 1, 2].map((axis) => Math.min(left.start[axis]!, right.start[axis]!)), [0, 1, 2].map((axis) => Math.max(left.stop[axis]!, right.stop[axis]!))]);
  const { labels } = await painter.read(volume, left.start, left.stop);
  let [at, wrong] = [0, 0];
  for (const [i, length] of left.runs.entries()) for (let j = 0; j < length; j += 1, at += 1) wrong += Number(labels[at] !== (i % 2 ? 3 : 0));
  expect(wrong).toBe(0);
  expect(await painter.edit(volume, { op: { kind: 'supervoxel', seeds, ...division }, label: 3 })).toMatchObject({ voxels: 0 }); // the same voxels again
  const bright = { volume: image, low: 90, high: 200 };
  expect(await painter.edit(volume, { op: { kind: 'supervoxel', seeds, ...division }, label: 4, within: bright })).toMatchObject({ voxels: onOf(left) });
  for (let i = 0; i < 3; i += 1) await painter.undo(volume);
  expect(await painter.counts(volume)).toEqual([]);

  const refused = async (op: object) => (await painter.refused(painter.send(volume, { op: { kind: 'supervoxel', seeds, ...division, ...op } }))).message;
  expect(await refused({ image: 99_999 })).toContain('no volume 99999');
  expect(await refused({ seeds: [[60, 0, 0]] })).toContain('no seed');
  expect(await refused({ cell: [64, 64, 64] })).toContain('voxels');
  expect(await refused({ contrast: 0 })).toContain('contrast');
  painter.client.control(FrameType.READ, { volume, id: 'outside', supervoxel: { ...division, seed: [60, 0, 0] } });
  expect((await painter.refused('outside')).message).toContain('is not in the volume');
  producer.automatic = false;
  const other = await producer.declare({ name: 'slow', shape, fingerprint: 'slow-1' });
  const waits = painter.send(volume, { op: { kind: 'supervoxel', seeds, ...division, image: other } });
  await producer.need(other, [0, 0, 0, 0]);
  painter.client.control(FrameType.CANCEL_EDIT, { volume, id: waits });
  expect((await painter.refused(waits)).code).toBe(4499);
  expect(await painter.counts(volume)).toEqual([]);
  await Promise.all([painter.close(), producer.close()]);
});
