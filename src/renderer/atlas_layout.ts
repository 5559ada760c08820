/** How slots lie in a 3D texture. Pure. */

import { STORED_EDGE } from '../protocol/limits.js';

/** Slots along x, y, z. */
export type AtlasLayout = readonly [number, number, number];

/** Slots of a layout. */
export const layoutSlots = ([x, y, z]: AtlasLayout): number => x * y * z;

/**
 * A nearly cubic layout that holds `wanted` slots, or as many as the limits allow, and contains `inside`, so that a grown
 * atlas keeps its bricks where they are.
 *
 * @param most slots that memory allows
 * @param maxEdge longest edge of a 3D texture in texels
 */
export function planLayout(wanted: number, most: number, maxEdge: number, inside: AtlasLayout = [1, 1, 1]): AtlasLayout {
  const longest = Math.floor(maxEdge / STORED_EDGE);
  const layout: [number, number, number] = [...inside];
  while (layoutSlots(layout) < wanted) {
    const axes = [0, 1, 2].sort((a, b) => (layout[a] as number) - (layout[b] as number));
    const axis = axes.find((i) => {
      const next = [...layout] as [number, number, number];
      next[i] = (next[i] as number) + 1;
      return (next[i] as number) <= longest && layoutSlots(next) <= most;
    });
    if (axis === undefined) break;
    layout[axis] = (layout[axis] as number) + 1;
  }
  return layout;
}
