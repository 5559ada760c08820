/** Opacity over the window, drawn over the histogram: drag points, double click to add one, Delete to remove it. */

import { svg } from './dom.js';
import { heights, type Histogram } from './histogram.js';
import { addPoint, movePoint, type OpacityPoints, removePoint, withEnds } from './opacity_points.js';

const WIDTH = 224;
const HEIGHT = 64;
const PAD = 6;
const BARS = 72;

const toX = (value: number) => PAD + value * (WIDTH - 2 * PAD);
const toY = (opacity: number) => HEIGHT - PAD - opacity * (HEIGHT - 2 * PAD);

export class OpacityEditor {
  readonly element: SVGSVGElement;
  readonly #histogram = svg('path', { class: 'voxbeam-histogram' });
  readonly #curve = svg('path', { class: 'voxbeam-curve' });
  readonly #handles = svg('g');
  #points: OpacityPoints = [];
  #held: number | undefined;
  #drawn: { readonly histogram: Histogram | undefined; readonly window: string } | undefined;

  constructor(readonly changed: (points: OpacityPoints) => void) {
    this.element = svg(
      'svg',
      {
        class: 'voxbeam-opacity',
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: 'none',
        role: 'group',
        'aria-label': 'Opacity over the window',
        on: {
          dblclick: (event: MouseEvent) => this.#add(event),
          pointermove: (event: PointerEvent) => this.#drag(event),
          pointerup: () => this.#release(),
          pointercancel: () => this.#release(),
        },
      },
      svg('title', {}, 'Opacity over the window: drag points, double click adds one, Delete removes it'),
      this.#histogram,
      this.#curve,
      this.#handles,
    );
  }

  show(points: OpacityPoints, histogram: Histogram | undefined, window: readonly [number, number]): void {
    if (this.#held === undefined && JSON.stringify(points) !== JSON.stringify(this.#points)) {
      this.#points = withEnds(points);
      this.#draw();
    }
    const key = window.join();
    if (this.#drawn && this.#drawn.histogram === histogram && this.#drawn.window === key) return;
    this.#drawn = { histogram, window: key };
    const bars = histogram ? heights(histogram, window, BARS) : [];
    const outline = bars.map((height, i) => `L${toX(i / BARS)} ${toY(height)}H${toX((i + 1) / BARS)}`).join('');
    this.#histogram.setAttribute('d', bars.length > 0 ? `M${toX(0)} ${toY(0)}${outline}V${toY(0)}Z` : '');
  }

  #draw(): void {
    this.#curve.setAttribute('d', this.#points.map(([value, opacity], i) => `${i ? 'L' : 'M'}${toX(value)} ${toY(opacity)}`).join(''));
    while (this.#handles.childElementCount > this.#points.length) this.#handles.lastElementChild?.remove();
    this.#points.forEach(([value, opacity], i) => {
      const handle = this.#handles.children[i] ?? this.#handles.appendChild(this.#handle(i));
      handle.setAttribute('cx', String(toX(value)));
      handle.setAttribute('cy', String(toY(opacity)));
      handle.setAttribute('aria-valuenow', String(Math.round(opacity * 100)));
      handle.setAttribute('aria-label', `Opacity at ${Math.round(value * 100)} % of the window`);
    });
  }

  #handle(index: number): SVGCircleElement {
    return svg('circle', {
      r: 4,
      tabindex: 0,
      role: 'slider',
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      on: {
        pointerdown: (event: PointerEvent) => {
          this.#held = index;
          (event.currentTarget as Element).setPointerCapture?.(event.pointerId);
        },
        keydown: (event: KeyboardEvent) => this.#key(event, index),
      },
    });
  }

  #drag(event: PointerEvent): void {
    if (this.#held === undefined) return;
    const [value, opacity] = this.#at(event);
    this.#set(movePoint(this.#points, this.#held, value, opacity));
  }

  #release(): void {
    this.#held = undefined;
  }

  #add(event: MouseEvent): void {
    if ((event.target as Element).tagName === 'circle') return;
    const [value, opacity] = this.#at(event);
    this.#set(addPoint(this.#points, value, opacity));
  }

  #key(event: KeyboardEvent, index: number): void {
    const [value, opacity] = this.#points[index] ?? [0, 0];
    const step = event.shiftKey ? 0.1 : 0.02;
    const moves: Record<string, readonly [number, number]> = {
      ArrowUp: [0, step],
      ArrowDown: [0, -step],
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
    };
    const move = moves[event.key];
    if (move) this.#set(movePoint(this.#points, index, value + move[0], opacity + move[1]));
    else if (event.key === 'Delete' || event.key === 'Backspace') this.#set(removePoint(this.#points, index));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #set(points: OpacityPoints): void {
    this.#points = points;
    this.#draw();
    this.changed(points);
  }

  #at(event: MouseEvent): readonly [number, number] {
    const box = this.element.getBoundingClientRect();
    const x = ((event.clientX - box.left) / Math.max(1, box.width)) * WIDTH;
    const y = ((event.clientY - box.top) / Math.max(1, box.height)) * HEIGHT;
    return [(x - PAD) / (WIDTH - 2 * PAD), (HEIGHT - PAD - y) / (HEIGHT - 2 * PAD)];
  }
}
