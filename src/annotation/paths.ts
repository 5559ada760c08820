/** Lines of vertices: simplified, changed vertex by vertex, and looked at in their plane. Flat lists of world x, y, z. Pure. */

import { vertexCount, vertexOf } from './forms.js';
import type { PointCoords } from './kinds.js';
import { across, cross, dot, minus, unit } from './vectors.js';

/** The path with one vertex somewhere else. */
export function withVertex(coords: readonly number[], index: number, to: PointCoords): number[] {
  const changed = [...coords];
  changed.splice(3 * index, 3, ...to);
  return changed;
}

/** The path with another vertex before the one of `index`. */
export function withInserted(coords: readonly number[], index: number, at: PointCoords): number[] {
  const changed = [...coords];
  changed.splice(3 * index, 0, ...at);
  return changed;
}

export function withoutVertex(coords: readonly number[], index: number): number[] {
  const changed = [...coords];
  changed.splice(3 * index, 3);
  return changed;
}

/** Distance of a point to the segment from `a` to `b`, squared. */
function segmentDistance2(p: PointCoords, a: PointCoords, b: PointCoords): number {
  const [d, e] = [minus(b, a), minus(p, a)];
  const length2 = dot(d, d);
  const t = length2 > 0 ? Math.min(1, Math.max(0, dot(e, d) / length2)) : 0;
  const off: PointCoords = [e[0] - t * d[0], e[1] - t * d[1], e[2] - t * d[2]];
  return dot(off, off);
}

/** The path without vertices that lie within `tolerance` of the line between those that stay (Douglas and Peucker). */
export function simplified(coords: readonly number[], tolerance: number): number[] {
  const count = vertexCount(coords);
  if (count <= 2) return [...coords];
  const keep = new Uint8Array(count);
  keep[0] = 1;
  keep[count - 1] = 1;
  const spans: [number, number][] = [[0, count - 1]];
  for (let span = spans.pop(); span; span = spans.pop()) {
    const [from, to] = span;
    const [a, b] = [vertexOf(coords, from), vertexOf(coords, to)];
    let [farthest, most] = [-1, tolerance * tolerance];
    for (let i = from + 1; i < to; i += 1) {
      const away = segmentDistance2(vertexOf(coords, i), a, b);
      if (away > most) [farthest, most] = [i, away];
    }
    if (farthest < 0) continue;
    keep[farthest] = 1;
    spans.push([from, farthest], [farthest, to]);
  }
  return coords.filter((_, i) => keep[Math.floor(i / 3)] === 1);
}

/** Length of a path; a closed one goes back to its beginning. */
export function pathLength(coords: readonly number[], closed = false): number {
  const count = vertexCount(coords);
  let length = 0;
  for (let i = closed ? 0 : 1; i < count; i += 1) length += Math.hypot(...minus(vertexOf(coords, i), vertexOf(coords, (i + count - 1) % count)));
  return length;
}

/** The direction a polygon faces, its length twice the polygon's area (Newell); [0, 0, 0] for one without area. */
export function faceOf(coords: readonly number[]): PointCoords {
  const count = vertexCount(coords);
  const origin = vertexOf(coords, 0);
  let sum: PointCoords = [0, 0, 0];
  for (let i = 1; i < count - 1; i += 1) {
    const c = cross(minus(vertexOf(coords, i), origin), minus(vertexOf(coords, i + 1), origin));
    sum = [sum[0] + c[0], sum[1] + c[1], sum[2] + c[2]];
  }
  return sum;
}

/** Area of a polygon. */
export const polygonArea = (coords: readonly number[]): number => Math.hypot(...faceOf(coords)) / 2;

type Flat = readonly [number, number];

/** Whether the outline of a polygon crosses itself, looked at along the direction it faces. */
export function crossesItself(coords: readonly number[]): boolean {
  const count = vertexCount(coords);
  if (count < 4) return false;
  // A bow tie may have no area at all: then any plane through three of its points will do.
  const face = unit(faceOf(coords)) ?? planeOf(coords);
  if (!face) return false;
  const u = across(face);
  const v = cross(face, u);
  const flat = Array.from({ length: count }, (_, i): Flat => [dot(vertexOf(coords, i), u), dot(vertexOf(coords, i), v)]);
  const edges = flat.map((a, i) => ({ i, a, b: flat[(i + 1) % count] as Flat })).map((edge) => ({ ...edge, low: Math.min(edge.a[0], edge.b[0]), high: Math.max(edge.a[0], edge.b[0]) }));
  edges.sort((a, b) => a.low - b.low);
  for (let first = 0; first < count; first += 1) {
    const one = edges[first]!;
    for (let second = first + 1; second < count && edges[second]!.low <= one.high; second += 1) {
      const other = edges[second]!;
      const apart = Math.abs(one.i - other.i);
      if (apart === 1 || apart === count - 1) continue;
      if (meet(one.a, one.b, other.a, other.b)) return true;
    }
  }
  return false;
}

function planeOf(coords: readonly number[]): PointCoords | undefined {
  const origin = vertexOf(coords, 0);
  for (let i = 1; i < vertexCount(coords) - 1; i += 1) {
    const normal = unit(cross(minus(vertexOf(coords, i), origin), minus(vertexOf(coords, i + 1), origin)));
    if (normal) return normal;
  }
  return undefined;
}

const side = (a: Flat, b: Flat, p: Flat): number => (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);

function meet(a: Flat, b: Flat, c: Flat, d: Flat): boolean {
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}
