/** People's own presets, remembered by the browser where it allows that. */

import { type Preset, presetsFromJson, presetsToJson } from './presets.js';

const KEY = 'voxbeam:presets';

/** The presets of this page; all its viewers share them. */
export class PresetStore {
  #presets: readonly Preset[];

  /** @param storage the browser's; asking for it may already be refused */
  constructor(readonly storage: () => Storage = () => localStorage) {
    this.#presets = this.#read();
  }

  get presets(): readonly Preset[] {
    return this.#presets;
  }

  /** Adds presets in place of those of the same name and kind; tells whether the browser will remember them. */
  add(presets: readonly Preset[]): boolean {
    const replaced = (one: Preset) => presets.some(({ name, kind }) => name === one.name && kind === one.kind);
    return this.#set([...this.#presets.filter((one) => !replaced(one)), ...presets]);
  }

  remove(preset: Preset): boolean {
    return this.#set(this.#presets.filter((one) => one !== preset));
  }

  #set(presets: readonly Preset[]): boolean {
    this.#presets = presets;
    try {
      this.storage().setItem(KEY, presetsToJson(presets));
      return true;
    } catch {
      return false; // no storage, or none left: they live as long as the page
    }
  }

  #read(): readonly Preset[] {
    try {
      const text = this.storage().getItem(KEY);
      return text ? presetsFromJson(text) : [];
    } catch {
      return [];
    }
  }
}
