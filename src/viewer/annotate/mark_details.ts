/** The selected annotation: its name, class, layer, colour, own fields, and what is known of it. */

import { isProp, type Annotation, type PropValue } from '../../annotation/model.js';
import type { Scene } from '../../annotation/scene.js';
import { KIND_WORDS } from '../../annotation/kinds.js';
import { MAX_NAME_CHARS, MAX_PROP_CHARS, MAX_PROPS } from '../../protocol/limits.js';
import { h, setText } from '../dom.js';
import { button } from '../toolbar.js';
import type { AnnotationCommands } from './annotation_commands.js';
import { factsOf, type Measure, parseValue, valueText } from './facts.js';

/** A field that is typed into: what is typed counts when it is left or entered, and escape puts back what was there. */
export function typedField(label: string, title: string, field: string, entered: (text: string) => void, max = MAX_NAME_CHARS): HTMLInputElement {
  let before = '';
  const input: HTMLInputElement = h('input', {
    type: 'text', maxlength: max, 'aria-label': label, title, spellcheck: 'false', 'data-field': field,
    on: {
      focus: () => {
        before = input.value;
      },
      change: () => entered(input.value),
      keydown: (event: KeyboardEvent) => {
        if (event.key === 'Escape') input.value = before;
        if (event.key === 'Enter' || event.key === 'Escape') input.blur();
        event.stopPropagation();
      },
    },
  });
  return input;
}

/** Shows text in a field that nobody types into. */
export function setTyped(input: HTMLInputElement, text: string): void {
  if (input !== input.ownerDocument.activeElement && input.value !== text) input.value = text;
}

/** Fills a choice anew where its options are others. */
export function setOptions(select: HTMLSelectElement, options: readonly (readonly [string, string])[], value: string): void {
  const key = JSON.stringify(options);
  if (select.dataset.options !== key) {
    select.replaceChildren(...options.map(([each, words]) => h('option', { value: each }, words)));
    select.dataset.options = key;
  }
  if (select.value !== value) select.value = value;
}

export class MarkDetails {
  readonly element: HTMLElement;
  readonly #heading = h('h3', {});
  readonly #name: HTMLInputElement;
  readonly #label: HTMLSelectElement;
  readonly #layer: HTMLSelectElement;
  readonly #color: HTMLInputElement;
  readonly #props = h('div', { class: 'voxbeam-props' });
  readonly #add: HTMLInputElement;
  readonly #facts = h('dl', { class: 'voxbeam-mark-facts' });
  #id = '';
  #propNames = '';

