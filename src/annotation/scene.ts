/** The shared scene as typed values: reads believe only well-formed entries, edits are transactions that their maker can undo. */

import * as Y from 'yjs';
import { LAYERS } from './layers.js';
import {
  type Annotation,
  type AnnotationPatch,
  type Layer,
  type LayerPatch,
  type NewAnnotation,
  parseAnnotation,
  parseLayer,
} from './model.js';

/** Name of the document's map of annotations. */
export const ANNOTATIONS = 'annotations';

/** What of the scene changed. */
export interface SceneChange {
  readonly layers: boolean;
  readonly annotations: boolean;
}

/** Name in the document of a field. */
const storedName = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * One person's hold on a scene document.
 *
 * Undo takes back this scene's own edits of annotations, one gesture at a time, and never what others did meanwhile. Layer
 * settings are not undone: a slider moves back by hand, and an undo that changes the picture instead of the last mark surprises.
 */
export class Scene {
  readonly #layers: Y.Map<unknown>;
  readonly #annotations: Y.Map<unknown>;
  readonly #undo: Y.UndoManager;
  readonly #listeners = new Set<(change: SceneChange) => void>();
  #cachedLayers: readonly Layer[] | undefined;
  #cachedAnnotations: readonly Annotation[] | undefined;
  #gestures = 0;

  /** @param origin marks this scene's transactions; unique to it, or undo takes back another's edits */
  constructor(
    readonly doc: Y.Doc,
    readonly origin: object,
  ) {
    this.#layers = doc.getMap(LAYERS);
    this.#annotations = doc.getMap(ANNOTATIONS);
    // Steps are closed explicitly, by edit or gesture: a time limit would cut a slow drag in two.
    this.#undo = new Y.UndoManager(this.#annotations, {
      trackedOrigins: new Set([origin]),
      captureTimeout: Number.POSITIVE_INFINITY,
    });
    this.#layers.observeDeep(this.#layersChanged);
    this.#annotations.observeDeep(this.#annotationsChanged);
  }

  /** Layers from the lowest to the highest. */
  layers(): readonly Layer[] {
    this.#cachedLayers ??= read(this.#layers, parseLayer).sort((a, b) => a.order - b.order || compare(a.id, b.id));
    return this.#cachedLayers;
  }

  /** Changes a layer's settings; without effect where there is no such layer. */
  setLayer(id: string, patch: LayerPatch): void {
    this.#patch(this.#layers, id, patch);
  }

  /** Annotations in the order they were made. */
  annotations(): readonly Annotation[] {
    this.#cachedAnnotations ??= read(this.#annotations, parseAnnotation).sort(
      (a, b) => compare(a.created, b.created) || compare(a.id, b.id),
    );
    return this.#cachedAnnotations;
  }

  /** The annotation of that id, where there is one. */
  annotation(id: string): Annotation | undefined {
    return this.annotations().find((annotation) => annotation.id === id);
  }

  /** Adds an annotation and returns its id. */
  add(annotation: NewAnnotation): string {
    const id = crypto.randomUUID();
    this.#edit(() => {
      const entry = new Y.Map<unknown>();
      this.#annotations.set(id, entry);
      assign(entry, { ...annotation, created: new Date().toISOString() });
    });
    return id;
  }

  /** Changes an annotation; without effect where it is gone. */
  update(id: string, patch: AnnotationPatch): void {
    this.#patch(this.#annotations, id, patch);
  }

  /** Removes an annotation; without effect where it is gone. */
  remove(id: string): void {
    if (this.#annotations.has(id)) this.#edit(() => this.#annotations.delete(id));
  }

  /** Opens a gesture: edits until its end, such as the steps of a drag, are undone as one. */
  beginGesture(): void {
    this.#gestures += 1;
  }

  /** Closes the gesture opened last. */
  endGesture(): void {
    this.#gestures = Math.max(0, this.#gestures - 1);
    if (this.#gestures === 0) this.#undo.stopCapturing();
  }

  get canUndo(): boolean {
    return this.#undo.canUndo();
  }

  get canRedo(): boolean {
    return this.#undo.canRedo();
  }

  /** Takes back this scene's last edit of annotations. */
  undo(): void {
    this.#undo.undo();
  }

  /** Does again what was undone last. */
  redo(): void {
    this.#undo.redo();
  }

  /** Calls `listener` after each change, whoever made it; the result ends that. */
  onChange(listener: (change: SceneChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lets go of the document. */
  dispose(): void {
    this.#layers.unobserveDeep(this.#layersChanged);
    this.#annotations.unobserveDeep(this.#annotationsChanged);
    this.#undo.destroy();
    this.#listeners.clear();
  }

  readonly #layersChanged = (): void => {
    this.#cachedLayers = undefined;
    for (const listener of [...this.#listeners]) listener({ layers: true, annotations: false });
  };

  readonly #annotationsChanged = (): void => {
    this.#cachedAnnotations = undefined;
    for (const listener of [...this.#listeners]) listener({ layers: false, annotations: true });
  };

  #patch(map: Y.Map<unknown>, id: string, patch: object): void {
    const entry = map.get(id);
    if (entry instanceof Y.Map) this.#edit(() => assign(entry, patch));
  }

  #edit(change: () => void): void {
    this.doc.transact(change, this.origin);
    if (this.#gestures === 0) this.#undo.stopCapturing();
  }
}

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

/** By code units: the same order in every place and locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
