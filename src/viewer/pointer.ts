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
  /** Two fingers moved: their middle, by how much they spread (1 is not at all), how far the middle went, and by which angle they turned, to the right. */
  pinch(px: Pixel, spread: number, dx: number, dy: number, twist: number): void;
  /** Pinching began or ended. */
  pinching(active: boolean): void;
}

/** A touch so soon after a pen was near is the hand that holds it, in milliseconds. */
const PEN_NEAR_MS = 700;

/** Whether what touches is the other end of a pen, or its eraser's button is held. */
export const isEraser = ({ pointerType, button, buttons }: PointerEvent): boolean => pointerType === 'pen' && (button === 5 || (buttons & 32) !== 0);

/** How hard a pen is pressed, from 0 to 1; undefined of what cannot say. */
export const pressureOf = (event: PointerEvent | undefined): number | undefined => (event?.pointerType === 'pen' && event.pressure > 0 ? event.pressure : undefined);

/** Where a pointer was since the last frame, and how hard it was pressed: a pen says more places than frames are drawn. */
export function coalesced(px: Pixel, event: PointerEvent | undefined): { readonly px: Pixel; readonly pressure: number | undefined }[] {
  const before = event?.getCoalescedEvents?.().slice(0, -1) ?? [];
  const places = before.map((each) => ({ px: [px[0] + each.clientX - (event?.clientX ?? 0), px[1] + each.clientY - (event?.clientY ?? 0)] as const, pressure: pressureOf(each) }));
  return [...places, { px, pressure: pressureOf(event) }];
}

/** Follows pointers on `stage` with capture, so that a drag that leaves it goes on. */
export class Pointers {
  readonly #down = new Map<number, Pixel>();
  readonly #ending = new AbortController();
  #drag: { readonly pointer: number; readonly drag: Drag; last: Pixel } | undefined;
  #pinching = false;
  /** Fingers that are down, and pens; and hands that rest on the glass. */
  readonly #fingers = new Set<number>();
  readonly #pens = new Set<number>();
  readonly #palms = new Set<number>();
  #penSeen = Number.NEGATIVE_INFINITY;

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
    if (event.pointerType === 'pen') this.#penDown(event);
    else if (event.pointerType === 'touch') {
      if (this.#pens.size > 0 || event.timeStamp - this.#penSeen < PEN_NEAR_MS) {
        this.#palms.add(event.pointerId);
        return;
      }
      this.#fingers.add(event.pointerId);
    }
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
    if (event.pointerType === 'pen') this.#penSeen = event.timeStamp;
    if (this.#palms.has(event.pointerId)) return;
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
    if (event.pointerType === 'pen') this.#penSeen = event.timeStamp;
    for (const group of [this.#down, this.#fingers, this.#pens, this.#palms]) group.delete(event.pointerId);
    if (this.#pinching && this.#down.size < 2) {
      this.#pinching = false;
      this.target.pinching(false);
    }
    if (this.#drag?.pointer !== event.pointerId) return;
    const { drag } = this.#drag;
    this.#drag = undefined;
    drag.end(this.#at(event), event.type === 'pointercancel');
  };

  /** A pen draws: the hand that came down before it never meant anything. */
  #penDown(event: PointerEvent): void {
    this.#penSeen = event.timeStamp;
    this.#pens.add(event.pointerId);
    if (this.#drag && this.#fingers.has(this.#drag.pointer)) this.cancel();
    if (this.#pinching) {
      this.#pinching = false;
      this.target.pinching(false);
    }
    for (const finger of this.#fingers) {
      this.#down.delete(finger);
      this.#palms.add(finger);
    }
    this.#fingers.clear();
  }

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
    const turn = Math.atan2(to[1] - other[1], to[0] - other[0]) - Math.atan2(from[1] - other[1], from[0] - other[0]);
    // Across the angle at which it begins anew it is the short way round.
    const twist = turn - 2 * Math.PI * Math.round(turn / (2 * Math.PI));
    this.target.pinch(middle, spread, (to[0] - from[0]) / 2, (to[1] - from[1]) / 2, twist);
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
