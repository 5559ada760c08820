/** What one viewer looks at: camera, slices, layout, tool. It stays with the viewer; what is shared stands in the scene. */

import { dolly, frameBounds, type OrbitCamera } from '../renderer/camera.js';
import { fitSlice } from '../renderer/slice_view.js';
import type { Rect, View } from '../renderer/views.js';
import type { Vec3 } from '../volume/geometry.js';
import { type DrawingState, type DrawingTool, FIRST_DRAWING } from './annotate/drawing_state.js';
import { drawnWith, FIRST_INSTRUMENTS, type InstrumentState } from './instruments/instrument_state.js';
import { sliceOf, texturedPlanes } from './instruments/slice_planes.js';
import { type Layout, placeViews, SLICE_AXIS, type ViewId } from './layout.js';

export type Tool = 'navigate' | 'tape' | 'pick' | DrawingTool;

/** A box of the world, x, y, z. */
export interface Bounds {
  readonly min: Vec3;
  readonly max: Vec3;
}

/** What views look at where there is no volume. */
export const NO_BOUNDS: Bounds = { min: [-1, -1, -1], max: [1, 1, 1] };

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface ViewState extends InstrumentState {
  readonly layout: Layout;
  /** The view that stands alone, if one does. */
  readonly maximised: ViewId | undefined;
  readonly camera: OrbitCamera;
  /** World point through which all slices go. */
  readonly cross: Vec3;
  /** World point in the middle of all slices: panning one keeps the others in step. */
  readonly center: Vec3;
  /** World length of a CSS pixel in all slices, so that their scales compare. */
  readonly pixelSize: number;
  /** Index of the time point. */
  readonly time: number;
  readonly tool: Tool;
  /** What is drawn next. */
  readonly drawing: DrawingState;
  /** A policy's name, with an order of its own after a colon. */
  readonly policy: string;
  /** Id of the selected annotation or measurement; of several the one that was selected last. */
  readonly selected: string | undefined;
  /** Ids of all selected annotations, where they are several. It is empty again when something else is selected alone. */
  readonly chosen: readonly string[];
}

const NONE: readonly string[] = [];

/** Ids of the selected annotations. */
export const selectedIds = ({ selected, chosen }: Pick<ViewState, 'selected' | 'chosen'>): readonly string[] =>
  chosen.length > 0 ? chosen : selected === undefined ? NONE : [selected];

/** The selection of these; the last one stands out. */
export function selection(ids: readonly string[]): Pick<ViewState, 'selected' | 'chosen'> {
  return { selected: ids.at(-1), chosen: ids.length > 1 ? ids : NONE };
}

/** A world point with one coordinate replaced. */
export function withAxis(point: Vec3, axis: 0 | 1 | 2, value: number): Vec3 {
  const changed: [number, number, number] = [...point];
  changed[axis] = value;
  return changed;
}

/** World length of a pixel at which the slices that are shown hold all of `bounds`; where none is, those of all four views. */
export function fittedPixelSize(bounds: Bounds, layout: Layout, maximised: ViewId | undefined, size: Size): number {
  const sizes = (places: ReadonlyMap<ViewId, Rect>) =>
    Object.entries(SLICE_AXIS).flatMap(([id, axis]) => {
      const rect = places.get(id as ViewId);
      return rect ? [fitSlice(axis, bounds, rect).pixelSize] : [];
    });
  const shown = sizes(placeViews(layout, maximised, size));
  return Math.max(0, ...(shown.length > 0 ? shown : sizes(placeViews('four', undefined, size))));
}

/**
 * Views that show all of `bounds`, the cross in its middle.
 *
 * @param focus what 3D looks at: what can be seen, where that is known
 */
export function fitted(bounds: Bounds, layout: Layout, maximised: ViewId | undefined, size: Size, focus?: Bounds): Partial<ViewState> {
  const middle: Vec3 = [0, 1, 2].map((i) => (bounds.min[i]! + bounds.max[i]!) / 2) as unknown as Vec3;
  const volume = placeViews(layout, maximised, size).get('volume') ?? placeViews('four', undefined, size).get('volume') ?? size;
  const pixelSize = fittedPixelSize(bounds, layout, maximised, size);
  const camera = frameBounds(focus ?? bounds, Math.max(0.2, volume.width / Math.max(1, volume.height)));
  return {
    // Things rarely reach into the corners of the box around them.
    camera: focus ? dolly(camera, 0.8) : camera,
    cross: middle,
    center: middle,
    pixelSize: pixelSize || 1,
  };
}

/** What the renderer is to draw. */
export function viewsOf(state: ViewState, size: Size): View[] {
  const at = state.time > 0 ? { time: state.time } : {};
  const planes = texturedPlanes(state);
  return [...placeViews(state.layout, state.maximised, size)].map(([id, rect]): View => {
    if (id === 'volume') return { id, kind: 'volume', rect, ...at, camera: state.camera, ...drawnWith(state), ...(planes.length > 0 && { planes }) };
    return { id, kind: 'slice', rect, ...at, ...sliceOf(state, SLICE_AXIS[id]) };
  });
}

/** The state of one viewer, and who wants to know when it changes. */
export class ViewStore {
  #state: ViewState;
  readonly #listeners = new Set<(state: ViewState, before: ViewState) => void>();

  constructor(initial: Pick<ViewState, 'layout'> & Partial<Pick<ViewState, 'policy'>>) {
    this.#state = {
      ...FIRST_INSTRUMENTS,
      maximised: undefined,
      time: 0,
      tool: 'navigate',
      drawing: FIRST_DRAWING,
      policy: 'exploration',
      selected: undefined,
      chosen: NONE,
      ...(fitted(NO_BOUNDS, initial.layout, undefined, { width: 1, height: 1 }) as Pick<
        ViewState,
        'camera' | 'cross' | 'center' | 'pixelSize'
      >),
      ...initial,
    };
  }

  get state(): ViewState {
    return this.#state;
  }

  /** Replaces fields; listeners hear only of real changes. */
  update(change: Partial<ViewState>): void {
    const before = this.#state;
    const alone = 'selected' in change && !('chosen' in change) && before.chosen.length > 0;
    const patch = alone ? { ...change, chosen: NONE } : change;
    const keys = Object.keys(patch) as (keyof ViewState)[];
    if (keys.every((key) => Object.is(before[key], patch[key]))) return;
    this.#state = { ...before, ...patch };
    for (const listener of [...this.#listeners]) listener(this.#state, before);
  }

  /** Calls `listener` after each change; the result ends that. */
  onChange(listener: (state: ViewState, before: ViewState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
