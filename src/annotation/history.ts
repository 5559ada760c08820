/** One person's own edits of annotations, to be taken back and done again: field by field, and only where nobody changed the field since. */

import * as Y from 'yjs';

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
const PROPS = 'props.';

/** Reads a field of an entry. */
export function readField(entry: Y.Map<unknown>, field: string): unknown {
  if (!field.startsWith(PROPS)) return entry.get(field);
  const props = entry.get('props');
  return props instanceof Y.Map ? props.get(field.slice(PROPS.length)) : undefined;
}

/** Writes a field of an entry; undefined takes it away. Lists are copied: the document keeps what it is given. */
export function writeField(entry: Y.Map<unknown>, field: string, value: unknown): void {
  const [map, name] = field.startsWith(PROPS) ? [propsOf(entry), field.slice(PROPS.length)] : [entry, field];
  if (value === undefined) map.delete(name);
  else map.set(name, Array.isArray(value) ? [...value] : value);
}

function propsOf(entry: Y.Map<unknown>): Y.Map<unknown> {
  const found = entry.get('props');
  if (found instanceof Y.Map) return found;
  const made = new Y.Map<unknown>();
  entry.set('props', made);
  return made;
}

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
  undo(entries: Y.Map<unknown>): readonly string[] {
    return this.#turnBack(this.#done, this.#undone, entries);
  }

  /** Does again what was taken back last. */
  redo(entries: Y.Map<unknown>): readonly string[] {
    return this.#turnBack(this.#undone, this.#done, entries);
  }

  #turnBack(from: Step[], to: Step[], entries: Y.Map<unknown>): readonly string[] {
    this.close();
    for (let step = from.pop(); step; step = from.pop()) {
      const back: Step = new Map();
      const ids = new Set<string>();
      for (const [key, { id, field, before, after }] of step) {
        const entry = entries.get(id);
        if (!(entry instanceof Y.Map) || !alike(readField(entry, field), after) || alike(before, after)) continue;
        writeField(entry, field, before);
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
