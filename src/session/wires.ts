/** Wires: one channel of frames to a sidecar each, whatever carries it. */

import { SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX } from '../protocol/limits.js';
import type { Hello } from '../protocol/messages.js';
import type { CheckedFrame, RefusedFrame } from './frame_check.js';
import { isKeptEvent, type KeptCommand, type KeptEvent } from './kept_messages.js';
import type { FrameLink, LinkEvent, StartLink } from './link.js';

/** Frames over a channel that others own, such as a notebook's comm. */
export interface CommTunnel {
  /** Resolves once frames can be sent; rejects with the reason where they cannot. */
  open(receive: (frame: ArrayBuffer) => void, closed: (reason: string) => void): Promise<void>;
  send(frame: Uint8Array): void;
  close(): void;
}

export type WireEvent =
  | { t: 'frame'; frame: CheckedFrame }
  | { t: 'refused'; refused: RefusedFrame }
  /** From now on frames come by a stream. */
  | { t: 'moved' }
  | { t: 'closed'; code: number; reason: string };

/** One channel. What happens before somebody listens is kept for them. */
export class Wire {
  #listener: ((event: WireEvent) => void) | undefined;
  #early: WireEvent[] = [];
  #closed = false;

  constructor(
    readonly send: (frame: Uint8Array) => void,
    private readonly shut: () => void,
    /** Has frames come by a stream from `url`, where the wire can. */
    readonly down: (url: string, ticket: string) => void = () => undefined,
  ) {}

  /** Hands what comes to `listener`, in place of the one before. */
  listen(listener: (event: WireEvent) => void): void {
    this.#listener = listener;
    for (const event of this.#early.splice(0)) listener(event);
  }

  /** Keeps what comes from now on for the next listener. */
  hold(): void {
    this.#listener = undefined;
  }

  /** An event from below; only the first `closed` counts. */
  tell(event: WireEvent): void {
    if (this.#closed) return;
    this.#closed = event.t === 'closed';
    if (this.#listener) this.#listener(event);
    else this.#early.push(event);
  }

  /** Ends it without a `closed` event. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.shut();
  }
}

/** The subprotocols of a WebSocket that a ticket opens. */
export const protocolsOf = (ticket: string): string[] => [SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX + ticket];

/** Opens wires over one link. */
export class Wires {
  readonly #link: FrameLink;
  readonly #byId = new Map<number, Wire>();
  #lastId = 0;

  constructor(
    startLink: StartLink,
    /** Told when the link had to be restarted; every wire has closed then. */
    private readonly hung: () => void,
    private readonly kept: (event: KeptEvent) => void = () => undefined,
  ) {
    this.#link = startLink((event) => this.#receive(event));
  }

  /** A WebSocket to `url`, on which `hello` is said once it is open. */
  socket(url: string, ticket: string, hello: Hello): Wire {
    this.#lastId += 1;
    const id = this.#lastId;
    const wire = new Wire(
      (frame) => this.#link.do({ t: 'send', id, frame }),
      () => {
        this.#byId.delete(id);
        this.#link.do({ t: 'close', id });
      },
      (from, streamTicket) => this.#link.do({ t: 'down', id, url: from, ticket: streamTicket }),
    );
    this.#byId.set(id, wire);
    this.#link.do({ t: 'open', id, url, protocols: protocolsOf(ticket), hello });
    return wire;
  }

  /** A tunnel, whose frames go through the same checks in the same place. */
  async tunnel(tunnel: CommTunnel): Promise<Wire> {
    this.#lastId += 1;
    const id = this.#lastId;
    const wire = new Wire(
      (frame) => tunnel.send(frame),
      () => {
        this.#byId.delete(id);
        tunnel.close();
      },
    );
    this.#byId.set(id, wire);
    try {
      await tunnel.open(
        (message) => this.#link.do({ t: 'check', id, message }),
        (reason) => this.#receive({ t: 'closed', id, code: 1006, reason }),
      );
    } catch (error) {
      this.#byId.delete(id);
      throw error;
    }
    return wire;
  }

  /** Tells the link about what is kept in the browser's storage. */
  keep(command: KeptCommand): void {
    this.#link.do(command);
  }

  dispose(): void {
    for (const wire of [...this.#byId.values()]) wire.close();
    this.#link.dispose();
  }

  #receive(event: LinkEvent): void {
    if (isKeptEvent(event)) {
      this.kept(event);
      return;
    }
    if (event.t === 'hung') {
      const gone = [...this.#byId.values()];
      this.#byId.clear();
      this.hung();
      for (const wire of gone) wire.tell({ t: 'closed', code: 1006, reason: 'the worker hung and was restarted' });
      return;
    }
    const wire = this.#byId.get(event.id);
    if (event.t === 'closed') this.#byId.delete(event.id);
    wire?.tell(event);
  }
}
