/** Where a viewer's picture is: the renderer with its canvas, or, while it is parked, a still of what it showed last. */

import { drawsOnProcessor } from '../renderer/device.js';
import type { BrickLookup } from '../renderer/pick.js';
import { type RendererReport, VolumeRenderer } from '../renderer/renderer.js';
import type { RendererOptions } from '../renderer/renderer_options.js';
import { checkedDials, DEFAULT_DIALS, type Dials } from './dials.js';
import type { Rgb } from '../renderer/colormaps.js';
import type { Session } from '../session/session.js';
import { h } from './dom.js';
import { KeptDials } from './kept_dials.js';
import { stillWanted } from './instruments/flight.js';
import { type Parkable, type ParkingLot, pageParking } from './parking.js';
import type { Shell } from './shell.js';
import type { ShownLayers } from './shown_layers.js';
import { VolumeFeed } from './volume_feed.js';

/** A context that was taken away and is not given back within this is replaced by a new one, on a new canvas. */
const PATIENCE_MS = 1200;

export interface PictureHostOptions {
  readonly shell: Shell;
  readonly session: Session;
  readonly layers: ShownLayers;
  readonly lookup: BrickLookup;
  readonly lot?: ParkingLot | undefined;
  background(): Rgb;
  /** Whether there is a view in perspective. */
  showsVolume(): boolean;
  /** There is a new renderer that knows nothing yet. */
  started(): void;
  /** What it shows may have changed; true where settings may differ too. */
  changed(settings: boolean): void;
  /** No picture can be had. */
  failed(reason: string): void;
  /** It is to show more than its still: what it shows is not complete. */
  woken(): void;
  /** Whether the very first picture is awaited, and with it all else. */
  awaited(): boolean;
  /** A frame that had to wait for the GPU is due. */
  freed(): void;
  /** Whether the picture is complete and nobody is moving it. */
  resting(): boolean;
}

export class PictureHost implements Parkable {
  renderer: VolumeRenderer | undefined;
  feed: VolumeFeed | undefined;
  /** Whether the processor draws, and whatever else is painted takes the picture's time. */
  slow = false;
  readonly #lot: ParkingLot;
  /** All dials as they were before anybody who made the viewer said something of them. */
  readonly unset: Dials;
  readonly #kept = new KeptDials();
  #dials: Partial<Dials>;
  readonly #heard = new Set<() => void>();
  #still: HTMLCanvasElement | undefined;
  #report: RendererReport | undefined;
  #lost: ReturnType<typeof setTimeout> | undefined;
  #ending = new AbortController();
  #ended = false;
  #used = false;
  #failed = false;

  constructor(
    readonly o: PictureHostOptions,
    dials: Partial<Dials>,
  ) {
    const kept = this.#kept.read();
    this.unset = { ...DEFAULT_DIALS, ...kept };
    this.#dials = { ...kept, ...checkedDials(dials) };
    this.#bound(this.#dials);
    this.#lot = o.lot ?? pageParking;
    const used = () => this.use();
    for (const event of ['pointerdown', 'pointerenter', 'wheel', 'keydown', 'focusin']) {
      o.shell.root.addEventListener(event, used, { passive: true, capture: true });
      this.#ending.signal.addEventListener('abort', () => o.shell.root.removeEventListener(event, used, { capture: true }));
    }
  }

  get element(): Element {
    return this.o.shell.root;
  }

  get resting(): boolean {
    return this.o.resting();
  }

  /** Whether it gave its context up, or has none yet. */
  get parked(): boolean {
    return this.renderer === undefined;
  }

  /** Whether there is a picture, or will be once it has a context. */
  get ready(): boolean {
    return !this.#failed && !this.#ended;
  }

  /** What the renderer tells; while parked, what it told last. */
  get report(): RendererReport | undefined {
    return this.renderer?.report ?? this.#report;
  }

  /** Asks for a context; there may be one when this returns. */
  start(): void {
    this.#lot.enter(this);
  }

  /** Something is to be drawn. */
  want(): void {
    if (this.parked) this.#lot.want(this);
  }

  /** Somebody is at it. True where that woke it. */
  use(): boolean {
    const parked = this.parked && this.ready;
    if (parked) this.o.woken();
    this.#lot.want(this, true);
    return parked;
  }

  rested(): void {
    this.#lot.rested();
  }

