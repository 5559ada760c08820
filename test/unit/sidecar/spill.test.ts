/** Bricks that go to disk when the store is full: they come back as they were, and what the disk does to them is never wrong. */

import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FrameType } from '../../../src/protocol/index.js';
import { BrickStore, readBrick } from '../../../src/sidecar/brick_store.js';
import type { SlotUnits } from '../../../src/sidecar/slot_allocator.js';
import { MAX_SPILLING, Spill } from '../../../src/sidecar/spill.js';
import { GROUP_BYTES } from '../../../src/sidecar/store_budget.js';
import { StoreFile } from '../../../src/sidecar/store_file.js';
import { Client } from '../../conformance/client.js';
import { brickFrame, GoodProducer } from '../../conformance/good_producer.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';

const SHAPE = [192, 192, 192];
/** 27 bricks at level 0, 8 at 1, 1 at 2. */
const KEYS = [[2, 3], [1, 2], [0, 3]].flatMap(([level, n], i) => {
  const side = i === 0 ? 1 : (n as number);
  return Array.from({ length: side ** 3 }, (_, j) => [level as number, Math.floor(j / side ** 2), Math.floor(j / side) % side, j % side]);
});
const folder = mkdtempSync(path.join(os.tmpdir(), 'voxbeam-spill-'));
let names = 0;
const fresh = (fields: object = {}) => {
  names += 1;
  return { name: `volume ${names}`, shape: SHAPE, ...fields };
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('any use of a store that spills', () => {
  /** A store of 16 groups and 24 on disk, with bricks of a few bytes that say which they are. */
  function open() {
    const file = StoreFile.create(16 * GROUP_BYTES);
    const spill = new Spill(file, StoreFile.create(24 * GROUP_BYTES, undefined, folder, 'spill_bytes'));
    const gone = new Set<string>();
    const told = (brick: { volume: number; id: string }) => gone.add(`${brick.volume}:${brick.id}`);
    spill.lost = told;
    let settled = () => {};
    spill.settled = () => settled();
    const it = new BrickStore(file.bytes, () => false, told, spill);
    const frame = (volume: number, x: number, generation: number) => Buffer.from(`brick ${x} of ${volume}, ${generation}`.padEnd(64));
    return {
      it, spill, gone, frame,
      put(volume: number, x: number, units: SlotUnits, generation: number, spare?: number): boolean {
        const offset = it.reserve(units, spare);
        if (offset === undefined) return false;
        file.write(offset, frame(volume, x, generation));
        gone.delete(`${volume}:${x}`);
        it.commit({ volume, key: { level: 0, z: 0, y: 0, x }, id: `${x}`, offset, units, bytes: 64, generation, preview: false });
        return true;
      },
      read(volume: number, x: number): string | undefined {
        const brick = it.use(volume, `${x}`);
        const into = Buffer.alloc(64);
        if (brick) readBrick(brick, file, into);
        return brick && into.toString();
      },
      quiet: () => new Promise<void>((resolve) => {
        settled = () => !spill.busy && resolve();
        if (!spill.busy) resolve();
      }),
      close() {
        file.close();
        spill.close();
      },
    };
  }

  test('gives each brick that it has not let go, as it was written last, and stays within its bounds', async () => {
    const act = fc.record({
      what: fc.constantFrom('put', 'put', 'put', 'read', 'drop', 'wait', 'all gone'), volume: fc.integer({ min: 1, max: 3 }), x: fc.nat(39), fill: fc.boolean(),
    });
    await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 60, maxLength: 300 }), async (acts) => {
      const s = open();
      const written = new Map<string, string>();
      let generation = 0;
      for (const { what, volume, x, fill } of acts) {
        const id = `${volume}:${x}`;
        generation += 1;
        if (what === 'put' && s.put(volume, x, ([1, 2, 4] as const)[volume - 1] as SlotUnits, generation, fill ? volume : undefined)) {
          written.set(id, s.frame(volume, x, generation).toString());
        } else if (what === 'drop') {
          s.it.drop(volume, `${x}`);
          written.delete(id);
        } else if (what === 'wait') await s.quiet();
        else if (what === 'all gone') {
          s.it.dropVolume(volume);
          for (const key of written.keys()) if (key.startsWith(`${volume}:`)) written.delete(key);
        }
        if (what === 'read') expect(s.read(volume, x)).toBe(s.gone.has(id) ? undefined : written.get(id));
        expect(s.spill.usedBytes).toBeLessThanOrEqual(24 * GROUP_BYTES);
      }
      await s.quiet();
      for (const [id, text] of written) {
        const [volume, x] = id.split(':').map(Number) as [number, number];
        expect(s.read(volume, x)).toBe(s.gone.has(id) ? undefined : text);
      }
      const held = [1, 2, 3].flatMap((volume) => s.it.bricks(volume));
      expect(held.length).toBe([...written.keys()].filter((id) => !s.gone.has(id)).length);
      s.close();
    }), { numRuns: 30 });
  });

  test('a fill waits for the disk, others do not', async () => {
    const s = open();
    const total = 64 + MAX_SPILLING;
    for (let x = 0; x < total; x += 1) expect(s.put(1, x, 1, 1, 1)).toBe(true);
    expect([s.put(1, total, 1, 1, 1), s.it.expectsRoom, s.gone.size]).toEqual([false, true, 0]);
    expect([s.put(1, total, 1, 1), s.gone.size]).toEqual([true, 1]); // of a viewer: one is let go
    await s.quiet();
    expect(s.put(1, total + 1, 1, 1, 1)).toBe(true);
    await s.quiet();
    for (let x = 1; x < total; x += 1) if (!s.gone.has(`1:${x}`)) expect(s.read(1, x)).toContain(`brick ${x} of 1`);
    s.close();
  });
});

