/** Where each view stands on the canvas. Pure. */

import type { Pixel, Rect } from '../renderer/views.js';

export type ViewId = 'axial' | 'coronal' | 'sagittal' | 'volume';
export const LAYOUTS = ['four', 'volume', 'slices'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Normal of each slice as an axis of z, y, x. */
export const SLICE_AXIS: Readonly<Record<Exclude<ViewId, 'volume'>, 0 | 1 | 2>> = { axial: 0, coronal: 1, sagittal: 2 };
export const VIEW_IDS: readonly ViewId[] = ['axial', 'coronal', 'sagittal', 'volume'];
/** What people read in a view's corner. */
export const VIEW_TITLES: Readonly<Record<ViewId, string>> = {
  axial: 'Axial',
  coronal: 'Coronal',
  sagittal: 'Sagittal',
  volume: '3D',
};

/** Pixels between neighbouring views. */
const GAP = 2;

/** The views shown, with their places; a maximised view stands alone. */
export function placeViews(
  layout: Layout,
  maximised: ViewId | undefined,
  size: { readonly width: number; readonly height: number },
): ReadonlyMap<ViewId, Rect> {
  const { width, height } = size;
  if (width < 1 || height < 1) return new Map();
  if (maximised) return new Map([[maximised, { x: 0, y: 0, width, height }]]);
  if (layout === 'volume') return new Map([['volume', { x: 0, y: 0, width, height }]]);
  const wide = width >= height;
  if (layout === 'slices') return grid(['axial', 'coronal', 'sagittal'], wide ? 3 : 1, width, height);
  // Four in a row read better than two by two once each would be wider than it is high twice over.
  const columns = width > 3.2 * height ? 4 : height > 3.2 * width ? 1 : 2;
  return grid(['axial', 'volume', 'coronal', 'sagittal'], columns, width, height);
}

function grid(ids: readonly ViewId[], columns: number, width: number, height: number): Map<ViewId, Rect> {
  const rows = Math.ceil(ids.length / columns);
  const edge = (i: number, count: number, length: number) => Math.round((i * (length + GAP)) / count);
  return new Map(
    ids.map((id, i) => {
      const [column, row] = [i % columns, Math.floor(i / columns)];
      const x = edge(column, columns, width);
      const y = edge(row, rows, height);
      return [id, { x, y, width: edge(column + 1, columns, width) - GAP - x, height: edge(row + 1, rows, height) - GAP - y }];
    }),
  );
}

/** Whether the view in perspective is among those shown. */
export const showsVolume = ({ layout, maximised }: { readonly layout: Layout; readonly maximised?: ViewId | undefined }): boolean =>
  maximised === undefined ? layout !== 'slices' : maximised === 'volume';

/** The view under a pixel. */
export function viewAt(places: ReadonlyMap<ViewId, Rect>, [px, py]: Pixel): ViewId | undefined {
  for (const [id, { x, y, width, height }] of places) {
    if (px >= x && px < x + width && py >= y && py < y + height) return id;
  }
  return undefined;
}
