/** The kinds of annotations and the coordinates each has: flat lists of world x, y, z. Pure. */

import { MAX_PATH_POINTS } from '../protocol/limits.js';

export const KINDS = ['point', 'line', 'polyline', 'polygon', 'box', 'oriented_box', 'ellipsoid'] as const;
export type Kind = (typeof KINDS)[number];

/** World x, y, z. */
export type PointCoords = readonly [number, number, number];
/** World x, y, z of the low corner, then of the high one. */
export type BoxCoords = readonly [number, number, number, number, number, number];
/** World x, y, z of each vertex in turn. */
export type PathCoords = readonly number[];
/** Centre x, y, z, half lengths along its own axes, and the quaternion x, y, z, w that turns it. */
export type TurnedCoords = readonly [number, number, number, number, number, number, number, number, number, number];

/** What the coordinates of a kind are. */
export interface CoordsOf {
  readonly point: PointCoords;
  readonly line: PathCoords;
  readonly polyline: PathCoords;
  readonly polygon: PathCoords;
  readonly box: BoxCoords;
  readonly oriented_box: TurnedCoords;
  readonly ellipsoid: TurnedCoords;
}

/** A kind with coordinates: what has a place. */
export type Form = { readonly [K in Kind]: { readonly kind: K; readonly coords: CoordsOf[K] } }[Kind];
export type PathForm = Extract<Form, { kind: 'line' | 'polyline' | 'polygon' }>;
export type TurnedForm = Extract<Form, { kind: 'oriented_box' | 'ellipsoid' }>;

/** Vertices a path has at least; a line has no more either. */
export const LEAST_POINTS = { line: 2, polyline: 2, polygon: 3 } as const;
/** What people read of a kind. */
export const KIND_WORDS: Readonly<Record<Kind, string>> = {
  point: 'Point',
  line: 'Line',
  polyline: 'Polyline',
  polygon: 'Polygon',
  box: 'Box',
  oriented_box: 'Turned box',
  ellipsoid: 'Ellipsoid',
};
/** How far from 1 the length of a stored quaternion may be. */
const UNIT_TOLERANCE = 1e-3;

export const isPath = (form: Form): form is PathForm => form.kind in LEAST_POINTS;
export const isTurned = (form: Form): form is TurnedForm => form.kind === 'oriented_box' || form.kind === 'ellipsoid';

/** A kind and coordinates that may have come from anyone, as a form; undefined where they are none. A box's corners come back in order. */
export function parseForm(kind: unknown, coords: unknown): Form | undefined {
  if (!Array.isArray(coords) || !coords.every((n) => typeof n === 'number' && Number.isFinite(n))) return undefined;
  const numbers = coords as readonly number[];
  switch (kind) {
    case 'point':
      return numbers.length === 3 ? { kind, coords: numbers as PointCoords } : undefined;
    case 'box':
      return numbers.length === 6 ? { kind, coords: orderedBox(numbers as BoxCoords) } : undefined;
    case 'line':
    case 'polyline':
    case 'polygon':
      return isPathOf(kind, numbers) ? { kind, coords: numbers } : undefined;
    case 'oriented_box':
    case 'ellipsoid': {
      const turned = unitTurned(numbers);
      return turned && { kind, coords: turned };
    }
    default:
      return undefined;
  }
}

/** The same box with its low corner first. */
export function orderedBox([x0, y0, z0, x1, y1, z1]: BoxCoords): BoxCoords {
  return [Math.min(x0, x1), Math.min(y0, y1), Math.min(z0, z1), Math.max(x0, x1), Math.max(y0, y1), Math.max(z0, z1)];
}

function isPathOf(kind: keyof typeof LEAST_POINTS, { length }: readonly number[]): boolean {
  if (length % 3 !== 0 || length > 3 * MAX_PATH_POINTS) return false;
  return kind === 'line' ? length === 6 : length >= 3 * LEAST_POINTS[kind];
}

function unitTurned(numbers: readonly number[]): TurnedCoords | undefined {
  if (numbers.length !== 10 || numbers.slice(3, 6).some((half) => half <= 0)) return undefined;
  const turn = numbers.slice(6);
  const length = Math.hypot(...turn);
  if (Math.abs(length - 1) > UNIT_TOLERANCE) return undefined;
  // What is as good as 1 stays as it is written: what is read and written again does not drift.
  const exact = Math.abs(length - 1) < 1e-12;
  return (exact ? numbers : [...numbers.slice(0, 6), ...turn.map((n) => n / length)]) as unknown as TurnedCoords;
}
