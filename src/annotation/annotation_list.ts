/** The annotations of a document in the order they were made, read anew only where something changed: a hundred thousand stay usable. */

import { type Annotation, parseAnnotation } from './model.js';
import type { StoredAnnotations } from './stored_annotations.js';

/** Changes of more entries than this are sorted in together. */
const FEW = 32;

/** By code units: the same order in every place and locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

const byTime = (a: Annotation, b: Annotation): number => compare(a.created, b.created) || compare(a.id, b.id);

export class AnnotationList {
  readonly #byId = new Map<string, Annotation>();
  #sorted: readonly Annotation[] = [];
  /** Ids whose entries are to be read again. */
  readonly #stale: Set<string>;

  constructor(readonly stored: StoredAnnotations) {
    this.#stale = new Set(stored.rows.keys());
  }

  /** What has changed in the document. */
  touch(ids: Iterable<string>): void {
    for (const id of ids) this.#stale.add(id);
  }

  /** All of them. The list is replaced on change, never changed in place. */
  get all(): readonly Annotation[] {
    this.#refresh();
    return this.#sorted;
  }

  get(id: string): Annotation | undefined {
    this.#refresh();
    return this.#byId.get(id);
  }

  #refresh(): void {
    if (this.#stale.size === 0) return;
    const sorted = this.#stale.size <= FEW ? [...this.#sorted] : undefined;
    const fresh: Annotation[] = [];
    for (const id of this.#stale) {
      const entry = this.stored.entry(id);
      const [before, now] = [this.#byId.get(id), entry && parseAnnotation(id, entry)];
      if (now) this.#byId.set(id, now);
      else this.#byId.delete(id);
      if (sorted) replace(sorted, before, now);
      else if (now) fresh.push(now);
    }
    // What has not changed is in order already: a large scene that comes in parts is not sorted anew with each.
    this.#sorted = sorted ?? merged(this.#sorted.filter(({ id }) => !this.#stale.has(id)), fresh.sort(byTime));
    this.#stale.clear();
  }
}

/** Two sorted lists as one. */
function merged(a: readonly Annotation[], b: readonly Annotation[]): Annotation[] {
  const all: Annotation[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) all.push(byTime(a[i] as Annotation, b[j] as Annotation) <= 0 ? (a[i++] as Annotation) : (b[j++] as Annotation));
  for (; i < a.length; i += 1) all.push(a[i] as Annotation);
  for (; j < b.length; j += 1) all.push(b[j] as Annotation);
  return all;
}

/** Puts `now` into a sorted list in the place of `before`. */
function replace(sorted: Annotation[], before: Annotation | undefined, now: Annotation | undefined): void {
  if (before) {
    const at = placeOf(sorted, before);
    if (now?.created === before.created) {
      sorted[at] = now;
      return;
    }
    sorted.splice(at, 1);
  }
  if (now) sorted.splice(placeOf(sorted, now), 0, now);
}

/** Index of the first that does not come before `annotation`. */
function placeOf(sorted: readonly Annotation[], annotation: Annotation): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byTime(sorted[middle] as Annotation, annotation) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
