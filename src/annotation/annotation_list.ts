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

const alikeProps = (a: object, b: object): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** Whether an annotation stands, counts and is found in a table as it did: it was moved at most. */
const arrangedAlike = (a: Annotation, b: Annotation): boolean =>
  a.kind === b.kind && a.name === b.name && a.label === b.label && a.layer === b.layer && a.author === b.author && a.created === b.created && alikeProps(a.props, b.props);

export class AnnotationList {
  readonly #byId = new Map<string, Annotation>();
  #sorted: readonly Annotation[] = [];
  /** What changed since the list was made, as it stands in that list: a list of very many is made again only when someone reads it. */
  readonly #changed = new Map<string, Annotation | undefined>();
  /** Ids whose entries are to be read again. */
  readonly #stale: Set<string>;
  #arrangement = 0;

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
    if (this.#changed.size > 0) this.#sort();
    return this.#sorted;
  }

  /** How many there are. */
  get count(): number {
    this.#refresh();
    return this.#byId.size;
  }

  /** Another number when some came or went, or anything of them changed but where they are: what a table of all depends on. */
  get arrangement(): number {
    this.#refresh();
    return this.#arrangement;
  }

  get(id: string): Annotation | undefined {
    this.#refresh();
    return this.#byId.get(id);
  }

  #refresh(): void {
    if (this.#stale.size === 0) return;
    for (const id of this.#stale) {
      const entry = this.stored.entry(id);
      const [before, now] = [this.#byId.get(id), entry && parseAnnotation(id, entry)];
      if (now) this.#byId.set(id, now);
      else this.#byId.delete(id);
      if (before ? !now || !arrangedAlike(before, now) : now) this.#arrangement += 1;
      if (!this.#changed.has(id)) this.#changed.set(id, before);
    }
    this.#stale.clear();
  }

  #sort(): void {
    if (this.#changed.size <= FEW) {
      const sorted = [...this.#sorted];
      for (const [id, before] of this.#changed) replace(sorted, before, this.#byId.get(id));
      this.#sorted = sorted;
    } else {
      // What has not changed is in order already: a large scene that comes in parts is not sorted anew with each.
      const fresh = [...this.#changed.keys()].flatMap((id) => this.#byId.get(id) ?? []);
      this.#sorted = merged(this.#sorted.filter(({ id }) => !this.#changed.has(id)), fresh.sort(byTime));
    }
    this.#changed.clear();
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
