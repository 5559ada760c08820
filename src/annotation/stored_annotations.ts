/**
 * The annotations as they stand in a document: each is one row, an object as JSON text that is never changed, and what was changed of it since stands beside all
 * rows, field by field. A row is one entry and one text where a map of fields would be a dozen of each; of a hundred thousand that is what opening takes.
 */

import * as Y from 'yjs';
import { ANNOTATION_EDITS, ANNOTATIONS, editKey, readEditKey } from '../protocol/scene_keys.js';

export { ANNOTATION_EDITS, ANNOTATIONS, editKey, readEditKey } from '../protocol/scene_keys.js';

const PROPS = 'props.';

/** Fields of an entry by name; absent is undefined. */
export interface StoredEntry {
  get(name: string): unknown;
}

type Row = Readonly<Record<string, unknown>>;

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The row in what stands in the document; undefined where that is none. */
function rowOf(stored: unknown): Row | undefined {
  if (typeof stored !== 'string') return undefined;
  try {
    const row: unknown = JSON.parse(stored);
    return isRow(row) ? row : undefined;
  } catch {
    return undefined;
  }
}

/** A field of a plain object; what says nothing is absent. */
const fieldOf = (of: unknown, name: string): unknown => (isRow(of) && Object.hasOwn(of, name) ? (of[name] ?? undefined) : undefined);

const inRow = (row: unknown, field: string): unknown =>
  field.startsWith(PROPS) ? fieldOf(fieldOf(row, 'props'), field.slice(PROPS.length)) : fieldOf(row, field);

class PlainEntry implements StoredEntry {
  constructor(readonly row: Row) {}

  get(name: string): unknown {
    return this.row[name] ?? undefined;
  }
}

export class StoredAnnotations {
  rows: Y.Map<unknown>;
  edits: Y.Map<unknown>;
  /** Fields that were changed, by id. */
  readonly #edited = new Map<string, Set<string>>();

  /** @param changed told after each transaction which annotations it touched; without it nothing is observed, and the object is for the moment */
  constructor(
    doc: Y.Doc,
    private readonly changed?: (ids: ReadonlySet<string>) => void,
  ) {
    this.rows = doc.getMap(ANNOTATIONS);
    this.edits = doc.getMap(ANNOTATION_EDITS);
    for (const key of this.edits.keys()) this.#index(key);
    if (changed) this.#observe();
  }

