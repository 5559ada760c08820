/** The viewer's elements and where they stand. */

import type { AnnotationCommands } from './annotate/annotation_commands.js';
import { AnnotationPanel } from './annotate/annotation_panel.js';
import type { LayerPatch } from '../annotation/model.js';
import { h } from './dom.js';
import { Footer } from './footer.js';
import { makeHelp } from './help.js';
import type { Instruments } from './instruments/instruments.js';
import { Menu, type MenuItem } from './instruments/menu.js';
import { LayerPanel } from './layer_panel.js';
import type { LayerSources } from './layer_row.js';
import { VIEW_IDS, VIEW_TITLES, type ViewId } from './layout.js';
import { Banner, Message } from './notices.js';
import { Overlay } from './overlay.js';
import type { Rect } from '../renderer/views.js';
import { button, Toolbar, type ToolbarActions } from './toolbar.js';

/** What the shell's elements do. */
export interface ShellActions extends ToolbarActions {
  toggleView(view: ViewId): void;
  setLayer(id: string, patch: LayerPatch): void;
  readonly sources: LayerSources;
  readonly annotations: AnnotationCommands;
}

/** From this width on the side panel stands open beside the views. */
const PANEL_WIDTH = 720;
/** Up to this width it lies over the views, as its style says. */
const COVERING_WIDTH = 620;

export class Shell {
  canvas: HTMLCanvasElement;
  readonly overlay: Overlay;
  readonly stage: HTMLElement;
  readonly toolbar: Toolbar;
  readonly panel: HTMLElement;
  readonly layers: LayerPanel;
  readonly annotations: AnnotationPanel;
  readonly footer = new Footer();
  readonly banner = new Banner();
  readonly message = new Message();
  readonly help: HTMLElement;
  readonly #maximise: ReadonlyMap<ViewId, HTMLButtonElement>;

  constructor(
    readonly root: HTMLElement,
    actions: ShellActions,
  ) {
    this.canvas = makeCanvas();
    this.overlay = new Overlay(root.ownerDocument);
    this.toolbar = new Toolbar(actions);
    this.layers = new LayerPanel(actions.setLayer, actions.sources);
    this.annotations = new AnnotationPanel(actions.annotations);
    this.panel = h('div', { class: 'voxbeam-panel' }, this.layers.element, this.annotations.element);
    this.help = makeHelp(() => root.focus());
    this.#maximise = new Map(
      VIEW_IDS.map((id) => [id, button('expand', `${VIEW_TITLES[id]} alone, or all views (double click)`, () => actions.toggleView(id), { class: 'voxbeam-maximise', 'data-view': id })]),
    );
    this.stage = h('div', { class: 'voxbeam-stage' }, this.canvas, this.overlay.canvas, ...this.#maximise.values(), this.message.element, this.banner.element);
    root.classList.add('voxbeam');
    root.tabIndex = 0;
    // Lumino's shortcuts listen before everyone else: without this a `b` for boxes would also insert a notebook cell.
    root.dataset.lmSuppressShortcuts = 'true';
    root.replaceChildren(this.toolbar.element, this.stage, this.panel, this.footer.element, this.help);
  }

  /** Another canvas in place of the one whose context was given up: a canvas has one context in its life. */
  freshCanvas(): void {
    const fresh = makeCanvas();
    this.canvas.replaceWith(fresh);
    this.canvas = fresh;
  }

  /** Opens the panel where there is room for it, until someone decides. */
  openPanelForWidth(width: number): void {
    if (this.panel.dataset.chosen !== undefined) return;
    this.panel.hidden = width < PANEL_WIDTH;
    this.stage.toggleAttribute('data-alone', this.panel.hidden);
  }

  /** @param beside only where it does not cover the views */
  openPanel(beside = false): void {
    if (this.panel.hidden && !(beside && this.root.clientWidth <= COVERING_WIDTH)) this.togglePanel();
  }

  togglePanel(): void {
    this.panel.dataset.chosen = '';
    this.panel.hidden = !this.panel.hidden;
    this.stage.toggleAttribute('data-alone', this.panel.hidden);
  }

  /** Puts each view's button into its corner. */
  placeButtons(places: ReadonlyMap<ViewId, Rect>): void {
    for (const [id, element] of this.#maximise) {
      const rect = places.get(id);
      element.hidden = !rect || Math.min(rect.width, rect.height) < 60;
      if (!rect) continue;
      element.style.left = `${rect.x + rect.width - 30}px`;
      element.style.top = `${rect.y + 4}px`;
    }
  }

  /** Puts the instruments' sections above the annotations, and their menu under the button for more. */
  addInstruments(instruments: Instruments, more: MenuItem[][], time: HTMLElement): void {
    this.footer.element.before(time);
    this.annotations.element.before(instruments.element);
    this.stage.append(instruments.debug.element, instruments.paintBar.element, instruments.underWay.element);
    this.root.append(new Menu('More tools', this.toolbar.more, [...instruments.menu(), ...more]).element);
  }

  setCursor(cursor: string): void {
    if (this.stage.dataset.cursor !== cursor) this.stage.dataset.cursor = cursor;
  }

  dispose(): void {
    this.root.replaceChildren();
    this.root.classList.remove('voxbeam');
    this.root.removeAttribute('tabindex');
    for (const name of Object.keys(this.root.dataset)) delete this.root.dataset[name];
  }
}

function makeCanvas(): HTMLCanvasElement {
  return h('canvas', { class: 'voxbeam-canvas', role: 'img', 'aria-label': 'Slices and 3D picture of the volumes' });
}
