/** The table of annotations: filtered, sorted, and as long as there are annotations, of which only the rows in sight are elements. */

import { KIND_WORDS } from '../../annotation/kinds.js';
import type { Scene } from '../../annotation/scene.js';
import { h } from '../dom.js';
import { VirtualList } from '../look/virtual_list.js';
import { button } from '../toolbar.js';
import type { AnnotationCommands } from './annotation_commands.js';
import { selectedIds, type ViewState } from '../view_state.js';
import { FIRST_ORDER, rowsOf, type Sort, type TableOrder, titleOf } from './table.js';

const ROW = 24;
const HEIGHT = 216;
/** Sorting more than this waits for a pause: a drag changes them sixty times a second. */
const MANY = 2000;
const PAUSE_MS = 300;
const SORT_WORDS: Readonly<Record<Sort, string>> = { created: 'Time', name: 'Name', kind: 'Kind', label: 'Class', author: 'Author' };

interface Row {
  /** All that it shows. */
  readonly look: string;
  readonly element: HTMLElement;
}

export class MarkTable {
  readonly element: HTMLElement;
  /** What is told of a filter. */
  readonly #found = h('p', { class: 'voxbeam-said', role: 'status' });
  readonly #list: VirtualList<string>;
  readonly #rows = new Map<string, Row>();
  #order: TableOrder = FIRST_ORDER;
  #ids: readonly string[] = [];
  /** The scene's arrangement that the rows are of. */
  #shown: number | undefined;
  #ordered: TableOrder | undefined;
  #selected: string | undefined;
  #all: ReadonlySet<string> = new Set();
  /** Where a range of rows begins. */
  #anchor: string | undefined;
  #mayEdit = false;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly scene: Scene,
    readonly commands: AnnotationCommands,
  ) {
    this.#list = new VirtualList('Annotations', ROW, HEIGHT, (id) => this.#row(id));
    this.#list.element.addEventListener('keydown', this.#key);
    this.#list.element.addEventListener('click', this.#clicked);
    this.#list.element.addEventListener('dblclick', (event) => this.#act(event, (id) => commands.jump(id)));
    const filter: HTMLInputElement = h('input', {
      type: 'text', placeholder: 'filter', 'aria-label': 'Filter the annotations', title: 'Words in the name, kind, class, author or own fields', spellcheck: 'false', 'data-field': 'filter',
      on: { input: () => this.#reorder({ filter: filter.value }), keydown: (event: KeyboardEvent) => event.stopPropagation() },
    });
    const sort: HTMLSelectElement = h(
      'select',
      { 'aria-label': 'Sort by', title: 'Sort by', 'data-field': 'sort', on: { change: () => this.#reorder({ sort: sort.value as Sort }) } },
      ...Object.entries(SORT_WORDS).map(([value, words]) => h('option', { value }, words)),
    );
    const turn: HTMLButtonElement = h('button', {
      type: 'button', title: 'The other way round', 'aria-label': 'The other way round', 'aria-pressed': 'false', 'data-action': 'turn',
      on: {
        click: () => {
          this.#reorder({ down: !this.#order.down });
          turn.setAttribute('aria-pressed', String(this.#order.down));
        },
      },
    }, '↓');
    this.element = h('div', { class: 'voxbeam-marks' }, h('div', { class: 'voxbeam-pair' }, filter, sort, turn), this.#list.element, this.#found);
  }

  show(state: Pick<ViewState, 'selected' | 'chosen'>, mayEdit: boolean): void {
    const { selected } = state;
    const chosen = selected !== this.#selected && selected !== undefined;
    this.#selected = selected;
    this.#all = new Set(selectedIds(state));
    if (state.chosen.length === 0) this.#anchor = selected;
    this.#mayEdit = mayEdit;
    const { scene } = this;
    if (this.#ordered === this.#order && scene.annotationCount > MANY && scene.arrangement !== this.#shown && this.#shown !== undefined) this.#soon();
    else this.#sort();
    this.#draw();
    if (chosen) this.#list.reveal(this.#ids.indexOf(selected));
  }

  #reorder(change: Partial<TableOrder>): void {
    this.#order = { ...this.#order, ...change };
    this.#sort();
    this.#draw();
  }

  #soon(): void {
    this.#waiting ??= setTimeout(() => {
      this.#sort();
      this.#draw();
    }, PAUSE_MS);
  }

  #sort(): void {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    const { arrangement } = this.scene;
    if (arrangement === this.#shown && this.#ordered === this.#order) return;
    const annotations = this.scene.annotations();
    this.#shown = arrangement;
    this.#ordered = this.#order;
    this.#ids = rowsOf(annotations, this.#order);
    if (this.#rows.size > 4 * (HEIGHT / ROW) + 200) this.#rows.clear();
    const found = this.#order.filter.trim() === '' ? '' : `${this.#ids.length} of ${annotations.length}`;
    if (this.#found.textContent !== found) this.#found.textContent = found;
  }

  #draw(): void {
    this.#list.element.hidden = this.#ids.length === 0;
    this.#list.show(this.#ids);
  }

  /** The row of an annotation; the same element as before while nothing of it changed, so that a press on it is not lost. */
  #row(id: string): HTMLElement {
    const annotation = this.scene.annotation(id);
    if (!annotation) return h('div', { class: 'voxbeam-mark-row', role: 'listitem', 'data-row': id });
    const color = this.scene.colorOf(annotation);
    const selected = this.#all.has(id);
    const current = id === this.#selected;
    const { kind, name, label, author } = annotation;
    const look = [color, selected, current, this.#mayEdit, kind, author, name, label].join('\n');
    const known = this.#rows.get(id);
    if (known?.look === look) return known.element;
    const dot = h('span', { class: 'voxbeam-mark-dot' });
    dot.style.background = color;
    const jump = button('target', `Go to ${titleOf(annotation)}`, () => undefined, { 'data-action': 'jump', 'data-part': 'jump' });
    const remove = button('trash', `Remove ${titleOf(annotation)}`, () => undefined, { 'data-action': 'remove', 'data-part': 'remove' });
    remove.disabled = !this.#mayEdit;
    const element = h(
      'div',
      { class: 'voxbeam-mark-row', role: 'listitem', 'data-row': id, 'data-annotation': id, 'data-kind': annotation.kind, 'data-selected': String(selected), ...(current && { 'aria-current': 'true' }) },
      dot,
      h('button', { type: 'button', class: 'voxbeam-mark-name', 'data-part': 'name', 'data-action': 'select', title: `Select; with shift up to here, with ctrl too; double click goes there. ${KIND_WORDS[annotation.kind]}${annotation.author && `, by ${annotation.author}`}` }, titleOf(annotation)),
      h('span', { class: 'voxbeam-amount' }, annotation.label || (annotation.name ? KIND_WORDS[annotation.kind] : '')),
      jump,
      remove,
    );
    this.#rows.set(id, { look, element });
    return element;
  }

  /** Presses are looked for by their place: the row under a press may be made anew before it is let go. */
  readonly #clicked = (event: MouseEvent): void => {
    this.#act(event, (id, action) => {
      if (action === 'jump') this.commands.jump(id);
      else if (action === 'remove') this.commands.remove(id);
      else if (event.shiftKey) this.#extend(id);
      else if (event.ctrlKey || event.metaKey) this.commands.toggle(id);
      else this.commands.select(id);
    });
  };

  /** Selects the rows from where the selection began to one; that one stands out. */
  #extend(id: string): void {
    const from = this.#ids.indexOf(this.#anchor ?? id);
    const to = this.#ids.indexOf(id);
    const anchor = this.#anchor;
    const rows = this.#ids.slice(Math.min(from, to), Math.max(from, to) + 1);
    this.commands.selectAll(to < from ? rows.reverse() : rows);
    this.#anchor = anchor;
  }

  #act(event: MouseEvent, run: (id: string, action: string | undefined) => void): void {
    const { target } = event;
    const pressed = target instanceof Element && target.closest('[data-row]') ? target : document.elementFromPoint?.(event.clientX, event.clientY);
    const row = pressed?.closest<HTMLElement>('[data-row]');
    const control = pressed?.closest<HTMLElement>('[data-action]');
    if (row?.dataset.row && !(control as HTMLButtonElement | null)?.disabled) run(row.dataset.row, control?.dataset.action);
  }

  readonly #key = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (by !== 0 && this.#ids.length > 0) {
      const at = this.#ids.indexOf(this.#selected ?? '');
      const next = at < 0 ? 0 : Math.min(this.#ids.length - 1, Math.max(0, at + by));
      if (event.shiftKey && at >= 0) this.#extend(this.#ids[next] as string);
      else this.commands.select(this.#ids[next]);
    } else if (event.key === 'Enter' && event.target === this.#list.element && this.#selected) this.commands.jump(this.#selected);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}
