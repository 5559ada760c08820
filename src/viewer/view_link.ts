/** A view as text at the end of a page's address: whoever opens it sees what it says. Pure. */

import { readShared, type SharedName } from './instruments/shared_view.js';
import type { ViewState } from './view_state.js';

/** What of a view an address holds. The layout first: with it the room for slices changes. */
const FIELDS: readonly SharedName[] = ['views', 'camera', 'cross', 'clip', 'light', 'time', 'planes', 'slab', 'turn', 'slice_frame'];
/** A longer text is none of ours. */
const MAX_CHARS = 16_384;
const NAME = 'view=';

/** What stands behind the `#` of an address: a ticket, a view, or both. */
export interface Fragment {
  readonly ticket: string;
  /** The view as it was written; empty without one. */
  readonly view: string;
}

/** Takes a fragment apart: `#ticket`, `#ticket&view=…` or `#view=…`. */
export function parseFragment(hash: string): Fragment {
  const parts = hash.replace(/^#/, '').split('&');
  const view = parts.find((part) => part.startsWith(NAME))?.slice(NAME.length) ?? '';
  return { ticket: parts.find((part) => !part.includes('=')) ?? '', view };
}

/** The fragment of a view alone; it holds no ticket. */
export function viewFragment(state: ViewState): string {
  const fields = Object.fromEntries(FIELDS.map((name) => [name, readShared(state, name)]));
  // Numbers and words of ours: all of it is ASCII.
  return `#${NAME}${btoa(JSON.stringify(fields)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`;
}

/** The fields of a view that was written so, in the order in which they are set; none of a text that is damaged. */
export function parseView(text: string): readonly (readonly [SharedName, unknown])[] {
  if (text === '' || text.length > MAX_CHARS) return [];
  try {
    const read: unknown = JSON.parse(atob(text.replaceAll('-', '+').replaceAll('_', '/')));
    if (typeof read !== 'object' || read === null) return [];
    return FIELDS.flatMap((name) => (Object.hasOwn(read, name) ? [[name, (read as Record<string, unknown>)[name]] as const] : []));
  } catch {
    return [];
  }
}
