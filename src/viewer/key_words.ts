/** How a tool is used without a mouse, in the words of its button: by the pointer that keys move. */

import type { DrawingTool } from './annotate/drawing_state.js';
import type { PaintAct } from './paint/paint_state.js';

type PointedTool = DrawingTool | PaintAct | 'tape' | 'pick';

/** What is drawn from where it is pressed to where it is let go: one press takes hold, the next lets go. */
const DRAGGED: ReadonlySet<string> = new Set<PointedTool>(['box', 'oriented_box', 'ellipsoid', 'freehand', 'tape', 'lasso']);
/** What is drawn press by press, until it is ended. */
const ENDED: ReadonlySet<string> = new Set<PointedTool>(['polyline', 'polygon']);

/** What a press puts down, and a drag draws on with: one key presses, with shift it takes hold. */
const STROKED: ReadonlySet<string> = new Set<PaintAct>(['brush', 'erase', 'piece']);

/** Whether one press of the key takes hold, and the next one lets go. */
export const isDragged = (tool: string): boolean => DRAGGED.has(tool);

/** Whether shift and the key take hold of it. */
export const isStroked = (act: PaintAct | undefined): boolean => act !== undefined && STROKED.has(act);

/** How a tool works by keys alone. */
export function keyWords(tool: PointedTool): string {
  const stroke = 'takes hold, arrows draw, space lets go';
  const how = isDragged(tool) ? `space ${stroke}` : ENDED.has(tool) ? 'space puts each point, enter ends' : tool === 'line' ? 'space puts each end' : STROKED.has(tool) ? `space presses; shift space ${stroke}` : 'space presses';
  return `Without a mouse: space shows a pointer, arrows move it (shift: ten), ${how}`;
}
