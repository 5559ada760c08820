/** A session in Node: its sockets are those of `ws`, its checks run where the test runs. */

import { WebSocket } from 'ws';
import { type Candidate, Session, type SessionOptions } from '../../../src/session/session.js';
import { SocketHub, type SocketLike } from '../../../src/session/socket_hub.js';
import type { Brick, SessionError } from '../../../src/session/types.js';

export const openNodeSocket = (url: string, protocols: string[]) => new WebSocket(url, protocols) as unknown as SocketLike;

export function socketCandidate(url: string, kind: 'direct' | 'proxy' = 'direct', tickets: string[] = []): Candidate {
  let made = 0;
  return {
    kind, url,
    ticket: async () => {
      made += 1;
      return tickets.shift() ?? `${kind}-${made}`;
    },
  };
}

/** A session that writes down its events. Bricks come as they are, where nothing else is said: tests count bytes, and a busy machine's link looks slow. */
export class WatchedSession extends Session {
  readonly bricks: Brick[] = [];
  readonly errors: SessionError[] = [];
  readonly states: string[] = [];
  changes = 0;

  constructor(candidates: Candidate[], options: Partial<SessionOptions> = {}) {
    super({ client: 'test', candidates, startLink: (report) => new SocketHub(report, openNodeSocket), codec: 'raw', ...options });
    this.on('brick', (brick) => this.bricks.push(brick));
    this.on('error', (error) => this.errors.push(error));
    this.on('state', (state) => this.states.push(state));
    this.on('changed', () => {
      this.changes += 1;
    });
  }

  async until(test: () => boolean, what: string, ms = 60_000): Promise<void> {
    const late = Date.now() + ms;
    while (!test()) {
      if (Date.now() > late) throw new Error(`waited ${ms} ms for ${what}; state ${this.state}, errors ${JSON.stringify(this.errors)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  opened(): Promise<void> {
    return this.until(() => this.state === 'open', 'the connection');
  }
}
