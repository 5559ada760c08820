/** Mouse, pen and touch on the stage, as gestures in the view they began in. It knows events; what they do is decided elsewhere. */

import type { Pixel } from '../renderer/views.js';

/** A drag under way. */
export interface Drag {
  move(px: Pixel, event: PointerEvent): void;
  /** @param cancelled by Escape, a second finger or the system: leave nothing behind */
  end(px: Pixel, cancelled: boolean): void;
}

/** What the gestures are for. Pixels are CSS pixels of the stage. */
export interface GestureTarget {
  /** A press; the drag it begins, or undefined to ignore it. */
  press(px: Pixel, event: PointerEvent): Drag | undefined;
  /** The pointer over the stage with nothing pressed, or undefined when it left. */
  hover(px: Pixel | undefined): void;
  wheel(px: Pixel, event: WheelEvent): void;
  doubleClick(px: Pixel): void;
  /** Two fingers moved: their middle, by how much they spread (1 is not at all), and how far the middle went. */
  pinch(px: Pixel, spread: number, dx: number, dy: number): void;
  /** Pinching began or ended. */
  pinching(active: boolean): void;
}

/** Follows pointers on `stage` with capture, so that a drag that leaves it goes on. */
export class Pointers {
  readonly #down = new Map<number, Pixel>();
  readonly #ending = new AbortController();
  #drag: { readonly pointer: number; readonly drag: Drag; last: Pixel } | undefined;
  #pinching = false;

  constructor(
    readonly stage: HTMLElement,
    readonly target: GestureTarget,
  ) {
    const options = { signal: this.#ending.signal };
    stage.addEventListener('pointerdown', this.#pressed, options);
    stage.addEventListener('pointermove', this.#moved, options);
    stage.addEventListener('pointerup', this.#released, options);
    stage.addEventListener('pointercancel', this.#released, options);
    stage.addEventListener('pointerleave', () => this.#drag === undefined && target.hover(undefined), options);
    stage.addEventListener('contextmenu', (event) => event.preventDefault(), options);
    stage.addEventListener('dblclick', (event) => onStage(event) && target.doubleClick(this.#at(event)), options);
    stage.addEventListener('wheel', this.#turned, { ...options, passive: false });
  }

  /** Ends the drag under way as if it never was; tells whether there was one. */
  cancel(): boolean {
    const current = this.#drag;
    this.#drag = undefined;
    current?.drag.end(current.last, true);
    return current !== undefined;
  }

  dispose(): void {
    this.cancel();
    this.#ending.abort();
  }

  readonly #pressed = (event: PointerEvent): void => {
    if (!onStage(event)) return;
    const px = this.#at(event);
    this.#down.set(event.pointerId, px);
    this.stage.setPointerCapture?.(event.pointerId);
    if (this.#down.size === 2) {
      this.cancel();
      this.#pinching = true;
      this.target.pinching(true);
    }
    if (this.#down.size > 1 || this.#drag) return;
    const drag = this.target.press(px, event);
    if (drag) this.#drag = { pointer: event.pointerId, drag, last: px };
  };

  readonly #moved = (event: PointerEvent): void => {
    const px = this.#at(event);
    const before = this.#down.get(event.pointerId);
    if (before) this.#down.set(event.pointerId, px);
    if (this.#pinching && before) this.#pinched(event.pointerId, before, px);
    else if (this.#drag?.pointer === event.pointerId) {
      this.#drag.last = px;
      this.#drag.drag.move(px, event);
    } else if (this.#down.size === 0 && event.pointerType !== 'touch') this.target.hover(onStage(event) ? px : undefined);
  };

  readonly #released = (event: PointerEvent): void => {
    this.#down.delete(event.pointerId);
    if (this.#pinching && this.#down.size < 2) {
      this.#pinching = false;
      this.target.pinching(false);
    }
    if (this.#drag?.pointer !== event.pointerId) return;
    const { drag } = this.#drag;
    this.#drag = undefined;
    drag.end(this.#at(event), event.type === 'pointercancel');
  };

  readonly #turned = (event: WheelEvent): void => {
    if (!onStage(event)) return;
    event.preventDefault();
    this.target.wheel(this.#at(event), event);
  };

  #pinched(moved: number, from: Pixel, to: Pixel): void {
    const other = [...this.#down].find(([id]) => id !== moved)?.[1];
    if (!other) return;
    const spread = Math.hypot(to[0] - other[0], to[1] - other[1]) / Math.max(1, Math.hypot(from[0] - other[0], from[1] - other[1]));
    const middle: Pixel = [(to[0] + other[0]) / 2, (to[1] + other[1]) / 2];
    this.target.pinch(middle, spread, (to[0] - from[0]) / 2, (to[1] - from[1]) / 2);
  }

  #at(event: MouseEvent): Pixel {
    const box = this.stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
}

/** Pixels of a wheel event, whatever unit it came in; a sideways turn (shift on some systems) counts too. */
export function wheelPixels(event: WheelEvent): number {
  const delta = Math.abs(event.deltaY) >= Math.abs(event.deltaX) ? event.deltaY : event.deltaX;
  return delta * (event.deltaMode === 1 ? 33 : event.deltaMode === 2 ? 400 : 1);
}

/** Whether an event is for the pictures and not for a button or panel that lies over them. */
function onStage(event: Event): boolean {
  return !(event.target instanceof Element && event.target.closest('button, input, select, .voxbeam-banner, .voxbeam-help, .voxbeam-paint-bar'));
}
