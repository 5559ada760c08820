/** The keys, in one table: what they do and what the help says of them. They work while the viewer has the focus. */

import type { DrawingTool } from './annotate/drawing_state.js';
import type { InstrumentKey } from './instruments/instruments.js';
import type { ViewId } from './layout.js';

/** What keys can ask for. */
export interface Commands {
  /** A view alone or all of them; or a class, where a mark is selected or drawn. */
  digit(number: number): void;
  toggleView(view: ViewId): void;
  showAll(): void;
  reset(): void;
  /** Arrows: the pointer of keys, where it is shown; a slice up or down, or the camera turned. */
  arrow(dx: number, dy: number, fast: boolean): void;
  /** So many slices on, whatever the arrows do. */
  slice(by: number): void;
  zoom(closer: boolean): void;
  toggleMode(): void;
  screenshot(): void;
  /** Asks for a picture of any size, or for a movie. */
  studio(what: 'picture' | 'movie'): void;
  tool(tool: DrawingTool | 'tape' | 'pick'): void;
  instrument(name: InstrumentKey): void;
  /** A key that means something else while somebody paints; false where it does not. */
  paintKey(key: string): boolean;
  /** With a tool or a selected mark the pointer of keys, and a press of it, or with `hold` the beginning of a stroke; else plays the time points, or stops. */
  play(hold: boolean): void;
  /** Goes on by so many time points. */
  timeStep(by: number): void;
  /** Ends what is under way: a drag, the help, a tool, the selection, a maximised view. */
  escape(): void;
  /** Of what is drawn click by click the last point, then a chosen vertex, then what is selected. */
  deleteSelected(): void;
  /** Ends what is drawn click by click, or lets go of what the pointer of keys holds. */
  finish(): void;
  /** Selects all annotations that can be seen and changed. */
  selectAll(): void;
  copy(cut: boolean): void;
  paste(): void;
  duplicate(): void;
  /** What is drawn goes to the centres of voxels, or to vertices; or no longer. */
  toggleSnap(to: 'snapVoxels' | 'snapVertices'): void;
  /** Goes to the next mark of the list, or to the one before. */
  stepMark(by: 1 | -1): void;
  undo(): void;
  redo(): void;
  togglePanel(): void;
  /** Shows who is here, or no longer. */
  people(): void;
  help(): void;
}

interface Binding {
  readonly keys: readonly string[];
  /** With ctrl or, on a Mac, command. */
  readonly control?: boolean;
  readonly shift?: boolean;
  readonly label: string;
  readonly text: string;
  run(commands: Commands, event: KeyboardEvent): void;
}

