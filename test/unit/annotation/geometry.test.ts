import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  BOX_EDGES,
  boxBetween,
  boxCentre,
  boxCorners,
  dragFaces,
  edgesBehind,
  FACE_HANDLES,
  handlePosition,
  sliceCuts,
  sliceHandles,
  thickened,
} from '../../../src/annotation/box.js';
import { movedForm } from '../../../src/annotation/forms.js';
import { annotationAt, handleAt, projectEdges } from '../../../src/annotation/hit.js';
import type { Annotation, BoxCoords, PointCoords } from '../../../src/annotation/model.js';
import { segmentDistance } from '../../../src/annotation/pixels.js';
import { along, meetPlane, nearestOnLine, rayDistance } from '../../../src/annotation/ray.js';
import { ANNOTATION_COLORS, nextColor } from '../../../src/annotation/colors.js';

const BOX: BoxCoords = [0, 0, 0, 10, 20, 30];
const number = fc.double({ min: -100, max: 100, noNaN: true });
const triple = fc.tuple(number, number, number);

test('a box has twelve edges, each along one axis', () => {
  const corners = boxCorners(BOX);
  expect(BOX_EDGES).toHaveLength(12);
  const lengths = BOX_EDGES.map(([a, b]) => Math.hypot(...corners[a]!.map((v, i) => v - corners[b]![i]!)));
  expect(lengths.sort((a, b) => a - b)).toEqual([10, 10, 10, 10, 20, 20, 20, 20, 30, 30, 30, 30]);
});

test('three edges of a box lie behind it', () => {
  const behind = edgesBehind([1, -1, 1]);
  const corners = boxCorners(BOX);
  const hidden = BOX_EDGES.filter((_, i) => behind[i]);
  expect(hidden).toHaveLength(3);
  for (const [a, b] of hidden) expect([corners[a], corners[b]]).toContainEqual([10, 0, 30]);
});

test('handles stand on the faces, edges and corners they move', () => {
  expect(handlePosition(BOX, [0, 0, 0])).toEqual([5, 10, 15]);
  expect(handlePosition(BOX, [1, 0, 0])).toEqual([10, 10, 15]);
  expect(handlePosition(BOX, [-1, 1, 0])).toEqual([0, 20, 15]);
  expect(FACE_HANDLES).toHaveLength(6);
  for (const axis of [0, 1, 2] as const) {
    expect(sliceHandles(axis)).toHaveLength(8);
    expect(sliceHandles(axis).every((sides) => sides[axis] === 0)).toBe(true);
  }
});

test('dragging a handle moves its faces alone, and through the other side turns the box over', () => {
  expect(dragFaces(BOX, [1, 0, 0], [7, 99, 99])).toEqual([0, 0, 0, 7, 20, 30]);
  expect(dragFaces(BOX, [-1, 1, 0], [2, 25, 99])).toEqual([2, 0, 0, 10, 25, 30]);
  expect(dragFaces(BOX, [1, 0, 0], [-5, 0, 0])).toEqual([-5, 0, 0, 0, 20, 30]);
});

test('a box drawn flat becomes thick enough to grab, about its middle', () => {
  expect(thickened([0, 0, 5, 10, 20, 5], 0.25)).toEqual([0, 0, 2.5, 10, 20, 7.5]);
  expect(thickened(BOX, 0.25)).toEqual(BOX);
});

test('boxes stay ordered under any drag, and moving keeps their size', () => {
  fc.assert(
    fc.property(triple, triple, triple, fc.constantFrom(...FACE_HANDLES, ...sliceHandles(1)), (a, b, to, sides) => {
      const box = dragFaces(boxBetween(a, b), sides, to);
      expect(box[0] <= box[3] && box[1] <= box[4] && box[2] <= box[5]).toBe(true);
      const shifted = movedForm({ kind: 'box', coords: box }, to).coords;
      boxCentre(shifted).forEach((value, i) => {
        expect(value).toBeCloseTo(boxCentre(box)[i]! + to[i]!, 6);
      });
    }),
  );
});

