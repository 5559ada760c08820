/** All instruments of one viewer: they draw in this order over the picture, and the last drawn is the first pressed. */

import type { Pixel, View } from '../../renderer/views.js';
import { h } from '../dom.js';
import { POLICY_NAMES } from '../../volume/policy.js';
import type { OverlayScene } from '../overlay.js';
import type { Drag } from '../pointer.js';
import type { ViewState } from '../view_state.js';
import { InstrumentActions } from './actions.js';
import { BookmarkTool } from './bookmarks.js';
import { ClipPanel, LightPanel } from './clip_panel.js';
import { ClipTool } from './clip_tool.js';
import { DebugOverlay } from './debug_overlay.js';
import { DialPanel } from './dial_panel.js';
import { Flight } from './flight.js';
import type { Instrument } from './instrument.js';
import type { Shows } from './instrument_state.js';
import { LightTool } from './light.js';
import { OrientationMarker, type Side, SIDES } from './orientation.js';
import { PageLink } from './links.js';
import { SlicePanel } from './slice_panel.js';
import { SliceTool } from './slice_tool.js';
import type { MenuItem } from './menu.js';
import { readShared, type SharedName, writeShared } from './shared_view.js';
import { TapePanel } from './tape_panel.js';
import { TapeTool } from './tape.js';
import { TickedAxes } from './ticks.js';
import { FIRST_PAINT, sized } from '../paint/paint_state.js';
import { PaintBar } from '../paint/paint_bar.js';
import { PaintCounts } from '../paint/paint_counts.js';
import { PaintPanel } from '../paint/paint_panel.js';
import { UnderWayRow } from '../paint/under_way_row.js';
import { type PaintHost, PaintTool } from '../paint/paint_tool.js';

/** Fields of the state that the sections show. */
const PANEL_FIELDS = ['clip', 'light', 'measurements', 'shows', 'slab', 'planes', 'paint'] as const;

/** What keys ask of the instruments. */
export type InstrumentKey = 'clip' | 'unclip' | 'slices' | 'straight' | 'textured' | 'cut' | 'light' | 'ticks' | 'debug' | 'dials' | 'bookmarks' | 'bookmark' | 'link' | 'policy' | 'paint' | 'larger' | 'smaller';

export class Instruments {
  readonly actions: InstrumentActions;
  readonly flight: Flight;
  /** Their sections of the side panel; those not in use are hidden. */
  readonly element: HTMLElement;
  readonly marker: OrientationMarker;
  readonly bookmarks: BookmarkTool;
  readonly debug: DebugOverlay;
  readonly link: PageLink;
  /** What was set before there was anything to see. */
  readonly #early = new Map<SharedName, unknown>();
  #framed = false;
  readonly #all: readonly Instrument[];
  readonly #clip: ClipPanel;
  readonly #light: LightPanel;
  readonly #tapes: TapePanel;
  readonly #slices: SlicePanel;
  readonly #dials: DialPanel;

  readonly paint: PaintTool;
  readonly paintBar: PaintBar;
  readonly underWay: UnderWayRow;
  readonly #counts: PaintCounts;
  readonly #painting: PaintPanel;

