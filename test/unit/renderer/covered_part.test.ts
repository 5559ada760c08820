import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { frameBounds, project } from '../../../src/renderer/camera.js';
import { around, coveredPart } from '../../../src/renderer/covered_part.js';
import { placementOf, toWorld, UNPLACED } from '../../../src/volume/placement.js';

const geometry = { shape: [20, 30, 40] as const, voxelSize: [1, 2, 0.5] as const, origin: [5, -3, 100] as const };
const rect = { x: 7, y: 11, width: 320, height: 200 };
const bounds = { min: [99.75, -4, 4.5] as const, max: [119.75, 56, 24.5] as const };
const whole = frameBounds(bounds, rect.width / rect.height);
const area = ({ width, height }: { width: number; height: number }) => width * height;

describe('the part of a view that volumes cover', () => {
  test('every point of a placed volume that is in view appears in it', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    const angle = fc.double({ min: -1.5, max: 1.5, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(unit, unit, unit), angle, angle, fc.double({ min: 0.05, max: 8, noNaN: true }), fc.tuple(angle, angle, angle), (at, yaw, pitch, far, turn) => {
        const camera = { ...whole, yaw: 2 * yaw, pitch, distance: whole.distance * far };
        const placement = placementOf({ translate: [10 * turn[0], 5, -8], rotate: [...turn, 1], scale: [1, 1.5, 0.7] });
        const world = toWorld(placement, at.map((n, i) => (bounds.min[i] as number) + n * ((bounds.max[i] as number) - (bounds.min[i] as number))) as [number, number, number]);
        const seen = project(camera, { x: 0, y: 0, width: rect.width, height: rect.height }, world);
        if (!seen) return;
        const [x, y] = [rect.x + seen.px[0], rect.y + rect.height - seen.px[1]];
        if (x < rect.x || x > rect.x + rect.width || y < rect.y || y > rect.y + rect.height) return;
        const part = coveredPart([{ geometry, placement }], camera, rect, 1);
        expect(x).toBeGreaterThanOrEqual(part.x);
        expect(x).toBeLessThanOrEqual(part.x + part.width);
        expect(y).toBeGreaterThanOrEqual(part.y);
        expect(y).toBeLessThanOrEqual(part.y + part.height);
      }),
    );
  });

  test('it is small from far away, all of the view from inside, and nothing where nothing is in view', () => {
    const volumes = [{ geometry, placement: UNPLACED }];
    const far = coveredPart(volumes, { ...whole, distance: whole.distance * 4 }, rect, 1);
    expect(area(far)).toBeLessThan(area(rect) / 10);
    expect(area(far)).toBeGreaterThan(area(rect) / 100);
    expect(coveredPart(volumes, { ...whole, distance: 1 }, rect, 1)).toEqual(rect);
    expect(area(coveredPart(volumes, { ...whole, distance: whole.distance * 4, target: [1e4, 0, 0] }, rect, 1))).toBe(0);
    expect(area(coveredPart([], whole, rect, 1))).toBe(0);
  });

  test('what lies around two parts holds both, and one without pixels counts for nothing', () => {
    const [a, b, none] = [{ x: 1, y: 2, width: 3, height: 4 }, { x: 10, y: 0, width: 2, height: 3 }, { x: 500, y: 0, width: 0, height: 9 }];
    expect(around(a, b)).toEqual({ x: 1, y: 0, width: 11, height: 6 });
    expect(around(a, none)).toEqual(a);
    expect(around(none, b)).toEqual(b);
  });
});
