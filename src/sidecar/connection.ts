/**
 * One client's WebSocket: HELLO in time, every frame checked, a heartbeat both ways, and an end that says why. What frames mean is the
 * business of the link that HELLO chooses.
 */

import type { ServerResponse } from 'node:http';
import { WebSocket } from 'ws';
import {
  decodeControl, encodeControl, ErrorCode, type ErrorMessage, FrameError, type FrameHeader, FrameType, Hello, HELLO_TIMEOUT_MS,
  MAX_FRAME_BYTES, Ping, readHeader, readPayload, Stop,
} from '../protocol/index.js';
import { DownStream } from './down_stream.js';
import { log } from './log.js';
import { HelperLink } from './helper_link.js';
import { atLeast, type Kind, maySend } from './permissions.js';
import { ProducerLink } from './producer_link.js';
import type { Services } from './services.js';
import type { Grant } from './tickets.js';
import { UnreadWatch } from './unread_watch.js';
import { ViewerLink } from './viewer_link.js';

/** Time a peer has to answer a close before its socket is cut. */
const CLOSE_GRACE_MS = 2_000;
/** Bytes waiting in a socket, beyond any credit and a volume's ranges: somebody does not read. */
const MAX_BACKLOG_BYTES = 192 * 2 ** 20;
/** The most that a WebSocket's control message holds; a pong that nobody asked for is dropped. */
const FILLING = Buffer.alloc(125);
/** Pings without any frame in answer, before the peer is taken for gone. */
const MAX_UNANSWERED = 2;

/** A WebSocket whose answer to an oversize message is the protocol's own, not code 1009. */
export class ServerSocket extends WebSocket {
  oversize: (() => void) | undefined;

  override close(code?: number, data?: string | Buffer): void {
    if (code === 1009 && this.oversize) this.oversize();
    else super.close(code, data);
  }
}

/** What HELLO makes of a connection. */
export interface Link {
  readonly kind: Kind;
  readonly connection: Connection;
  frame(header: FrameHeader, payload: Uint8Array, frame: Uint8Array): void;
  /** Something was heard of it. */
  heard?(): void;
  /** Bytes were handed to its socket. */
  handed?(bytes: number): void;
  /** A PING of the link's own came back. */
  pong?(t: number): void;
  closed(): void;
}

/** An ERROR frame's fields, less what is often absent. */
export type ErrorFields = Omit<ErrorMessage, 'fatal' | 'remedy'> & { remedy?: string | undefined };

