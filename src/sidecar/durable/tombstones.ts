/** Annotations that were removed stay as `deleted: true`, so that a removal beside an edit can be seen and undone; after thirty days they go. */

import * as Y from 'yjs';

export const TOMBSTONE_MS = 30 * 24 * 3_600_000;

/** What a sweep is in the document's events. */
export const SWEEP = 'sweep';

/** Removes annotations that have been tombstones for thirty days at `now`; returns how many. */
export function sweepTombstones(doc: Y.Doc, now: number): number {
  const annotations = doc.getMap('annotations');
  const old: string[] = [];
  for (const [id, entry] of annotations) {
    if (!(entry instanceof Y.Map) || entry.get('deleted') !== true) continue;
    const modified = Date.parse(String(entry.get('modified')));
    if (modified <= now - TOMBSTONE_MS) old.push(id);
  }
  const sweep = () => {
    for (const id of old) annotations.delete(id);
  };
  if (old.length > 0) doc.transact(sweep, SWEEP);
  return old.length;
}
