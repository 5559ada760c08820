/** Tells how the viewer is doing: soon after anything happened, and at most every 200 ms; where that would cost the picture its time, at most every 600. */

import type { RendererReport } from '../renderer/renderer.js';
import type { Session } from '../session/session.js';
import { type Footer, MissingProgress } from './footer.js';
import type { ShownLayers } from './shown_layers.js';
import { showStatus, statusOf } from './status.js';

const STATUS_MS = 200;
const SELDOM_MS = 600;

/** What changes from one telling to the next. */
export interface Doing {
  readonly report: RendererReport | undefined;
  /** Bricks that the views lack. */
  readonly missing: number;
  readonly moving: boolean;
  /** What keeps the picture from being shown. */
  readonly error: string | undefined;
}

export class StatusTeller {
  readonly #progress = new MissingProgress();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Of the last move. */
  #fps: number | undefined;

  constructor(
    readonly root: HTMLElement,
    readonly footer: Footer,
    readonly session: Session,
    readonly layers: ShownLayers,
    readonly doing: () => Doing,
    readonly standing: (problem: string | undefined, remark: string | undefined) => void,
  ) {}

  /** @param seldom the page is made by the processor that makes the picture: each word in it costs as much as a strip of that */
  soon(seldom = false): void {
    this.#timer ??= setTimeout(() => this.now(), seldom ? SELDOM_MS : STATUS_MS);
  }

  now(): void {
    this.dispose();
    const { report, missing, moving, error } = this.doing();
    // Single pictures of a view at rest have no rate.
    if (moving && report) this.#fps = report.fps;
    showStatus(this.root, this.footer, statusOf(this.session, report, this.layers, { missing, fps: this.#fps, error }));
    this.footer.progress(this.#progress.update(missing));
    this.standing(report?.problem ?? report?.limits, this.layers.remark);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
