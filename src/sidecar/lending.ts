/** Hands level 0 of a volume over to the memory that its producer shares, and back. */

import type { LentBricks } from './brick_store.js';
import type { Broker } from './broker.js';
import type { SharedArray } from './shared_array.js';
import type { VolumeRecord } from './volume_record.js';

/** Level 0 of `record` is cut from `array` from now on, or made by its producer where there is none. */
export function lend(broker: Broker, record: VolumeRecord, array: SharedArray | undefined): void {
  record.shared?.close();
  record.shared = array;
  broker.store.lend(record.handle, array && lentBricks(record, array));
  if (!array) return;
  for (const brick of broker.store.bricks(record.handle)) {
    if (brick.key.level === 0 && broker.store.drop(record.handle, brick.id)) broker.lost(record, brick);
  }
  for (const demand of [...record.demands.values()]) {
    if (demand.key.level !== 0 || demand.offset !== undefined) continue;
    record.demands.delete(demand.id);
    record.producer?.queue.delete(demand.globalId);
    for (const viewer of demand.waiters.keys()) viewer.ready(record, demand.id);
  }
  broker.slotFreed();
}

/** The bricks of level 0 of a volume, as they are in memory when they are read. */
function lentBricks(record: VolumeRecord, array: SharedArray): LentBricks {
  return {
    has: (id) => id.startsWith('0/'),
    brick: (id) => {
      const [level, z, y, x] = id.split('/').map(Number) as [number, number, number, number];
      const [key, { handle: volume, units, generation, dtypeCode }] = [{ level, z, y, x }, record];
      const cut = (into: Uint8Array): number => array.cut(into, key, { volume, dtype: dtypeCode, generation });
      return { volume, key, id, offset: -1, units, bytes: array.frameBytes, generation, preview: false, cut };
    },
  };
}
