/** The palette of classes and the layers of annotations, each under a line that opens it; nothing of them is made before that. */

import type { AnnotationClass, AnnotationLayer } from '../../annotation/groups.js';
import type { Scene } from '../../annotation/scene.js';
import { h, setAttribute, setText } from '../dom.js';
import { icon, setIcon } from '../icons.js';
import { button } from '../toolbar.js';
import type { ViewState } from '../view_state.js';
import type { AnnotationCommands } from './annotation_commands.js';
import { setTyped, typedField } from './mark_details.js';
import { countsOf } from './table.js';

/** Counting more than this waits for a pause. */
const MANY = 2000;
const PAUSE_MS = 300;

/** Rows of a group, each made once for its key and filled as things change. */
abstract class GroupPanel<T> {
  readonly element: HTMLDetailsElement;
  readonly #summary = h('summary', {});
  readonly #rows = new Map<string, { element: HTMLElement; fill(item: T, index: number, count: number): void }>();
  readonly #list = h('div', { role: 'list' });
  #built = false;
  /** The scene's arrangement that was counted. */
  #counted: number | undefined;
  #counts: ReadonlyMap<string, number> = new Map();
  #waiting: ReturnType<typeof setTimeout> | undefined;
  protected state: ViewState | undefined;
  protected mayEdit = false;

