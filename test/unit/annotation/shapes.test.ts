import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TurnedCoords } from '../../../src/annotation/kinds.js';
import { crossesItself, faceOf, pathLength, polygonArea, simplified, withInserted, withoutVertex, withVertex } from '../../../src/annotation/paths.js';
import { asTurned, boxCut, ellipsoidCut, ellipsoidOutline, fromOwn, toOwn, turnedCoords, turnedCorners } from '../../../src/annotation/turned.js';
import { cross, dot, minus, rotate, rotateBack, turnedBy, turnTo, unit } from '../../../src/annotation/vectors.js';

const n = fc.double({ min: -10, max: 10, noNaN: true });
const triple = fc.tuple(n, n, n);
const direction = triple.filter((v) => Math.hypot(...v) > 1e-3).map((v) => unit(v)!);
const turn = fc.tuple(direction, fc.double({ min: -3, max: 3, noNaN: true })).map(([axis, angle]) => turnedBy(axis, angle, [0, 0, 0, 1]));
const half = fc.tuple(...([0, 1, 2].map(() => fc.double({ min: 0.5, max: 5, noNaN: true })) as [fc.Arbitrary<number>, fc.Arbitrary<number>, fc.Arbitrary<number>]));
const solid = fc.tuple(triple, half, turn).map(([centre, lengths, turned]) => turnedCoords(centre, lengths, turned));
const off = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
const near = (a: readonly number[], b: readonly number[]) => expect(off(a, b)).toBeLessThan(1e-6);
const FEW = { numRuns: 25 };
/** 1 on the ellipsoid, less within. */
const level = (coords: TurnedCoords, world: readonly [number, number, number]) => {
  const own = toOwn(coords, world);
  return Math.hypot(own[0] / coords[3], own[1] / coords[4], own[2] / coords[5]);
};

test('turns keep lengths, go back, and take axes where they are told', () => {
  fc.assert(
    fc.property(turn, triple, direction, triple, (q, v, x, other) => {
      near([Math.hypot(...rotate(q, v))], [Math.hypot(...v)]);
      near(rotateBack(q, rotate(q, v)), v);
      const y = unit(cross(x, other));
      fc.pre(y !== undefined && Math.hypot(...cross(x, other)) > 0.1);
      const to = turnTo(x, y!);
      near([...rotate(to, [1, 0, 0]), ...rotate(to, [0, 1, 0])], [...x, ...y!]);
    }),
    FEW,
  );
});

test('a turned box has its corners at its half lengths, and a box that does not turn is the same box', () => {
  fc.assert(
    fc.property(solid, triple, (coords, own) => {
      near(toOwn(coords, fromOwn(coords, own)), own);
      for (const corner of turnedCorners(coords)) near(toOwn(coords, corner).map(Math.abs), coords.slice(3, 6));
    }),
    FEW,
  );
  expect(asTurned([1, 2, 3, 5, 4, 9])).toEqual([3, 3, 6, 2, 1, 3, 0, 0, 0, 1]);
});

test('a cut through an ellipsoid lies on it and in the plane, wherever the plane goes', () => {
  fc.assert(
    fc.property(solid, direction, fc.double({ min: -0.9, max: 0.9, noNaN: true }), (coords, normal, depth) => {
      // a place within the ellipsoid, so that the plane cuts it
      const point = fromOwn(coords, [depth * coords[3], 0, 0]);
      const ring = ellipsoidCut(coords, point, normal);
      expect(ring).toHaveLength(48);
      near(ring!.map((p) => level(coords, p)), Array(48).fill(1));
      near(ring!.map((p) => dot(minus(p, point), normal)), Array(48).fill(0));
    }),
    FEW,
  );
  expect(ellipsoidCut([0, 0, 0, 1, 2, 3, 0, 0, 0, 1], [0, 0, 3.01], [0, 0, 1])).toBeUndefined();
  expect(ellipsoidCut([0, 0, 0, 1, 2, 0, 0, 0, 0, 1], [0, 0, 0], [0, 0, 1])).toBeUndefined();
});

