/** Sockets and the checks of what comes over them; runs in the worker, or on the page where there is none. */

import { encodeFrame, type FrameHeader, FrameType } from '../protocol/frame.js';
import { DownStream } from './down_stream.js';
import { checkFrame } from './frame_check.js';
import { isKeptCommand, type KeptCommand, noStorage } from './kept_messages.js';
import type { FrameLink, LinkCommand, LinkEvent } from './link.js';

/** The part of WebSocket that is used; `ws` has it too. */
export interface SocketLike {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: Uint8Array): void;
  close(): void;
}

/** Where checked bricks may be kept. */
export interface KeptStore {
  do(command: KeptCommand): void;
  received(header: FrameHeader, message: ArrayBuffer): void;
}

export type OpenSocket = (url: string, protocols: string[]) => SocketLike;
/** Takes an event and the buffers that may change hands with it. */
export type Report = (event: LinkEvent, transfer: ArrayBuffer[]) => void;

const browserSocket: OpenSocket = (url, protocols) => new WebSocket(url, protocols) as unknown as SocketLike;

/** Streams that broke under an open socket, after which none is tried any more. */
const MAX_BROKEN_STREAMS = 2;
/** How long a stream may still bring what was on its way when its socket closed. */
const DRAIN_MS = 250;

export class SocketHub implements FrameLink {
  readonly #sockets = new Map<number, SocketLike>();
  readonly #streams = new Map<number, DownStream>();
  #broken = 0;

  constructor(
    private readonly report: Report,
    private readonly openSocket: OpenSocket = browserSocket,
    /** Where bricks are kept beyond this page; only workers can. */
    private readonly kept?: KeptStore,
  ) {}

  do(command: LinkCommand): void {
    if (isKeptCommand(command)) this.#keep(command);
    else if (command.t === 'open') this.#open(command);
    else if (command.t === 'send') this.#send(command.id, command.frame);
    else if (command.t === 'down') this.#down(command.id, command.url, command.ticket);
    else if (command.t === 'close') this.#close(command.id);
    else this.#check(command.id, command.message);
  }

  dispose(): void {
    for (const id of [...this.#sockets.keys()]) this.#close(id);
  }

  #keep(command: KeptCommand): void {
    if (this.kept) this.kept.do(command);
    else for (const event of noStorage(command)) queueMicrotask(() => this.report(event, []));
  }

  #open({ id, url, protocols, hello }: LinkCommand & { t: 'open' }): void {
    let socket: SocketLike;
    try {
      socket = this.openSocket(url, protocols);
    } catch (error) {
      // A content policy, or ws: from an https page.
      this.report({ t: 'closed', id, code: 1006, reason: (error as Error).message }, []);
      return;
    }
    this.#sockets.set(id, socket);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#send(id, encodeFrame(FrameType.HELLO, new TextEncoder().encode(JSON.stringify(hello))));
    socket.onerror = () => undefined; // a close follows, and says what browsers allow to be known
    socket.onclose = ({ code, reason }) => {
      if (this.#sockets.delete(id)) void this.#drained(id).then(() => this.report({ t: 'closed', id, code, reason }, []));
    };
    socket.onmessage = ({ data }) => this.#check(id, data);
  }

  #send(id: number, frame: Uint8Array): void {
    try {
      this.#sockets.get(id)?.send(frame);
    } catch {
      // Closed a moment ago: the close event is on its way.
    }
  }

  #close(id: number): void {
    const socket = this.#sockets.get(id);
    this.#sockets.delete(id);
    this.#streams.get(id)?.close();
    this.#streams.delete(id);
    socket?.close();
  }

  #down(id: number, url: string, ticket: string): void {
    if (this.#broken >= MAX_BROKEN_STREAMS || !this.#sockets.has(id)) return;
    const stream = new DownStream(url, ticket, (frame) => this.#check(id, frame));
    this.#streams.set(id, stream);
    void stream.over.then((reason) => {
      if (this.#streams.get(id) === stream) this.#streams.delete(id);
      if (reason === undefined || !this.#sockets.has(id)) return;
      this.#broken += 1;
      if (stream.begun) this.#lost(id, reason); // else the socket goes on as before
    });
  }

  /** Half of a connection is none: the other half is closed, for a new one to be made. */
  #lost(id: number, reason: string): void {
    this.#close(id);
    this.report({ t: 'closed', id, code: 1006, reason }, []);
  }

  /** What follows on the socket's last frame comes by the stream. */
  #moved(id: number): void {
    const stream = this.#streams.get(id);
    if (!stream) {
      this.#lost(id, 'the stream of frames could not be had');
      return;
    }
    stream.begin();
    this.report({ t: 'moved', id }, []);
  }

  /** The last words of a connection may be on its stream. */
  async #drained(id: number): Promise<void> {
    const stream = this.#streams.get(id);
    if (!stream) return;
    await Promise.race([stream.over, new Promise((resolve) => setTimeout(resolve, DRAIN_MS))]);
    stream.close();
  }

  #check(id: number, message: unknown): void {
    if (!(message instanceof ArrayBuffer)) {
      this.report({ t: 'refused', id, refused: { bytes: 0, code: 4400, message: 'text message; every frame is binary' } }, []);
      return;
    }
    const checked = checkFrame(message);
    const { frame, refused } = checked;
    if (refused) {
      this.report({ t: 'refused', id, refused }, []);
    } else if (frame.header.type === FrameType.DOWN) {
      this.#moved(id);
    } else if (frame.header.type === FrameType.PING && frame.body.kind === 'bytes' && this.#sockets.has(id)) {
      // Answered here: a page that is busy drawing is not a dead one.
      this.#send(id, encodeFrame(FrameType.PONG, frame.body.payload));
    } else {
      const { body } = frame;
      const voxels = body.kind === 'brick' || body.kind === 'tile';
      if (voxels && checked.message) this.kept?.received(frame.header, checked.message);
      this.report({ t: 'frame', id, frame }, [checked.message ?? (voxels ? (body.voxels.buffer as ArrayBuffer) : message)]);
    }
  }
}
