/** Decides what a gesture does, from the tool, the button and what lies under the pointer. */

import type { Pixel, SliceView, View } from '../renderer/views.js';
import { isDrawingTool } from './annotate/drawing_state.js';
import { bandDrag, toggleOrDrag } from './annotate/rubber_band.js';
import { type AnnotationTools, TOUCH_REACH, type ToolContext } from './annotation_tools.js';
import type { Instrument } from './instruments/instrument.js';
import { KeyPointer } from './key_pointer.js';
import type { ViewId } from './layout.js';
import type { Picker } from './look/picker.js';
import { dragOrbit, dragPan, twisted, wheelFactor, zoomAt } from './orbit_controls.js';
import { type Drag, type GestureTarget, isEraser, wheelPixels } from './pointer.js';
import { crossTo, panSlices, stepSlice, WheelSteps, zoomSlices } from './slice_controls.js';

/** What gestures need of the viewer around them. */
export interface GestureContext extends ToolContext {
  viewUnder(px: Pixel): View | undefined;
  mayEdit(): boolean;
  /** The picture is being moved: speed before sharpness, until told otherwise. */
  moving(active: boolean): void;
  /** The pointer is over this place, or nowhere. */
  pointAt(view: View | undefined, px: Pixel | undefined): void;
  setCursor(cursor: string): void;
}

/** Milliseconds after the last turn of the wheel until the picture counts as still. */
const WHEEL_REST_MS = 180;

export class Interactions implements GestureTarget {
  /** The pointer of those who have no mouse. */
  readonly keys: KeyPointer;
  readonly #wheel = new WheelSteps();
  #resting: ReturnType<typeof setTimeout> | undefined;

  /** @param instruments what lies over the picture and is pressed before it */
  constructor(
    readonly context: GestureContext,
    readonly tools: AnnotationTools,
    readonly instruments: Pick<Instrument, 'press' | 'hover'> = {},
    readonly picker?: Picker,
  ) {
    this.keys = new KeyPointer(context, tools, this);
  }