describe('a sidecar that spills', () => {
  test('a volume larger than its memory is resident, each brick byte for byte, also when its producer is gone; nothing is left of the file', async () => {
    const sidecar = await SidecarProcess.start({ store_bytes: 16 * GROUP_BYTES, spill_dir: folder, spill_bytes: 40 * GROUP_BYTES });
    const producer = await GoodProducer.connect(sidecar);
    expect(producer.client.welcome.store_bytes).toBe(56 * GROUP_BYTES);
    const volume = await producer.declare(fresh({ stored: 'f32' })); // 36 bricks; 16 fit in memory
    producer.client.control(FrameType.FILL, { volume });
    await producer.client.next(FrameType.STATUS, (f) => f.json.volume === volume && f.json.complete);
    expect(producer.needs.length).toBe(KEYS.length); // none was made twice
    await producer.close();
    const client = await Client.greet(sidecar, 'viewer', 'view', { credit_bytes: 2 ** 26 });
    client.control(FrameType.NEED, { volume, keys: KEYS.map((key, i) => [...key, i]) });
    await client.until(() => client.all(FrameType.BRICK).length === KEYS.length, 'all bricks');
    for (const { header: { level, z, y, x }, frame } of client.all(FrameType.BRICK)) {
      expect(Buffer.compare(frame, brickFrame(volume, 'f32', [level, z, y, x]))).toBe(0);
    }
    const { spill, used_bytes: used } = JSON.parse(JSON.stringify(await sidecar.status()));
    expect(used).toBeLessThanOrEqual(16 * GROUP_BYTES);
    expect(spill).toMatchObject({ bytes: 40 * GROUP_BYTES, bricks: KEYS.length - 16 });
    expect(spill.read_bytes).toBeGreaterThanOrEqual((KEYS.length - 16) * 66 ** 3 * 4);
    await sidecar.stop('SIGKILL');
    if (process.platform === 'linux') expect(readdirSync(folder)).toEqual([]);
  }, 60_000);

  test('bricks that changed are not taken from disk', async () => {
    const sidecar = await SidecarProcess.start({ store_bytes: 16 * GROUP_BYTES, spill_dir: folder, spill_bytes: 40 * GROUP_BYTES });
    const producer = await GoodProducer.connect(sidecar);
    const volume = await producer.declare(fresh({ stored: 'f32' }));
    producer.client.control(FrameType.FILL, { volume });
    await producer.client.next(FrameType.STATUS, (f) => f.json.volume === volume && f.json.complete);
    producer.generation = 2;
    const from = producer.client.frames.length;
    producer.client.control(FrameType.CHANGED, { volume, generation: 2, boxes: [[0, 0, 0, 0, 3, 3, 3]] });
    await producer.client.next(FrameType.STATUS, (f) => f.json.volume === volume && f.json.complete, from);
    const client = await Client.greet(sidecar, 'viewer', 'view', { credit_bytes: 2 ** 26 });
    client.control(FrameType.NEED, { volume, keys: KEYS.map((key, i) => [...key, i]) });
    await client.until(() => client.all(FrameType.BRICK).length === KEYS.length, 'all bricks');
    for (const { header: { level, generation } } of client.all(FrameType.BRICK)) expect(generation).toBe(level === 0 ? 2 : 1);
    await sidecar.stop();
  }, 60_000);

  test.each([
    [{ spill_dir: '/no/such/folder' }, /spill_dir: .*ENOENT/], [{ spill_dir: 'here' }, /spill_dir: the path is not absolute/],
    [{ spill_dir: os.tmpdir(), spill_bytes: 2 ** 50 }, /spill_bytes \d+ is more than the \d+ bytes free/], [{ spill_dir: os.tmpdir(), spill_bytes: 5 }, /spill_bytes/],
  ])('%j is refused at the start', async (config, words) => {
    const sidecar = await SidecarProcess.start(config).catch((error) => error);
    expect(String(sidecar.started?.error ?? sidecar)).toMatch(words);
  });
});

