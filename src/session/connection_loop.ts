/** Connects, and connects again with growing pauses when the connection breaks, until closed. */

import { ErrorCode, type Hello } from '../protocol/messages.js';
import { ConnectError } from './handshake.js';
import { type Candidate, type Connection, connect } from './transports.js';
import type { ConnectionState, SessionError, TransportKind } from './types.js';
import type { WireEvent, Wires } from './wires.js';

const BACKOFF_MS = 250;
const BACKOFF_CAP_MS = 15_000;
/** A connection that stood this long ended a series of failures. */
const STABLE_MS = 10_000;
/** After this long without a connection the user is told why. */
const PATIENCE_MS = 5_000;

export interface ConnectionHandlers {
  state(state: ConnectionState): void;
  opened(connection: Connection): void;
  received(event: Extract<WireEvent, { t: 'frame' | 'refused' }>): void;
  lost(): void;
  error(error: SessionError): void;
}

export class ConnectionLoop {
  state: ConnectionState = 'connecting';
  connection: Connection | undefined;
  /** Whether what comes down comes by a streamed fetch. */
  streamed = false;
  #asked = false;
  readonly #abort = new AbortController();
  #failures = 0;
  #resume: { kind: TransportKind; ticket: string } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stable: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly wires: Wires,
    private readonly candidates: readonly Candidate[],
    private readonly hello: Hello,
    private readonly handlers: ConnectionHandlers,
  ) {}

  /** Starts; the first try is made at once. */
  async start(): Promise<void> {
    const patience = setTimeout(() => this.#tell(4408, 'still no answer from the server; trying on', false), PATIENCE_MS);
    try {
      const connection = await connect(this.wires, this.candidates, this.hello, this.#resume, this.#abort.signal);
      if (this.#abort.signal.aborted) connection.wire.close();
      else this.#open(connection);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#failed(error as Error);
    } finally {
      clearTimeout(patience);
    }
  }

  /** Has what comes down brought by a stream, where that can be: worth it once there is much to come. */
  stream(): void {
    const { connection } = this;
    if (this.#asked || !connection?.url || connection.welcome.down === undefined) return;
    this.#asked = true;
    connection.wire.down(connection.url.replace(/^ws/, 'http').replace(/stream$/, 'down'), connection.welcome.down);
  }

  send(frame: Uint8Array): void {
    this.connection?.wire.send(frame);
  }

  /** Gives the connection up, as when it has gone silent, and makes a new one. */
  lose(): void {
    const connection = this.connection;
    if (!connection) return;
    connection.wire.close();
    this.#lost(connection);
  }

  /** Ends for good. */
  close(error?: SessionError): void {
    if (this.state === 'closed') return;
    this.#abort.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#stable);
    this.connection?.wire.close();
    this.connection = undefined;
    if (error) this.handlers.error(error);
    this.#become('closed');
  }

  #open(connection: Connection): void {
    this.connection = connection;
    this.streamed = this.#asked = false;
    this.#resume = { kind: connection.kind, ticket: connection.welcome.resume };
    this.#stable = setTimeout(() => {
      this.#failures = 0;
    }, STABLE_MS);
    this.#become('open');
    this.handlers.opened(connection);
    connection.wire.listen((event) => {
      if (event.t === 'closed') this.#lost(connection);
      else if (this.connection !== connection) return;
      else if (event.t === 'moved') this.streamed = true;
      else this.handlers.received(event);
    });
  }

  #lost(connection: Connection): void {
    if (this.connection !== connection) return;
    this.connection = undefined;
    clearTimeout(this.#stable);
    this.handlers.lost();
    this.#again();
  }

  #failed(error: Error): void {
    if (error instanceof ConnectError && error.code === ErrorCode.VERSION) {
      this.close({ code: error.code, message: error.message, remedy: error.remedy, fatal: true });
      return;
    }
    this.#tell(error instanceof ConnectError ? error.code : 4500, error.message, false, (error as ConnectError).remedy);
    this.#again();
  }

  #again(): void {
    this.#become('reconnecting');
    const pause = Math.min(BACKOFF_CAP_MS, BACKOFF_MS * 2 ** this.#failures);
    this.#failures += 1;
    // Half of it at random: the viewers of a server that restarts do not all come at once.
    this.#timer = setTimeout(() => void this.start(), pause * (0.5 + Math.random() / 2));
  }

  #tell(code: number, message: string, fatal: boolean, remedy?: string): void {
    this.handlers.error(remedy === undefined ? { code, message, fatal } : { code, message, remedy, fatal });
  }

  #become(state: ConnectionState): void {
    if (this.state === state) return;
    this.state = state;
    this.handlers.state(state);
  }
}
