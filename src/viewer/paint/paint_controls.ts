/** What painting offers to panel, bar and keys. */

import type { PaintAct } from './paint_state.js';
import type { PaintTool } from './paint_tool.js';

/** Acts in the order in which they are offered: word, what it does, and its key while somebody paints. */
export const ACTS: readonly (readonly [PaintAct, string, string])[] = [
  ['brush', 'Brush', 'Paint with a brush (p)'],
  ['erase', 'Erase', 'Take labels away (e)'],
  ['fill', 'Fill', 'Fill what is connected and has the label that is clicked (f)'],
  ['lasso', 'Lasso', 'Fill what is drawn around, in this slice or several (h)'],
  ['box', 'Box', 'Fill a rectangle, in this slice or several (b)'],
  ['piece', 'Pieces', 'Paint pieces of the image that are alike: supervoxels (v); enter paints the one at the cross'],
];

const ACT_KEYS: Readonly<Record<string, PaintAct>> = { p: 'brush', e: 'erase', f: 'fill', h: 'lasso', b: 'box', v: 'piece' };

/** What a key means while somebody paints; false where it means what it always does. */
export function paintKey(tool: PaintTool, key: string): boolean {
  const { state } = tool;
  if (!state) return false;
  const act = ACT_KEYS[key];
  if (act) tool.set({ act });
  else if (/^\d$/.test(key)) tool.set({ label: Number(key) });
  else if (key === 't') tool.set({ range: { ...state.range, on: !state.range.on } });
  else if (key === 'i') tool.between(undefined);
  else if (key === 'Enter' && state.act === 'piece') tool.pieces.pickAt(tool.host.store.state.cross);
  else return false;
  return true;
}
