/** The viewer: session, renderer and scene in one root element. */

import { Scene } from '../annotation/scene.js';
import type { VolumeRenderer } from '../renderer/renderer.js';
import type { Pixel, View } from '../renderer/views.js';
import type { Session } from '../session/session.js';
import { drawingMenu } from './annotate/drawing_state.js';
import { AnnotationTools } from './annotation_tools.js';
import type { StageSize } from './capture.js';
import { makeCommands } from './commands.js';
import { CursorReader } from './cursor_reader.js';
import { watchSize } from './dom.js';
import { FrameLoop } from './frame_loop.js';
import { Framing } from './framing.js';
import { Instruments } from './instruments/instruments.js';
import { type GestureContext, Interactions } from './interactions.js';
import { bindKeys } from './keyboard.js';
import { placeViews, showsVolume, viewAt } from './layout.js';
import { GUIDE_STYLES } from './overlay_guides.js';
import { PictureHost } from './picture_host.js';
import { PictureFirst } from './picture_first.js';
import { Picker } from './look/picker.js';
import { Identity } from './people/identity.js';
import { People } from './people/people.js';
import { Pointers } from './pointer.js';
import type { Lookup } from './readout.js';
import { SessionNotices } from './session_notices.js';
import { Settling } from './settling.js';
import { Shell } from './shell.js';
import { ShownLayers } from './shown_layers.js';
import { StatusTeller } from './status_teller.js';
import { type StudioHost, Studio } from './studio.js';
import { adoptStyles } from './styles.js';
import { BACKGROUND, ThemeWatch } from './theme.js';
import { TimeControl } from './time/time_control.js';
import { toolbarState } from './toolbar.js';
import { NO_BOUNDS, type Size, ViewStore, viewsOf } from './view_state.js';
import type { ViewerOptions } from './viewer_options.js';

export type { ViewerEvent, ViewerOptions } from './viewer_options.js';

/** What can be out of date. */
type Part = 'views' | 'volumes' | 'overlay' | 'panels' | 'marks' | 'rows';

export class Viewer {
  /** What lies over the picture: clip, light, tape, axes. */
  readonly instruments: Instruments;
  readonly studio: Studio;
  readonly times: TimeControl;
  readonly people: People;
  readonly #me: Identity;
  readonly #root: HTMLElement;
  readonly #session: Session;
  readonly #options: ViewerOptions;
  readonly #scene: Scene;
  readonly #store: ViewStore;
  readonly #layers: ShownLayers;
  readonly #framing: Framing;
  readonly #shell: Shell;
  readonly #tools: AnnotationTools;
  readonly #interactions: Interactions;
  readonly #reader: CursorReader;
  readonly #notices: SessionNotices;
  readonly #pointers: Pointers;
  readonly #theme: ThemeWatch;
  readonly #settling: Settling;
  readonly #early: PictureFirst;
  readonly #status: StatusTeller;
  readonly #ends: (() => void)[] = [];
  readonly #ending = new AbortController();
  readonly #loop = new FrameLoop((now) => this.#step(now), (error) => this.#fail('The picture cannot be drawn', error));
  readonly #dirty: Record<Part, boolean> = { views: true, volumes: true, overlay: true, panels: true, marks: true, rows: true };
  readonly host: PictureHost;
  #size: StageSize = { width: 0, height: 0, ratio: 1 };
  /** In place of the stage's own size, while a picture of another one is made. */
  #held: StageSize | undefined;
  #views: readonly View[] = [];
  /** Those that the picture shows. */
  #drawnViews: readonly View[] = [];
  #moving = false;
  #synced = false;
  #missing = 0;
  /** Why there is no picture. */
  #failure: string | undefined;
  #hovered: string | undefined;

