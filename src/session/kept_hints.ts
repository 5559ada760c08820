/**
 * Of which volumes the browser's storage may hold bricks, as far as the page can tell at once. The list itself comes from the worker, a tenth
 * of a second later: only who has a hint waits for it. A hint that is wrong costs that wait, one that is missing a few bricks twice.
 */

import { xxh32 } from '../protocol/xxh32.js';

type HintStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const PLACE = 'voxbeam:kept';
const MOST = 64;

/** The page's `localStorage`; undefined where there is none, or where asking for it throws, as in a sandboxed frame. */
export function pageHints(): HintStorage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

export class KeptHints {
  #known: string[] | undefined;

  constructor(private readonly storage: () => HintStorage | undefined = pageHints) {}

  has(scope: string): boolean {
    this.#known ??= this.#read();
    return this.#known.includes(hintOf(scope));
  }

  /** Something of `scope` is kept. */
  add(scope: string): void {
    const hint = hintOf(scope);
    if (this.has(scope)) return;
    this.#write([hint, ...this.#read()]);
  }

  /** Nothing of `scope` is kept. */
  remove(scope: string): void {
    if (this.has(scope)) this.#write(this.#read().filter((hint) => hint !== hintOf(scope)));
  }

  clear(): void {
    this.#write([]);
  }

  #read(): string[] {
    try {
      return this.storage()?.getItem(PLACE)?.split(' ') ?? [];
    } catch {
      return [];
    }
  }

  #write(hints: readonly string[]): void {
    this.#known = hints.slice(0, MOST);
    try {
      if (hints.length === 0) this.storage()?.removeItem(PLACE);
      else this.storage()?.setItem(PLACE, this.#known.join(' '));
    } catch {
      // Full or refused: the next visit asks the sidecar first.
    }
  }
}

const hintOf = (scope: string): string => xxh32(new TextEncoder().encode(scope)).toString(36);
