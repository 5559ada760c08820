/** Brings the viewer's styles to wherever it is mounted, also under a content policy that allows no inline style. */

import { ANNOTATE_STYLE } from './style_annotate.js';
import { INSTRUMENT_STYLE } from './style_instruments.js';
import { LOOK_STYLE } from './style_look.js';
import { PANEL_STYLE } from './style_panels.js';
import { PEOPLE_STYLE } from './style_people.js';
import { SHELL_STYLE } from './style_shell.js';
import { TIME_STYLE } from './style_time.js';

const TEXT = SHELL_STYLE + PANEL_STYLE + INSTRUMENT_STYLE + LOOK_STYLE + TIME_STYLE + PEOPLE_STYLE + ANNOTATE_STYLE;
const sheets = new WeakMap<Document, Map<string, CSSStyleSheet>>();

/** Adopts the viewer's style sheet in the document or shadow root that holds `root`, once. */
export function adoptStyles(root: HTMLElement): void {
  const place = root.getRootNode();
  adopt(place instanceof ShadowRoot ? place : root.ownerDocument, TEXT);
}

/**
 * Adopts a style sheet in a document or shadow root, once.
 *
 * A constructed sheet is no inline style: `style-src 'self'` lets it pass. Where a page cannot construct one, a style element does.
 */
export function adopt(home: Document | ShadowRoot, text: string): void {
  const owner = home instanceof ShadowRoot ? home.ownerDocument : home;
  const Sheet = owner.defaultView?.CSSStyleSheet;
  if (Sheet && 'replaceSync' in Sheet.prototype && 'adoptedStyleSheets' in home) {
    const made = sheets.get(owner) ?? new Map<string, CSSStyleSheet>();
    sheets.set(owner, made);
    const sheet = made.get(text) ?? new Sheet();
    if (!made.has(text)) sheet.replaceSync(text);
    made.set(text, sheet);
    if (!home.adoptedStyleSheets.includes(sheet)) home.adoptedStyleSheets = [...home.adoptedStyleSheets, sheet];
    return;
  }
  const into = home instanceof ShadowRoot ? home : owner.head;
  if ([...into.querySelectorAll('style[data-voxbeam]')].some(({ textContent }) => textContent === text)) return;
  const style = owner.createElement('style');
  style.dataset.voxbeam = '';
  style.textContent = text;
  into.append(style);
}
