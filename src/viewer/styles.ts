/** Brings the viewer's styles to wherever it is mounted, also under a content policy that allows no inline style. */

import { ANNOTATE_STYLE } from './style_annotate.js';
import { INSTRUMENT_STYLE } from './style_instruments.js';
import { LOOK_STYLE } from './style_look.js';
import { PANEL_STYLE } from './style_panels.js';
import { PEOPLE_STYLE } from './style_people.js';
import { SHELL_STYLE } from './style_shell.js';
import { TIME_STYLE } from './style_time.js';

const TEXT = SHELL_STYLE + PANEL_STYLE + INSTRUMENT_STYLE + LOOK_STYLE + TIME_STYLE + PEOPLE_STYLE + ANNOTATE_STYLE;
const sheets = new WeakMap<Document, CSSStyleSheet>();

/**
 * Adopts the style sheet in the document or shadow root that holds `root`, once.
 *
 * A constructed sheet is no inline style: `style-src 'self'` lets it pass. Where a page cannot construct one, a style element does.
 */
export function adoptStyles(root: HTMLElement): void {
  const owner = root.ownerDocument;
  const place = root.getRootNode();
  const home = place instanceof ShadowRoot ? place : owner;
  const Sheet = owner.defaultView?.CSSStyleSheet;
  if (Sheet && 'replaceSync' in Sheet.prototype && 'adoptedStyleSheets' in home) {
    const sheet = sheets.get(owner) ?? new Sheet();
    if (!sheets.has(owner)) sheet.replaceSync(TEXT);
    sheets.set(owner, sheet);
    if (!home.adoptedStyleSheets.includes(sheet)) home.adoptedStyleSheets = [...home.adoptedStyleSheets, sheet];
    return;
  }
  const into = home instanceof ShadowRoot ? home : owner.head;
  if (into.querySelector('style[data-voxbeam]')) return;
  const style = owner.createElement('style');
  style.dataset.voxbeam = '';
  style.textContent = TEXT;
  into.append(style);
}
