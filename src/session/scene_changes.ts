/** What a transaction changed in the maps of a document, as plain values: enough to make the same change in another document. */

import * as Y from 'yjs';
import { ANNOTATION_EDITS, ANNOTATIONS, readEditKey } from '../protocol/scene_keys.js';

/** One entry of a map. */
export interface SceneChange {
  /** The root's name, and the keys that lead from there to the map. */
  readonly path: readonly string[];
  readonly key: string;
  /** Undefined: it was taken away. */
  readonly value: unknown;
}

/** A map that stood in the document, without it. */
class PlainMap {
  readonly entries: readonly (readonly [string, unknown])[];

  constructor(map: Y.Map<unknown>) {
    this.entries = [...map].map(([key, value]) => [key, plain(value)]);
  }

  made(): Y.Map<unknown> {
    return new Y.Map(this.entries.map(([key, value]) => [key, made(value)]));
  }
}

const plain = (value: unknown): unknown => (value instanceof Y.Map ? new PlainMap(value) : value);
const made = (value: unknown): unknown => (value instanceof PlainMap ? value.made() : value);

/** All that a transaction changed, as it stands now. */
export function changesOf({ doc, changed }: Y.Transaction): SceneChange[] {
  const changes: SceneChange[] = [];
  for (const [type, keys] of changed) {
    const map = type instanceof Y.Map ? (type as Y.Map<unknown>) : undefined;
    const path = map && pathOf(doc, map);
    if (!map || !path) continue;
    for (const key of keys) if (key !== null) changes.push({ path, key, value: plain(map.get(key)) });
  }
  return changes;
}

function pathOf(doc: Y.Doc, type: Y.Map<unknown>): readonly string[] | undefined {
  const keys: string[] = [];
  let at: unknown = type;
  while (at instanceof Y.AbstractType && at._item) {
    const { deleted, parentSub, parent } = at._item;
    if (deleted || parentSub === null) return undefined;
    keys.unshift(parentSub);
    at = parent;
  }
  for (const [name, root] of doc.share) if (root === at) return [name, ...keys];
  return undefined;
}

/** Makes changes again, as one transaction; those that have lost what they are of are left out, and returned. */
export function makeAgain(doc: Y.Doc, changes: readonly SceneChange[], origin: object): SceneChange[] {
  const lost: SceneChange[] = [];
  // Rows before what is changed in them.
  const ordered = [...changes].sort((a, b) => Number(a.path[0] === ANNOTATION_EDITS) - Number(b.path[0] === ANNOTATION_EDITS));
  doc.transact(() => {
    for (const change of ordered) {
      const map = mapAt(doc, change.path);
      if (!map || isOrphan(doc, change)) lost.push(change);
      else if (change.value !== undefined) map.set(change.key, made(change.value));
      else if (map.has(change.key)) map.delete(change.key);
    }
  }, origin);
  return lost;
}

function mapAt(doc: Y.Doc, [root, ...keys]: readonly string[]): Y.Map<unknown> | undefined {
  let map: unknown = doc.getMap(root);
  for (const key of keys) map = map instanceof Y.Map ? map.get(key) : undefined;
  return map instanceof Y.Map ? map : undefined;
}

/** A changed field of an annotation that is not there. */
function isOrphan(doc: Y.Doc, { path, key, value }: SceneChange): boolean {
  const [id] = (path[0] === ANNOTATION_EDITS && path.length === 1 && value !== undefined && readEditKey(key)) || [];
  return id !== undefined && !doc.getMap(ANNOTATIONS).has(id);
}
