/** Producers against a live sidecar and against one that is told to be wrong: one written from the protocol's page alone, and our own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from '@jest/globals';
import { encodeControl, encodeFrame, FrameType, readHeader, readPayload, STORED_EDGE, UNIT_BYTES } from '../../src/protocol/index.js';
import { parseBrick } from '../../src/protocol/arrow.js';
import { levelCount } from '../../src/volume/geometry.js';
import { Client } from './client.js';
import { HANDLE, ScriptedSidecar } from './scripted_sidecar.js';
import { SidecarProcess } from './sidecar_process.js';

const SHAPE = [70, 66, 130] as const;
const voxel = (z: number, y: number, x: number) => (7 * z + 3 * y + x) % 251;

/** A level as the page defines it: means of the existing voxels of each 2×2×2, rounded half up. */
function level(l: number): { shape: readonly number[]; at: (z: number, y: number, x: number) => number } {
  if (l === 0) return { shape: SHAPE, at: voxel };
  const { shape, at } = level(l - 1);
  const [nz, ny, nx] = shape as [number, number, number];
  const coarse = shape.map((n) => Math.ceil(n / 2)) as [number, number, number];
  const values = new Uint8Array(coarse[0] * coarse[1] * coarse[2]);
  const place = (z: number, y: number, x: number) => (z * coarse[1] + y) * coarse[2] + x;
  for (let z = 0; z < coarse[0]; z += 1) for (let y = 0; y < coarse[1]; y += 1) for (let x = 0; x < coarse[2]; x += 1) {
    let [sum, count] = [0, 0];
    for (let i = 0; i < 8; i += 1) {
      const [a, b, c] = [2 * z + (i >> 2), 2 * y + ((i >> 1) & 1), 2 * x + (i & 1)] as const;
      if (a < nz && b < ny && c < nx) [sum, count] = [sum + at(a, b, c), count + 1];
    }
    values[place(z, y, x)] = Math.floor(sum / count + 0.5);
  }
  return { shape: coarse, at: (z, y, x) => values[place(z, y, x)] as number };
}
const levels = Array.from({ length: levelCount(SHAPE) }, (_, l) => level(l));

/** Whether a BRICK frame holds what the page says that the brick holds. */
function holds(frame: Buffer, [l, ...index]: readonly number[]): boolean {
  const header = readHeader(frame);
  const voxels = parseBrick(readPayload(Buffer.from(frame), header), 'u8');
  const { shape, at } = levels[l as number] as (typeof levels)[number];
  const inside = (i: number, axis: number) => Math.min(Math.max(64 * (index[axis] as number) - 1 + i, 0), (shape[axis] as number) - 1);
  for (let z = 0; z < STORED_EDGE; z += 7) for (let y = 0; y < STORED_EDGE; y += 5) for (let x = 0; x < STORED_EDGE; x += 1) {
    if (voxels[(z * STORED_EDGE + y) * STORED_EDGE + x] !== at(inside(z, 0), inside(y, 1), inside(x, 2))) return false;
  }
  return header.generation >= 1 && header.flags === 0;
}

const keys: number[][] = levels.flatMap(({ shape }, l) => {
  const [nz, ny, nx] = shape.map((n) => Math.ceil(n / 64)) as [number, number, number];
  return Array.from({ length: nz * ny * nx }, (_, i) => [l, Math.floor(i / (ny * nx)), Math.floor(i / nx) % ny, i % nx]);
});

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Starts a producer; `volume` resolves with each handle it is given. */
function produce(program: string, port: number, token: string, inline: boolean) {
  const child = spawn('.venv/bin/python', ['-u', `test/conformance/${program}`], {
    stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, PYTHONPATH: 'python-bridge' },
  });
  children.push(child);
  child.stdin?.write(`${JSON.stringify({ port, token, inline, shape: SHAPE, name: 'stranger' })}\n`);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  return { child, volume: async () => JSON.parse((await lines.next()).value as string).volume as number };
}