describe('a disk that is full while bricks are spilled', () => {
  const disk = path.join(folder, 'disk');
  let mounted = false;
  beforeAll(() => {
    try {
      execFileSync('mkdir', [disk]);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk], { stdio: 'ignore' });
      mounted = true;
    } catch {
      // only root may mount: the folder for temporary files is not filled up for this
    }
  });
  afterAll(() => {
    if (mounted) execFileSync('umount', [disk]);
  });

  test('the fill ends with the reason, the volume goes on brick by brick, every voxel right', async () => {
    if (!mounted) return;
    const sidecar = await SidecarProcess.start({ store_bytes: 16 * GROUP_BYTES, spill_dir: disk, spill_bytes: 40 * GROUP_BYTES });
    try {
      const producer = await GoodProducer.connect(sidecar);
      fillUp(path.join(disk, 'other'), 6 * GROUP_BYTES); // six bricks still fit
      const volume = await producer.declare(fresh({ stored: 'f32' }));
      producer.client.control(FrameType.FILL, { volume });
      const { json } = await producer.client.next(FrameType.ERROR);
      expect(json).toMatchObject({ code: 4507, volume });
      expect(json.message).toMatch(/the disk that bricks are spilled to is full; it stays at \d+ of its 46530560 bytes/);
      for (const round of [0, 1]) {
        const client = await Client.greet(sidecar, 'viewer', 'view', { credit_bytes: 2 ** 26 });
        client.control(FrameType.NEED, { volume, keys: KEYS.map((key, i) => [...key, i + round]) });
        await client.until(() => client.all(FrameType.BRICK).length === KEYS.length, 'all bricks, made again where need be');
        for (const { header: { level, z, y, x }, frame } of client.all(FrameType.BRICK)) {
          expect(Buffer.compare(frame, brickFrame(volume, 'f32', [level, z, y, x]))).toBe(0);
        }
        await client.close();
      }
      const { spill } = JSON.parse(JSON.stringify(await sidecar.status()));
      expect(spill.message).toMatch(/is full/);
      expect(spill.bricks).toBeGreaterThan(0); // what had been written goes on being used
      expect(spill.bricks).toBeLessThanOrEqual(6);
      expect(sidecar.log.match(/spilled to is full/g)).toHaveLength(1);
      unlinkSync(path.join(disk, 'other'));
      const from = producer.client.frames.length;
      producer.client.control(FrameType.FILL, { volume }); // there is room again
      await producer.client.next(FrameType.STATUS, (f) => f.json.volume === volume && f.json.complete, from);
    } finally {
      await sidecar.stop();
    }
  }, 60_000);
});

/** Takes all that is left of a file system but some bytes. */
function fillUp(file: string, but: number): void {
  const fd = openSync(file, 'w');
  const free = Number(execFileSync('df', ['--output=avail', '-B1', path.dirname(file)]).toString().split('\n')[1]) - but;
  for (let left = free; left > 0; ) left -= writeSync(fd, Buffer.alloc(Math.min(left, 2 ** 20)));
  closeSync(fd);
}
