/**
 * What a page's cookie says: a role and an end, under a seal made with the owner's token. Nothing is kept of it, so a page stays known
 * when the instance's process died and was started again with the same token.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { Role } from '../protocol/index.js';
import type { Grant } from './tickets.js';

const FORM = /^([a-z]{4,8})\.([0-9a-z]{1,11})\.([A-Za-z0-9_-]{43})$/;

export class Sessions {
  readonly #key: Buffer;

  /** @param now milliseconds since 1970: another process is to read the same clock */
  constructor(token: string, instance: string, readonly now: () => number = Date.now) {
    this.#key = createHmac('sha256', token).update(`session of ${instance}`).digest();
  }

  /** A cookie's value, good for `milliseconds`. */
  issue(role: Role, milliseconds: number): string {
    const said = `${role}.${Math.ceil(this.now() + milliseconds).toString(36)}`;
    return `${said}.${this.#seal(said).toString('base64url')}`;
  }

  /** What a cookie allows, if it is ours and in time. */
  grant(cookie: string): Grant | undefined {
    const match = FORM.exec(cookie);
    if (!match) return undefined;
    const [, role, end, seal] = match as unknown as [string, string, string, string];
    const given = Buffer.from(seal, 'base64url');
    const right = this.#seal(`${role}.${end}`);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const known = Role.safeParse(role);
    return known.success && this.now() < Number.parseInt(end, 36) ? { role: known.data, origin: 'self' } : undefined;
  }

  #seal(said: string): Buffer {
    return createHmac('sha256', this.#key).update(said).digest();
  }
}
