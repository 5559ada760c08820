/** What the viewer may take and how it draws, in the side panel: the bounds as fields, and beside each what is taken of it now. */

import type { RendererReport } from '../../renderer/report.js';
import { DEFAULT_DIALS, type Dials, dialLimits } from '../dials.js';
import { h, setText } from '../dom.js';
import type { ViewStore } from '../view_state.js';
import { numberField, section, setNumber, wordButton } from './fields.js';

/** What the panel shows and sets; a picture host is one. */
export interface DialSource {
  readonly dials: Dials;
  readonly report: Pick<RendererReport, 'gpuBytes' | 'gpuBytesPeak' | 'fps'> | undefined;
  /** Bytes of bricks in the page's memory, the most there were, and what is kept in the browser's storage. */
  readonly taken: { readonly page: number; readonly pagePeak: number; readonly kept: number };
  /** @param keep for the next viewer in this browser, too */
  setDials(dials: Partial<Dials>, keep: boolean): void;
}

const MIB = 2 ** 20;
/** While it shows, it looks again this often at what is taken. */
const EVERY_MS = 1000;

interface Line {
  readonly words: string;
  readonly title: string;
  /** Of the dial's number: one in the field. */
  readonly unit: number;
  now(source: DialSource): string;
}

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(bytes < 9.95 * MIB ? 1 : 0)} MiB`;

const LINES: Readonly<Record<keyof Dials, Line>> = {
  maxGpuBytes: {
    words: 'GPU, MiB', title: 'MiB of GPU memory that all textures together may take', unit: MIB,
    now: ({ report }) => (report ? `now ${mib(report.gpuBytes)}, at most ${mib(report.gpuBytesPeak)} so far` : ''),
  },
  maxBrowserBytes: {
    words: 'page, MiB', title: 'MiB of bricks in the memory of this page', unit: MIB,
    now: ({ taken }) => `now ${mib(taken.page)}, at most ${mib(taken.pagePeak)} so far`,
  },
  maxCacheBytes: {
    words: 'kept, MiB', title: 'MiB of bricks kept in this browser for the next visit; 0 keeps none', unit: MIB,
    now: ({ taken }) => `now ${mib(taken.kept)}`,
  },
  frameMs: {
    words: 'frame, ms', title: 'Milliseconds a frame may take while the picture moves: its resolution follows', unit: 1,
    now: ({ report }) => (report && report.fps > 0 ? `last ${report.fps.toFixed(0)} frames a second` : ''),
  },
  passes: { words: 'passes', title: 'Passes that a still picture is the mean of, at most; 1 is the plain picture', unit: 1, now: () => '' },
};

export class DialPanel {
  readonly element: HTMLElement;
  readonly #fields = new Map<keyof Dials, readonly [HTMLInputElement, HTMLElement]>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    readonly store: ViewStore,
    readonly source: () => DialSource | undefined,
    readonly tell: (message: string) => void,
  ) {
    const rows = (Object.keys(LINES) as (keyof Dials)[]).map((name) => {
      const { words, title, unit } = LINES[name];
      const [least, most] = dialLimits(name);
      const field = numberField(title, (value) => this.#set(name, value), { min: least / unit, max: most / unit });
      field.dataset.dial = name;
      const now = h('span', { class: 'voxbeam-dial-now' });
      this.#fields.set(name, [field, now]);
      return h('div', { class: 'voxbeam-dial-row' }, h('span', { class: 'voxbeam-label' }, words), field, now);
    });
    const reset = wordButton('Defaults', 'All of these as they are unless set', () => this.source()?.setDials(DEFAULT_DIALS, true), { 'data-action': 'dials' });
    this.element = section('Memory and speed', 'dials', h('div', { class: 'voxbeam-instrument' }, ...rows, h('div', { class: 'voxbeam-buttons' }, reset)));
  }

  show(): void {
    const shown = this.store.state.shows.dials;
    this.element.hidden = !shown;
    if (!shown) {
      this.dispose();
      return;
    }
    this.#timer ??= setInterval(() => this.#look(), EVERY_MS);
    this.#look();
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const source = this.source();
    if (!source) return;
    for (const [name, [field, now]] of this.#fields) {
      setNumber(field, source.dials[name] / LINES[name].unit);
      setText(now, LINES[name].now(source));
    }
  }

  /** Whole where the dial is, and within its limits: what a person typed is brought there, and said. */
  #set(name: keyof Dials, value: number): void {
    const { unit, title } = LINES[name];
    const [least, most] = dialLimits(name);
    const wanted = name === 'frameMs' ? value : Math.round(value * unit);
    const taken = Math.min(most, Math.max(least, wanted));
    if (taken !== wanted) this.tell(`${title}: from ${least / unit} to ${most / unit}`);
    this.source()?.setDials({ [name]: taken }, true);
    const field = this.#fields.get(name)?.[0];
    if (field) field.value = String(Number((taken / unit).toPrecision(7)));
  }
}
