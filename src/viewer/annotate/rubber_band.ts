/** Selecting several: what a frame touches, and a press that adds one. */

import type { Annotation } from '../../annotation/model.js';
import { sliceAxes } from '../../renderer/slice_view.js';
import type { Pixel, View } from '../../renderer/views.js';
import { type AnnotationTools, SLACK } from '../annotation_tools.js';
import { drawn } from '../marks.js';
import type { Drag } from '../pointer.js';
import { selectedIds, selection } from '../view_state.js';
import { nearSlice } from './place.js';

/** A frame under way, in pixels of its view. */
export interface Band {
  readonly view: string;
  readonly from: Pixel;
  readonly to: Pixel;
}

/** Whether a line reaches into a rectangle: the parts of it that lie between two sides, and between the others, meet (Liang and Barsky). Pure. */
export function reachesInto([from, to]: readonly [Pixel, Pixel], low: Pixel, high: Pixel): boolean {
  let [first, last] = [0, 1];
  for (const i of [0, 1] as const) {
    const way = to[i] - from[i];
    if (way === 0) {
      if (from[i] < low[i] || from[i] > high[i]) return false;
      continue;
    }
    const [a, b] = [(low[i] - from[i]) / way, (high[i] - from[i]) / way];
    [first, last] = [Math.max(first, Math.min(a, b)), Math.min(last, Math.max(a, b))];
  }
  return first <= last;
}

/** Annotations that a frame touches in a view: those that can be changed, in the order they were made. */
export function touched(tools: AnnotationTools, view: View, { from, to }: Pick<Band, 'from' | 'to'>): Annotation[] {
  const low: Pixel = [Math.min(from[0], to[0]), Math.min(from[1], to[1])];
  const high: Pixel = [Math.max(from[0], to[0]), Math.max(from[1], to[1])];
  const voxel = tools.voxel(view);
  const near = view.kind === 'slice' ? nearSlice(tools.index, view, tools.context.voxel(sliceAxes(view.axis).normal)) : tools.index.items;
  return near.filter((annotation) => {
    if (!tools.isOpen(annotation)) return false;
    const form = drawn(view, annotation, voxel);
    if (!form) return false;
    const dot = form.dot && ([form.dot, form.dot] as const);
    return [...(dot ? [dot] : []), ...form.lines].some((line) => reachesInto(line, low, high));
  });
}

/** The drag of a frame; what it touches is selected at its end, with `add` beside what was before. */
export function bandDrag(tools: AnnotationTools, view: View, from: Pixel, add: boolean): Drag {
  const { context } = tools;
  const show = (to: Pixel | undefined) => {
    tools.band = to && { view: view.id, from, to };
    context.redraw();
  };
  return {
    move: show,
    end: (to, cancelled) => {
      show(undefined);
      if (cancelled) return;
      const found = touched(tools, context.view(view.id) ?? view, { from, to }).map(({ id }) => id);
      const before = add ? selectedIds(context.store.state).filter((id) => !found.includes(id)) : [];
      context.store.update(selection([...before, ...found]));
      if (found.length === 0) context.tell('Nothing in this frame that can be selected');
    },
  };
}

/** A press that selects one more, or one less, where it does not become the drag. */
export function toggleOrDrag(tools: AnnotationTools, id: string, from: Pixel, drag: Drag): Drag {
  const { store } = tools.context;
  return {
    move: drag.move,
    end: (to, cancelled) => {
      drag.end(to, cancelled);
      if (cancelled || Math.hypot(to[0] - from[0], to[1] - from[1]) >= SLACK) return;
      const ids = selectedIds(store.state);
      store.update(selection(ids.includes(id) ? ids.filter((each) => each !== id) : [...ids, id]));
    },
  };
}
