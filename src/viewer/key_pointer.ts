/** A pointer that keys move: what the mouse places, draws, drags and paints on the views can be done without one. */

import { sliceFrame, worldToSlice } from '../renderer/slice_view.js';
import type { Pixel, View } from '../renderer/views.js';
import { gripsOf } from './annotate/grips.js';
import { isDrawingTool } from './annotate/drawing_state.js';
import type { AnnotationTools } from './annotation_tools.js';
import type { GestureContext } from './interactions.js';
import { isDragged, isStroked } from './key_words.js';
import { drawn } from './marks.js';
import type { Drag, GestureTarget } from './pointer.js';

/** Pixels of a step in 3D, where there are no voxels to go by. */
const STEP_3D = 4;
/** Steps at once with shift. */
const FAST = 10;

/** Where the pointer is. */
export interface KeyPlace {
  readonly view: string;
  readonly px: Pixel;
}

export class KeyPointer {
  at: KeyPlace | undefined;
  #drag: Drag | undefined;
  /** Its own gestures are not those of a mouse that takes over. */
  #own = false;

  constructor(
    readonly context: GestureContext,
    readonly tools: AnnotationTools,
    readonly target: Pick<GestureTarget, 'press' | 'hover'>,
  ) {
    context.store.onChange((now, before) => {
      if (!this.at) return;
      if (now.tool !== before.tool || now.paint?.act !== before.paint?.act) this.cancel();
      if (!this.#needed) this.leave();
    });
  }

  /** What is drawn of it; undefined where it is not shown. */
  get shown(): (KeyPlace & { readonly holding: boolean }) | undefined {
    return this.at && { ...this.at, holding: this.#drag !== undefined };
  }

  /**
   * Shows the pointer in a view; where it is shown already, presses there, takes hold there, or lets go.
   *
   * @param hold takes hold of what else a press puts there, while somebody paints: a stroke is drawn
   * @returns false where there is nothing to place, draw, paint or move: the key means something else
   */
  press(view: View | undefined, hold = false): boolean {
    if (!this.at) {
      if (!view || !this.#needed) return false;
      this.#put(view, this.#beginning(view));
      return true;
    }
    if (this.#drag) return this.release();
    const { px } = this.at;
    const drag = this.#as(() => this.target.press(px, event()));
    // A press beside everything may leave nothing that the pointer is for.
    if (!this.at) drag?.end(px, false);
    else this.#drag = drag;
    if (!this.#dragged && !(hold && isStroked(this.context.store.state.paint?.act))) this.release();
    this.context.redraw();
    return true;
  }

  /** Lets go of what is held; false where nothing is. */
  release(): boolean {
    const [drag, at] = [this.#drag, this.at];
    if (!drag || !at) return false;
    this.#drag = undefined;
    this.#as(() => drag.end(at.px, false));
    this.context.redraw();
    return true;
  }

  /** Moves by steps to the right and up: of a voxel in slices; false where the pointer is not shown. */
  move(dx: number, dy: number, fast: boolean): boolean {
    const view = this.at && this.context.view(this.at.view);
    if (!this.at || !view) return false;
    const many = fast ? FAST : 1;
    const [x, y] = this.#step(view);
    this.#put(view, [this.at.px[0] + many * dx * x, this.at.px[1] - many * dy * y]);
    return true;
  }

  /** Leaves what is held as it was; false where nothing is. */
  cancel(): boolean {
    const [drag, at] = [this.#drag, this.at];
    this.#drag = undefined;
    if (drag && at) this.#as(() => drag.end(at.px, true));
    return drag !== undefined;
  }

  /** Takes the pointer away; false where there is none. */
  leave(): boolean {
    if (!this.at) return false;
    this.cancel();
    this.at = undefined;
    this.context.redraw();
    return true;
  }

  /** The mouse does something: it is the pointer now. */
  taken(): void {
    if (!this.#own) this.leave();
  }

  get #needed(): boolean {
    const { tool, paint, selected } = this.context.store.state;
    return this.context.mayEdit() ? isDrawingTool(tool) || tool !== 'navigate' || paint !== undefined || selected !== undefined : tool !== 'navigate';
  }

  get #dragged(): boolean {
    const { tool, paint } = this.context.store.state;
    return isDragged(paint ? paint.act : tool) || (!paint && tool === 'navigate');
  }

  /** At the selected mark, where it is to be moved; else where the slices cross. */
  #beginning(view: View): Pixel {
    const { store, scene } = this.context;
    const { rect } = view;
    const middle: Pixel = [rect.x + rect.width / 2, rect.y + rect.height / 2];
    const { tool, paint, selected, cross } = store.state;
    const mark = tool === 'navigate' && !paint ? scene.annotation(selected ?? '') : undefined;
    const depth = this.tools.voxel(view);
    if (mark) return drawn(view, mark, depth)?.dot ?? gripsOf(view, mark, depth)[0]?.px ?? middle;
    return view.kind === 'slice' ? worldToSlice(view, cross) : middle;
  }

  /** A step to the right and one up, in pixels: to the next voxel. */
  #step(view: View): Pixel {
    if (view.kind !== 'slice') return [STEP_3D, STEP_3D];
    const { right, up } = sliceFrame(view);
    const [vx, vy, vz] = ([0, 1, 2] as const).map((axis) => this.context.voxel(axis)) as [number, number, number];
    const along = ([x, y, z]: readonly [number, number, number]) => Math.abs(x) * vx + Math.abs(y) * vy + Math.abs(z) * vz;
    return [Math.max(1, along(right) / view.pixelSize), Math.max(1, along(up) / view.pixelSize)];
  }

  #put(view: View, [x, y]: Pixel): void {
    const { rect } = view;
    const px: Pixel = [Math.min(rect.x + rect.width - 1, Math.max(rect.x, x)), Math.min(rect.y + rect.height - 1, Math.max(rect.y, y))];
    this.at = { view: view.id, px };
    const drag = this.#drag;
    this.#as(() => (drag ? drag.move(px, event()) : this.target.hover(px)));
    this.context.redraw();
  }

  #as<T>(gesture: () => T): T {
    this.#own = true;
    try {
      return gesture();
    } finally {
      this.#own = false;
    }
  }
}

/** A press of the first button of what is neither pen nor finger. */
function event(): PointerEvent {
  return { button: 0, buttons: 1, pointerType: 'mouse', pressure: 0.5, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false } as PointerEvent;
}

/** Draws the pointer: a cross that leaves free what it points at. */
export function drawKeyPointer(context: CanvasRenderingContext2D, { px: [x, y] }: KeyPlace, holding: boolean, ink: string, halo: string): void {
  const [near, far] = holding ? [2, 9] : [4, 13];
  context.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
    context.moveTo(x + near * dx, y + near * dy);
    context.lineTo(x + far * dx, y + far * dy);
  }
  for (const [color, width] of [[halo, 4], [ink, 1.5]] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke();
  }
}
