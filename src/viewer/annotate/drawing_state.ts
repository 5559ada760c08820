/** What is drawn next: its class and layer, and what it snaps to. It stays with the viewer. */

import type { MenuItem } from '../instruments/menu.js';

/** Tools that make annotations. */
export const DRAWING_TOOLS = ['point', 'line', 'polyline', 'polygon', 'freehand', 'box', 'oriented_box', 'ellipsoid'] as const;
export type DrawingTool = (typeof DRAWING_TOOLS)[number];

export interface DrawingState {
  /** Name of a class; '' for none. */
  readonly label: string;
  /** Id of a layer of annotations. */
  readonly layer: string;
  readonly snapVoxels: boolean;
  readonly snapVertices: boolean;
}

export const FIRST_DRAWING: DrawingState = { label: '', layer: '', snapVoxels: false, snapVertices: false };

export const isDrawingTool = (tool: string): tool is DrawingTool => (DRAWING_TOOLS as readonly string[]).includes(tool);

/** What the tools are for, for buttons and menus; and their keys. */
export const TOOL_WORDS: Readonly<Record<DrawingTool, readonly [words: string, key: string]>> = {
  point: ['Draw points', 'p'],
  line: ['Draw lines', 'a'],
  polyline: ['Draw polylines click by click; enter ends', 'shift a'],
  polygon: ['Draw polygons click by click; enter closes', 'h'],
  freehand: ['Draw freehand; back to its beginning it becomes a polygon', 'f'],
  box: ['Draw boxes', 'b'],
  oriented_box: ['Draw boxes that can be turned', 'shift b'],
  ellipsoid: ['Draw ellipsoids', 'e'],
};

/** The drawing tools for the menu: a narrow toolbar has no room for all of them. */
export function drawingMenu(choose: (tool: DrawingTool) => void): MenuItem[] {
  return DRAWING_TOOLS.map((tool) => ({ name: `draw-${tool}`, words: TOOL_WORDS[tool][0], key: TOOL_WORDS[tool][1], run: () => choose(tool) }));
}