export const BINDINGS: readonly Binding[] = [
  { keys: ['1'], label: '1', text: 'axial alone, or all', run: (c) => c.digit(1) },
  { keys: ['2'], label: '2', text: 'coronal alone, or all', run: (c) => c.digit(2) },
  { keys: ['3'], label: '3', text: 'sagittal alone, or all', run: (c) => c.digit(3) },
  { keys: ['4'], label: '4', text: '3D alone, or all', run: (c) => c.digit(4) },
  { keys: ['5', '6', '7', '8', '9'], label: '1 – 9', text: 'class of the selected mark, or of what is drawn', run: (c, e) => c.digit(Number(e.key)) },
  { keys: ['0'], label: '0', text: 'all views', run: (c) => c.showAll() },
  { keys: ['r'], label: 'r', text: 'reset the views', run: (c) => c.reset() },
  { keys: ['ArrowUp'], label: '↑ ↓', text: 'next or previous slice, or tilt', run: (c, e) => c.arrow(0, 1, e.shiftKey) },
  { keys: ['ArrowDown'], label: '', text: '', run: (c, e) => c.arrow(0, -1, e.shiftKey) },
  { keys: ['ArrowLeft'], label: '← →', text: 'turn in 3D', run: (c, e) => c.arrow(-1, 0, e.shiftKey) },
  { keys: ['ArrowRight'], label: '', text: '', run: (c, e) => c.arrow(1, 0, e.shiftKey) },
  { keys: ['PageUp'], label: 'page ↑ ↓', text: 'next or previous slice, whatever the arrows do; with shift ten', run: (c, e) => c.slice(e.shiftKey ? 10 : 1) },
  { keys: ['PageDown'], label: '', text: '', run: (c, e) => c.slice(e.shiftKey ? -10 : -1) },
  { keys: [' '], label: 'space', text: 'play or stop, where there are time points', run: (c, e) => c.play(e.shiftKey) },
  { keys: [], label: 'space', text: 'with a tool or a selected mark: a pointer that the arrows move by voxels (shift: ten); again: press there, or take hold and let go; esc leaves it', run: () => undefined },
  { keys: [], label: 'shift space', text: 'while painting: that pointer takes hold, for a stroke of the brush or the eraser; again: lets go', run: () => undefined },
  { keys: [',', '<'], label: ', .', text: 'time point before, next', run: (c) => c.timeStep(-1) },
  { keys: ['.', '>'], label: '', text: '', run: (c) => c.timeStep(1) },
  { keys: ['+', '='], label: '+ −', text: 'closer, farther', run: (c) => c.zoom(true) },
  { keys: ['-'], label: '', text: '', run: (c) => c.zoom(false) },
  { keys: ['m'], label: 'm', text: 'maximum intensity or volume', run: (c) => c.toggleMode() },
  { keys: ['p'], label: 'p', text: 'draw points', run: (c) => c.tool('point') },
  { keys: ['b'], label: 'b', text: 'draw boxes; with shift boxes that turn', run: (c, e) => c.tool(e.shiftKey ? 'oriented_box' : 'box') },
  { keys: ['a'], label: 'a', text: 'draw lines; with shift polylines', run: (c, e) => c.tool(e.shiftKey ? 'polyline' : 'line') },
  { keys: ['h'], label: 'h', text: 'draw polygons', run: (c) => c.tool('polygon') },
  { keys: ['f'], label: 'f', text: 'draw freehand', run: (c) => c.tool('freehand') },
  { keys: ['e'], label: 'e', text: 'draw ellipsoids', run: (c) => c.tool('ellipsoid') },
  { keys: ['z'], label: 'z', text: 'paint labels, or stop that', run: (c) => c.instrument('paint') },
  { keys: [], label: '0 – 9', text: 'while painting: the label; 0 takes labels away', run: () => undefined },
  { keys: [], label: 'p e f h b v', text: 'while painting: brush, eraser, fill, lasso, box, pieces that are alike', run: () => undefined },
  { keys: [], label: 't, i', text: 'while painting: a range of values; fill between slices', run: () => undefined },
  { keys: [']'], label: '[ ]', text: 'a smaller or larger brush or piece', run: (c) => c.instrument('larger') },
  { keys: ['['], label: '', text: '', run: (c) => c.instrument('smaller') },
  { keys: ['Enter'], label: 'enter', text: 'end the line or polygon that is drawn', run: (c) => c.finish() },
  { keys: ['u'], label: 'u', text: 'draw on voxel centres; with shift on vertices', run: (c, e) => c.toggleSnap(e.shiftKey ? 'snapVertices' : 'snapVoxels') },
  { keys: ['j'], label: 'j', text: 'go to the next mark; with shift the one before', run: (c, e) => c.stepMark(e.shiftKey ? -1 : 1) },
  { keys: ['t'], label: 't', text: 'measure distances', run: (c) => c.tool('tape') },
  { keys: ['v'], label: 'v', text: 'pick values and labels by click', run: (c) => c.tool('pick') },
  { keys: ['c'], label: 'c', text: 'clip the 3D view; with shift all of it again', run: (c, e) => c.instrument(e.shiftKey ? 'unclip' : 'clip') },
  { keys: ['w'], label: 'w', text: 'slices in 3D, turned and thick; with shift straight and thin again', run: (c, e) => c.instrument(e.shiftKey ? 'straight' : 'slices') },
  { keys: ['q'], label: 'q', text: 'values of the slices in 3D; with shift what lies before them cut away', run: (c, e) => c.instrument(e.shiftKey ? 'cut' : 'textured') },
  { keys: ['i'], label: 'i', text: 'move the light', run: (c) => c.instrument('light') },
  { keys: ['x'], label: 'x', text: 'axes with numbers', run: (c) => c.instrument('ticks') },
  { keys: ['k'], label: 'k', text: 'bookmarks; with shift save this view', run: (c, e) => c.instrument(e.shiftKey ? 'bookmark' : 'bookmarks') },
  { keys: ['g'], label: 'g', text: 'link the views of this page', run: (c) => c.instrument('link') },
  { keys: ['d', 'F9'], label: 'd', text: 'bricks by level and state, plans, queues; with shift memory and speed', run: (c, e) => c.instrument(e.shiftKey ? 'dials' : 'debug') },
  { keys: ['n'], label: 'n', text: 'the next way to load data', run: (c) => c.instrument('policy') },
  { keys: ['Escape'], label: 'esc', text: 'stop drawing; cancel an edit of labels that takes its time; then deselect', run: (c) => c.escape() },
  { keys: ['Delete', 'Backspace'], label: 'del', text: 'remove what is selected, a vertex pressed before; the last point while drawing', run: (c) => c.deleteSelected() },
  { keys: ['z'], control: true, label: 'ctrl z', text: 'undo', run: (c) => c.undo() },
  { keys: ['z'], control: true, shift: true, label: 'ctrl shift z', text: 'redo', run: (c) => c.redo() },
  { keys: ['y'], control: true, label: '', text: '', run: (c) => c.redo() },
  { keys: ['a'], control: true, label: 'ctrl a', text: 'select all marks', run: (c) => c.selectAll() },
  { keys: ['c'], control: true, label: 'ctrl c', text: 'copy the selected marks; ctrl x cuts them out', run: (c) => c.copy(false) },
  { keys: ['x'], control: true, label: '', text: '', run: (c) => c.copy(true) },
  { keys: ['v'], control: true, label: 'ctrl v', text: 'paste them into this slice', run: (c) => c.paste() },
  { keys: ['d'], control: true, label: 'ctrl d', text: 'others like the selected marks', run: (c) => c.duplicate() },
  { keys: ['s'], label: 's', text: 'save a picture; with shift of any size', run: (c, e) => (e.shiftKey ? c.studio('picture') : c.screenshot()) },
  { keys: ['o'], label: 'o', text: 'make a movie', run: (c) => c.studio('movie') },
  { keys: ['l'], label: 'l', text: 'layers and annotations', run: (c) => c.togglePanel() },
  { keys: ['y'], label: 'y', text: 'who is here', run: (c) => c.people() },
  { keys: ['?'], label: '?', text: 'this help', run: (c) => c.help() },
];

