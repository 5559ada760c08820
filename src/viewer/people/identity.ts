/** Who this viewer's person is: a name and a colour, given by the kernel or the page, or chosen here and kept in this browser. */

import { cleanText } from './person.js';

/** Colours of people: told apart on dark and light, and none of them an axis's. */
export const PERSON_COLORS = ['#f2a33a', '#b98aff', '#2fb8b0', '#ff7fb0', '#8fbf3f', '#d9822b', '#6f8cff', '#c9a227', '#e0559b', '#3fa7d6'] as const;
const NAME_KEY = 'voxbeam name';
const COLOR_KEY = 'voxbeam color';
/** Longer names are no names. */
export const MAX_PERSON_NAME = 60;

/** One id for all viewers of a page: what one of them says is no news to the others, it is the same person. */
export function pageId(): string {
  const page = globalThis as unknown as Record<symbol, string | undefined>;
  const key = Symbol.for('voxbeam page');
  page[key] ??= crypto.randomUUID();
  return page[key];
}

export class Identity {
  readonly page = pageId();
  #name: string;
  #color: string;

  /** @param given name from whoever made the viewer; what was chosen in this browser goes before it */
  constructor(given = '') {
    this.#name = cleanText(kept(NAME_KEY) ?? '', MAX_PERSON_NAME) || cleanText(given, MAX_PERSON_NAME) || `Guest ${100 + (hash(this.page) % 900)}`;
    const color = kept(COLOR_KEY) ?? '';
    this.#color = /^#[0-9a-f]{6}$/i.test(color) ? color : (PERSON_COLORS[hash(this.#name) % PERSON_COLORS.length] as string);
  }

  get name(): string {
    return this.#name;
  }

  get color(): string {
    return this.#color;
  }

  /** Takes another name, from now on in this browser; an empty one changes nothing. */
  rename(name: string): void {
    const clean = cleanText(name, MAX_PERSON_NAME);
    if (clean === '' || clean === this.#name) return;
    this.#name = clean;
    keep(NAME_KEY, clean);
  }

  recolor(color: string): void {
    if (!/^#[0-9a-f]{6}$/i.test(color)) return;
    this.#color = color;
    keep(COLOR_KEY, color);
  }
}

function hash(text: string): number {
  let value = 7;
  for (let i = 0; i < text.length; i += 1) value = (Math.imul(value, 31) + text.charCodeAt(i)) >>> 0;
  return value;
}

// A page may refuse storage by throwing.
function kept(key: string): string | undefined {
  try {
    return globalThis.localStorage?.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function keep(key: string, value: string): void {
  try {
    globalThis.localStorage?.setItem(key, value);
  } catch {
    // It holds as long as the page does.
  }
}
