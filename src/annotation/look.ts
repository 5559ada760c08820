/** How a layer looks: what of it stands in the scene document, with a default for each part that is missing or malformed. */

import * as z from 'zod';
import { MAX_NAME_CHARS } from '../protocol/limits.js';
import { DEFAULT_POINTS } from './default_points.js';

const finite = z.number().finite();
const unit = z.number().min(0).max(1);
const hex = z.string().regex(/^#[0-9a-fA-F]{6}$/);
const triple = z.tuple([finite, finite, finite]);
const interval = z.tuple([finite, finite]).refine(([low, high]) => low <= high);

/** How an image's values become a pixel: a picture in depth, the largest, smallest or mean value along the ray, or a surface of one value. */
export const MODES = ['dvr', 'mip', 'minip', 'mean', 'iso'] as const;
/** How an image is lit: not at all, by its gradient, with the shadows of one light, or darker where little light gets to. */
export const SHADINGS = ['none', 'local', 'scattering', 'occlusion'] as const;
/** How a layer joins those under it: covering them, or adding its light. */
export const BLENDS = ['over', 'additive'] as const;
export const LABEL_STYLES = ['fill', 'outline'] as const;

const points = z
  .array(z.tuple([unit, unit]))
  .min(2)
  .max(64)
  .transform((list) => list.sort((a, b) => a[0] - b[0]));

/** Classes of labels that are read. */
const MAX_LABEL_CLASSES = 4096;
const storedClass = z.object({ name: z.string().max(MAX_NAME_CHARS).catch(''), color: hex.nullable().catch(null) });
/** What a label means. */
export type LabelClass = Readonly<z.infer<typeof storedClass>>;

/** World places of a layer are scaled, then rotated (quaternion x, y, z, w), then translated. */
const transform = z.object({
  translate: triple,
  rotate: z.tuple([finite, finite, finite, finite]),
  scale: z.tuple([finite, finite, finite]).refine((s) => s.every((n) => n > 0)),
});
export type LayerTransform = Readonly<z.infer<typeof transform>>;

/** What labels mean: a name and a colour of those that have one. What makes no sense of an entry is left out, and no more than that. */
const classes = z.record(z.string(), z.unknown()).catch(() => ({})).transform((stored) => {
  const known: Record<string, LabelClass> = {};
  for (const [id, one] of Object.entries(stored).slice(0, MAX_LABEL_CLASSES)) {
    const found = /^\d{1,20}$/.test(id) ? storedClass.safeParse(one).data : undefined;
    if (found) known[id] = found;
  }
  return known;
});

/** A layer's look as it stands in the document. */
export const StoredLook = {
  order: z.number().catch(0),
  visible: z.boolean().catch(true),
  opacity: unit.catch(1),
  window: interval.optional().catch(undefined),
  colormap: z.string().max(MAX_NAME_CHARS).catch('gray'),
  points: points.catch(() => DEFAULT_POINTS.map(([value, opacity]) => [value, opacity] as [number, number])),
  gamma: z.number().min(0.05).max(20).catch(1),
  log: z.boolean().catch(false),
  mode: z.enum(MODES).catch('dvr'),
  iso: unit.catch(0.5),
  shading: z.enum(SHADINGS).catch('local'),
  blend: z.enum(BLENDS).catch('over'),
  transform: transform.optional().catch(undefined),
  shader: z.string().max(65_536).catch(''),
  uniforms: z.record(z.string().max(64), finite).catch(() => ({})),
  label_style: z.enum(LABEL_STYLES).catch('fill'),
  label_colors: z.record(z.string().regex(/^\d{1,20}$/), hex).catch(() => ({})),
  classes,
  selected: z.array(z.string().regex(/^\d{1,20}$/)).max(4096).catch(() => []),
  isolate: z.boolean().catch(false),
  radius: z.number().positive().max(1e12).catch(1),
  range: interval.optional().catch(undefined),
};

/** How one layer looks; the same for everyone who looks at the scene. */
export interface Look {
  /** Layers with a higher order lie over those with a lower one. */
  readonly order: number;
  readonly visible: boolean;
  readonly opacity: number;
  /** Values at the colour map's ends; absent: each viewer derives them from the values. */
  readonly window: readonly [number, number] | undefined;
  /** Name of a colour map, with `_r` behind it for the reverse, or `#rrggbb` for a ramp from black to that colour. */
  readonly colormap: string;
  /** Opacity over the window: pairs of value 0..1 and opacity 0..1, by rising value. */
  readonly points: readonly (readonly [number, number])[];
  /** A place t of the window takes the colour at t to this power (its opacity is that at t): above 1 more of the window is dark. */
  readonly gamma: number;
  /** The window is divided by the logarithm of the values, over three decades at most; `logSteepness` in volume/opacity.ts says how. */
  readonly log: boolean;
  readonly mode: (typeof MODES)[number];
  /** Where in the window, 0..1, the surface of mode `iso` lies. */
  readonly iso: number;
  readonly shading: (typeof SHADINGS)[number];
  readonly blend: (typeof BLENDS)[number];
  readonly transform: LayerTransform | undefined;
  /** GLSL of the user's own `vec4 shade(Sample s)`; empty: none. */
  readonly shader: string;
  /** Values of the shader's uniforms by name. */
  readonly uniforms: Readonly<Record<string, number>>;
  readonly labelStyle: (typeof LABEL_STYLES)[number];
  /** Colours `#rrggbb` of single ids, which are decimal numbers; those of classes among them. */
  readonly labelColors: Readonly<Record<string, string>>;
  /** What labels mean, by id; a colour of a class counts where `labelColors` has none. */
  readonly classes: Readonly<Record<string, LabelClass>>;
  /** Ids that are picked out, and whether all others are hidden. */
  readonly selected: readonly string[];
  readonly isolate: boolean;
  /** Points: factor of their radii. */
  readonly radius: number;
  /** Points: values that are shown. */
  readonly range: readonly [number, number] | undefined;
}

/** What a layer looks like of which nothing else is said. */
export const DEFAULT_LOOK: Look = parseLook({});

/** A look from a document's entry; what is missing or malformed gets its default. */
export function parseLook(stored: object): Look {
  const { label_style: labelStyle, label_colors: own, ...rest } = z.object(StoredLook).parse(stored);
  const ofClasses = Object.entries(rest.classes).flatMap(([id, { color }]) => (color === null ? [] : [[id, color] as const]));
  const labelColors = ofClasses.length > 0 ? { ...Object.fromEntries(ofClasses), ...own } : own;
  return { labelStyle, labelColors, ...rest, window: rest.window, transform: rest.transform, range: rest.range };
}
