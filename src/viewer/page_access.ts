/** How the page gets in: the ticket of its address for a cookie, and the cookie for tickets to the stream. */

import * as z from 'zod';
import { parseFragment } from './view_link.js';

const Answer = z.object({ ticket: z.string().min(1), role: z.string() });

/** What to say where there is no way in. */
export class NoAccessError extends Error {}

export type Fetch = (path: string, init: RequestInit) => Promise<Response>;

/** A page's access. All addresses are relative to the page's: behind a proxy it has a prefix. */
export class PageAccess {
  /** The ticket that came with the cookie: one connection needs no second request. */
  #first: Promise<string> | undefined;

  /** @param pageTicket from the address; without one an earlier visit's cookie has to do */
  constructor(
    pageTicket: string,
    readonly request: Fetch = (path, init) => fetch(path, init),
  ) {
    if (!pageTicket) return;
    this.#first = this.#ask('v1/session', { ticket: pageTicket });
    // It is handed on by streamTicket(); until then a refusal is nobody's unhandled rejection.
    this.#first.catch(() => undefined);
  }

  /**
   * A ticket for one connection.
   *
   * @throws NoAccessError where neither the address nor a cookie gives the right to one
   */
  async streamTicket(): Promise<string> {
    const first = this.#first;
    this.#first = undefined;
    if (first) {
      try {
        return await first;
      } catch (error) {
        // A reload with a used ticket in the history still has the cookie of the first time.
        if (!(error instanceof NoAccessError)) throw error;
      }
    }
    return this.#ask('v1/ticket', {});
  }

  async #ask(path: string, body: object): Promise<string> {
    const response = await this.request(path, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (response.status === 401 || response.status === 403) {
      throw new NoAccessError('The link to this page has been used or is too old. Run the cell again, or read visualization_server_url anew.');
    }
    if (!response.ok) throw new Error(`the server answered ${response.status} to ${path}`);
    return Answer.parse(await response.json()).ticket;
  }
}

/** Takes the ticket out of the address, so that neither history nor a copied link holds it. A view that stands there stays. */
export function takeTicket(place: Location, history: History): string {
  const { ticket, view } = parseFragment(place.hash);
  if (ticket) history.replaceState(null, '', place.pathname + place.search + (view && `#view=${view}`));
  return ticket;
}

/** The stream's address beside the page's. */
export function streamUrl(page: string): string {
  const url = new URL('v1/stream', page);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url.href;
}
