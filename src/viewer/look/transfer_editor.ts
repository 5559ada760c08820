/**
 * The transfer function over the histogram: the window with its ends, and the opacities of its points. Points, the ramps between them,
 * the window's ends and the window itself (by its background) are dragged; each has keys too.
 */

import { svg } from '../dom.js';
import { formatNumber } from '../format.js';
import { barHeights, type Histogram } from '../histogram.js';
import { addPoint, movePoint, type OpacityPoints, removePoint, withEnds } from '../opacity_points.js';
import { HEIGHT, MARGIN, toPlace, toOpacity, toX, toY, WIDTH } from './transfer_layout.js';
import { moveRamp, splitAfter } from './transfer_edits.js';
import { moveEnd, panWindow, type Window, WindowAxis } from './window_axis.js';

const BARS = 90;

/** What the editor shows. */
export interface TransferState {
  readonly points: OpacityPoints;
  readonly window: Window;
  readonly log: boolean;
  readonly histogram: Histogram | undefined;
  /** Whether the histogram's counts are drawn by their logarithm. */
  readonly logCounts: boolean;
}

/** What the editor asks for. */
export interface TransferChange {
  readonly points?: OpacityPoints;
  readonly window?: Window;
}

type Part = 'point' | 'ramp' | 'end' | 'back';

interface Hold {
  readonly part: Part;
  readonly index: number;
  readonly place: number;
  readonly opacity: number;
  readonly state: TransferState;
}

export class TransferEditor {
  readonly element: SVGSVGElement;
  readonly #band = svg('rect', { class: 'voxbeam-band', y: 0, height: HEIGHT });
  readonly #histogram = svg('path', { class: 'voxbeam-histogram' });
  readonly #curve = svg('path', { class: 'voxbeam-curve' });
  readonly #ramps = svg('g');
  readonly #ends: readonly [SVGGElement, SVGGElement] = [this.#end(0), this.#end(1)];
  readonly #handles = svg('g');
  #state: TransferState | undefined;
  /** The axis things are drawn along: while something is held it stays, whatever the window does. */
  #view: WindowAxis | undefined;
  #hold: Hold | undefined;

  /** @param told hears in words what is under the pointer or held; empty when nothing is */
  constructor(
    readonly changed: (change: TransferChange) => void,
    readonly told: (words: string) => void = () => undefined,
  ) {
    this.element = svg(
      'svg',
      {
        class: 'voxbeam-opacity', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'group', 'aria-label': 'Window and opacity',
        on: {
          dblclick: (event: MouseEvent) => this.#add(event),
          pointerdown: (event: PointerEvent) => this.#press(event),
          pointermove: (event: PointerEvent) => this.#move(event),
          pointerup: () => this.#release(),
          pointercancel: () => this.#release(),
          pointerleave: () => !this.#hold && told(''),
        },
      },
      svg('title', {}, 'Drag points, ramps, the ends of the window, or the window by its background. Double click adds a point, Delete removes it.'),
      this.#band, this.#histogram, this.#curve, this.#ramps, ...this.#ends, this.#handles,
    );
  }

