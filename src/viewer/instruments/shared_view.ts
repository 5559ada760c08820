/** What of a view others may know and set, as plain values: Python by traits, other viewers by links, bookmarks in the scene. */

import * as z from 'zod';
import { SLAB_MODES } from '../../protocol/tiles.js';
import { policyOf } from '../../volume/policy.js';
import { LAYOUTS } from '../layout.js';
import type { ViewState } from '../view_state.js';
import { FIRST_INSTRUMENTS, PLANE_IDS, PLANE_LOOKS, type Planes } from './instrument_state.js';
import { clipOf, MAX_PLANES, unitVector } from './clip.js';
import { unitTurn } from './slice_planes.js';
import { MAX_TAPES, tapeLength } from './tape.js';

const finite = z.number().finite();
const place = z.tuple([finite, finite, finite]);
const direction = place.refine((v) => unitVector(v) !== undefined).transform((v) => unitVector(v) as readonly [number, number, number]);
const Camera = z.object({
  target: place, distance: finite.positive(), yaw: finite, pitch: finite.min(-Math.PI / 2).max(Math.PI / 2),
});
const Plane = z.object({ normal: place.refine((v) => unitVector(v) !== undefined), offset: finite });
const Clip = z.object({
  box: z.object({ min: place, max: place }).refine(({ min, max }) => min.every((low, i) => low < (max[i] as number))).optional(),
  planes: z.array(Plane).max(MAX_PLANES).optional(),
});
const Tapes = z.array(z.object({ start: place, end: place })).max(MAX_TAPES);

const look = z.enum(PLANE_LOOKS);
const Slab = z.strictObject({ thickness: finite.nonnegative(), mode: z.enum(SLAB_MODES).default('mean') });
/** x, y, z, w of any length but none. */
const Turn = z.tuple([finite, finite, finite, finite]).refine((q) => Math.hypot(...q) > 0 && Number.isFinite(Math.hypot(...q)));
const Frame = z.strictObject({ center: place, pixel_size: finite.positive() }).partial();
const PlanesField = z.strictObject({ axial: look, coronal: look, sagittal: look, cut: z.boolean() }).partial();

/** One field: as a plain value, and back. */
interface Field {
  read(state: ViewState): unknown;
  /** @returns what changes; undefined where the value is none of this field's */
  write(value: unknown, state: ViewState): Partial<ViewState> | undefined;
}

const empty = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** What a schema reads from a value, as a change; an empty value changes nothing. */
function reading<T>(schema: z.ZodType<T>, value: unknown, change: (read: T) => Partial<ViewState>): Partial<ViewState> | undefined {
  if (empty(value)) return {};
  const result = schema.safeParse(value);
  return result.success ? change(result.data) : undefined;
}

/** The fields by their names. Empty values mean: as the viewer has it, or none. */
export const SHARED_FIELDS = {
  camera: {
    read: ({ camera: { target, distance, yaw, pitch } }) => ({ target: [...target], distance, yaw, pitch }),
    write: (value, { camera }) => reading(Camera, value, (read) => ({ camera: { ...camera, ...read } })),
  },
  cross: {
    read: ({ cross }) => [...cross],
    write: (value) => reading(place, value, (cross) => ({ cross })),
  },
  time: {
    read: ({ time }) => time,
    write: (value) => reading(z.int().min(0), value, (time) => ({ time })),
  },
  clip: {
    read: ({ clip }) => clip ?? {},
    write: (value) =>
      empty(value)
        ? { clip: undefined }
        : reading(Clip, value, ({ box, planes }) => ({
            // A plane's offset is along its normal, which need not be of length 1.
            clip: clipOf(box, planes?.map(({ normal, offset }) => ({ normal: unitVector(normal) as never, offset: offset / Math.hypot(...normal) }))),
          })),
  },
  light: {
    read: ({ light }) => (light ? [...light] : []),
    write: (value) => (empty(value) ? { light: undefined } : reading(direction, value, (light) => ({ light }))),
  },
  planes: {
    read: ({ planes }) => (planes.cut || PLANE_IDS.some((id) => planes[id] !== 'none') ? { ...planes } : {}),
    write: (value, { planes }) =>
      empty(value) ? { planes: FIRST_INSTRUMENTS.planes } : reading(PlanesField, value, (read) => ({ planes: { ...planes, ...read } as Planes })),
  },
  slab: {
    read: ({ slab }) => (slab ? { thickness: slab.thickness, mode: slab.mode } : {}),
    write: (value) => (empty(value) ? { slab: undefined } : reading(Slab, value, (slab) => ({ slab: slab.thickness > 0 ? slab : undefined }))),
  },
  turn: {
    read: ({ turn }) => (turn ? [...turn] : []),
    write: (value) => (empty(value) ? { turn: undefined } : reading(Turn, value, (q) => ({ turn: unitTurn(q) }))),
  },
  slice_frame: {
    read: ({ center, pixelSize }) => ({ center: [...center], pixel_size: pixelSize }),
    write: (value) =>
      reading(Frame, value, ({ center, pixel_size }) => ({ ...(center && { center }), ...(pixel_size !== undefined && { pixelSize: pixel_size }) })),
  },
  views: {
    read: ({ layout }) => layout,
    write: (value, { layout }) => reading(z.enum(LAYOUTS), value, (read) => (read === layout ? {} : { layout: read, maximised: undefined })),
  },
  policy: {
    read: ({ policy }) => policy,
    write: (value) => {
      try {
        return typeof value === 'string' && policyOf(value) ? { policy: value } : undefined;
      } catch {
        return undefined;
      }
    },
  },
  measurements: {
    read: ({ measurements }) => measurements.map((tape) => ({ start: [...tape.start], end: [...tape.end], length: tapeLength(tape) })),
    write: (value) => {
      const result = Tapes.safeParse(value);
      return result.success ? { measurements: result.data.map((tape, i) => ({ id: `given-${i + 1}`, ...tape })) } : undefined;
    },
  },
} as const satisfies Record<string, Field>;

export type SharedName = keyof typeof SHARED_FIELDS;
export const SHARED_NAMES = Object.keys(SHARED_FIELDS) as SharedName[];

/** A field of a state as a plain value. */
export function readShared(state: ViewState, name: SharedName): unknown {
  return SHARED_FIELDS[name].read(state);
}

/** What a plain value makes of a state; undefined where it is malformed. */
export function writeShared(state: ViewState, name: SharedName, value: unknown): Partial<ViewState> | undefined {
  return (SHARED_FIELDS[name] as Field).write(value, state);
}
