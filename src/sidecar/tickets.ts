/**
 * Who may come in. A ticket is 32 random bytes; what is kept is its SHA-256, so that this process' memory and logs hold nothing
 * that opens a door, and looking one up takes no time that depends on how much of it was guessed.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Role } from '../protocol/index.js';

/** Both are good once. */
export type TicketUse = 'stream' | 'page';

/** What a ticket allows. */
export interface Grant {
  readonly role: Role;
  /** See origin.ts. */
  readonly origin: string;
}

interface Entry extends Grant {
  hash: Buffer;
  expires: number;
}

/** Tickets kept of each use; the oldest goes when there are more. */
const MAX_TICKETS = 4096;
const FORM = /^[A-Za-z0-9_-]{43}$/;

const sha256 = (text: string) => createHash('sha256').update(text).digest();

/** Whether two secrets are equal, in a time that does not depend on where they differ. */
export function secretsEqual(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

export class Tickets {
  readonly #entries: Record<TicketUse, Map<string, Entry>> = { stream: new Map(), page: new Map() };

  /** @param now milliseconds on a clock that never goes back */
  constructor(readonly now: () => number = () => performance.now()) {}

  /** A new ticket, good for `milliseconds`. */
  issue(use: TicketUse, grant: Grant, milliseconds: number): string {
    const entries = this.#entries[use];
    this.#sweep(entries);
    const ticket = randomBytes(32).toString('base64url');
    const hash = sha256(ticket);
    entries.set(hash.toString('hex'), { role: grant.role, origin: grant.origin, hash, expires: this.now() + milliseconds });
    return ticket;
  }

  /** What `ticket` allows, if it is known and in time; it is used up, whatever comes next. */
  take(use: TicketUse, ticket: string): Grant | undefined {
    const entry = this.#find(use, ticket);
    if (entry) this.#entries[use].delete(entry.hash.toString('hex'));
    return entry;
  }

  /** Sets what is left of an unused ticket's life. */
  expireIn(use: TicketUse, ticket: string, milliseconds: number): void {
    const entry = this.#find(use, ticket);
    if (entry) entry.expires = this.now() + milliseconds;
  }

  #find(use: TicketUse, ticket: string): Entry | undefined {
    if (!FORM.test(ticket)) return undefined;
    const hash = sha256(ticket);
    const entry = this.#entries[use].get(hash.toString('hex'));
    return entry && timingSafeEqual(entry.hash, hash) && this.now() < entry.expires ? entry : undefined;
  }

  #sweep(entries: Map<string, Entry>): void {
    if (entries.size < MAX_TICKETS) return;
    for (const [key, entry] of entries) if (entry.expires <= this.now()) entries.delete(key);
    for (const key of entries.keys()) {
      if (entries.size < MAX_TICKETS) break;
      entries.delete(key);
    }
  }
}