  constructor(options: ViewerOptions) {
    this.#options = options;
    [this.#root, this.#session, this.#me] = [options.root, options.session, new Identity(options.author)];
    this.#scene = new Scene(options.session.doc, this, this.#me.name);
    this.#store = new ViewStore({ layout: options.layout ?? 'four', ...(options.policy && { policy: options.policy }) });
    this.#layers = new ShownLayers(options.session, this.#scene, this.#mayEdit);
    this.#framing = new Framing(this.#store, this.#layers, () => this.#size);
    const commands = makeCommands({
      scene: this.#scene, store: this.#store, layers: this.#layers,
      shell: () => this.#shell, interactions: () => this.#interactions, tools: () => this.#tools, cancelDrag: () => this.#pointers.cancel(),
      mayEdit: () => this.#mayEdit() || this.#notices.refuseEdit(),
      sources: { peek: (volume, key) => this.times.peek(volume, key) ?? this.#layers.lack(volume, key, () => this.#mark('volumes')), shaderReport: (volume) => this.#renderer?.shaderReport(volume) },
      activeView: () => this.#view(this.#reader.lastView ?? '') ?? this.#view('volume') ?? this.#views[0],
      snap: (place) => this.#framing.snap(place), fit: () => this.#framing.fit(), studio: () => this.studio,
      refresh: () => this.#mark('volumes', 'panels', 'overlay'),
      instruments: () => this.instruments, times: () => this.times, people: () => this.people,
    });
    this.#shell = new Shell(this.#root, commands);
    adoptStyles(this.#root);
    const context = this.#gestures();
    this.times = new TimeControl({ store: this.#store, session: this.#session, layers: this.#layers, renderer: () => this.#renderer, wake: this.#loop.wake });
    this.#reader = new CursorReader({ ...context, layers: this.#layers, lookup: this.times.peek, cross: () => this.#store.state.cross, show: (text) => this.#shell.footer.show('cursor', text), found: () => this.people.soon() });
    this.#tools = new AnnotationTools(context);
    const me = this.#me;
    this.instruments = new Instruments({
      ...context, session: this.#session, get author() { return me.name; },
      bounds: () => this.#framing.bounds, markValues: (of, values) => { this.#layers.mark(of, values); this.#mark('volumes'); },
      unit: () => this.#layers.leading?.volume.description.unit ?? '',
      openPanel: (beside) => this.#shell.openPanel(beside), refresh: () => this.#mark('panels'), picture: () => this.host, address: options.address,
      debug: () => this.#renderer && { state: this.#renderer.debug, counters: this.#session.counters, stage: (volume, key) => this.#session.stage(volume, key) },
    });
    this.people = new People({
      ...context, root: this.#root, session: this.#session, shell: this.#shell, me, draft: () => this.#tools.draft, cursor: () => this.#reader.world,
      snap: (place) => this.#framing.snap(place), followed: (name) => this.#options.onEvent?.({ type: 'followed', name }),
    });
    this.studio = new Studio(this.#studioHost(context));
    this.#shell.addInstruments(this.instruments, [drawingMenu(commands.tool), ...this.studio.menu()], this.times.bar.element);
    const picker = new Picker({
      ...context,
      layers: () => this.#layers.list, pick: (view, px, of) => this.#renderer?.pick(view, px, of),
      setLayer: commands.setLayer,
      told: (picked) => this.#options.onEvent?.({ type: 'picked', picked }),
    });
    this.#interactions = new Interactions(context, this.#tools, this.instruments, picker);
    this.#pointers = new Pointers(this.#shell.stage, this.#interactions);
    this.#settling = new Settling((settled) => {
      this.#root.dataset.settled = String(settled);
      this.#options.onEvent?.({ type: 'settled', settled });
    });
    this.#notices = new SessionNotices(options.session, this.#shell.banner, this.#shell.footer, () => this.#connectionChanged());
    this.#status = new StatusTeller(this.#root, this.#shell.footer, this.#session, this.#layers, () => ({
      report: this.host.report, missing: this.#missing, moving: this.#moving,
      error: this.#failure ?? this.#notices.error,
    }), (problem, remark) => this.#notices.showStanding(problem, remark));
    this.#early = new PictureFirst(this.#root, {
      pictured: () => [this.#renderer?.release(), this.people.start(), this.#mark('overlay')],
      ended: () => this.#showPanels(),
      slow: () => this.host.slow,
    });
    this.host = this.#makeHost();
    this.#theme = new ThemeWatch(this.#root, options.theme ?? 'auto', (theme) => {
      this.#renderer?.setBackground(BACKGROUND[theme]);
      this.#mark('overlay', 'views');
    });
    this.host.start();
    bindKeys(this.#root, commands, this.#ending.signal);
    this.#shell.stage.addEventListener('pointerdown', () => this.#root.focus({ preventScroll: true }), { signal: this.#ending.signal });
    this.#listen();
    this.#root.dataset.ready = 'true';
    this.#status.now();
  }

