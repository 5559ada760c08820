/** The shared scene as typed values: reads believe only well-formed entries, edits are transactions that their maker can undo. */

import * as Y from 'yjs';
import { AnnotationList, compare } from './annotation_list.js';
import { AnnotationLayers, Classes } from './groups.js';
import { alike, History } from './history.js';
import { LAYERS } from './layers.js';
import { type Annotation, type AnnotationPatch, isProp, type Layer, type LayerPatch, type NewAnnotation, parseLayer } from './model.js';
import { followDocument } from '../protocol/replaced_document.js';
import { StoredAnnotations } from './stored_annotations.js';

/** What of the scene changed. */
export interface SceneChange {
  readonly layers: boolean;
  /** An annotation, a class or a layer of annotations. */
  readonly annotations: boolean;
  /** The annotations that did. */
  readonly ids: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/** Name in the document of a field. */
const storedName = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * One person's hold on a scene document.
 *
 * Undo takes back this scene's own edits of annotations, one gesture at a time, and never what others did meanwhile. Layer
 * settings are not undone: a slider moves back by hand, and an undo that changes the picture instead of the last mark surprises.
 */
export class Scene {
  /** The palette of classes, and the layers that annotations are in. */
  readonly classes: Classes;
  readonly groups: AnnotationLayers;
  #layers: Y.Map<unknown>;
  readonly #stored: StoredAnnotations;
  readonly #list: AnnotationList;
  readonly #history = new History();
  readonly #listeners = new Set<(change: SceneChange) => void>();
  readonly #unfollow: () => void;
  #cachedLayers: readonly Layer[] | undefined;
  #gestures = 0;
  #last = 0;

