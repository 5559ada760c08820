/** Says which edits were refused, in words people know. */

import { ANNOTATION_EDITS, ANNOTATIONS, readEditKey } from '../protocol/scene_keys.js';
import type { SceneChange } from './scene_changes.js';
import type { Doc } from 'yjs';

const NAMED = 3;
const NAME_CHARS = 40;
const WORDS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  [ANNOTATIONS]: ['annotation', 'annotations'],
  annotation_layers: ['layer of annotations', 'layers of annotations'],
  classes: ['class', 'classes'],
  layers: ['setting of a volume', 'settings of volumes'],
  bookmarks: ['bookmark', 'bookmarks'],
};

/** What `changes` were about, such as `2 annotations (crack, seed)`; `doc` still has them. */
export function wordsOf(doc: Doc, changes: readonly SceneChange[]): string {
  const ids = new Map<string, Set<string>>();
  for (const { path, key } of changes) {
    const root = path[0] === ANNOTATION_EDITS ? ANNOTATIONS : (path[0] ?? '');
    const id = path[1] ?? (path[0] === ANNOTATION_EDITS ? (readEditKey(key)?.[0] ?? key) : key);
    ids.set(root, (ids.get(root) ?? new Set()).add(id));
  }
  return [...ids].map(([root, of]) => counted(doc, root, [...of])).join(', ');
}

function counted(doc: Doc, root: string, ids: readonly string[]): string {
  const [one, many] = WORDS[root] ?? ['entry', 'entries'];
  const names = ids.slice(0, NAMED).map((id) => (root === ANNOTATIONS ? nameOf(doc, id) : root === 'classes' ? id : '')).filter(Boolean);
  const shown = names.length > 0 ? ` (${names.map((name) => name.slice(0, NAME_CHARS)).join(', ')}${ids.length > names.length ? ', …' : ''})` : '';
  return `${ids.length} ${ids.length === 1 ? one : many}${shown}`;
}

function nameOf(doc: Doc, id: string): string {
  const row: unknown = doc.getMap(ANNOTATIONS).get(id);
  try {
    const name: unknown = typeof row === 'string' ? JSON.parse(row).name : undefined;
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}
