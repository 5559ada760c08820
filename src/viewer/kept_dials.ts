/** The dials that a person set in the panel, kept in this browser for the next viewer. What a program gives goes before them. */

import { pageHints } from '../session/kept_hints.js';
import { checkedDials, DEFAULT_DIALS, type Dials } from './dials.js';

const PLACE = 'voxbeam:dials';

export class KeptDials {
  /** @param storage the page's; undefined where it has none */
  constructor(readonly storage: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined = pageHints) {}

  /** Those that are kept. Anyone can write to a browser's storage: what is no dial, or beyond its limits, is left out. */
  read(): Partial<Dials> {
    try {
      const found: unknown = JSON.parse(this.storage()?.getItem(PLACE) ?? '{}');
      return Object.fromEntries(Object.entries(found ?? {}).filter(([name, value]) => isDial(name, value)));
    } catch {
      return {};
    }
  }

  /** Keeps some more; one that is as it is unless set is no longer kept. */
  keep(dials: Partial<Dials>): void {
    const all = Object.entries({ ...this.read(), ...dials });
    const own = all.filter(([name, value]) => value !== DEFAULT_DIALS[name as keyof Dials]);
    try {
      if (own.length === 0) this.storage()?.removeItem(PLACE);
      else this.storage()?.setItem(PLACE, JSON.stringify(Object.fromEntries(own)));
    } catch {
      // Full or refused: they hold as long as the viewer does.
    }
  }
}

function isDial(name: string, value: unknown): boolean {
  try {
    return typeof value === 'number' && Object.hasOwn(DEFAULT_DIALS, name) && checkedDials({ [name]: value }) !== undefined;
  } catch {
    return false;
  }
}
