/** Choosing a look by name, and keeping looks of one's own: saved by name, as a file, and from one. */

import type { LayerPatch } from '../../annotation/model.js';
import { h } from '../dom.js';
import { wordButton } from '../instruments/fields.js';
import { download } from '../screenshot.js';
import type { ShownLayer } from '../shown_layers.js';
import { OWN, type Preset, PRESETS, presetOf, presetPatch, presetsFromJson, presetsToJson } from './presets.js';
import { PresetStore } from './preset_store.js';

let shared: PresetStore | undefined;
/** The page's own store, made when it is first needed. */
const pageStore = (): PresetStore => {
  shared ??= new PresetStore();
  return shared;
};

export class PresetPicker {
  readonly element: HTMLElement;
  readonly #select: HTMLSelectElement;
  readonly #name: HTMLInputElement;
  readonly #more: HTMLElement;
  readonly #said = h('span', { class: 'voxbeam-said', role: 'status' });
  #shown: ShownLayer | undefined;
  #listed: readonly Preset[] = [];

  constructor(
    readonly changed: (patch: LayerPatch) => void,
    readonly store: PresetStore = pageStore(),
  ) {
    this.#select = h('select', { 'aria-label': 'Preset', title: 'A look by name', on: { change: () => this.#apply(), focus: () => this.#list() } });
    this.#name = h('input', {
      type: 'text', maxlength: 100, placeholder: 'name', 'aria-label': 'Name of the preset',
      on: { keydown: (event: KeyboardEvent) => event.key === 'Enter' && this.#save() },
    });
    const file = h('input', { type: 'file', accept: '.json,application/json', hidden: true, on: { change: () => void this.#load(file) } });
    this.#more = h(
      'div',
      { class: 'voxbeam-preset-more', hidden: true },
      h('div', { class: 'voxbeam-pair' }, this.#name, wordButton('Save', 'Keep this look under the name', () => this.#save(), { 'data-action': 'save-preset' })),
      h(
        'div',
        { class: 'voxbeam-buttons' },
        wordButton('Delete', 'Delete the preset of that name', () => this.#delete(), { 'data-action': 'delete-preset' }),
        wordButton('To file', 'Save your presets as a file', () => this.#export(), { 'data-action': 'export-presets' }),
        wordButton('From file', 'Add the presets of a file', () => file.click(), { 'data-action': 'import-presets' }),
        file,
      ),
      this.#said,
    );
    const toggle = wordButton('Own…', 'Save and load presets of your own', () => {
      this.#more.hidden = !this.#more.hidden;
      toggle.setAttribute('aria-expanded', String(!this.#more.hidden));
    }, { 'aria-expanded': 'false', 'data-action': 'own-presets' });
    this.element = h('div', {}, h('div', { class: 'voxbeam-pair' }, this.#select, toggle), this.#more);
    this.#list();
  }

  show(shown: ShownLayer): void {
    const before = this.#shown?.layer.kind;
    this.#shown = shown;
    if (before !== shown.layer.kind) this.#list();
  }

  /** Lists anew: another viewer of the page may have added one. */
  #list(): void {
    const kind = this.#shown?.layer.kind ?? 'image';
    const listed = [...PRESETS, ...this.store.presets].filter((preset) => preset.kind === kind);
    if (listed.length === this.#listed.length && listed.every((preset, i) => preset === this.#listed[i])) return;
    this.#listed = listed;
    const groups = [...new Set(this.#listed.map(({ group }) => group))];
    const option = (preset: Preset) => h('option', { value: this.#listed.indexOf(preset) }, preset.name);
    this.#select.replaceChildren(
      h('option', { value: '' }, 'Choose…'),
      ...groups.map((group) => h('optgroup', { label: group }, ...this.#listed.filter((preset) => preset.group === group).map(option))),
    );
  }

  #apply(): void {
    const preset = this.#listed[Number(this.#select.value)];
    const shown = this.#shown;
    if (this.#select.value === '' || !preset || !shown) return;
    if (preset.group === OWN) this.#name.value = preset.name;
    this.changed(presetPatch(preset, shown.range));
  }

  #save(): void {
    const name = this.#name.value.trim();
    if (!name || !this.#shown) this.#say('Give it a name first.');
    else this.#say(this.store.add([presetOf(name, this.#shown.layer)]) ? `Saved as ${name}.` : `${name} is kept until the page closes: this browser stores nothing here.`);
  }

  #delete(): void {
    const name = this.#name.value.trim();
    const found = this.store.presets.find((preset) => preset.name === name && preset.kind === (this.#shown?.layer.kind ?? 'image'));
    if (found) this.store.remove(found);
    this.#say(found ? `${name} is deleted.` : `There is no preset of yours named ${name || 'like that'}.`);
  }

  #export(): void {
    if (this.store.presets.length === 0) this.#say('You have no presets yet.');
    else download(new Blob([presetsToJson(this.store.presets)], { type: 'application/json' }), 'voxbeam-presets.json');
  }

  async #load(file: HTMLInputElement): Promise<void> {
    const chosen = file.files?.[0];
    file.value = '';
    if (!chosen) return;
    try {
      const presets = presetsFromJson(await chosen.text());
      this.store.add(presets);
      this.#say(`${presets.length} presets were added.`);
    } catch (error) {
      this.#say(`${chosen.name}: ${(error as Error).message}.`);
    }
  }

  #say(words: string): void {
    this.#said.textContent = words;
    this.#list();
  }
}
