/** One person's own edits of annotations, to be taken back and done again: field by field, and only where nobody changed the field since. */

import type { StoredAnnotations } from './stored_annotations.js';

/** A field of an entry before and after an edit, as plain values; undefined is absent. Own fields are called `props.` and their name. */
interface Change {
  readonly id: string;
  readonly field: string;
  readonly before: unknown;
  after: unknown;
}

/** An edit, or all edits of a gesture. */
type Step = Map<string, Change>;

/** Steps kept: more are forgotten, the oldest first. */
const MAX_STEPS = 1000;

/** Whether two plain values are alike; lists are compared number by number. */
export function alike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, i) => value === b[i]);
  return typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b);
}

export class History {
  readonly #done: Step[] = [];
  readonly #undone: Step[] = [];
  #open: Step | undefined;

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** Notes a change; it belongs to the step that is open. */
  note(id: string, field: string, before: unknown, after: unknown): void {
    this.#undone.length = 0;
    if (!this.#open) {
      this.#open = new Map();
      this.#done.push(this.#open);
      if (this.#done.length > MAX_STEPS) this.#done.shift();
    }
    const key = `${id} ${field}`;
    const known = this.#open.get(key);
    if (known) known.after = after;
    else this.#open.set(key, { id, field, before, after });
  }

  /** The next change begins a step of its own. */
  close(): void {
    this.#open = undefined;
  }

  /** Takes back the last step of which something is left to take back; the ids of what changed. */
  undo(entries: StoredAnnotations): readonly string[] {
    return this.#turnBack(this.#done, this.#undone, entries);
  }

  /** Does again what was taken back last. */
  redo(entries: StoredAnnotations): readonly string[] {
    return this.#turnBack(this.#undone, this.#done, entries);
  }

  #turnBack(from: Step[], to: Step[], entries: StoredAnnotations): readonly string[] {
    this.close();
    for (let step = from.pop(); step; step = from.pop()) {
      const back: Step = new Map();
      const ids = new Set<string>();
      for (const [key, { id, field, before, after }] of step) {
        if (!entries.entry(id) || !alike(entries.read(id, field), after) || alike(before, after)) continue;
        entries.write(id, field, before);
        back.set(key, { id, field, before: after, after: before });
        ids.add(id);
      }
      if (ids.size === 0) continue;
      to.push(back);
      return [...ids];
    }
    return [];
  }
}
