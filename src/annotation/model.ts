/** What stands in the scene document, and what of it is believed: a malformed entry is left out, a malformed nicety gets its default. */

import * as z from 'zod';
import { MAX_NAME_CHARS } from '../protocol/limits.js';
import { DEFAULT_COLOR } from './colors.js';
import { type Look, parseLook } from './look.js';

const coordinate = z.number().finite();
const text = z.string().max(MAX_NAME_CHARS);

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

const common = {
  name: text.catch(''),
  color: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/)
    .catch(DEFAULT_COLOR),
  volume_name: text.catch(''),
  created: z.union([z.string(), z.number()]).transform(String).catch(''),
  author: text.catch(''),
};
const StoredAnnotation = z.discriminatedUnion('kind', [
  z.object({ ...common, kind: z.literal('point'), coords: z.tuple([coordinate, coordinate, coordinate]) }),
  z.object({
    ...common,
    kind: z.literal('box'),
    coords: z.tuple([coordinate, coordinate, coordinate, coordinate, coordinate, coordinate]),
  }),
]);

/** World x, y, z. */
export type PointCoords = readonly [number, number, number];
/** World x, y, z of the low corner, then of the high one. */
export type BoxCoords = readonly [number, number, number, number, number, number];

interface AnnotationFields {
  readonly id: string;
  readonly name: string;
  /** `#rrggbb` */
  readonly color: string;
  readonly volumeName: string;
  /** When it was made: ISO 8601 in UTC. */
  readonly created: string;
  readonly author: string;
}
export type PointAnnotation = AnnotationFields & { readonly kind: 'point'; readonly coords: PointCoords };
export type BoxAnnotation = AnnotationFields & { readonly kind: 'box'; readonly coords: BoxCoords };
export type Annotation = PointAnnotation | BoxAnnotation;

/** What is given to make an annotation; the scene adds its id and time. */
export type NewAnnotation = (
  | { readonly kind: 'point'; readonly coords: PointCoords }
  | { readonly kind: 'box'; readonly coords: BoxCoords }
) & { readonly name: string; readonly color: string; readonly volumeName: string; readonly author: string };

/** What of an annotation people may change. */
export interface AnnotationPatch {
  readonly name?: string;
  readonly color?: string;
  readonly coords?: PointCoords | BoxCoords;
}

/** The layer in a document's entry, or undefined where it is not one. */
export function parseLayer(id: string, stored: unknown): Layer | undefined {
  const result = StoredLayer.safeParse(stored);
  if (!result.success) return undefined;
  return { id, kind: result.data.kind, volumeName: result.data.volume_name, ...parseLook(stored as object) };
}

/** The annotation in a document's entry, or undefined where it is not one. A box's corners come back in order. */
export function parseAnnotation(id: string, stored: unknown): Annotation | undefined {
  const result = StoredAnnotation.safeParse(stored);
  if (!result.success) return undefined;
  const { volume_name: volumeName, ...rest } = result.data;
  return rest.kind === 'box' ? { id, volumeName, ...rest, coords: orderedBox(rest.coords) } : { id, volumeName, ...rest };
}

/** The same box with its low corner first. */
export function orderedBox([x0, y0, z0, x1, y1, z1]: BoxCoords): BoxCoords {
  return [Math.min(x0, x1), Math.min(y0, y1), Math.min(z0, z1), Math.max(x0, x1), Math.max(y0, y1), Math.max(z0, z1)];
}
