/**
 * The down half of a viewer's connection as the answer to one HTTP request: browsers read such a stream twice as fast as WebSocket
 * messages. The WebSocket stays for what the viewer says, and ends with the connection.
 */

import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connection } from './connection.js';
import { HttpError, type Reply } from './http_reply.js';
import { hostAllowed, originAllowed, ownOrigin } from './origin.js';

const hashOf = (ticket: string) => createHash('sha256').update(ticket).digest('hex');

/** Tickets of connections whose down half may move; each is good once, while its connection lasts. */
export class DownStreams {
  readonly #waiting = new Map<string, Connection>();

  /** A ticket for `connection`. */
  issue(connection: Connection): string {
    const ticket = randomBytes(32).toString('base64url');
    const hash = hashOf(ticket);
    this.#waiting.set(hash, connection);
    connection.ended(() => this.#waiting.delete(hash));
    return ticket;
  }

  /**
   * The answer to a request with `ticket`: a response without an end, into which the connection's frames go.
   *
   * @throws HttpError 401 where the ticket was used or its connection is gone, 403 where another page holds it
   */
  open(ticket: string, message: IncomingMessage, allowedHosts: readonly string[]): Reply {
    const hash = hashOf(ticket);
    const connection = this.#waiting.get(hash);
    this.#waiting.delete(hash);
    if (!connection) throw new HttpError(401, 'this ticket was used, or its connection is gone', 'go on with the WebSocket alone');
    const { origin } = connection.grant;
    if (!hostAllowed(message.headers.host, allowedHosts, origin)) throw new HttpError(403, 'this host is not served here');
    const from = message.headers.origin;
    const own = ownOrigin(message.headers);
    if (!originAllowed(origin, from, own)) throw new HttpError(403, `this ticket is not for pages of ${from ?? 'no origin'}`);
    return {
      status: 200,
      headers: { 'Content-Type': 'application/octet-stream', ...(from === undefined ? {} : { 'Access-Control-Allow-Origin': from }) },
      stream: (response) => connection.moveDown(response),
    };
  }
}

/** A response that frames are written into as they stand, until its connection ends. */
export class DownStream {
  constructor(
    readonly response: ServerResponse,
    /** The browser let go of it. */
    cut: () => void,
  ) {
    response.on('close', cut);
    response.on('error', cut);
  }

  /** Bytes that the operating system has not taken yet. */
  get backlog(): number {
    return this.response.writableLength;
  }

  /** Writes a frame; `sent` is called when its bytes are no longer needed. */
  write(frame: Uint8Array, sent?: () => void): void {
    this.response.write(frame, sent && (() => sent()));
  }

  end(): void {
    this.response.end();
  }

  /** Ends at once; what the browser has not read is dropped. */
  cut(): void {
    this.response.destroy();
  }
}
