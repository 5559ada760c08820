/** Annotations that were removed stay as `deleted: true`, so that a removal beside an edit can be seen and undone; after thirty days they go. */

import type * as Y from 'yjs';
import { StoredAnnotations } from '../../annotation/stored_annotations.js';

export const TOMBSTONE_MS = 30 * 24 * 3_600_000;

/** What a sweep is in the document's events. */
export const SWEEP = 'sweep';

/** Removes annotations that have been tombstones for thirty days at `now`; returns how many. */
export function sweepTombstones(doc: Y.Doc, now: number): number {
  const stored = new StoredAnnotations(doc);
  const old: string[] = [];
  for (const id of stored.rows.keys()) {
    const entry = stored.entry(id);
    if (entry?.get('deleted') !== true) continue;
    const modified = Date.parse(String(entry.get('modified')));
    if (modified <= now - TOMBSTONE_MS) old.push(id);
  }
  const sweep = () => {
    for (const id of old) stored.delete(id);
  };
  if (old.length > 0) doc.transact(sweep, SWEEP);
  return old.length;
}