  show(state: TransferState): void {
    // While something is held the editor is ahead of what comes back.
    if (this.#hold) this.#state = { ...(this.#state as TransferState), histogram: state.histogram, logCounts: state.logCounts };
    else if (this.#state && same(this.#state, state)) return;
    else this.#state = { ...state, points: withEnds(state.points) };
    this.#draw();
  }

  #draw(): void {
    const state = this.#state as TransferState;
    const axis = new WindowAxis(state.window, state.log);
    if (!this.#hold) this.#view = axis;
    const view = this.#view as WindowAxis;
    const x = (place: number) => toX(view.toPlace(axis.toValue(place)));
    const [left, right] = [x(0), x(1)];
    this.#band.setAttribute('x', String(left));
    this.#band.setAttribute('width', String(Math.max(0, right - left)));
    this.#ends.forEach((end, i) => {
      end.setAttribute('transform', `translate(${i === 0 ? left : right} 0)`);
      end.setAttribute('aria-valuenow', String(state.window[i]));
      end.setAttribute('aria-valuetext', formatNumber(state.window[i] as number));
    });
    this.#histogram.setAttribute('d', this.#bars(state, view));
    this.#curve.setAttribute('d', `M${toX(-MARGIN)} ${toY(state.points[0]?.[1] ?? 0)}${state.points.map(([t, a]) => `L${x(t)} ${toY(a)}`).join('')}H${toX(1 + MARGIN)}`);
    while (this.#handles.childElementCount > state.points.length) this.#handles.lastElementChild?.remove();
    while (this.#ramps.childElementCount > state.points.length - 1) this.#ramps.lastElementChild?.remove();
    state.points.forEach(([place, opacity], i) => {
      const handle = this.#handles.children[i] ?? this.#handles.appendChild(this.#handle(i));
      const value = formatNumber(axis.toValue(place));
      for (const [name, text] of [['cx', x(place)], ['cy', toY(opacity)], ['aria-valuenow', Math.round(opacity * 100)], ['aria-label', `Opacity at ${value}`]] as const) {
        handle.setAttribute(name, String(text));
      }
      const next = state.points[i + 1];
      if (!next) return;
      const ramp = this.#ramps.children[i] ?? this.#ramps.appendChild(svg('path', { class: 'voxbeam-ramp', 'data-ramp': i }));
      ramp.setAttribute('d', `M${x(place)} ${toY(opacity)}L${x(next[0])} ${toY(next[1])}`);
    });
  }

  #bars({ histogram, logCounts }: TransferState, view: WindowAxis): string {
    if (!histogram) return '';
    const places = Array.from({ length: BARS + 1 }, (_, i) => -MARGIN + (i / BARS) * (1 + 2 * MARGIN));
    const heights = barHeights(histogram, places.map((place) => view.toValue(place)), logCounts);
    const bars = heights.map((height, i) => `L${toX(places[i] as number)} ${toY(height)}H${toX(places[i + 1] as number)}`).join('');
    return `M${toX(-MARGIN)} ${toY(0)}${bars}V${toY(0)}Z`;
  }

  #handle(index: number): SVGCircleElement {
    return svg('circle', {
      r: 4, tabindex: 0, role: 'slider', 'aria-valuemin': 0, 'aria-valuemax': 100, 'data-point': index,
      on: { keydown: (event: KeyboardEvent) => this.#pointKey(event, index) },
    });
  }

  #end(end: 0 | 1): SVGGElement {
    return svg(
      'g',
      {
        class: 'voxbeam-end', tabindex: 0, role: 'slider', 'data-end': end, 'aria-label': end === 0 ? 'Low end of the window' : 'High end of the window',
        on: { keydown: (event: KeyboardEvent) => this.#endKey(event, end) },
      },
      svg('path', { d: `M0 0V${HEIGHT}` }),
      svg('rect', { x: -3, y: HEIGHT - 14, width: 6, height: 12, rx: 2 }),
      svg('rect', { class: 'voxbeam-reach', x: -6, y: 0, width: 12, height: HEIGHT }),
    );
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0 || !this.#state) return;
    const target = event.target as Element;
    const number = (name: string) => target.closest(`[data-${name}]`)?.getAttribute(`data-${name}`);
    const found = (['point', 'end', 'ramp'] as const).map((part) => [part, number(part)] as const).find(([, index]) => index != null);
    const [part, index] = found ?? (['back', 0] as const);
    const { place, opacity } = this.#at(event);
    this.#hold = { part, index: Number(index), place, opacity, state: this.#state };
    target.closest<SVGElement>('[tabindex]')?.focus();
    this.element.setPointerCapture?.(event.pointerId);
    event.preventDefault();
  }

  #move(event: PointerEvent): void {
    const state = this.#state;
    if (!state || !this.#view) return;
    const { place, opacity } = this.#at(event);
    this.told(`${formatNumber(this.#view.toValue(place))} · opacity ${Math.min(1, Math.max(0, opacity)).toFixed(2)}`);
    if (!this.#hold) return;
    const { part, index, state: from } = this.#hold;
    const along = place - this.#hold.place;
    if (part === 'point') this.#set({ points: movePoint(state.points, index, place, opacity) });
    else if (part === 'ramp') this.#set({ points: moveRamp(from.points, index, along, opacity - this.#hold.opacity) });
    else if (part === 'end') this.#set({ window: moveEnd(from.window, index as 0 | 1, this.#view.toValue(place)) });
    else if (Math.abs(along) > 0.005) this.#set({ window: panWindow(this.#view, -along) });
  }

  #release(): void {
    if (!this.#hold) return;
    this.#hold = undefined;
    this.told('');
    this.#draw();
  }

  #add(event: MouseEvent): void {
    if (!this.#state || (event.target as Element).closest('[data-point], [data-end]')) return;
    const { place, opacity } = this.#at(event);
    if (place > 0 && place < 1) this.#set({ points: addPoint(this.#state.points, place, opacity) });
  }

  #pointKey(event: KeyboardEvent, index: number): void {
    const points = this.#state?.points ?? [];
    const [place, opacity] = points[index] ?? [0, 0];
    const step = event.shiftKey ? 0.1 : 0.02;
    const moves: Record<string, readonly [number, number]> = { ArrowUp: [0, step], ArrowDown: [0, -step], ArrowLeft: [-step, 0], ArrowRight: [step, 0] };
    const move = moves[event.key];
    if (move) this.#set({ points: movePoint(points, index, place + move[0], opacity + move[1]) });
    else if (event.key === 'Delete' || event.key === 'Backspace') this.#set({ points: removePoint(points, index) });
    else if (event.key === '+' || event.key === 'Insert') this.#set({ points: splitAfter(points, Math.min(index, points.length - 2)) });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #endKey(event: KeyboardEvent, end: 0 | 1): void {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const { window, log } = this.#state as TransferState;
    if (!step) return;
    this.#set({ window: moveEnd(window, end, new WindowAxis(window, log).toValue(end + step * (event.shiftKey ? 0.1 : 0.01))) });
    event.preventDefault();
    event.stopPropagation();
  }

  #set(change: TransferChange): void {
    this.#state = { ...(this.#state as TransferState), ...change };
    this.#draw();
    this.changed(change);
  }

  /** Place along the axis that things are drawn along for ends and window; within the present window for points. */
  #at(event: MouseEvent): { place: number; opacity: number } {
    const box = this.element.getBoundingClientRect();
    const x = ((event.clientX - box.left) / Math.max(1, box.width)) * WIDTH;
    const y = ((event.clientY - box.top) / Math.max(1, box.height)) * HEIGHT;
    return { place: toPlace(x), opacity: toOpacity(y) };
  }
}

const same = (a: TransferState, b: TransferState): boolean =>
  a.histogram === b.histogram && a.log === b.log && a.logCounts === b.logCounts && a.window.join() === b.window.join() && JSON.stringify(a.points) === JSON.stringify(withEnds(b.points));