test('the outline of an ellipsoid lies on it, where the ray from the eye only touches it', () => {
  fc.assert(
    fc.property(solid, direction, (coords, away) => {
      const eye: [number, number, number] = [coords[0] + 20 * away[0], coords[1] + 20 * away[1], coords[2] + 20 * away[2]];
      const outline = ellipsoidOutline(coords, eye)!;
      near(outline.map((p) => level(coords, p)), Array(48).fill(1));
      // before and behind it the ray is outside
      const beside = (p: readonly number[], t: number) => [0, 1, 2].map((i) => eye[i]! + t * (p[i]! - eye[i]!)) as [number, number, number];
      expect(Math.min(...outline.flatMap((p) => [level(coords, beside(p, 0.98)), level(coords, beside(p, 1.02))]))).toBeGreaterThan(1);
    }),
    FEW,
  );
  expect(ellipsoidOutline([0, 0, 0, 1, 1, 1, 0, 0, 0, 1], [0.5, 0, 0])).toBeUndefined();
});

test('a plane cuts a box in a polygon of its plane: a cube in a hexagon at most', () => {
  const cube = turnedCorners([0, 0, 0, 1, 1, 1, 0, 0, 0, 1]);
  const hexagon = boxCut(cube, [0, 0, 0], unit([1, 1, 1])!)!;
  expect(hexagon).toHaveLength(6);
  expect(polygonArea(hexagon.flat())).toBeCloseTo(3 * Math.sqrt(3), 9);
  expect(polygonArea(boxCut(cube, [0, 0, 0.5], [0, 0, 1])!.flat())).toBeCloseTo(4, 9);
  expect(boxCut(cube, [0, 0, 1.5], [0, 0, 1])).toBeUndefined();
});

test('what is simplified keeps its ends and stays within the tolerance of what it was', () => {
  const wave = Array.from({ length: 400 }, (_, i) => [i / 10, Math.sin(i / 20), 3]).flat();
  const kept = simplified(wave, 0.05);
  expect(kept.length / 3).toBeLessThan(40);
  expect([...kept.slice(0, 3), ...kept.slice(-3)]).toEqual([...wave.slice(0, 3), ...wave.slice(-3)]);
  const away = (x: number, y: number) => {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i + 5 < kept.length; i += 3) {
      const [ax, ay, bx, by] = [kept[i]!, kept[i + 1]!, kept[i + 3]!, kept[i + 4]!];
      const t = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)));
      least = Math.min(least, Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)));
    }
    return least;
  };
  expect(Math.max(...Array.from({ length: 400 }, (_, i) => away(wave[3 * i]!, wave[3 * i + 1]!)))).toBeLessThanOrEqual(0.05 + 1e-9);
  expect(simplified([0, 0, 0, 1, 0, 0, 2, 0, 0], 0.01)).toEqual([0, 0, 0, 2, 0, 0]);
});

test('lengths, areas and faces of paths', () => {
  const square = [0, 0, 5, 2, 0, 5, 2, 2, 5, 0, 2, 5];
  expect([pathLength(square), pathLength(square, true), polygonArea(square)]).toEqual([6, 8, 4]);
  expect(unit(faceOf(square))).toEqual([0, 0, 1]);
});

test.each([
  ['a square', [0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0], false],
  ['a bow tie', [0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 0], true],
  ['a triangle', [0, 0, 0, 1, 0, 0, 0, 1, 0], false],
  ['an arrow', [0, 0, 0, 2, 1, 0, 0, 2, 0, 0.5, 1, 0], false],
  ['a five-pointed star in a tilted plane', [0, 1, 0, 2, 3, 4].flatMap((k) => [Math.cos(k * 2.513), Math.sin(k * 2.513), Math.cos(k * 2.513)]), true],
  ['points on a line', [0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0], false],
])('%s crosses itself: %j %s', (_, coords, expected) => {
  expect(crossesItself(coords)).toBe(expected);
});

test('a circle of 4096 points is looked through at once', () => {
  const circle = Array.from({ length: 4096 }, (_, i) => [Math.cos((i * 2 * Math.PI) / 4096), Math.sin((i * 2 * Math.PI) / 4096), 0]).flat();
  expect(crossesItself(circle)).toBe(false);
  expect(crossesItself(withVertex(circle, 2000, [5, 3, 0]))).toBe(true);
});

test('vertices come, go and move; the others stay', () => {
  const path = [0, 0, 0, 1, 1, 1, 2, 2, 2];
  expect(withVertex(path, 1, [9, 8, 7])).toEqual([0, 0, 0, 9, 8, 7, 2, 2, 2]);
  expect(withInserted(path, 1, [9, 8, 7])).toEqual([0, 0, 0, 9, 8, 7, 1, 1, 1, 2, 2, 2]);
  expect(withoutVertex(path, 1)).toEqual([0, 0, 0, 2, 2, 2]);
  expect(path).toHaveLength(9);
});