  /** Reads another document from now on; the annotations that differ there count as changed. */
  follow(doc: Y.Doc): void {
    const [rows, edited] = [this.rows, new Set(this.#edited.keys())];
    this.dispose();
    this.#edited.clear();
    this.rows = doc.getMap(ANNOTATIONS);
    this.edits = doc.getMap(ANNOTATION_EDITS);
    for (const key of this.edits.keys()) this.#index(key);
    this.#observe();
    const differs = (id: string) => edited.has(id) || this.#edited.has(id) || typeof rows.get(id) !== 'string' || rows.get(id) !== this.rows.get(id);
    this.changed?.(new Set([...rows.keys(), ...this.rows.keys()].filter(differs)));
  }

  #observe(): void {
    this.rows.observeDeep(this.#rowsChanged);
    this.edits.observe(this.#editsChanged);
  }

  /** What stands under an id; undefined where that is no entry. */
  entry(id: string): StoredEntry | undefined {
    const stored = this.rows.get(id);
    if (stored instanceof Y.Map) return stored;
    const row = rowOf(stored);
    if (!row) return undefined;
    return this.#edited.has(id) ? { get: (name) => (name === 'props' ? this.#props(id, row) : this.#field(id, row, name)) } : new PlainEntry(row);
  }

  /** A field of an entry; one of its own is called `props.` and its name. */
  read(id: string, field: string): unknown {
    const stored = this.rows.get(id);
    return stored instanceof Y.Map ? readMap(stored, field) : this.#field(id, rowOf(stored), field);
  }

  /** Adds an entry. `props` are its own fields. */
  add(id: string, fields: Readonly<Record<string, unknown>>, props: Readonly<Record<string, unknown>>): void {
    // What says nothing is not written.
    const said = Object.entries(fields).filter(([, value]) => value !== '' && value !== undefined);
    this.rows.set(id, JSON.stringify({ ...Object.fromEntries(said), ...(Object.keys(props).length > 0 && { props }) }));
  }

  /** Changes a field of an entry that is there; undefined takes it away. */
  write(id: string, field: string, value: unknown): void {
    const stored = this.rows.get(id);
    if (stored instanceof Y.Map) {
      writeMap(stored, field, value);
      return;
    }
    const key = editKey(id, field);
    if (value !== undefined) this.edits.set(key, copied(value));
    else if (inRow(rowOf(stored), field) !== undefined) this.edits.set(key, null);
    else this.edits.delete(key);
    this.#index(key);
  }

  /** Takes an entry away, with all that was changed of it. */
  delete(id: string): void {
    this.rows.delete(id);
    for (const field of this.#edited.get(id) ?? []) this.edits.delete(editKey(id, field));
  }

  /** Ends the observation. */
  dispose(): void {
    this.rows.unobserveDeep(this.#rowsChanged);
    this.edits.unobserve(this.#editsChanged);
  }

  readonly #rowsChanged = (events: readonly Y.YEvent<Y.AbstractType<unknown>>[]): void => {
    const ids = new Set<string>();
    for (const event of events) {
      if (event instanceof Y.YMapEvent && event.target === this.rows) for (const id of event.keysChanged) ids.add(id);
      else ids.add(String(event.path[0]));
    }
    this.changed?.(ids);
  };

  readonly #editsChanged = ({ keysChanged }: Y.YMapEvent<unknown>): void => {
    const ids = new Set<string>();
    for (const key of keysChanged) {
      const id = this.#index(key);
      if (id !== undefined) ids.add(id);
    }
    this.changed?.(ids);
  };

  #index(key: string): string | undefined {
    const [id, field] = readEditKey(key) ?? [];
    if (id === undefined || field === undefined) return undefined;
    const fields = this.#edited.get(id);
    if (fields) fields.add(field);
    else this.#edited.set(id, new Set([field]));
    return id;
  }

  #field(id: string, row: Row | undefined, field: string): unknown {
    const key = editKey(id, field);
    return this.edits.has(key) ? (this.edits.get(key) ?? undefined) : inRow(row, field);
  }

  #props(id: string, row: Row): ReadonlyMap<string, unknown> {
    const own = fieldOf(row, 'props');
    const props = new Map(isRow(own) ? Object.entries(own) : []);
    for (const field of this.#edited.get(id) ?? []) {
      const key = editKey(id, field);
      if (!field.startsWith(PROPS) || !this.edits.has(key)) continue;
      const [name, value] = [field.slice(PROPS.length), this.edits.get(key)];
      if (value === null) props.delete(name);
      else props.set(name, value);
    }
    return props;
  }
}

const copied = (value: unknown): unknown => (Array.isArray(value) ? [...value] : value);

/** An entry may be a map itself, as all were once, and as other programs may write them: then it is changed in itself. */
function readMap(entry: Y.Map<unknown>, field: string): unknown {
  if (!field.startsWith(PROPS)) return entry.get(field);
  const props = entry.get('props');
  return props instanceof Y.Map ? props.get(field.slice(PROPS.length)) : undefined;
}

function writeMap(entry: Y.Map<unknown>, field: string, value: unknown): void {
  const [map, name] = field.startsWith(PROPS) ? [propsOf(entry), field.slice(PROPS.length)] : [entry, field];
  if (value === undefined) map.delete(name);
  else map.set(name, copied(value));
}

function propsOf(entry: Y.Map<unknown>): Y.Map<unknown> {
  const found = entry.get('props');
  if (found instanceof Y.Map) return found;
  const made = new Y.Map<unknown>();
  entry.set('props', made);
  return made;
}