  constructor(
    readonly scene: Scene,
    readonly commands: AnnotationCommands,
    readonly tell: (message: string) => void,
    readonly words: string,
    readonly field: 'label' | 'layer',
  ) {
    this.element = h('details', { class: 'voxbeam-fold', 'data-group': field, on: { toggle: () => this.#draw() } }, this.#summary);
  }

  show(state: ViewState, mayEdit: boolean): void {
    this.state = state;
    this.mayEdit = mayEdit;
    setText(this.#summary, `${this.words}${this.summary(state)}`);
    this.#draw();
  }

  /** Something that people ask for and that may be refused. */
  protected attempt(change: () => void): void {
    try {
      change();
    } catch (error) {
      this.tell((error as Error).message);
    }
  }

  protected abstract items(): readonly (readonly [string, T])[];
  protected abstract summary(state: ViewState): string;
  protected abstract make(key: string): { element: HTMLElement; fill(item: T, index: number, count: number): void };
  protected abstract footer(): HTMLElement;

  #draw(): void {
    if (!this.element.open || !this.state) return;
    if (!this.#built) this.element.append(h('div', { class: 'voxbeam-groups' }, this.#list, this.footer()));
    this.#built = true;
    for (const control of this.element.querySelectorAll<HTMLInputElement>('input[data-field^="add-"], .voxbeam-groups > button')) control.disabled = !this.mayEdit;
    this.#count();
    const items = this.items();
    const keys = new Set(items.map(([key]) => key));
    for (const [key, row] of this.#rows) {
      if (keys.has(key)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
    items.forEach(([key, item], i) => {
      let row = this.#rows.get(key);
      if (!row) {
        row = this.make(key);
        this.#rows.set(key, row);
      }
      row.fill(item, i, this.#counts.get(key) ?? 0);
      if (this.#list.children[i] !== row.element) this.#list.insertBefore(row.element, this.#list.children[i] ?? null);
    });
  }

  #count(): void {
    const { arrangement, annotationCount } = this.scene;
    if (arrangement === this.#counted || this.#waiting !== undefined) return;
    if (annotationCount <= MANY || this.#counted === undefined) {
      this.#counted = arrangement;
      this.#counts = countsOf(this.scene.annotations(), this.field);
      return;
    }
    this.#waiting = setTimeout(() => {
      this.#waiting = undefined;
      this.#counted = undefined;
      this.#draw();
    }, PAUSE_MS);
  }
}

/** Classes: their keys, colours and counts; the one that is pressed is what is drawn next, or that of the selected annotation. */
export class ClassPanel extends GroupPanel<AnnotationClass> {
  constructor(scene: Scene, commands: AnnotationCommands, tell: (message: string) => void) {
    super(scene, commands, tell, 'Classes', 'label');
  }

  protected items(): (readonly [string, AnnotationClass])[] {
    return this.scene.classes.list().map((item) => [item.name, item] as const);
  }

  protected summary({ drawing }: ViewState): string {
    return drawing.label ? `: drawing ${drawing.label}` : '';
  }

  protected make(name: string) {
    const { classes } = this.scene;
    const color: HTMLInputElement = h('input', { type: 'color', 'aria-label': `Colour of ${name}`, title: `Colour of ${name}`, on: { input: () => this.attempt(() => classes.put(name, color.value)) } });
    const digit = h('kbd', {});
    const amount = h('span', { class: 'voxbeam-amount' });
    const choose = h('button', { type: 'button', class: 'voxbeam-mark-name', 'data-class': name, title: `Class of the selected annotation, or of what is drawn next: ${name}`, on: { click: () => this.commands.classify(name) } }, name);
    const remove = button('trash', `Remove the class ${name}; annotations keep its name`, () => classes.remove(name), { 'data-action': 'remove-class' });
    const element = h('div', { class: 'voxbeam-group-row', role: 'listitem' }, digit, color, choose, amount, remove);
    return {
      element,
      fill: (item: AnnotationClass, index: number, count: number) => {
        if (color.value !== item.color.toLowerCase()) color.value = item.color.toLowerCase();
        setText(digit, index < 9 ? String(index + 1) : '');
        setText(amount, String(count));
        const selected = this.scene.annotation(this.state?.selected ?? '');
        setAttribute(choose, 'aria-pressed', String((selected?.label ?? this.state?.drawing.label) === name));
        color.disabled = !this.mayEdit;
        choose.disabled = !this.mayEdit;
        remove.disabled = !this.mayEdit;
      },
    };
  }

  protected footer(): HTMLElement {
    const field = typedField('Name of a new class', 'Name of a new class; enter adds it', 'add-class', (name) => {
      field.value = '';
      if (name.trim() !== '') this.attempt(() => this.scene.classes.put(name.trim()));
    });
    field.placeholder = 'add a class';
    return field;
  }
}

/** Layers: shown or hidden, locked, and into which is drawn. */
export class AnnotationLayerPanel extends GroupPanel<AnnotationLayer> {
  constructor(scene: Scene, commands: AnnotationCommands, tell: (message: string) => void) {
    super(scene, commands, tell, 'Layers of annotations', 'layer');
  }

  protected items(): (readonly [string, AnnotationLayer])[] {
    return this.scene.groups.all().map((item) => [item.id, item] as const);
  }

  protected summary({ drawing }: ViewState): string {
    const { id, name } = this.scene.groups.get(drawing.layer);
    return id === '' ? '' : `: drawing into ${name}`;
  }

  protected make(id: string) {
    const { groups } = this.scene;
    const now = () => groups.get(id);
    const [eye, padlock] = [icon('eye'), icon('unlock')];
    const toggle = (words: string, picture: SVGSVGElement, click: () => void) => h('button', { type: 'button', title: words, 'aria-label': words, on: { click } }, picture);
    const visible = toggle('Show the layer', eye, () => this.attempt(() => groups.set(id, { visible: !now().visible })));
    const locked = toggle('Lock the layer', padlock, () => this.attempt(() => groups.set(id, { locked: !now().locked })));
    const name = typedField('Name of the layer', 'Name of the layer', 'layer-name', (text) => this.attempt(() => groups.set(id, { name: text })));
    const amount = h('span', { class: 'voxbeam-amount' });
    const into = toggle('Draw into this layer', icon('freehand'), () => this.commands.drawing({ layer: id }));
    const remove = button('trash', 'Remove the layer; its annotations stay, in the first one', () => groups.remove(id), { 'data-action': 'remove-layer' });
    const element = h('div', { class: 'voxbeam-group-row', role: 'listitem', 'data-layer-id': id }, visible, locked, name, amount, into, remove);
    return {
      element,
      fill: (item: AnnotationLayer, _index: number, count: number) => {
        setIcon(eye, item.visible ? 'eye' : 'eyeOff');
        setIcon(padlock, item.locked ? 'lock' : 'unlock');
        setAttribute(visible, 'aria-pressed', String(item.visible));
        setAttribute(locked, 'aria-pressed', String(item.locked));
        setTyped(name, item.name);
        setText(amount, String(count));
        setAttribute(into, 'aria-pressed', String(groups.get(this.state?.drawing.layer ?? '').id === id));
        name.readOnly = !this.mayEdit;
        for (const control of [visible, locked, into]) control.disabled = !this.mayEdit;
        remove.disabled = !this.mayEdit || id === '';
      },
    };
  }

  protected footer(): HTMLElement {
    return h('button', { type: 'button', class: 'voxbeam-words', title: 'Another layer of annotations', 'data-action': 'add-layer', on: { click: () => this.attempt(() => this.commands.drawing({ layer: this.scene.groups.add(`Layer ${this.scene.groups.all().length + 1}`) })) } }, 'Add a layer');
  }
}
