/** One editable volume over its storage: what is there when it is taken up again, and what a commit that fails leaves. */

import { expect, test } from '@jest/globals';
import { type EditHead, type Edited, type ErrorMessage, FrameType } from '../../../src/protocol/index.js';
import type { LabelBrick } from '../../../src/volume/labels/brick.js';
import type { StoredBrick } from '../../../src/sidecar/brick_store.js';
import { type LabelBatch, MemoryLabelStorage, type StoredLabels } from '../../../src/sidecar/labels/label_storage.js';
import { LabelVolume } from '../../../src/sidecar/labels/label_volume.js';
import { Lru } from '../../../src/sidecar/labels/lru.js';
import { VolumeRecord } from '../../../src/sidecar/volume_record.js';
import { DESCRIPTION } from '../../conformance/good_producer.js';

/** A disk that can be full. */
class FullStorage extends MemoryLabelStorage {
  full = false;
  readonly batches: LabelBatch[] = [];

  override async commit(batch: LabelBatch): Promise<void> {
    if (this.full) throw new Error('no space left');
    await super.commit(batch);
    this.batches.push(batch);
  }
}

const SHAPE = [64, 64, 200] as const;
const STORED: StoredLabels = {
  name: 'kept', shape: SHAPE, voxel_size: [1, 1, 1], origin: [0, 0, 0], unit: '', dtype: 'u8', fingerprint: 'f', seq: 0, generation: 1,
};
let ids = 0;

/** A volume, and what is said of it. */
function open(storage: MemoryLabelStorage) {
  const told: Edited[] = [];
  const errors: ErrorMessage[] = [];
  const wake = new Set<() => void>();
  const heard = <T>(list: T[]) => (item: T): void => {
    list.push(item);
    for (const one of wake) one();
  };
  const services = {
    hub: { tell: (type: FrameType, message: Edited) => type === FrameType.EDITED && heard(told)(message), send: () => {} },
    catalog: { outdated: (record: VolumeRecord, { generation }: { generation: number }) => { record.generation = generation; } },
  };
  const stored = storage.volumes()[0] as StoredLabels;
  const record = new VolumeRecord(1, { ...DESCRIPTION, name: 'kept', kind: 'labels', shape: [...SHAPE], stored: 'u8', dtype: 'uint8', editable: true });
  const volume = new LabelVolume(() => services as never, record, stored, storage, new Lru<LabelBrick>(600_000), new Lru<StoredBrick>(600_000));
  const connection = { sendControl: (type: FrameType, message: Edited) => type === FrameType.EDITED && heard(told)(message), error: heard(errors) } as never;
  const until = async (found: () => boolean): Promise<void> => {
    while (!found()) await new Promise<void>((resolve) => wake.add(resolve));
  };
  return {
    volume, told, errors, until,
    ask(x: number, label: number, author = 'Ann', undo?: 'undo' | 'redo', id = `edit ${ids}`): string {
      ids += 1;
      const op = { kind: 'box' as const, start: [0, 0, x] as [number, number, number], stop: [64, 64, x + 10] as [number, number, number] };
      const edit: EditHead = { id, volume: 1, author, op, label, mode: { write: 'all' } };
      volume.submit({ connection, id, author, edit: undo ? undefined : edit, tail: undefined, undo, ended: () => {} });
      return id;
    },
    row: (): string => Array.from({ length: 20 }, (_, i) => {
      const brick = volume.bricks.read(0, 0, 0, Math.floor((i * 10) / 64));
      return typeof brick === 'number' ? brick : brick[(i * 10) % 64];
    }).join(''),
  };
}

test('what was committed is there when it is taken up again: labels, history, and what can be taken back', async () => {
  const storage = new FullStorage();
  storage.create(STORED);
  const first = open(storage);
  const id = first.ask(0, 1);
  first.ask(60, 2, 'Bob');
  first.ask(190, 3);
  first.ask(0, 0, 'Ann', 'undo');
  await first.until(() => first.told.length === 4);
  expect(first.row()).toBe('10000020000000000000');
  expect(storage.batches.flatMap(({ ops }) => ops.map(({ seq }) => seq))).toEqual([1, 2, 3, 4]);
  expect(first.told.map(({ seq, generation }) => [seq, generation])).toEqual([[1, 2], [2, 3], [3, 4], [4, 5]]);

  const second = open(storage);
  expect([second.volume.seq, second.volume.record.generation, second.volume.record.edited]).toEqual([4, 5, true]);
  expect(second.row()).toBe('10000020000000000000');
  second.ask(0, 9, 'Ann', undefined, id); // sent again after the connection broke
  second.ask(0, 0, 'Ann', 'redo');
  second.ask(0, 0, 'Bob', 'undo');
  second.ask(0, 0, 'Ann', 'undo');
  second.ask(0, 0, 'Ann', 'undo');
  await second.until(() => second.told.length === 5);
  expect(second.told[0]).toEqual(first.told[0]);
  expect(second.told.slice(1).map(({ seq, undo, voxels }) => [seq, undo, voxels])).toEqual([
    [5, 'redo', 40_960], [6, 'undo', 40_960], [7, 'undo', 40_960], [8, 'undo', 40_960],
  ]);
  expect(second.row()).toBe('00000000000000000000');
  expect(storage.keys('kept')).toEqual([]); // what is empty is not kept
});

test('edits that cannot be stored are refused, leave nothing, and the next one goes on from before', async () => {
  const storage = new FullStorage();
  storage.create(STORED);
  const { volume, told, errors, until, ask, row } = open(storage);
  ask(0, 1);
  await until(() => told.length === 1);
  storage.full = true;
  ask(10, 2);
  ask(0, 0, 'Ann', 'undo');
  ask(20, 3);
  await until(() => errors.length === 3);
  expect(errors[0]).toMatchObject({ code: 4507, message: expect.stringContaining('no space left') });
  expect(row()).toBe('10000000000000000000');
  expect([volume.seq, told.length]).toEqual([1, 1]);
  storage.full = false;
  ask(30, 4);
  ask(0, 0, 'Ann', 'undo');
  ask(0, 0, 'Ann', 'undo');
  ask(0, 0, 'Ann', 'undo');
  await until(() => told.length === 4 && errors.length === 4);
  expect(told.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  expect(errors[3]).toMatchObject({ code: 4404 });
  expect(row()).toBe('00000000000000000000');
});
