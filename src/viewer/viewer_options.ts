/** What a viewer is made with, and what it tells. */

import type { Session } from '../session/session.js';
import type { Dials } from './dials.js';
import type { Layout } from './layout.js';
import type { PickedThing } from './look/picker.js';
import type { ThemeChoice } from './theme.js';

/** What a viewer tells the page around it. */
export type ViewerEvent =
  | { readonly type: 'settled'; readonly settled: boolean }
  | { readonly type: 'error'; readonly message: string }
  | { readonly type: 'picked'; readonly picked: PickedThing }
  /** Whose view this viewer follows; '' nobody any more. */
  | { readonly type: 'followed'; readonly name: string };

/** Code that is loaded when it is first needed. */
export type LazyCode = 'movie.js';

export interface ViewerOptions {
  readonly root: HTMLElement;
  readonly session: Session;
  readonly theme?: ThemeChoice;
  readonly layout?: Layout;
  /** How bricks are asked for; exploration where nothing is said. */
  readonly policy?: string;
  /** What it may take and how it draws; what is not named is as `DEFAULT_DIALS` says. */
  readonly dials?: Partial<Dials>;
  /** Name of who looks, for annotations and for the others; what was chosen in this browser goes before it. */
  readonly author?: string;
  /** Loads code that few need, by its name in `movie_encoder.ts` and the like; without it there are no movies. */
  readonly loadCode?: (name: LazyCode) => Promise<unknown>;
  /** Where the viewer is all of a page: puts a fragment behind its address, which links to what is shown, and gives the whole. */
  readonly address?: (fragment: string) => string;
  readonly onEvent?: (event: ViewerEvent) => void;
}