  /**
   * @param origin marks this scene's transactions
   * @param author who edits by it: what it changes says so
   */
  constructor(
    public doc: Y.Doc,
    readonly origin: object,
    public author = '',
  ) {
    this.#layers = doc.getMap(LAYERS);
    this.#stored = new StoredAnnotations(doc, (ids) => this.#annotationsChanged(ids));
    this.#list = new AnnotationList(this.#stored);
    this.classes = new Classes(doc, origin, () => this.#tell(false, NONE));
    this.groups = new AnnotationLayers(doc, origin, () => this.#tell(false, NONE));
    this.#layers.observeDeep(this.#layersChanged);
    this.#unfollow = followDocument(doc, (by) => this.#follow(by));
  }

  /** Goes on with another document: what was undoable is, where it still stands there. */
  #follow(doc: Y.Doc): void {
    this.#layers.unobserveDeep(this.#layersChanged);
    this.doc = doc;
    this.#layers = doc.getMap(LAYERS);
    this.#layers.observeDeep(this.#layersChanged);
    this.#stored.follow(doc);
    this.classes.follow(doc);
    this.groups.follow(doc);
    this.#layersChanged();
  }

  /** Layers from the lowest to the highest. */
  layers(): readonly Layer[] {
    this.#cachedLayers ??= read(this.#layers, parseLayer).sort((a, b) => a.order - b.order || compare(a.id, b.id));
    return this.#cachedLayers;
  }

  /** Changes a layer's settings; without effect where there is no such layer. */
  setLayer(id: string, patch: LayerPatch): void {
    const entry = this.#layers.get(id);
    if (entry instanceof Y.Map) this.doc.transact(() => assign(entry, patch), this.origin);
  }

  /** Annotations in the order they were made. */
  annotations(): readonly Annotation[] {
    return this.#list.all;
  }

  /** How many annotations there are; of very many less work than their list. */
  get annotationCount(): number {
    return this.#list.count;
  }

  /** Another number when annotations came or went, or anything of them changed but where they are: what a table of all depends on. */
  get arrangement(): number {
    return this.#list.arrangement;
  }

  /** The annotation of that id, where there is one. */
  annotation(id: string): Annotation | undefined {
    return this.#list.get(id);
  }

  /** The colour that an annotation is shown in: that of its class, where it has one. */
  colorOf({ label, color }: Pick<Annotation, 'label' | 'color'>): string {
    return this.classes.get(label)?.color ?? color;
  }

  /** Adds an annotation and returns its id. */
  add(annotation: NewAnnotation): string {
    const id = crypto.randomUUID();
    const { props, ...fields } = annotation;
    const own = Object.entries(props ?? {}).filter(([name, value]) => isProp(name, value));
    const stored = Object.entries({ ...fields, created: this.#created() }).map(([name, value]) => [storedName(name), value]);
    this.#edit(() => {
      this.#stored.add(id, Object.fromEntries(stored), Object.fromEntries(own));
      this.#history.note(id, 'deleted', true, undefined);
    });
    return id;
  }

  /** Now, but later than what was made before: the list is in the order things were made. */
  #created(): string {
    this.#last = Math.max(Date.now(), this.#last + 1);
    return new Date(this.#last).toISOString();
  }

  /** Changes an annotation; without effect where it is gone. */
  update(id: string, { props, ...patch }: AnnotationPatch): void {
    const own = Object.entries(props ?? {}).filter(([name, value]) => value === undefined || isProp(name, value));
    this.#write(id, [...Object.entries(patch), ...own.map(([name, value]) => [`props.${name}`, value] as const)]);
  }

  /** Removes an annotation; without effect where it is gone. What others change in it meanwhile is there when it comes back. */
  remove(id: string): void {
    this.#write(id, [['deleted', true]]);
  }

  /** Opens a gesture: edits until its end, such as the steps of a drag, are undone as one. */
  beginGesture(): void {
    this.#gestures += 1;
  }

  /** Closes the gesture opened last. */
  endGesture(): void {
    this.#gestures = Math.max(0, this.#gestures - 1);
    if (this.#gestures === 0) this.#history.close();
  }

  /** Changes that are one: one transaction, and one step of undo. */
  together(change: () => void): void {
    this.beginGesture();
    try {
      this.doc.transact(change, this.origin);
    } finally {
      this.endGesture();
    }
  }

  get canUndo(): boolean {
    return this.#history.canUndo;
  }

  get canRedo(): boolean {
    return this.#history.canRedo;
  }

  /** Takes back this scene's last edit of annotations. */
  undo(): void {
    this.doc.transact(() => this.#stamp(this.#history.undo(this.#stored)), this.origin);
  }

  /** Does again what was undone last. */
  redo(): void {
    this.doc.transact(() => this.#stamp(this.#history.redo(this.#stored)), this.origin);
  }

  /** Calls `listener` after each change, whoever made it; the result ends that. */
  onChange(listener: (change: SceneChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lets go of the document. */
  dispose(): void {
    this.#unfollow();
    this.#layers.unobserveDeep(this.#layersChanged);
    this.#stored.dispose();
    this.classes.dispose();
    this.groups.dispose();
    this.#listeners.clear();
  }

  readonly #layersChanged = (): void => {
    this.#cachedLayers = undefined;
    this.#tell(true, NONE);
  };

  #annotationsChanged(ids: ReadonlySet<string>): void {
    this.#list.touch(ids);
    this.#tell(false, ids);
  }

  #tell(layers: boolean, ids: ReadonlySet<string>): void {
    for (const listener of [...this.#listeners]) listener({ layers, annotations: !layers, ids });
  }

  #write(id: string, fields: readonly (readonly [string, unknown])[]): void {
    const entry = this.#stored.entry(id);
    if (!entry || entry.get('deleted') === true) return;
    const changed = fields.filter(([field, value]) => !alike(this.#stored.read(id, field), value));
    if (changed.length === 0) return;
    this.#edit(() => {
      for (const [field, value] of changed) {
        this.#history.note(id, field, this.#stored.read(id, field), value);
        this.#stored.write(id, field, value);
      }
      this.#stamp([id]);
    });
  }

  /** Notes who changed entries, and when. It is no part of what is undone: an undo is a change too. */
  #stamp(ids: readonly string[]): void {
    for (const id of ids) {
      if (!this.#stored.entry(id)) continue;
      this.#stored.write(id, 'modified', now());
      if (this.#stored.read(id, 'modified_by') !== this.author) this.#stored.write(id, 'modified_by', this.author);
    }
  }

  #edit(change: () => void): void {
    this.doc.transact(change, this.origin);
    if (this.#gestures === 0) this.#history.close();
  }
}

const now = (): string => new Date().toISOString();

/** Writes fields that differ; an undefined one is removed. Lists are copied: the document keeps what it is given. */
function assign(entry: Y.Map<unknown>, fields: object): void {
  for (const [field, value] of Object.entries(fields)) {
    const name = storedName(field);
    const text = JSON.stringify(value);
    if (text === undefined) entry.delete(name);
    else if (JSON.stringify(entry.get(name)) !== text) entry.set(name, JSON.parse(text));
  }
}

function read<T>(map: Y.Map<unknown>, parse: (id: string, stored: unknown) => T | undefined): T[] {
  const items: T[] = [];
  for (const [id, entry] of map) {
    const item = entry instanceof Y.Map ? parse(id, entry.toJSON()) : undefined;
    if (item) items.push(item);
  }
  return items;
}