  constructor(readonly host: PaintHost) {
    this.actions = new InstrumentActions(host);
    this.flight = new Flight(host.store, (active) => host.moving(active));
    this.marker = new OrientationMarker(host, this.flight);
    this.debug = new DebugOverlay(host);
    this.paint = new PaintTool(host);
    this.#counts = new PaintCounts(host);
    this.#painting = new PaintPanel(this.paint, this.#counts);
    this.paintBar = new PaintBar(this.paint, this.#counts, () => host.openPanel());
    this.underWay = new UnderWayRow(this.paint.underWay);
    this.#all = [this.debug, new TickedAxes(host), new TapeTool(host), new SliceTool(host), new ClipTool(host), new LightTool(host), this.paint, this.marker];
    this.bookmarks = new BookmarkTool(host, this.flight, () => host.refresh());
    this.link = new PageLink(host.store, () => this.#framed);
    this.#clip = new ClipPanel(this.actions);
    this.#light = new LightPanel(this.actions);
    this.#slices = new SlicePanel(host.store, this.actions);
    this.#dials = new DialPanel(host.store, () => host.picture(), (message) => host.tell(message));
    this.#tapes = new TapePanel((id) => host.store.update({ selected: id }), (id) => this.actions.removeMeasurement(id));
    this.element = h('div', {}, this.#painting.element, this.#slices.element, this.#clip.element, this.#light.element, this.#tapes.element, this.bookmarks.panel.element, this.#dials.element);
  }

  draw(context: CanvasRenderingContext2D, view: View, scene: OverlayScene): void {
    for (const instrument of this.#all) instrument.draw?.(context, view, scene);
  }

  /** The drag of a press on an instrument; undefined where none is under the pixel. */
  press(view: View, px: Pixel, event?: PointerEvent): Drag | undefined {
    return this.#first((instrument) => instrument.press?.(view, px, event));
  }

  /** The cursor over an instrument. */
  hover(view: View, px: Pixel): string | undefined {
    return this.#first((instrument) => instrument.hover?.(view, px));
  }

  /** Whether the panel's sections are out of date after a change of the state. */
  showsChange(now: ViewState, before: ViewState): boolean {
    const lit = now.shows.light && now.camera !== before.camera;
    return lit || PANEL_FIELDS.some((field) => now[field] !== before[field]);
  }

  /** Brings the panel's sections up to date. */
  show(): void {
    const { store } = this.host;
    const bounds = this.host.bounds();
    this.#clip.show(store.state, bounds);
    this.#light.show(store.state);
    this.#painting.show();
    this.paintBar.show();
    this.#slices.show(store.state);
    this.#tapes.show(store.state, this.host.unit());
    this.bookmarks.show();
    this.#dials.show();
  }

  key(name: InstrumentKey): void {
    if (name === 'clip') this.actions.toggleClip();
    else if (name === 'unclip') this.actions.unclip();
    else if (name === 'straight') this.host.store.update({ turn: undefined, slab: undefined });
    else if (name === 'textured') this.actions.toggleTextured();
    else if (name === 'cut') this.actions.toggleCut();
    else if (name === 'bookmarks') this.bookmarks.open();
    else if (name === 'bookmark') this.bookmarks.save();
    else if (name === 'link') this.toggleLink();
    else if (name === 'policy') this.actions.nextPolicy();
    else if (name === 'paint') this.togglePaint();
    else if (name === 'dials') this.#toggleDials();
    else if (name === 'larger' || name === 'smaller') this.#resize(name === 'larger' ? 1 : -1);
    else this.actions.toggle(name);
  }

  /** The volumes are in the views for the first time: what was set before applies now. */
  framed(): void {
    if (this.#framed) return;
    this.#framed = true;
    for (const [name, value] of this.#early) this.set(name, value);
    this.#early.clear();
  }

  /** A field of the view as a plain value; undefined while there is nothing to see. */
  get(name: SharedName): unknown {
    return this.#framed ? readShared(this.host.store.state, name) : undefined;
  }

  /** Sets a field from a plain value; false where that is malformed. Before there is something to see it is kept for then. */
  set(name: SharedName, value: unknown): boolean {
    const change = writeShared(this.host.store.state, name, value);
    if (!change) return false;
    if (this.#framed) this.host.store.update(change);
    else this.#early.set(name, value);
    return true;
  }

  /** Sets several fields, one after the other; what is malformed is left out. */
  setAll(fields: readonly (readonly [SharedName, unknown])[]): void {
    for (const [name, value] of fields) this.set(name, value);
  }

  toggleLink(): void {
    this.link.toggle();
    const { on, others } = this.link;
    this.host.tell(on ? `Linked with ${others} other view${others === 1 ? '' : 's'} of this page` : 'No longer linked');
  }

  /** Begins or ends painting labels. */
  togglePaint(): void {
    const { store, openPanel } = this.host;
    store.update({ paint: store.state.paint ? undefined : FIRST_PAINT, ...(store.state.tool !== 'navigate' && { tool: 'navigate' as const }) });
    if (store.state.paint) openPanel(true);
  }

  #toggleDials(): void {
    this.actions.toggle('dials');
    if (this.host.store.state.shows.dials) this.host.openPanel();
  }

  #resize(by: 1 | -1): void {
    const { state } = this.paint;
    if (state) this.paint.set(sized(state, by));
  }

  /** Removes the selected measurement; false where none is. */
  removeSelected(): boolean {
    const { measurements, selected } = this.host.store.state;
    const found = measurements.some(({ id }) => id === selected);
    if (found) this.actions.removeMeasurement(selected as string);
    return found;
  }

  /** What the menu offers, in groups. */
  menu(): MenuItem[][] {
    const { actions } = this;
    const shown = (name: keyof Shows) => () => this.host.store.state.shows[name];
    const look = (side: Side): MenuItem => ({ name: `look${side}`, words: `Look from ${side}`, run: () => this.marker.look(side) });
    return [
      [
        { name: 'clip', words: 'Clip the 3D view', key: 'c', on: shown('clip'), run: () => actions.toggleClip() },
        { name: 'crop', words: 'Crop to the selected box', run: () => actions.crop() },
        { name: 'plane', words: 'Add a clipping plane', run: () => actions.addPlane() },
        { name: 'unclip', words: 'Show everything', key: 'shift c', run: () => actions.unclip() },
      ],
      [
        { name: 'slices', words: 'Slices in 3D, turned and thick', key: 'w', on: shown('slices'), run: () => actions.toggle('slices') },
        { name: 'textured', words: 'Values of the slices in 3D', key: 'q', on: () => actions.textured, run: () => actions.toggleTextured() },
        { name: 'cut', words: 'Cut away what lies before the slices', key: 'shift q', on: () => actions.textured && this.host.store.state.planes.cut, run: () => actions.toggleCut() },
        { name: 'straight', words: 'Slices straight and thin', key: 'shift w', run: () => this.key('straight') },
        { name: 'light', words: 'Move the light', key: 'i', on: shown('light'), run: () => actions.toggle('light') },
        { name: 'ticks', words: 'Axes with numbers', key: 'x', on: shown('ticks'), run: () => actions.toggle('ticks') },
        { name: 'outline', words: 'Box around the volume', on: shown('outline'), run: () => actions.toggle('outline') },
        { name: 'marker', words: 'Orientation cube', on: shown('marker'), run: () => actions.toggle('marker') },
      ],
      [
        { name: 'paint', words: 'Paint labels', key: 'z', on: () => this.paint.state !== undefined, run: () => this.togglePaint() },
        { name: 'bookmarks', words: 'Bookmarks', key: 'k', run: () => this.bookmarks.open() },
        { name: 'bookmark', words: 'Save this view', key: 'shift k', run: () => this.bookmarks.save() },
        { name: 'link', words: 'Link the views of this page', key: 'g', on: () => this.link.on, run: () => this.toggleLink() },
        ...(this.host.address ? [{ name: 'copy-link', words: 'Copy a link to this view', run: () => void this.actions.copyLink() }] : []),
      ],
      [...POLICY_NAMES.map((name) => actions.policyItem(name)), ...actions.orderItems()],
      SIDES.map(look),
      [
        { name: 'dials', words: 'Memory and speed', key: 'shift d', on: shown('dials'), run: () => this.key('dials') },
        { name: 'debug', words: 'Bricks, plans and queues', key: 'd', on: shown('debug'), run: () => actions.toggle('debug') },
      ],
    ];
  }

  dispose(): void {
    this.flight.stop();
    this.debug.dispose();
    this.#dials.dispose();
    this.link.dispose();
    this.bookmarks.dispose();
    this.#counts.dispose();
    this.paint.pieces.dispose();
  }

  #first<T>(ask: (instrument: Instrument) => T | undefined): T | undefined {
    for (const instrument of [...this.#all].reverse()) {
      const answer = ask(instrument);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
}
