/** Boxes and ellipsoids that stand at any angle: their own axes, corners, sections and outlines. World x, y, z. Pure. */

import { BOX_EDGES } from './box.js';
import type { BoxCoords, PointCoords, TurnedCoords } from './kinds.js';
import { across, cross, dot, minus, plus, rotate, rotateBack, type Turn, unit } from './vectors.js';

/** Points of a ring that is drawn for an ellipse. */
const RING = 48;

const ANGLES = Array.from({ length: RING }, (_, i) => [Math.cos((2 * Math.PI * i) / RING), Math.sin((2 * Math.PI * i) / RING)] as const);

/** The parts of the coordinates. */
export function partsOf(coords: TurnedCoords): { readonly centre: PointCoords; readonly half: PointCoords; readonly turn: Turn } {
  return { centre: coords.slice(0, 3) as never, half: coords.slice(3, 6) as never, turn: coords.slice(6) as never };
}

/** Coordinates from their parts. */
export function turnedCoords(centre: PointCoords, half: PointCoords, turn: Turn): TurnedCoords {
  return [...centre, ...half, ...turn] as unknown as TurnedCoords;
}

/** Its own axes as directions of length 1. */
export function axesOf(turn: Turn): readonly [PointCoords, PointCoords, PointCoords] {
  return [rotate(turn, [1, 0, 0]), rotate(turn, [0, 1, 0]), rotate(turn, [0, 0, 1])];
}

/** A world point seen from its centre along its own axes. */
export function toOwn(coords: TurnedCoords, world: PointCoords): PointCoords {
  const { centre, turn } = partsOf(coords);
  return rotateBack(turn, minus(world, centre));
}

/** The world point of one seen from the centre along the own axes. */
export function fromOwn(coords: TurnedCoords, own: PointCoords): PointCoords {
  const { centre, turn } = partsOf(coords);
  return plus(centre, rotate(turn, own));
}

/** The eight corners of a turned box; bit 0, 1, 2 of the index is the side along its own axes. */
export function turnedCorners(coords: TurnedCoords): PointCoords[] {
  const { half } = partsOf(coords);
  return Array.from({ length: 8 }, (_, i) => fromOwn(coords, [i & 1 ? half[0] : -half[0], i & 2 ? half[1] : -half[1], i & 4 ? half[2] : -half[2]]));
}

/** A box as a turned one that does not turn. */
export function asTurned(box: BoxCoords): TurnedCoords {
  const [centre, half] = [0, 1].map((part) => [0, 1, 2].map((i) => (box[(i + 3) as 3] + (part ? -1 : 1) * box[i as 0]) / 2)) as unknown as [PointCoords, PointCoords];
  return turnedCoords(centre, half, [0, 0, 0, 1]);
}

/** The polygon in which a plane cuts a box with these corners, in order; undefined where it does not. */
export function boxCut(corners: readonly PointCoords[], point: PointCoords, normal: PointCoords): PointCoords[] | undefined {
  const away = corners.map((corner) => dot(minus(corner, point), normal));
  const found: PointCoords[] = [];
  for (const [a, b] of BOX_EDGES) {
    const [da, db] = [away[a] as number, away[b] as number];
    if (da > 0 === db > 0) continue;
    found.push(plus(corners[a] as PointCoords, minus(corners[b] as PointCoords, corners[a] as PointCoords), da / (da - db)));
  }
  if (found.length < 3) return undefined;
  const middle = found.reduce<PointCoords>((sum, p) => plus(sum, p, 1 / found.length), [0, 0, 0]);
  const u = across(normal);
  const v = cross(normal, u);
  const angle = (p: PointCoords) => Math.atan2(dot(minus(p, middle), v), dot(minus(p, middle), u));
  return found.sort((a, b) => angle(a) - angle(b));
}

/** The ring in which a plane cuts an ellipsoid; undefined where it does not. */
export function ellipsoidCut(coords: TurnedCoords, point: PointCoords, normal: PointCoords): PointCoords[] | undefined {
  // In the space where the ellipsoid is a ball of radius 1 every cut is a circle. A normal goes there by the lengths themselves.
  const { half, turn } = partsOf(coords);
  if (Math.min(...half) <= 0) return undefined;
  const own = rotateBack(turn, normal);
  const stretched: PointCoords = [own[0] * half[0], own[1] * half[1], own[2] * half[2]];
  const length = Math.hypot(...stretched);
  const away = dot(minus(point, partsOf(coords).centre), normal) / length;
  return circle(coords, [stretched[0] / length, stretched[1] / length, stretched[2] / length], away);
}

/** The outline of an ellipsoid seen from `eye`; undefined from within it. */
export function ellipsoidOutline(coords: TurnedCoords, eye: PointCoords): PointCoords[] | undefined {
  const { half } = partsOf(coords);
  if (Math.min(...half) <= 0) return undefined;
  const own = toOwn(coords, eye);
  const seen: PointCoords = [own[0] / half[0], own[1] / half[1], own[2] / half[2]];
  const distance = Math.hypot(...seen);
  return distance > 1 ? circle(coords, [seen[0] / distance, seen[1] / distance, seen[2] / distance], 1 / distance) : undefined;
}

/** The circle of the ball of radius 1 at `away` along `axis`, as a ring of the ellipsoid. */
function circle(coords: TurnedCoords, axis: PointCoords, away: number): PointCoords[] | undefined {
  if (!(Math.abs(away) < 1)) return undefined;
  const { half } = partsOf(coords);
  const radius = Math.sqrt(1 - away * away);
  const u = across(axis);
  const v = unit(cross(axis, u)) as PointCoords;
  return ANGLES.map(([c, s]) => {
    const ball = plus(plus([axis[0] * away, axis[1] * away, axis[2] * away], u, radius * c), v, radius * s);
    return fromOwn(coords, [ball[0] * half[0], ball[1] * half[1], ball[2] * half[2]]);
  });
}