/** What the mouse does, for the help. */
export const MOUSE_HELP: readonly (readonly [string, string])[] = [
  ['drag', 'move the cross; in 3D turn'],
  ['ctrl click', 'select or leave out the label there'],
  ['shift click', 'select another mark too, or no longer'],
  ['alt drag', 'select what a frame touches; with shift too'],
  ['shift drag', 'pan (also right or middle button)'],
  ['wheel', 'next slice; in 3D zoom'],
  ['ctrl wheel', 'zoom slices'],
  ['alt click', 'take a vertex out of the selected line'],
  ['double click', 'one view alone, or all'],
  ['finger', 'as the mouse; two zoom and pan, in 3D they turn too'],
  ['pen', 'its pressure is the brush, its other end takes labels away'],
];

/** The binding of a key press; undefined where there is none. */
export function bindingFor(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>): Binding | undefined {
  if (event.altKey) return undefined;
  const control = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return BINDINGS.find(
    (binding) => binding.keys.includes(key) && control === (binding.control ?? false) && (!control || event.shiftKey === (binding.shift ?? false)),
  );
}

/** Runs bound keys pressed inside `root`, except in fields that people type into. */
export function bindKeys(root: HTMLElement, commands: Commands, signal: AbortSignal): void {
  root.addEventListener(
    'keydown',
    (event) => {
      const { target } = event;
      if (event.defaultPrevented || (target instanceof HTMLElement && target.closest('input, select, textarea, [role="slider"], [role="listbox"]'))) return;
      // On a button these two press it, and nothing else happens: no film plays, no cell is edited.
      if ((event.key === 'Enter' || event.key === ' ') && target instanceof Element && target.closest('button, summary, a')) {
        event.stopPropagation();
        return;
      }
      const binding = bindingFor(event);
      // Words that someone has marked are what is copied.
      if (!binding || (binding.control && event.key === 'c' && String(root.ownerDocument.getSelection() ?? '') !== '')) return;
      // The notebook around has its own meaning for most of these.
      event.preventDefault();
      event.stopPropagation();
      if (binding.control || event.shiftKey || !commands.paintKey(event.key)) binding.run(commands, event);
    },
    { signal },
  );
}
