/** What annotations belong to: classes, which say what a thing is, and layers, which are shown, hidden and locked together. */

import * as Y from 'yjs';
import * as z from 'zod';
import { MAX_NAME_CHARS } from '../protocol/limits.js';
import { compare } from './annotation_list.js';
import { ANNOTATION_COLORS, DEFAULT_COLOR, nextColor } from './colors.js';

/** Names of the document's maps. */
export const CLASSES = 'classes';
export const ANNOTATION_LAYERS = 'annotation_layers';
/** More classes or layers than this are not added: a list that long is not read. */
export const MAX_GROUPS = 256;

/** A class of things; its name is what annotations hold as their label. */
export interface AnnotationClass {
  readonly name: string;
  /** `#rrggbb` */
  readonly color: string;
  readonly order: number;
}

export interface AnnotationLayer {
  readonly id: string;
  readonly name: string;
  readonly order: number;
  readonly visible: boolean;
  /** Nothing in it is selected, moved or removed by hand. */
  readonly locked: boolean;
  /** Of what is drawn into it; undefined: the next one of the palette. */
  readonly color: string | undefined;
}

const color = z.string().regex(/^#[0-9a-fA-F]{6}$/);
const order = z.number().finite().catch(0);
const StoredClass = z.object({ color: color.catch(DEFAULT_COLOR), order });
const StoredLayer = z.object({
  name: z.string().max(MAX_NAME_CHARS).catch(''),
  order,
  visible: z.boolean().catch(true),
  locked: z.boolean().catch(false),
  color: color.optional().catch(undefined),
});

/** A map of the document as a sorted list of what is well-formed in it. */
class Group<T extends { readonly order: number }> {
  #map: Y.Map<unknown>;
  #cached: readonly T[] | undefined;

  constructor(
    public doc: Y.Doc,
    readonly origin: object,
    readonly map: string,
    readonly parse: (key: string, stored: unknown) => T | undefined,
    readonly changed: () => void,
  ) {
    this.#map = doc.getMap(map);
    this.#map.observeDeep(this.#told);
  }

  /** Reads another document from now on. */
  follow(doc: Y.Doc): void {
    this.dispose();
    this.doc = doc;
    this.#map = doc.getMap(this.map);
    this.#map.observeDeep(this.#told);
    this.#told();
  }

  list(): readonly T[] {
    this.#cached ??= [...this.#map.entries()]
      .flatMap(([key, entry]) => {
        const item = entry instanceof Y.Map && key.length <= MAX_NAME_CHARS ? this.parse(key, entry.toJSON()) : undefined;
        return item ? [{ key, item }] : [];
      })
      .sort((a, b) => a.item.order - b.item.order || compare(a.key, b.key))
      .map(({ item }) => item);
    return this.#cached;
  }

  /** Sets fields of an entry, which is made where it is not there yet. */
  set(key: string, fields: Readonly<Record<string, unknown>>): void {
    const found = this.#map.get(key);
    if (!(found instanceof Y.Map) && this.#map.size >= MAX_GROUPS) throw new RangeError(`there are ${MAX_GROUPS} already; remove one first`);
    this.doc.transact(() => {
      const entry: Y.Map<unknown> = found instanceof Y.Map ? found : new Y.Map();
      if (entry !== found) this.#map.set(key, entry);
      for (const [name, value] of Object.entries(fields)) {
        if (value === undefined) entry.delete(name);
        else if (entry.get(name) !== value) entry.set(name, value);
      }
    }, this.origin);
  }

  remove(key: string): void {
    if (this.#map.has(key)) this.doc.transact(() => this.#map.delete(key), this.origin);
  }

  dispose(): void {
    this.#map.unobserveDeep(this.#told);
  }

  readonly #told = (): void => {
    this.#cached = undefined;
    this.changed();
  };
}

/** The classes of a scene. */
export class Classes extends Group<AnnotationClass> {
  constructor(doc: Y.Doc, origin: object, changed: () => void) {
    super(doc, origin, CLASSES, parseClass, changed);
  }

  get(name: string): AnnotationClass | undefined {
    return name === '' ? undefined : this.list().find((item) => item.name === name);
  }

  /**
   * Adds a class, or gives the one of that name another colour.
   *
   * @throws RangeError for a name that is empty or too long, or where there are as many as may be
   */
  put(name: string, chosen?: string): AnnotationClass {
    if (name === '' || name.length > MAX_NAME_CHARS) throw new RangeError(`a class has a name of 1 to ${MAX_NAME_CHARS} characters`);
    const known = this.get(name);
    const all = this.list();
    const made: AnnotationClass = {
      name,
      color: chosen ?? known?.color ?? nextColor(all.map((item) => item.color)) ?? ANNOTATION_COLORS[0],
      order: known?.order ?? Math.max(-1, ...all.map((item) => item.order)) + 1,
    };
    this.set(name, { color: made.color, order: made.order });
    return made;
  }
}

/** The layers of annotations. The one with the id '' is always there. */
export class AnnotationLayers extends Group<AnnotationLayer> {
  constructor(doc: Y.Doc, origin: object, changed: () => void) {
    super(doc, origin, ANNOTATION_LAYERS, parseAnnotationLayer, changed);
  }

  /** The layer of that id; what is in one that is gone is in the one that is always there. */
  get(id: string): AnnotationLayer {
    const all = this.list();
    return all.find((item) => item.id === id) ?? all.find((item) => item.id === '') ?? DEFAULT_LAYER;
  }

  /** All layers, the one that is always there among them. */
  all(): readonly AnnotationLayer[] {
    const known = this.list();
    return known.some(({ id }) => id === '') ? known : [DEFAULT_LAYER, ...known];
  }

  /** Adds a layer and returns its id. */
  add(name: string): string {
    const id = crypto.randomUUID();
    this.set(id, { name: name.slice(0, MAX_NAME_CHARS), order: Math.max(0, ...this.list().map((item) => item.order)) + 1, visible: true, locked: false });
    return id;
  }
}

const DEFAULT_LAYER: AnnotationLayer = { id: '', name: 'Annotations', order: 0, visible: true, locked: false, color: undefined };

function parseClass(name: string, stored: unknown): AnnotationClass | undefined {
  const result = StoredClass.safeParse(stored);
  return name !== '' && result.success ? { name, ...result.data } : undefined;
}

function parseAnnotationLayer(id: string, stored: unknown): AnnotationLayer | undefined {
  const result = StoredLayer.safeParse(stored);
  if (!result.success) return undefined;
  return { id, ...result.data, name: result.data.name || (id === '' ? DEFAULT_LAYER.name : 'Layer'), color: result.data.color };
}
