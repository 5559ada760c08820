/** The row of buttons above the views. */

import type { Scene } from '../annotation/scene.js';
import { h, setAttribute } from './dom.js';
import { type IconName, icon } from './icons.js';
import { keyWords } from './key_words.js';
import type { Layout } from './layout.js';
import { DRAWING_TOOLS, isDrawingTool, TOOL_WORDS } from './annotate/drawing_state.js';
import type { Tool, ViewState } from './view_state.js';

/** What buttons do. */
export interface ToolbarActions {
  tool(tool: Tool): void;
  layout(layout: Layout): void;
  reset(): void;
  toggleMode(): void;
  undo(): void;
  redo(): void;
  screenshot(): void;
  togglePanel(): void;
  help(): void;
}

/** What the buttons show. */
export interface ToolbarState {
  readonly tool: Tool;
  readonly layout: Layout;
  readonly mip: boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly mayEdit: boolean;
  readonly panel: boolean;
}

/** What the buttons show of a viewer. */
export function toolbarState({ tool, layout, maximised }: ViewState, scene: Scene, mode: string | undefined, mayEdit: boolean, panel: boolean): ToolbarState {
  return {
    tool,
    layout: maximised === 'volume' ? 'volume' : layout,
    mip: mode === 'mip',
    canUndo: scene.canUndo && mayEdit,
    canRedo: scene.canRedo && mayEdit,
    mayEdit,
    panel,
  };
}

export class Toolbar {
  readonly element: HTMLElement;
  readonly #tools = new Map<Tool, HTMLButtonElement>();
  readonly #layouts = new Map<Layout, HTMLButtonElement>();
  readonly #mip: HTMLButtonElement;
  readonly #undo: HTMLButtonElement;
  readonly #redo: HTMLButtonElement;
  readonly #panel: HTMLButtonElement;
  /** Opens the menu of what is rarely used. */
  readonly more = button('more', 'More tools', () => undefined, { 'data-action': 'more' });

  constructor(actions: ToolbarActions) {
    const tool = (name: Tool, title: string) => {
      const made = button(name, title, () => actions.tool(name), { 'data-tool': name, ...(name !== 'navigate' && { title: `${title}\n${keyWords(name)}` }) });
      this.#tools.set(name, made);
      return made;
    };
    const layout = (name: Layout, title: string) => {
      const made = button(name, title, () => actions.layout(name), { 'data-layout': name });
      this.#layouts.set(name, made);
      return made;
    };
    this.#mip = button(undefined, 'Maximum intensity instead of volume rendering (m)', actions.toggleMode, { 'data-action': 'mode' });
    this.#mip.append('MIP');
    this.#undo = button('undo', 'Undo your last annotation edit (ctrl z)', actions.undo, { 'data-action': 'undo' });
    this.#redo = button('redo', 'Redo (ctrl shift z)', actions.redo, { 'data-action': 'redo' });
    this.#panel = button('panel', 'Layers and annotations (l)', actions.togglePanel, { 'data-action': 'panel' });
    this.element = h(
      'div',
      { class: 'voxbeam-toolbar', role: 'toolbar', 'aria-label': 'Viewer' },
      group('tools', tool('navigate', 'Navigate (esc)'), tool('tape', 'Measure distances (t)'), tool('pick', 'Pick values and labels by click (v); ctrl click picks more of them, with any tool')),
      group('draw', ...DRAWING_TOOLS.map((name) => tool(name, `${TOOL_WORDS[name][0]} (${TOOL_WORDS[name][1]})`))),
      group('layout', layout('four', 'Slices and 3D'), layout('volume', '3D only'), layout('slices', 'Slices only')),
      group('view', this.#mip, button('reset', 'Reset the views (r)', actions.reset, { 'data-action': 'reset' })),
      group('history', this.#undo, this.#redo),
      h('div', { class: 'voxbeam-space' }),
      group(
        'more',
        button('camera', 'Save a picture (s)', actions.screenshot, { 'data-action': 'screenshot' }),
        this.more,
        button('help', 'Keys and mouse (?)', actions.help, { 'data-action': 'help' }),
        this.#panel,
      ),
    );
  }

  show(state: ToolbarState): void {
    for (const [name, element] of this.#tools) {
      setAttribute(element, 'aria-pressed', String(name === state.tool));
      element.disabled = isDrawingTool(name) && !state.mayEdit;
    }
    for (const [name, element] of this.#layouts) setAttribute(element, 'aria-pressed', String(name === state.layout));
    setAttribute(this.#mip, 'aria-pressed', String(state.mip));
    setAttribute(this.#panel, 'aria-pressed', String(state.panel));
    this.#undo.disabled = !state.canUndo;
    this.#redo.disabled = !state.canRedo;
  }
}

/** A button with a picture, and the same words for eye and ear. */
export function button(name: IconName | undefined, title: string, click: () => void, attributes: Record<string, string> = {}): HTMLButtonElement {
  return h('button', { type: 'button', title, 'aria-label': title, ...attributes, on: { click } }, name && icon(name));
}

function group(name: string, ...buttons: HTMLElement[]): HTMLElement {
  return h('div', { class: 'voxbeam-group', 'data-group': name }, ...buttons);
}