  constructor(
    readonly scene: Scene,
    readonly commands: AnnotationCommands,
  ) {
    const change = (patch: Parameters<AnnotationCommands['update']>[1]) => commands.update(this.#id, patch);
    this.#name = typedField('Name', 'Name', 'name', (name) => change({ name }));
    this.#label = h('select', { 'aria-label': 'Class', title: 'Class; keys 1 to 9 choose it too', 'data-field': 'label', on: { change: () => change({ label: this.#label.value }) } });
    this.#layer = h('select', { 'aria-label': 'Layer', title: 'Layer of annotations', 'data-field': 'layer', on: { change: () => change({ layer: this.#layer.value }) } });
    this.#color = h('input', { type: 'color', 'aria-label': 'Colour', 'data-field': 'color', on: { input: () => change({ color: this.#color.value }) } });
    this.#add = typedField('Name of another field', 'Name of another field of its own; enter adds it', 'add-prop', (name) => this.#addProp(name));
    this.#add.placeholder = 'add a field';
    const row = (words: string, ...parts: HTMLElement[]) => [h('span', { class: 'voxbeam-label' }, words), parts.length > 1 ? h('div', { class: 'voxbeam-pair' }, ...parts) : parts[0]];
    this.element = h(
      'div',
      { class: 'voxbeam-mark-details', role: 'group', 'aria-label': 'Selected annotation' },
      h(
        'div',
        { class: 'voxbeam-row' },
        this.#heading,
        button('target', 'Go there (enter in the table)', () => commands.jump(this.#id)),
        button('copy', 'Another one like it (ctrl d)', () => commands.duplicate(), { 'data-action': 'duplicate' }),
        button('trash', 'Remove (delete)', () => commands.remove(this.#id), { 'data-action': 'remove-selected' }),
      ),
      h('div', { class: 'voxbeam-fields' }, ...row('Name', this.#name, this.#color), ...row('Class', this.#label), ...row('Layer', this.#layer), ...row('Fields', this.#add)),
      this.#props,
      this.#facts,
    );
  }

  show(annotation: Annotation | undefined, mayEdit: boolean, measure: Measure): void {
    this.element.hidden = annotation === undefined;
    if (!annotation) return;
    // What is typed belongs to the annotation it was typed for.
    if (this.#id !== annotation.id && this.element.contains(document.activeElement)) (document.activeElement as HTMLElement).blur();
    this.#id = annotation.id;
    const { classes, groups } = this.scene;
    const open = mayEdit && !groups.get(annotation.layer).locked;
    setText(this.#heading, KIND_WORDS[annotation.kind]);
    setTyped(this.#name, annotation.name);
    const names = classes.list().map(({ name }) => name);
    const unknown = annotation.label !== '' && !names.includes(annotation.label) ? [annotation.label] : [];
    setOptions(this.#label, [['', 'none'], ...[...names, ...unknown].map((name) => [name, name] as const)], annotation.label);
    setOptions(this.#layer, groups.all().map(({ id, name }) => [id, name] as const), groups.get(annotation.layer).id);
    const classed = classes.get(annotation.label);
    this.#color.value = (classed?.color ?? annotation.color).toLowerCase();
    this.#color.title = classed ? `The colour of its class, ${classed.name}` : 'Colour';
    this.#color.disabled = !open || classed !== undefined;
    this.#name.readOnly = !open;
    for (const control of [this.#label, this.#layer, this.#add]) control.disabled = !open;
    for (const control of this.element.querySelectorAll<HTMLButtonElement>('[data-action]')) control.disabled = !open;
    this.#showProps(annotation, open);
    this.#showFacts(factsOf(annotation, measure));
  }

  /** Words that stay keep their elements: while a shape is dragged they change with every step. */
  #showFacts(facts: readonly (readonly [string, string])[]): void {
    const { children } = this.#facts;
    if (facts.length !== children.length / 2 || facts.some(([term], i) => children[2 * i]?.textContent !== term)) {
      this.#facts.replaceChildren(...facts.flatMap(([term]) => [h('dt', {}, term), h('dd', {})]));
    }
    for (const [i, [, said]] of facts.entries()) setText(children[2 * i + 1] as Element, said);
  }

  #showProps({ id, props }: Annotation, open: boolean): void {
    const entries = Object.entries(props);
    const key = JSON.stringify([id, open, entries.map(([name]) => name)]);
    if (key !== this.#propNames) {
      this.#propNames = key;
      this.#props.replaceChildren(...entries.map(([name]) => this.#propRow(name, open)));
    }
    for (const [i, [, value]] of entries.entries()) setTyped(this.#props.children[i]?.querySelector('input') as HTMLInputElement, valueText(value));
  }

  #propRow(name: string, open: boolean): HTMLElement {
    const value = typedField(name, 'A number, true or false, or words; words in "quotes" stay words', 'prop', (text) => this.#setProp(name, parseValue(text)), MAX_PROP_CHARS);
    value.readOnly = !open;
    const remove = button('close', `Take the field ${name} away`, () => this.#setProp(name, undefined), { 'data-action': 'remove-prop' });
    remove.disabled = !open;
    return h('div', { class: 'voxbeam-prop' }, h('span', { class: 'voxbeam-label', title: name }, name), value, remove);
  }

  #setProp(name: string, value: PropValue | undefined): void {
    this.commands.update(this.#id, { props: Object.fromEntries([[name, value]]) });
  }

  #addProp(name: string): void {
    const props = this.scene.annotation(this.#id)?.props ?? {};
    this.#add.value = '';
    if (!isProp(name, '') || Object.hasOwn(props, name) || Object.keys(props).length >= MAX_PROPS) return;
    this.#setProp(name, '');
    queueMicrotask(() => this.#props.querySelector<HTMLInputElement>(':scope > :last-child input')?.focus());
  }
}