  /** All dials as they are. */
  get dials(): Dials {
    return { ...this.unset, ...this.#dials };
  }

  /** Bytes of bricks in the page's memory, the most there were, and what is kept in the browser's storage. */
  get taken(): { readonly page: number; readonly pagePeak: number; readonly kept: number } {
    const { counters, kept } = this.o.session;
    return { page: counters.cacheBytes, pagePeak: counters.cachePeak, kept: kept.bytes };
  }

  /** Calls `listener` after each change of a dial, whoever made it, until this ends. */
  onDials(listener: () => void): void {
    this.#heard.add(listener);
  }

  /**
   * @param keep for the next viewer in this browser, too
   * @throws RangeError for a dial beyond its limits
   */
  setDials(dials: Partial<Dials>, keep = false): void {
    this.#dials = { ...this.#dials, ...checkedDials(dials) };
    if (keep) this.#kept.keep(dials);
    this.#bound(dials);
    this.renderer?.setDials(dials);
    this.o.changed(true);
    for (const listener of this.#heard) listener();
  }

  wake(): void {
    const { shell, session, layers, lookup } = this.o;
    if (this.#used) shell.freshCanvas();
    this.#used = true;
    try {
      const tileLookup: NonNullable<RendererOptions['tileLookup']> = (...tile) => session.tiles.peek(...tile);
      const renderer = new VolumeRenderer(shell.canvas, { ...this.#dials, lookup, tileLookup, background: this.o.background(), held: true, early: this.o.awaited(), fades: !stillWanted(), freed: () => this.o.freed() });
      shell.canvas.addEventListener('webglcontextlost', () => this.#lostContext(renderer));
      shell.canvas.addEventListener('webglcontextrestored', () => {
        clearTimeout(this.#lost);
        this.o.changed(false);
      });
      this.renderer = renderer;
      this.slow = shell.overlay.onProcessor = drawsOnProcessor(shell.canvas.getContext('webgl2') as WebGL2RenderingContext);
      this.feed = new VolumeFeed(session, renderer, layers, this.o.changed, this.o.showsVolume);
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/\.?$/, '.') : String(error);
      this.#failed = true;
      this.o.failed(`${reason} voxbeam needs WebGL 2: turn hardware acceleration on, or use another browser.`);
      return;
    }
    this.o.started();
  }

  park(): void {
    const { renderer } = this;
    if (!renderer) return;
    if (renderer.hasPicture && renderer.report.contextLosses === 0) this.#keepStill(renderer.canvas);
    this.#stop();
  }

  /** After a frame: asks the session for what the views lack, and says how much that is. Once there is a picture the still goes. */
  missing(): number {
    if (this.#still && this.renderer?.hasPicture) {
      this.#still.remove();
      this.#still = undefined;
    }
    return this.feed?.want() ?? 0;
  }

  dispose(): void {
    this.#ended = true;
    this.#lot.leave(this);
    this.#ending.abort();
    this.#stop();
    this.#still?.remove();
    this.#still = undefined;
  }

  #stop(): void {
    clearTimeout(this.#lost);
    this.#report = this.renderer?.report;
    this.feed?.dispose();
    this.renderer?.dispose();
    this.renderer = undefined;
    this.feed = undefined;
  }

  #bound({ maxBrowserBytes, maxCacheBytes }: Partial<Dials>): void {
    const { session } = this.o;
    if (maxBrowserBytes !== undefined) session.maxBrowserBytes = maxBrowserBytes;
    if (maxCacheBytes !== undefined) session.maxCacheBytes = maxCacheBytes;
  }

  /** A copy in the page's memory, under the canvas that comes next. */
  #keepStill(canvas: HTMLCanvasElement): void {
    const still = h('canvas', { class: 'voxbeam-canvas voxbeam-still', width: canvas.width, height: canvas.height, 'aria-hidden': 'true' });
    still.getContext('2d', { willReadFrequently: true })?.drawImage(canvas, 0, 0);
    this.#still?.remove();
    this.#still = still;
    canvas.before(still);
  }

  #lostContext(renderer: VolumeRenderer): void {
    clearTimeout(this.#lost);
    this.#lost = setTimeout(() => {
      if (this.renderer !== renderer || this.#ended) return;
      this.#stop();
      this.wake();
    }, PATIENCE_MS);
  }
}
