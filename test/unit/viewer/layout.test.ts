import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Layout, placeViews, type ViewId, VIEW_IDS, viewAt } from '../../../src/viewer/layout.js';

const layouts: Layout[] = ['four', 'volume', 'slices'];

test('views lie inside the canvas and do not overlap', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...layouts),
      fc.constantFrom<ViewId | undefined>(undefined, ...VIEW_IDS),
      fc.integer({ min: 20, max: 3000 }),
      fc.integer({ min: 20, max: 3000 }),
      (layout, maximised, width, height) => {
        const places = [...placeViews(layout, maximised, { width, height }).values()];
        for (const [i, a] of places.entries()) {
          expect(a.width).toBeGreaterThan(0);
          expect(a.height).toBeGreaterThan(0);
          expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height).toBe(true);
          for (const b of places.slice(i + 1)) {
            expect(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true);
          }
        }
      },
    ),
  );
});

test('each layout shows its views; a maximised one stands alone', () => {
  const size = { width: 900, height: 450 };
  expect([...placeViews('four', undefined, size).keys()]).toEqual(['axial', 'volume', 'coronal', 'sagittal']);
  expect([...placeViews('slices', undefined, size).keys()]).toEqual(['axial', 'coronal', 'sagittal']);
  expect([...placeViews('volume', undefined, size)]).toEqual([['volume', { x: 0, y: 0, ...size }]]);
  expect([...placeViews('four', 'coronal', size)]).toEqual([['coronal', { x: 0, y: 0, ...size }]]);
  expect(placeViews('four', undefined, { width: 0, height: 0 }).size).toBe(0);
});

test('the view under a pixel is the one drawn there', () => {
  const places = placeViews('four', undefined, { width: 800, height: 600 });
  for (const [id, { x, y, width, height }] of places) expect(viewAt(places, [x + width / 2, y + height / 2])).toBe(id);
  expect(viewAt(places, [900, 10])).toBeUndefined();
});
