import { describe, expect, test } from '@jest/globals';
import { Sessions } from '../../../src/sidecar/sessions.js';

const TOKEN = 't'.repeat(43);

describe('cookies', () => {
  test('are good again and again until their time is over, in another process of the same token too', () => {
    let now = 1_700_000_000_000;
    const first = new Sessions(TOKEN, 'a', () => now);
    const cookie = first.issue('edit', 1000);
    const next = new Sessions(TOKEN, 'a', () => now);
    expect([first.grant(cookie), next.grant(cookie), next.grant(cookie)]).toEqual(Array(3).fill({ role: 'edit', origin: 'self' }));
    now += 999;
    expect(next.grant(cookie)).toBeDefined();
    now += 1;
    expect(next.grant(cookie)).toBeUndefined();
  });

  test('of another instance, another token, another role or a later end are none', () => {
    const sessions = new Sessions(TOKEN, 'a');
    const cookie = sessions.issue('view', 60_000);
    const [role, end, seal] = cookie.split('.') as [string, string, string];
    const later = (Number.parseInt(end, 36) + 1).toString(36);
    for (const forged of [`edit.${end}.${seal}`, `${role}.${later}.${seal}`, `${role}.${end}.${'A'.repeat(43)}`, `${role}.${end}`, '', `${cookie} `, `root.${end}.${seal}`]) {
      expect(sessions.grant(forged)).toBeUndefined();
    }
    expect(new Sessions(TOKEN, 'b').grant(cookie)).toBeUndefined();
    expect(new Sessions('u'.repeat(43), 'a').grant(cookie)).toBeUndefined();
    expect(sessions.grant(cookie)).toEqual({ role: 'view', origin: 'self' });
  });
});
