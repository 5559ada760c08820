/** The row below the views: play, a slider over the time points, where one is, how fast, again and again or once. */

import { h, setAttribute, setText } from '../dom.js';
import { formatNumber } from '../format.js';
import { icon, setIcon } from '../icons.js';

/** Rates to choose from, time points a second. */
export const RATES = [1, 2, 5, 10, 15, 24, 30, 60] as const;

export interface TimeActions {
  show(time: number): void;
  step(by: number): void;
  togglePlay(): void;
  rate(rate: number): void;
  toggleLoop(): void;
}

/** What the row shows. */
export interface TimeShown {
  readonly time: number;
  readonly count: number;
  /** Time from one time point to the next, and its unit. */
  readonly step: number | undefined;
  readonly unit: string;
  readonly playing: boolean;
  readonly waiting: boolean;
  readonly rate: number;
  readonly shownRate: number;
  readonly loop: boolean;
  /** The time point could not be loaded: what is shown is another one. */
  readonly failed: boolean;
}

/** Such as `3 / 20 · 1.5 s`. */
export function timeWords({ time, count, step, unit }: Pick<TimeShown, 'time' | 'count' | 'step' | 'unit'>): string {
  const place = `${time + 1} / ${count}`;
  return step === undefined ? place : `${place} · ${formatNumber(time * step)}${unit ? ` ${unit}` : ''}`;
}

export class TimeBar {
  readonly element: HTMLElement;
  readonly #play: HTMLButtonElement;
  readonly #icon = icon('play');
  readonly #slider: HTMLInputElement;
  readonly #label = h('output', { class: 'voxbeam-time-label' });
  readonly #rate: HTMLSelectElement;
  readonly #shown = h('span', { class: 'voxbeam-time-rate', title: 'Time points shown a second' });
  readonly #loop: HTMLButtonElement;

  constructor(actions: TimeActions) {
    const press = (name: string, title: string, run: () => void, child: Node) =>
      h('button', { type: 'button', title, 'aria-label': title, 'data-time': name, on: { click: run } }, child);
    this.#play = press('play', 'Play (space)', actions.togglePlay, this.#icon);
    this.#slider = h('input', {
      type: 'range', min: 0, step: 1, 'aria-label': 'Time point', title: 'Time point (, and .)',
      on: { input: () => actions.show(Number(this.#slider.value)) },
    });
    this.#rate = h(
      'select',
      { 'aria-label': 'Time points a second', title: 'Time points a second', on: { change: () => actions.rate(Number(this.#rate.value)) } },
      ...RATES.map((rate) => h('option', { value: rate }, `${rate}/s`)),
    );
    this.#loop = press('loop', 'Begin anew at the end', actions.toggleLoop, icon('loop'));
    this.element = h(
      'div',
      { class: 'voxbeam-time', role: 'group', 'aria-label': 'Time', hidden: true },
      press('back', 'Time point before (,)', () => actions.step(-1), icon('stepBack')),
      this.#play,
      press('forward', 'Next time point (.)', () => actions.step(1), icon('stepForward')),
      this.#slider, this.#label, this.#shown, this.#rate, this.#loop,
    );
  }

  show(state: TimeShown): void {
    const { time, count, playing, waiting, rate, shownRate, loop, failed } = state;
    this.element.hidden = count < 2;
    if (count < 2) return;
    const title = playing ? 'Pause (space)' : 'Play (space)';
    setIcon(this.#icon, playing ? 'pause' : 'play');
    setAttribute(this.#play, 'title', title);
    setAttribute(this.#play, 'aria-label', title);
    setAttribute(this.#play, 'aria-pressed', String(playing));
    setAttribute(this.element, 'data-waiting', waiting ? '' : undefined);
    setAttribute(this.element, 'aria-busy', String(waiting));
    setAttribute(this.element, 'data-failed', failed ? '' : undefined);
    this.#slider.max = String(count - 1);
    if (this.#slider.value !== String(time)) this.#slider.value = String(time);
    const words = timeWords(state);
    this.#slider.setAttribute('aria-valuetext', words);
    setText(this.#label, failed ? `${words} · not loaded` : words);
    setText(this.#shown, playing ? (waiting && shownRate === 0 ? 'waiting' : `${formatNumber(Number(shownRate.toFixed(1)))}/s shown`) : '');
    if (this.#rate.value !== String(rate)) this.#rate.value = String(rate);
    setAttribute(this.#loop, 'aria-pressed', String(loop));
  }
}
