/** Tiles through a live sidecar and a real session: the bytes of a slice, stale ones cancelled, changed ones renewed. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { STORED_TILE_EDGE } from '../../../src/protocol/index.js';
import type { Tile, WantedPlane, WantedTile } from '../../../src/session/types.js';
import { axisPlane } from '../../../src/volume/plane.js';
import { planTiles } from '../../../src/volume/tile_plan.js';
import { GoodProducer } from '../../conformance/good_producer.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';
import { makeBrick } from '../sidecar/synthetic_bricks.js';
import { WatchedSession } from './node_session.js';

const SHAPE: [number, number, number] = [2048, 2048, 2048];
const ramp = (z: number, y: number, x: number) => 500 + 4 * z + 8 * y + 16 * x;

let sidecar: SidecarProcess;
let producer: GoodProducer;
beforeAll(async () => {
  sidecar = await SidecarProcess.start({ store_bytes: 256 * 2 ** 20 });
  producer = await GoodProducer.connect(sidecar);
  producer.voxels = ([level, z, y, x]) => makeBrick(ramp, SHAPE, 'u16', { level, z, y, x });
});
afterAll(() => sidecar?.stop());

const plan = (plane: WantedPlane, width: number, height: number): WantedTile[] =>
  planTiles({
    extent: { a0: 0, a1: 2048, b0: 0, b1: 2048 }, levels: 6, slots: 1000, texelsPerPixel: 1,
    visible: { a0: 1000 - width / 2, a1: 1000 + width / 2, b0: 1100 - height / 2, b1: 1100 + height / 2 },
  }).tiles.map((tile) => ({ ...tile, plane }));

test('a slice of 2048³ voxels at 800 × 600 settles with at most 2 MiB; a changed brick renews its tiles; the stale are cancelled', async () => {
  const volume = await producer.declare({ name: 'large', shape: SHAPE, stored: 'u16', dtype: 'uint16' });
  const url = `ws://127.0.0.1:${sidecar.port}/v1/stream`;
  const session = new WatchedSession([{ kind: 'direct', url, ticket: () => sidecar.ticket('view') }]);
  const tiles = new Map<string, Tile>();
  const changed: { volume: number; test: (plane: number, key: { level: number; row: number; column: number }) => boolean }[] = [];
  session.on('tile', (tile) => {
    tiles.set([tile.plane, tile.level, tile.row, tile.column].join(), tile);
    session.tiles.consumed(tile);
  });
  session.on('tilesChanged', (event) => changed.push(event));
  const until = async (condition: () => boolean, what: string) => {
    for (let i = 0; i < 6000 && !condition(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    if (!condition()) throw new Error(`waited for ${what}: ${tiles.size} tiles`);
  };
  await until(() => session.volumes.has(volume), 'the volume');
  const before = session.counters.bytesReceived;
  const plane = { number: 5, frame: axisPlane(0, 700), time: 0 };
  const wanted = plan(plane, 800, 600);
  session.tiles.want(volume, wanted);
  await until(() => tiles.size === wanted.length, 'all tiles');
  const bytes = session.counters.bytesReceived - before;
  expect(bytes).toBeLessThanOrEqual(2 * 2 ** 20);
  expect(bytes).toBeGreaterThan(800 * 600 * 2);
  expect(session.counters.bricksReceived).toBe(0);
  // Every texel of a tile in the middle is the voxel of its plane.
  const middle = tiles.get('5,0,8,7') as Tile;
  for (const [j, i] of [[0, 0], [1, 1], [64, 100], [129, 129]] as const) {
    expect(middle.voxels[j * STORED_TILE_EDGE + i]).toBe(ramp(700, 8 * 128 + j - 1, 7 * 128 + i - 1));
  }
  // From browser memory: no tile comes, whatever else is told meanwhile.
  session.tiles.want(volume, []);
  tiles.clear();
  const held = session.counters.tilesReceived;
  session.tiles.want(volume, wanted.slice(0, 5));
  await until(() => tiles.size === 5, 'tiles of browser memory');
  expect(session.counters.tilesReceived).toBe(held);
  // Brick (10, 16, 14) of level 0 has new content: one of the wanted tiles is made of it.
  session.tiles.want(volume, wanted);
  await until(() => tiles.size === wanted.length, 'all tiles again');
  producer.generation = 2;
  producer.voxels = ([level, z, y, x]) => makeBrick((a, b, c) => ramp(a, b, c) + 1, SHAPE, 'u16', { level, z, y, x });
  producer.client.control(17, { volume, generation: 2, boxes: [[0, 10, 16, 14, 11, 17, 15]] });
  await until(() => (tiles.get('5,0,8,7')?.generation ?? 0) >= 1 && tiles.get('5,0,8,7') !== middle && changed.length === 1, 'the renewed tile');
  await until(() => tiles.get('5,0,8,7')?.voxels[64 * STORED_TILE_EDGE + 64 - 32] === ramp(700, 8 * 128 + 63, 7 * 128 + 31) + 1, 'its new values');
  expect(changed[0]?.test(5, { level: 0, row: 8, column: 7 })).toBe(true);
  expect(changed[0]?.test(5, { level: 0, row: 3, column: 3 })).toBe(false);
  expect(changed[0]?.test(5, { level: 2, row: 2, column: 1 })).toBe(false);
  // The next plane is left before it is here: nothing more is made of it.
  tiles.clear();
  producer.automatic = false;
  const needs = producer.needs.length;
  session.tiles.want(volume, plan({ number: 6, frame: axisPlane(1, 300), time: 0 }, 800, 600));
  await producer.client.until(() => producer.needs.length > needs, 'needs');
  session.tiles.want(volume, []);
  await producer.client.until(() => producer.cancels.length >= producer.needs.length - needs, 'cancels');
  producer.automatic = true;
  for (const { volume: of, key } of producer.needs.slice(needs)) producer.answer(of, key);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(producer.needs.length - needs).toBeLessThan(64);
  expect(tiles.size).toBe(0);
  session.close();
});
