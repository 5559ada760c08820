/** What the owner can ask of an instance. */

import type { Services } from './services.js';
import { VERSION } from './version.js';

/** The answer of GET /v1/status. */
export function instanceStatus({ instance, broker, hub, catalog, counters, scene }: Services): object {
  return {
    instance,
    version: VERSION,
    pid: process.pid,
    store_bytes: broker.store.bytes,
    used_bytes: broker.store.usedBytes,
    ...(broker.store.spill && { spill: broker.store.spill.status }),
    viewers: hub.count('viewer'),
    producers: hub.count('producer'),
    volumes: [...catalog.records()].map((record) => record.announcement()),
    scene: { file: scene.keeper.file ?? null, ...scene.keeper.status },
    sent_bytes: counters.sentBytes,
    sent_bricks: counters.sentBricks,
    sent_constants: counters.sentConstants,
    sent_same: counters.sentSame,
    sent_tile_bytes: counters.sentTileBytes,
    sent_tiles: counters.sentTiles,
    sent_coded: counters.sentCoded,
    coded_from: counters.codedFrom,
    sent_previews: counters.sentPreviews,
    copied_bytes: counters.copiedBytes,
    stored_bytes: broker.storedBytes,
  };
}