describe.each(['producer.py', 'own_producer.py'])('%s', (program) => {
  test.each([false, true])('fills a live sidecar with the right voxels (inline: %s)', async (inline) => {
    const sidecar = await SidecarProcess.start();
    const { volume } = produce(program, sidecar.port, sidecar.token, inline);
    const handle = await volume();
    const viewer = await Client.greet(sidecar, 'viewer', 'view', { credit_bytes: 64 * 2 ** 20 });
    viewer.control(FrameType.NEED, { volume: handle, keys: keys.map((key, i) => [...key, i]) });
    await viewer.until(() => viewer.all(FrameType.BRICK).length >= keys.length, 'all bricks');
    for (const key of keys) {
      const found = viewer.all(FrameType.BRICK).findLast(({ header: h }) => h.level === key[0] && h.z === key[1] && h.y === key[2] && h.x === key[3]);
      expect({ key, right: found !== undefined && holds(found.frame, key) }).toEqual({ key, right: true });
    }
    const complete = async () => ((await sidecar.status()).volumes as { status: { complete: boolean } }[])[0]?.status.complete;
    for (const late = Date.now() + 60_000; !(await complete()); ) expect(Date.now()).toBeLessThan(late);
    viewer.socket.terminate();
    await sidecar.stop();
  });

  test('answers each need once and in its place, and bears what is wrong', async () => {
    const sidecar = new ScriptedSidecar();
    const { volume } = produce(program, await sidecar.start(), 'w'.repeat(43), false);
    expect(await volume()).toBe(HANDLE);

    sidecar.need([0, 0, 0, 1, 5, UNIT_BYTES], [0, 1, 1, 2, 1, 3 * UNIT_BYTES]); // into the store
    await sidecar.until(() => sidecar.answers().flatMap(({ json }) => json?.keys ?? []).length === 2, 'both');
    for (const [l, z, y, x, offset, bytes, generation] of sidecar.answers().flatMap(({ json }) => json.keys) as number[][]) {
      expect([generation, offset]).toEqual([1, z === 0 ? UNIT_BYTES : 3 * UNIT_BYTES]);
      expect(holds(sidecar.stored(offset as number, bytes as number), [l, z, y, x] as number[])).toBe(true);
    }

    let from = sidecar.said.length;
    sidecar.need([1, 0, 0, 0, 0, -1]); // inline
    const [inline] = await sidecar.until(() => sidecar.answers(from).length === 1 && sidecar.answers(from), 'the brick');
    expect([inline?.type, holds(inline?.frame as Buffer, [1, 0, 0, 0])]).toEqual([FrameType.BRICK, true]);

    from = sidecar.said.length;
    const none = [[0, 9, 0, 0], [0, 0, 0, 4294967295], [9, 0, 0, 0]];
    sidecar.need(...none.map((key) => [...key, 0, 0]), [0, 0, 0, 0, 9, 0]); // three that are not, and one that is
    await sidecar.until(() => sidecar.answers(from).length === 4, 'four answers');
    const refused = sidecar.answers(from).filter(({ type }) => type === FrameType.ERROR).map(({ json }) => json);
    expect(refused.map(({ key }) => key)).toEqual(expect.arrayContaining(none));
    for (const { code, fatal, message } of refused) expect([code, fatal, message.length > 0]).toEqual([4404, false, true]);

    from = sidecar.said.length;
    sidecar.need(...keys.map((key, i) => [...key, i, 4 * UNIT_BYTES * (i + 1)]));
    sidecar.control(FrameType.CANCEL, { volume: HANDLE, keys: keys.slice(1, 4) });
    sidecar.control(FrameType.CANCEL, { volume: HANDLE });
    sidecar.control(FrameType.PING, { t: 42 });
    await sidecar.until(() => sidecar.said.slice(from).some(({ type, json }) => type === FrameType.PONG && json.t === 42), 'PONG');
    const answered = () => sidecar.answers(from).flatMap(({ type, json }) => (type === FrameType.ERROR ? [json.key] : json.keys)).map((key: number[]) => key.slice(0, 4).join());
    await sidecar.until(() => answered().length >= keys.length, 'an answer to each');
    expect(answered().sort()).toEqual(keys.map((key) => key.join()).sort());
    expect(sidecar.answers(from).every(({ type, json }) => type !== FrameType.ERROR || json.code === 4499)).toBe(true);

    const damaged = encodeControl(FrameType.PING, { t: 1 });
    damaged[70] = (damaged[70] as number) ^ 1;
    const wrong = [damaged, encodeFrame(99 as FrameType, new Uint8Array(4)), Buffer.alloc(10), 'text'];
    for (const [i, bytes] of wrong.entries()) {
      sidecar.send(bytes); // the stream cannot be trusted: it comes back by its resume ticket, and declares anew
      await sidecar.until(() => sidecar.tickets.length === 2 + i && sidecar.said.filter(({ type }) => type === FrameType.VOLUME).length >= 2 + i, `connection ${i + 2}`);
      expect(sidecar.tickets.at(-1)).toBe('R'.repeat(43));
    }
    from = sidecar.said.length;
    await sidecar.until(() => {
      if (sidecar.answers(from).length === 0) sidecar.need([0, 0, 0, 0, 0, 0]);
      return sidecar.answers(from).length > 0;
    }, 'an answer');
    await sidecar.stop();
  });
});
