/** Makes a scene document what it was: an edit like any other, of which only what differs is written. */

import * as Y from 'yjs';
import { ANNOTATION_EDITS, ANNOTATIONS, readEditKey, StoredAnnotations } from '../../annotation/stored_annotations.js';

/** What of the document people draw. Layers belong to the volumes that are there now, so they stay as they are. */
const DRAWN = [ANNOTATION_EDITS, ANNOTATIONS, 'annotation_layers', 'classes', 'bookmarks'] as const;

/** What a restoration is in the document's events. */
export const RESTORE = 'restore';

type Json = unknown;

const plain = (value: unknown): Json => (value instanceof Y.AbstractType ? value.toJSON() : value);
const same = (a: Json, b: Json): boolean => a === b || JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

/** With the names of objects in order, so that equal ones have equal text. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => [name, sorted(one)]));
}

/** A copy for another document. */
const copied = (value: unknown): unknown => (value instanceof Y.Map ? value.clone() : plain(value));

function setMap(to: Y.Map<unknown>, from: Y.Map<unknown>): void {
  for (const name of [...to.keys()]) if (!from.has(name)) to.delete(name);
  for (const [name, value] of from) {
    const now = to.get(name);
    if (now instanceof Y.Map && value instanceof Y.Map) setMap(now, value);
    else if (!to.has(name) || !same(plain(now), plain(value))) to.set(name, copied(value));
  }
}

/**
 * Sets `doc` back to `then`.
 *
 * @param modified when: written into annotations that were added since, which become tombstones
 * @param author who
 */
export function setBack(doc: Y.Doc, then: Y.Doc, modified: string, author: string): void {
  const stored = new StoredAnnotations(doc);
  const rows = then.getMap(ANNOTATIONS);
  doc.transact(() => {
    for (const name of DRAWN) {
      const [to, from] = [doc.getMap(name), then.getMap(name)];
      for (const id of [...to.keys()]) {
        if (from.has(id)) continue;
        if (name === ANNOTATION_EDITS && !rows.has(readEditKey(id)?.[0] ?? '')) continue; // of one that becomes a tombstone
        if (name !== ANNOTATIONS || !stored.entry(id)) to.delete(id);
        else if (stored.read(id, 'deleted') !== true) {
          stored.write(id, 'deleted', true);
          stored.write(id, 'modified', modified);
          stored.write(id, 'modified_by', author);
        }
      }
      for (const [id, value] of from) {
        const now = to.get(id);
        if (now instanceof Y.Map && value instanceof Y.Map) setMap(now, value);
        else if (!to.has(id) || !same(plain(now), plain(value))) to.set(id, copied(value));
      }
    }
  }, RESTORE);
}

/** Annotations that are there, and whether anything of what people draw is. */
export function drawn(doc: Y.Doc): { annotations: number; anything: boolean } {
  let annotations = 0;
  const stored = new StoredAnnotations(doc);
  for (const id of stored.rows.keys()) {
    const entry = stored.entry(id);
    if (entry && entry.get('deleted') !== true) annotations += 1;
  }
  return { annotations, anything: annotations > 0 || DRAWN.some((name) => doc.getMap(name).size > 0) };
}
