/**
 * The range of values within which is painted: the histogram of the slice that is looked at, two limits over it that are dragged or set by keys, and how
 * much of the slice lies between them. While somebody sets them, the voxels within are tinted in the slices; nothing is painted by that.
 */

import type { SliceView } from '../../renderer/views.js';
import { h, setAttribute, setText, svg } from '../dom.js';
import { formatNumber } from '../format.js';
import { barHeights, type Histogram } from '../histogram.js';
import { RangeSlider } from '../range_slider.js';
import type { PaintState } from './paint_state.js';
import type { PaintTool } from './paint_tool.js';
import { histogramOf, shareWithin, sliceValues } from './slice_values.js';

const BARS = 96;
const HEIGHT = 40;
/** Bricks come while a slice is looked at: what is shown is made anew after this time, where something else changes too. */
const FRESH_MS = 1000;
const SLICES = ['axial', 'coronal', 'sagittal'] as const;

/** What a slice shows, rising, and how often which values occur. */
interface Known {
  readonly of: string;
  readonly made: number;
  readonly values: Float64Array;
  readonly histogram: Histogram | undefined;
}

export class RangeFields {
  readonly element: HTMLElement;
  readonly #slider = new RangeSlider('Values that are painted', ([low, high]) => this.#set(low, high));
  readonly #bars = svg('path', { class: 'voxbeam-histogram' });
  readonly #band = svg('rect', { class: 'voxbeam-band', y: 0, height: HEIGHT });
  readonly #picture: SVGSVGElement;
  readonly #said = h('p', { class: 'voxbeam-said', role: 'status' });
  #known: Known | undefined;
  /** The limit that is dragged over the histogram. */
  #held: 'low' | 'high' | undefined;

  constructor(readonly tool: PaintTool) {
    this.#picture = svg(
      'svg',
      {
        class: 'voxbeam-opacity voxbeam-value-histogram', viewBox: `0 0 ${BARS} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img',
        on: { pointerdown: (event: PointerEvent) => this.#take(event), pointermove: (event: PointerEvent) => this.#drag(event), pointerup: () => this.#release(), pointercancel: () => this.#release() },
      },
      this.#band, this.#bars,
    );
    this.element = h(
      'div',
      { class: 'voxbeam-paint-values', role: 'group', 'aria-label': 'Values that are painted', on: { focusin: () => this.#preview(true), focusout: () => this.#preview(false) } },
      this.#picture, this.#slider.element, this.#said,
    );
  }

  show(): void {
    const { state, range } = this.tool;
    const shown = state?.range.on === true;
    this.element.hidden = !shown;
    if (!shown) {
      this.tool.preview(false);
      return;
    }
    this.#slider.show(range.chosen, range.limits);
    const { values, histogram } = this.#look();
    const [low, high] = this.#slider.limits;
    const edges = Array.from({ length: BARS + 1 }, (_, i) => low + (i / BARS) * (high - low));
    const heights = histogram && high > low ? barHeights(histogram, edges, true) : [];
    this.#bars.setAttribute('d', `M0 ${HEIGHT}${heights.map((height, i) => `L${i} ${(HEIGHT * (1 - height)).toFixed(2)}H${i + 1}`).join('')}V${HEIGHT}Z`);
    const place = (value: number) => Math.min(Math.max(((value - low) / (high - low || 1)) * BARS, 0), BARS);
    const [from, to] = range.chosen.map(place) as [number, number];
    setAttribute(this.#band, 'x', String(from));
    setAttribute(this.#band, 'width', String(Math.max(to - from, 0.5)));
    const part = values.length > 0 ? `${formatNumber(100 * shareWithin(values, ...range.chosen), 3)} % of what the slice shows` : 'Nothing of the image is in this slice';
    setText(this.#said, part);
    setAttribute(this.#picture, 'aria-label', `Histogram of the slice, from ${formatNumber(low)} to ${formatNumber(high)}: ${part} is within`);
  }

  /** The values of the slice that the pointer was over last, or of the first one. */
  #look(): Known {
    const { tool } = this;
    const { image, host, at } = tool;
    const view = [at?.view ?? '', ...SLICES].map((id) => host.view(id)).find((each): each is SliceView => each?.kind === 'slice');
    const { time } = host.store.state;
    const of = JSON.stringify([image?.handle, time, view]);
    const now = performance.now();
    if (this.#known?.of === of && now - this.#known.made < FRESH_MS) return this.#known;
    const values = image && view ? sliceValues(image, view, (volume, key) => host.session.peek(volume, key), time) : new Float64Array();
    this.#known = { of, made: now, values, histogram: histogramOf(values) };
    return this.#known;
  }

  #set(low: number, high: number): void {
    const { state } = this.tool;
    if (!state) return;
    this.tool.set({ range: { ...state.range, low, high } satisfies PaintState['range'] });
    this.tool.preview(true);
  }

  #preview(on: boolean): void {
    this.tool.preview(on || this.#held !== undefined);
  }

  #valueAt(event: PointerEvent): number {
    const { left, width } = this.#picture.getBoundingClientRect();
    const [low, high] = this.#slider.limits;
    const share = Math.min(Math.max((event.clientX - left) / (width || 1), 0), 1);
    return Number((low + share * (high - low)).toPrecision(5));
  }

  /** The limit that lies nearer is taken hold of. */
  #take(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    const value = this.#valueAt(event);
    const [low, high] = this.tool.range.chosen;
    this.#held = Math.abs(value - low) <= Math.abs(value - high) ? 'low' : 'high';
    this.#picture.setPointerCapture?.(event.pointerId);
    this.#drag(event);
  }

  #drag(event: PointerEvent): void {
    if (!this.#held) return;
    const value = this.#valueAt(event);
    const [low, high] = this.tool.range.chosen;
    if (this.#held === 'low') this.#set(Math.min(value, high), high);
    else this.#set(low, Math.max(value, low));
  }

  #release(): void {
    this.#held = undefined;
    this.#preview(this.element.contains(this.element.ownerDocument.activeElement));
  }
}