  press(px: Pixel, event: PointerEvent): Drag | undefined {
    const { context, tools } = this;
    this.keys.taken();
    const view = context.viewUnder(px);
    const eraser = isEraser(event);
    const button = eraser ? 0 : event.button;
    if (!view || button > 2) return undefined;
    const { tool, paint } = context.store.state;
    const choosing = button === 0 && tool === 'navigate' && !paint && context.mayEdit() && (event.shiftKey || event.altKey);
    const found = choosing ? tools.hit(view, px, event.pointerType === 'touch' ? TOUCH_REACH : undefined) : undefined;
    if (choosing && event.altKey && found?.grip?.part !== 'vertex') return bandDrag(tools, view, px, event.shiftKey);
    if (button !== 0 || event.shiftKey) return found ? toggleOrDrag(tools, found.id, px, this.#pan(view, px)) : this.#pan(view, px);
    const held = this.instruments.press?.(view, px, event);
    if (held) return held;
    const more = event.ctrlKey || event.metaKey;
    if (this.picker && (tool === 'pick' || more)) return this.#pick(view, px, more);
    if (context.mayEdit() && isDrawingTool(tool) && !eraser) return tools.draw(view, px);
    const hit = context.mayEdit() ? tools.hit(view, px, event.pointerType === 'touch' ? TOUCH_REACH : undefined) : undefined;
    if (event.altKey && hit?.grip?.part === 'vertex' && tools.removeVertex(hit.grip.index)) return { move: () => undefined, end: () => undefined };
    if (hit && (view.kind === 'slice' || hit.id === context.store.state.selected)) return tools.edit(view, px, hit);
    return view.kind === 'slice' ? this.#cross(view, px) : this.#orbit(view, px, hit?.id);
  }

  hover(px: Pixel | undefined): void {
    const { context, tools } = this;
    if (px) this.keys.taken();
    const view = px && context.viewUnder(px);
    context.pointAt(view, px);
    if (!view || !px) return;
    const { tool } = context.store.state;
    tools.path.hover(view, px);
    const held = this.instruments.hover?.(view, px);
    if (held) {
      context.setCursor(held);
      return;
    }
    const hit = context.mayEdit() && tool === 'navigate' ? tools.hit(view, px) : undefined;
    context.setCursor(hit ? (hit.grip ? 'move' : 'pointer') : tool === 'navigate' && view.kind === 'volume' ? 'grab' : 'cross');
  }

  wheel(px: Pixel, event: WheelEvent): void {
    const { context } = this;
    const view = context.viewUnder(px);
    if (!view) return;
    const delta = wheelPixels(event);
    if (view.kind === 'volume') {
      this.movedForAWhile();
      context.store.update({ camera: zoomAt(context.store.state.camera, wheelFactor(delta), px, view.rect) });
    } else if (event.ctrlKey || event.metaKey) {
      context.store.update(zoomSlices(context.store.state, view, wheelFactor(event.ctrlKey ? delta * 2 : delta), px));
    } else this.step(view, -this.#wheel.take(delta) * (event.shiftKey ? 10 : 1));
    context.pointAt(view, px);
  }

  doubleClick(px: Pixel): void {
    const { store, viewUnder } = this.context;
    const view = store.state.tool === 'navigate' ? viewUnder(px) : undefined;
    if (view) store.update({ maximised: store.state.maximised ? undefined : (view.id as ViewId) });
  }

  pinch(px: Pixel, spread: number, dx: number, dy: number, twist: number): void {
    const { store, viewUnder } = this.context;
    const view = viewUnder(px);
    if (!view) return;
    const factor = 1 / Math.max(0.2, Math.min(5, spread));
    if (view.kind === 'volume') {
      store.update({ camera: twisted(dragPan(zoomAt(store.state.camera, factor, px, view.rect), dx, dy, view.rect), twist) });
    } else {
      store.update(zoomSlices(store.state, view, factor, px));
      store.update(panSlices(store.state, view, dx, dy));
    }
  }

  pinching(active: boolean): void {
    this.context.moving(active);
  }

  /** Moves a slice's plane by whole voxels. */
  step(view: SliceView, steps: number): void {
    const { store, grid } = this.context;
    const volume = grid();
    if (steps !== 0 && volume) store.update(stepSlice(store.state, view, steps, volume));
  }

  /** For moves without an end, such as wheel and keys. */
  movedForAWhile(): void {
    this.context.moving(true);
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.context.moving(false), WHEEL_REST_MS);
  }

  dispose(): void {
    clearTimeout(this.#resting);
  }

  #pan(view: View, start: Pixel): Drag {
    return this.#camera(start, (dx, dy) => {
      const { store } = this.context;
      if (view.kind === 'slice') store.update(panSlices(store.state, view, dx, dy));
      else store.update({ camera: dragPan(store.state.camera, dx, dy, view.rect) });
    });
  }

  /** @param clicked id of an annotation that a click without a drag selects */
  #orbit(view: View, start: Pixel, clicked: string | undefined): Drag {
    const { store } = this.context;
    const turn = this.#camera(start, (dx, dy) => store.update({ camera: dragOrbit(store.state.camera, dx, dy, view.rect) }));
    return {
      move: turn.move,
      end: (px, cancelled) => {
        turn.end(px, cancelled);
        if (!cancelled && Math.hypot(px[0] - start[0], px[1] - start[1]) < 3) store.update({ selected: clicked });
      },
    };
  }

  /** Navigates as ever; a press without a drag picks. */
  #pick(view: View, start: Pixel, more: boolean): Drag {
    const drag = view.kind === 'slice' ? this.#cross(view, start) : this.#orbit(view, start, undefined);
    return {
      move: drag.move,
      end: (px, cancelled) => {
        drag.end(px, cancelled);
        if (!cancelled && Math.hypot(px[0] - start[0], px[1] - start[1]) < 3) this.picker?.click(view, start, more);
      },
    };
  }

  #cross(view: SliceView, start: Pixel): Drag {
    const { store, grid, pointAt } = this.context;
    const move = (px: Pixel) => {
      const volume = grid();
      if (volume) store.update(crossTo(view, px, volume));
      pointAt(view, px);
    };
    store.update({ selected: undefined });
    move(start);
    return { move, end: () => undefined };
  }

  /** A drag that moves the picture. What moved stays when it is cancelled: there is nothing to take back. */
  #camera(start: Pixel, by: (dx: number, dy: number) => void): Drag {
    const { context } = this;
    let last = start;
    context.moving(true);
    context.setCursor('grabbing');
    return {
      move: (px) => {
        by(px[0] - last[0], px[1] - last[1]);
        last = px;
      },
      end: () => {
        context.moving(false);
        context.setCursor('grab');
      },
    };
  }
}