  /** Fulfilled once everything the views want is drawn. Renewed when that is no longer so: read it anew after a change. */
  get settled(): Promise<void> {
    return this.#settling.promise;
  }

  /** The picture with marks and scale bars as a PNG: as it is, or drawn anew with all it should show at a size in pixels. */
  async screenshot(size?: Size): Promise<Blob> {
    if (this.host.use()) await this.settled; // it was parked
    return this.studio.picture(size);
  }

  /** Lets everything go; the session stays open, for it is its maker's. */
  dispose(): void {
    if (this.#ending.signal.aborted) return;
    this.#loop.stop();
    this.#ending.abort();
    for (const part of [this.people, this.#status, this.#early, this.#notices, this.#pointers, this.#interactions, this.instruments, this.studio, this.times, this.#theme, this.host]) part.dispose();
    for (const end of this.#ends) end();
    this.#scene.dispose();
    this.#shell.dispose();
  }

  #makeHost(): PictureHost {
    return new PictureHost({
      ...{ shell: this.#shell, session: this.#session, layers: this.#layers, lookup: this.#lookup, showsVolume: () => showsVolume(this.#store.state) },
      background: () => BACKGROUND[this.#theme.theme],
      started: () => this.#mark('views', 'volumes', 'overlay'),
      awaited: () => this.#early.waiting,
      freed: () => this.#loop.hurry(),
      changed: (settings) => (settings ? this.#mark('volumes', 'panels') : this.#loop.wake()),
      resting: () => this.#settling.settled && !this.#moving,
      ...{ failed: (reason: string) => this.#fail('No picture in this browser', reason), woken: () => this.#settling.set(false) },
    }, this.#options.dials ?? {});
  }

  #fail(title: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#failure = `${title}: ${reason}`;
    this.#early.end();
    this.#shell.message.show(title, reason);
    this.#options.onEvent?.({ type: 'error', message: this.#failure });
    this.#status.now();
  }

  #listen(): void {
    this.#ends.push(
      watchSize(this.#shell.stage, () => this.#resize()),
      this.#store.onChange((state, before) => {
        const placed = state.layout !== before.layout || state.maximised !== before.maximised;
        if (placed) this.#shell.placeButtons(this.#places);
        if (placed || state.selected !== before.selected || state.chosen !== before.chosen || state.tool !== before.tool || state.drawing !== before.drawing || state.time !== before.time || this.instruments.showsChange(state, before)) this.#mark('panels');
        this.#mark('views', 'overlay');
      }),
      this.#scene.onChange(({ layers, ids }) => {
        if (layers) this.#layers.refresh();
        if (ids.size > 0) this.#mark('marks', 'rows');
        else this.#mark('panels', 'overlay', ...(layers ? (['volumes'] as const) : []));
      }),
      this.#session.on('volumes', () => {
        this.#layers.refresh();
        this.#mark('volumes', 'panels', 'overlay');
      }),
      this.#session.on('synced', () => {
        this.#synced = true;
        this.#mark('volumes', 'panels');
      }),
    );
  }

  #gestures(): GestureContext {
    const me = this.#me;
    return {
      scene: this.#scene,
      store: this.#store,
      get author() { return me.name; },
      view: (id) => this.#view(id),
      viewUnder: (px) => this.#view(viewAt(this.#places, px) ?? ''),
      pick: (view, px) => this.#renderer?.pick(view, px),
      bounds: () => this.#framing.bounds ?? NO_BOUNDS,
      grid: () => this.#framing.grid,
      voxel: (axis) => this.#layers.leading?.volume.description.voxel_size[2 - axis] ?? 1,
      volumeName: () => this.#layers.leading?.volume.description.name ?? '',
      mayEdit: this.#mayEdit,
      redraw: () => this.#mark('overlay'),
      tell: (message) => this.#notices.tell(message),
      setCursor: (cursor) => this.#shell.setCursor(cursor),
      moving: (active) => {
        this.#moving = active;
        this.#renderer?.setMoving(active);
        this.#loop.wake();
      },
      pointAt: (view, px) => this.#pointAt(view, px),
    };
  }

  #studioHost(context: GestureContext): StudioHost {
    return {
      ...context,
      root: this.#root,
      size: () => this.#size,
      hold: (size) => {
        if (size) this.host.use();
        this.#held = size;
        this.#renderer?.holdSize(size);
        this.#resize();
      },
      advance: () => {
        this.#step(performance.now());
        return this.#renderer?.complete && this.#missing === 0 ? undefined : Math.max(1, this.#missing);
      },
      drawNow: () => {
        this.#step(performance.now());
        this.#renderer?.drawNow();
        this.#drawnViews = this.#views;
        this.#drawOverlay();
        return { picture: this.#shell.canvas, overlay: this.#shell.overlay.canvas };
      },
      problem: () => this.#renderer?.report.problem ?? (this.host.ready ? undefined : `no picture: ${this.#failure ?? 'the viewer is closed'}`),
      ...{ times: () => this.times.count, loadCode: this.#options.loadCode },
    };
  }

  get #renderer(): VolumeRenderer | undefined {
    return this.host?.renderer;
  }

  readonly #lookup: Lookup = (volume, key) => this.#session.peek(volume, key);
  readonly #mayEdit = (): boolean => this.#session.role !== 'view';

  #view(id: string): View | undefined {
    if (this.#dirty.views) this.#views = viewsOf(this.#store.state, this.#size);
    return this.#views.find((view) => view.id === id);
  }

  #mark(...parts: Part[]): void {
    for (const part of parts) this.#dirty[part] = true;
    this.#loop.wake();
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#shell.stage;
    const size = this.#held ?? { width, height, ratio: globalThis.devicePixelRatio || 1 };
    if (size.width === this.#size.width && size.height === this.#size.height && size.ratio === this.#size.ratio) return;
    this.#size = size;
    adoptStyles(this.#root);
    this.#shell.overlay.resize(size, size.ratio);
    this.#shell.openPanelForWidth(this.#root.clientWidth);
    this.#shell.placeButtons(this.#places);
    if (!this.#held) this.#framing.resized();
    this.#mark('views', 'overlay', 'panels');
  }

  get #places(): ReturnType<typeof placeViews> {
    return placeViews(this.#store.state.layout, this.#store.state.maximised, this.#size);
  }

  /** One frame. True asks for another. */
  #step(now: number): boolean {
    if (this.host.parked && (this.#dirty.volumes || this.#dirty.views)) this.host.want();
    if (this.#dirty.volumes) this.#updateVolumes();
    if (this.#dirty.views) {
      this.#views = viewsOf(this.#store.state, this.#size);
      this.#renderer?.setPolicy(this.#store.state.policy);
      this.#renderer?.setViews(this.#views);
      this.#dirty.views = false;
    }
    // Marks stay with the picture they are over: while the GPU is busy with an older one, so are they, and are not drawn.
    if (this.#drawnViews !== this.#views && !this.#renderer?.busy) [this.#drawnViews, this.#dirty.overlay] = [this.#views, true];
    this.#dirty.overlay ||= this.#store.state.shows.debug;
    const more = this.#renderer?.frame(now) ?? false;
    this.#missing = this.host.missing();
    if (this.#renderer?.hasPicture) this.#early.pictured();
    const { overlay, marks, panels, rows } = this.#dirty;
    if ((overlay || marks) && this.#drawnViews === this.#views && !this.#early.waiting) this.#drawOverlay(overlay);
    if ((panels || rows) && !this.#early.holding) this.#showPanels(panels);
    const reading = !this.#moving && this.#renderer !== undefined && this.#reader.read(now);
    this.#settle();
    this.#status.soon(this.#early.refining || (this.host.slow && this.#moving));
    return this.times.frame(now) || more || reading;
  }

  #settle(): void {
    if (this.host.parked && this.host.report) return;
    const known = this.#layers.list.length > 0 ? (this.#renderer?.settled ?? false) && this.#missing === 0 : this.#session.state === 'open';
    const settled = known && this.#synced && this.#renderer !== undefined && !this.#dirty.volumes && !this.#dirty.views && this.#drawnViews === this.#views;
    // The numbers stand before the word: who waits for it reads them next.
    if (settled && !this.#settling.settled) this.#status.now();
    this.#settling.set(settled);
    if (settled) this.host.rested();
    if (settled) this.#early.end(); // in the same task: who waits for the word finds the panels
  }

  #updateVolumes(): void {
    this.#dirty.volumes = false;
    this.host.feed?.update();
    this.#framing.volumesChanged();
    if (this.#framing.bounds) this.instruments.framed();
    if (this.#framing.bounds && this.#renderer) this.#shell.message.hide();
    else if (this.#renderer) this.#shell.message.wait(this.#session.state === 'connecting');
    this.#dirty.overlay = true;
  }

  #drawOverlay(all = true): void {
    this.#dirty.overlay = this.#dirty.marks = false;
    const again = this.#shell.overlay.draw({
      views: this.#drawnViews,
      state: this.#store.state, marks: this.#tools.index, colorOf: (annotation) => this.#scene.colorOf(annotation),
      draft: this.#tools.draft, vertex: this.#tools.vertex, hovered: this.#hovered, band: this.#tools.band, pointer: this.#interactions.keys.shown,
      ...this.#layers.scale,
      style: GUIDE_STYLES[this.#theme.theme],
      instruments: this.instruments,
      guides: this.#framing.bounds !== undefined && this.#renderer !== undefined,
    }, !all);
    this.#loop.after(again, () => this.#mark('overlay'));
    this.people.draw(this.#held ? undefined : { views: this.#drawnViews, size: this.#size, style: GUIDE_STYLES[this.#theme.theme], voxel: this.#layers.scale.voxel });
  }

  #showPanels(all = true): void {
    this.#dirty.panels = this.#dirty.rows = false;
    this.#shell.toolbar.show(toolbarState(this.#store.state, this.#scene, this.#layers.leading?.layer.mode, this.#mayEdit(), !this.#shell.panel.hidden));
    if (all) this.#shell.layers.show(this.#layers.list, this.#store.state.time);
    if (all) this.instruments.show();
    this.#shell.annotations.show(this.#store.state, this.#mayEdit(), { ...this.#layers.scale, grid: this.#framing.grid });
  }

  #pointAt(view: View | undefined, px: Pixel | undefined): void {
    this.#reader.pointAt(view, px);
    const hovered = view && px ? this.#tools.hit(view, px)?.id : undefined;
    if (hovered !== this.#hovered) {
      this.#hovered = hovered;
      this.#mark('overlay');
    }
    if (view) this.#renderer?.setFocus(view.id, px);
    if (view) this.#loop.wake();
  }

  #connectionChanged(): void {
    this.#mark('panels', 'volumes');
    this.#status.now();
    if (this.#notices.error) this.#options.onEvent?.({ type: 'error', message: this.#notices.error });
  }
}
