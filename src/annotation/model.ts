/** What stands in the scene document, and what of it is believed: a malformed entry is left out, a malformed nicety gets its default. */

import * as z from 'zod';
import { MAX_NAME_CHARS, MAX_PROP_CHARS, MAX_PROPS } from '../protocol/limits.js';
import { DEFAULT_COLOR } from './colors.js';
import { type Form, parseForm } from './kinds.js';
import { type Look, parseLook } from './look.js';
import type { StoredEntry } from './stored_annotations.js';

const text = z.string().max(MAX_NAME_CHARS);

export type { BoxCoords, Form, PathCoords, PointCoords, TurnedCoords } from './kinds.js';
export { orderedBox } from './kinds.js';

/** What a layer is of; the rest of its entry is its look. */
const StoredLayer = z.object({ kind: z.enum(['image', 'labels', 'points']), volume_name: text.min(1) });

/** How one volume is shown, the same for everyone. */
export interface Layer extends Look {
  readonly id: string;
  readonly kind: 'image' | 'labels' | 'points';
  readonly volumeName: string;
}

/** What of a layer people may change. `undefined` for a window makes it automatic again, for other parts absent. */
export type LayerPatch = Partial<Look>;

/** A value of an annotation's own fields. */
export type PropValue = number | string | boolean;

interface AnnotationFields {
  readonly id: string;
  readonly name: string;
  /** `#rrggbb` */
  readonly color: string;
  readonly volumeName: string;
  /** When it was made: ISO 8601 in UTC. */
  readonly created: string;
  readonly author: string;
  /** Name of a class; '' for none. */
  readonly label: string;
  /** Fields of its own, by name. */
  readonly props: Readonly<Record<string, PropValue>>;
  /** Id of a layer of annotations; '' is the one that is always there. */
  readonly layer: string;
  /** When it was changed last, and by whom. */
  readonly modified: string;
  readonly modifiedBy: string;
}
export type Annotation = AnnotationFields & Form;
export type PointAnnotation = Extract<Annotation, { kind: 'point' }>;
export type BoxAnnotation = Extract<Annotation, { kind: 'box' }>;

/** What is given to make an annotation; the scene adds its id and time. */
export type NewAnnotation = Form &
  Pick<AnnotationFields, 'name' | 'color' | 'volumeName' | 'author'> &
  Partial<Pick<AnnotationFields, 'label' | 'props' | 'layer'>>;

/** What of an annotation people may change. */
export interface AnnotationPatch {
  readonly name?: string;
  readonly color?: string;
  readonly coords?: Form['coords'];
  readonly label?: string;
  readonly layer?: string;
  /** Own fields to set one by one; undefined takes one away. */
  readonly props?: Readonly<Record<string, PropValue | undefined>>;
}

/** The layer in a document's entry, or undefined where it is not one. */
export function parseLayer(id: string, stored: unknown): Layer | undefined {
  const result = StoredLayer.safeParse(stored);
  if (!result.success) return undefined;
  return { id, kind: result.data.kind, volumeName: result.data.volume_name, ...parseLook(stored as object) };
}

/** The annotation in a document's entry, or undefined where it is not one, or was removed. Read by hand: there may be a hundred thousand. */
export function parseAnnotation(id: string, stored: StoredEntry): Annotation | undefined {
  if (stored.get('deleted') === true) return undefined;
  const form = parseForm(stored.get('kind'), stored.get('coords'));
  if (!form) return undefined;
  const [color, created, modified] = [stored.get('color'), timeOf(stored.get('created')), timeOf(stored.get('modified'))];
  const author = words(stored.get('author'));
  return {
    id,
    ...form,
    name: words(stored.get('name')),
    color: typeof color === 'string' && COLOR.test(color) ? color : DEFAULT_COLOR,
    volumeName: words(stored.get('volume_name')),
    created,
    author,
    label: words(stored.get('label')),
    props: parseProps(stored.get('props')),
    layer: words(stored.get('layer')),
    modified: modified || created,
    modifiedBy: words(stored.get('modified_by')) || author,
  };
}

const COLOR = /^#[0-9a-fA-F]{6}$/;
const NO_PROPS: Annotation['props'] = Object.freeze({});

const words = (value: unknown): string => (typeof value === 'string' && value.length <= MAX_NAME_CHARS ? value : '');
const timeOf = (value: unknown): string => (typeof value === 'number' ? String(value) : words(value));

/** Own fields that are what they may be; the others are left out. */
function parseProps(stored: unknown): Annotation['props'] {
  if (typeof stored !== 'object' || stored === null) return NO_PROPS;
  const props: Record<string, PropValue> = {};
  let count = 0;
  // Of a map of the document, or of what was changed; else of a row, as it was made.
  const pairs = typeof (stored as Partial<StoredEntry>).get === 'function' ? (stored as Iterable<[string, unknown]>) : Object.entries(stored);
  for (const [name, value] of pairs) {
    if (!isProp(name, value) || count >= MAX_PROPS) continue;
    // A name such as `__proto__` is a field like any other.
    Object.defineProperty(props, name, { value, enumerable: true });
    count += 1;
  }
  return count > 0 ? props : NO_PROPS;
}

/** Whether a field of an annotation's own may be called so and have this value. */
export function isProp(name: string, value: unknown): value is PropValue {
  if (name === '' || name.length > MAX_NAME_CHARS) return false;
  if (typeof value === 'string') return value.length <= MAX_PROP_CHARS;
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}