test('a slice cuts the box between its faces', () => {
  expect(sliceCuts(BOX, 2, 15)).toBe(true);
  expect(sliceCuts(BOX, 2, 31)).toBe(false);
});

test('distance to a segment is that to its nearest point', () => {
  expect(segmentDistance([5, 3], [0, 0], [10, 0])).toBe(3);
  expect(segmentDistance([13, 4], [0, 0], [10, 0])).toBe(5);
  expect(segmentDistance([3, 4], [0, 0], [0, 0])).toBe(5);
});

test('a ray meets planes and passes lines where it should', () => {
  const ray = { origin: [0, 0, 10], direction: [0, 0, -1] } as const;
  expect(meetPlane(ray, [0, 0, 2], [0, 0, 1])).toEqual([0, 0, 2]);
  expect(meetPlane(ray, [0, 0, 2], [1, 0, 0])).toBeUndefined();
  expect(nearestOnLine(ray, [5, 3, 0], [1, 0, 0])).toEqual([0, 3, 0]);
  expect(nearestOnLine(ray, [5, 3, 0], [0, 0, 1])).toBeUndefined();
  expect(rayDistance(ray, [3, 4, 0])).toEqual({ distance: 5, t: 10 });
});

test('the nearest point of a line is nearer to the ray than its neighbours', () => {
  fc.assert(
    fc.property(triple, triple, triple, (origin, toward, point) => {
      const length = Math.hypot(...toward);
      fc.pre(length > 1e-3);
      const ray = { origin, direction: toward.map((v) => v / length) as unknown as PointCoords };
      const nearest = nearestOnLine(ray, point, [0, 1, 0]);
      fc.pre(nearest !== undefined);
      const apart = (p: PointCoords) => {
        const t = ray.direction.reduce((sum, d, i) => sum + d * (p[i]! - origin[i]!), 0);
        return Math.hypot(...along(ray, t).map((v, i) => v - p[i]!));
      };
      const here = apart(nearest!);
      expect(apart([nearest![0], nearest![1] + 0.5, nearest![2]])).toBeGreaterThanOrEqual(here - 1e-6);
      expect(apart([nearest![0], nearest![1] - 0.5, nearest![2]])).toBeGreaterThanOrEqual(here - 1e-6);
    }),
  );
});

const FIELDS = { name: '', color: '#ffffff', volumeName: '', created: '', author: '' };
const flat = ([x, y]: PointCoords) => [x, y] as const;

test('the annotation under the pointer is the nearest within reach', () => {
  const annotations: Annotation[] = [
    { ...FIELDS, id: 'point', kind: 'point', coords: [50, 50, 0] },
    { ...FIELDS, id: 'box', kind: 'box', coords: [0, 0, 0, 40, 40, 5] },
  ];
  const draw = (a: Annotation) =>
    a.kind === 'point' ? { dot: flat(a.coords), lines: [] } : { lines: a.kind === 'box' ? projectEdges(boxCorners(a.coords), flat) : [] };
  expect(annotationAt([52, 50], annotations, draw, 6)?.id).toBe('point');
  expect(annotationAt([20, 2], annotations, draw, 6)?.id).toBe('box');
  expect(annotationAt([20, 20], annotations, draw, 6)).toBeUndefined();
  expect(annotationAt([52, 50], annotations, () => undefined, 6)).toBeUndefined();
});

test('a handle is found within reach, and not where the view does not show it', () => {
  expect(handleAt([10, 10], BOX, sliceHandles(2), flat, 4)).toEqual([1, 0, 0]);
  expect(handleAt([5, 10], BOX, sliceHandles(2), flat, 4)).toBeUndefined();
  expect(handleAt([10, 10], BOX, sliceHandles(2), () => undefined, 4)).toBeUndefined();
});

test('new annotations take the colour used least', () => {
  expect(nextColor([])).toBe(ANNOTATION_COLORS[0]);
  expect(nextColor([ANNOTATION_COLORS[0].toUpperCase()])).toBe(ANNOTATION_COLORS[1]);
  expect(nextColor([...ANNOTATION_COLORS, ANNOTATION_COLORS[0]])).toBe(ANNOTATION_COLORS[1]);
});