export class Connection {
  link: Link | undefined;
  readonly openedAt = performance.now();
  #open = true;
  #down: DownStream | undefined;
  readonly #ends: (() => void)[] = [];
  #unanswered = 0;
  #probed: (() => void) | undefined;
  readonly #unread: UnreadWatch;
  readonly #helloTimer: NodeJS.Timeout;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(
    readonly socket: ServerSocket,
    readonly grant: Grant,
    readonly services: Services,
    /** Its peer's address is this machine's, and no proxy speaks for it: it may be on this machine, or behind a tunnel. */
    readonly mayBeHere = false,
  ) {
    this.#helloTimer = setTimeout(() => this.fail(ErrorCode.TIMEOUT, `no HELLO within ${HELLO_TIMEOUT_MS} ms`), HELLO_TIMEOUT_MS);
    this.#heartbeat = setInterval(() => this.#beat(), services.heartbeatMs);
    this.#unread = new UnreadWatch(services.unreadMs, () => this.#backlog, (bytes) => {
      log(`a client left ${bytes} bytes unread for ${services.unreadMs} ms; its connection is cut`);
      this.#cut();
    });
    socket.oversize = () => this.fail(ErrorCode.TOO_LARGE, `frame larger than ${MAX_FRAME_BYTES} bytes`, 'send smaller frames');
    socket.on('message', (data, isBinary) => this.#message(data as Buffer, isBinary));
    socket.on('pong', () => this.#pong());
    socket.on('close', () => this.#closed());
    socket.on('error', (error) => log(`connection: ${error.message}`));
  }

  /** False once it is closing: nothing more is sent or heard. */
  get open(): boolean {
    return this.#open;
  }

  /** Its peer is there: pings need no answer yet. */
  alive(): void {
    this.#unanswered = 0;
  }

  /** Sends a frame as it stands. `sent` is called when the bytes are no longer needed, also when they could not be sent. */
  send(frame: Uint8Array, sent?: () => void): void {
    if (!this.#open || this.socket.readyState !== WebSocket.OPEN) {
      if (sent) queueMicrotask(sent);
      return;
    }
    if (this.#down) this.#down.write(frame, sent);
    else this.socket.send(frame, { binary: true }, sent);
    this.#unread.handed(frame.byteLength);
    this.link?.handed?.(frame.byteLength);
    const backlog = this.#backlog;
    if (backlog > MAX_BACKLOG_BYTES) {
      log(`a client left ${backlog} bytes unread; its connection is cut`);
      this.#cut();
    }
  }

  /** From the next frame on, everything goes into `response`; the last message of the socket says so. */
  moveDown(response: ServerResponse): void {
    if (!this.#open || this.#down) {
      response.destroy();
      return;
    }
    this.socket.send(encodeControl(FrameType.DOWN, {}), { binary: true }); // and nothing after it, not even a probe
    this.#down = new DownStream(response, () => this.#cut());
  }

  /** Calls `listener` when the connection has ended. */
  ended(listener: () => void): void {
    this.#ends.push(listener);
  }

  /** Bytes that the operating system has not taken yet. */
  get #backlog(): number {
    return this.#down?.backlog ?? this.socket.bufferedAmount;
  }

  #cut(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#down?.cut();
    this.socket.terminate();
  }

  /** Has the far end's WebSocket answer, behind `bytes` that it drops, whatever its program is at. One at a time. */
  probe(bytes: number, answered: () => void): void {
    if (!this.#open || this.socket.readyState !== WebSocket.OPEN) return;
    this.#probed = answered;
    for (let left = bytes; left > 0; left -= FILLING.length) this.socket.pong(FILLING);
    this.socket.ping();
  }

  sendControl(type: FrameType, message: object): void {
    this.send(encodeControl(type, message));
  }

  /** Tells the peer of something that went wrong; the connection goes on. */
  error(fields: ErrorFields): void {
    this.sendControl(FrameType.ERROR, { ...fields, fatal: false });
  }

  /** Tells the peer why, and closes. */
  fail(code: number, message: string, remedy?: string): void {
    if (!this.#open) return;
    this.sendControl(FrameType.ERROR, { code, message: message.slice(0, 2000), remedy, fatal: true });
    this.#shut(code, message);
  }

  /** Closes without an error. */
  close(code: number, reason: string): void {
    if (this.#open) this.#shut(code, reason);
  }

  #shut(code: number, reason: string): void {
    this.#open = false;
    this.#down?.end();
    this.socket.close(code, Buffer.from(reason).subarray(0, 120).toString('utf8').replace(/\ufffd+$/, ''));
    setTimeout(() => {
      this.#down?.cut();
      this.socket.terminate();
    }, CLOSE_GRACE_MS).unref();
  }

  #pong(): void {
    const answered = this.#probed;
    this.#probed = undefined;
    answered?.();
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (!this.#open) return;
    this.alive();
    this.link?.heard?.();
    try {
      if (!isBinary) throw new FrameError(ErrorCode.BAD_FRAME, 'text message; frames are binary messages');
      const header = readHeader(data);
      this.#frame(header, readPayload(data, header), data);
    } catch (error) {
      if (error instanceof FrameError) {
        this.fail(error.code, error.message);
        return;
      }
      this.broken(error);
    }
  }

  /** An error of this program: it ends this connection, not the instance. */
  broken(error: unknown): void {
    log(`internal error: ${(error as Error).stack ?? error}`);
    this.fail(ErrorCode.INTERNAL, 'internal error in the sidecar; its log has the details');
  }

  #frame(header: FrameHeader, payload: Uint8Array, frame: Uint8Array): void {
    const { type } = header;
    if (!this.link) {
      if (type !== FrameType.HELLO) throw new FrameError(ErrorCode.BAD_FRAME, `the first frame must be HELLO, not type ${type}`);
      this.#hello(decodeControl(Hello, payload));
      return;
    }
    const { kind } = this.link;
    const allowed = maySend(kind, this.grant.role, type);
    if (allowed === 'never') throw new FrameError(ErrorCode.BAD_FRAME, `a client does not send frames of type ${type} here`);
    if (allowed === 'no') {
      this.error({ ...this.services.labels.named(type, payload), code: ErrorCode.FORBIDDEN, message: `a ${kind} with the role ${this.grant.role} may not send frames of type ${type}` });
      return;
    }
    if (type === FrameType.PING) this.sendControl(FrameType.PONG, decodeControl(Ping, payload));
    else if (type === FrameType.PONG) this.link.pong?.(decodeControl(Ping, payload).t);
    else if (type === FrameType.STOP) {
      decodeControl(Stop, payload);
      this.services.stop('STOP frame');
    } else if (!this.services.labels.frame(this, header, payload)) this.link.frame(header, payload, frame);
  }

  #hello(hello: Hello): void {
    clearTimeout(this.#helloTimer);
    if (hello.kind !== 'viewer' && !atLeast(this.grant.role, 'owner')) {
      this.fail(ErrorCode.FORBIDDEN, `a ${hello.kind} needs the role owner; this ticket has ${this.grant.role}`, 'get a ticket with the role owner');
      return;
    }
    const link = this.#linkOf(hello);
    if (!link) {
      this.fail(ErrorCode.FORBIDDEN, 'helps names no producer that is connected', 'take the helper ticket of its WELCOME');
      return;
    }
    this.link = link;
    this.services.hub.join(link);
  }

  #linkOf(hello: Hello): Link | undefined {
    if ((hello.helps !== undefined) !== (hello.kind === 'helper')) {
      throw new FrameError(ErrorCode.BAD_FRAME, `HELLO of a ${hello.kind} ${hello.helps ? 'with' : 'without'} helps: it belongs to helpers`);
    }
    if (hello.kind === 'viewer') return new ViewerLink(this, hello);
    if (hello.kind === 'producer') return new ProducerLink(this);
    for (const link of this.services.hub.links()) {
      if (link instanceof ProducerLink && link.helperTicket === hello.helps) return new HelperLink(this, link);
    }
    return undefined;
  }

  #beat(): void {
    if (!this.#open) return;
    if (this.#unanswered >= MAX_UNANSWERED) {
      this.fail(ErrorCode.TIMEOUT, `no frame after ${MAX_UNANSWERED} pings`);
      return;
    }
    this.#unanswered += 1;
    this.sendControl(FrameType.PING, { t: Math.round(performance.now()) });
  }

  #closed(): void {
    this.#open = false;
    clearTimeout(this.#helloTimer);
    clearInterval(this.#heartbeat);
    this.#unread.end();
    this.#down?.end();
    if (this.link) this.services.hub.leave(this.link);
    for (const end of this.#ends.splice(0)) end();
  }
}
