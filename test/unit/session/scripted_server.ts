/** A server that speaks the wire and can be told to do it wrong. What the sidecar does right is tested against the sidecar. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  decodeControl, encodeControl, FrameType, HEADER_BYTES, Hello, type Need, readHeader, SUBPROTOCOL, type Welcome,
} from '../../../src/protocol/index.js';
import { keyText } from '../../../src/volume/geometry.js';
import { announcement } from './frames.js';

export interface Received {
  type: FrameType;
  /** The JSON payload; bytes for SCENE. */
  message: unknown;
}

export class ScriptedServer {
  readonly received: Received[] = [];
  /** Tickets offered, in order. */
  readonly tickets: string[] = [];
  readonly sockets: WebSocket[] = [];
  welcome: Welcome = {
    instance: 'i1', server: 'test', role: 'edit', heartbeat_ms: 10_000, resume: 'resume-1', store_bytes: 1, volumes: [announcement()],
  };
  /** Which tickets are let in. */
  admits: (ticket: string) => boolean = () => true;
  /** Answers HELLO. */
  greets = true;
  /** Answers PING. */
  pongs = true;
  #server: WebSocketServer | undefined;
  #waiters: (() => void)[] = [];

  async start(port = 0): Promise<string> {
    const server = new WebSocketServer({
      host: '127.0.0.1', port, maxPayload: 8 * 2 ** 20,
      handleProtocols: () => SUBPROTOCOL,
      verifyClient: ({ req }: { req: { headers: Record<string, unknown> } }) => {
        const ticket = /vxb\.ticket\.([^, ]+)/.exec(String(req.headers['sec-websocket-protocol']))?.[1] ?? '';
        this.tickets.push(ticket);
        return this.admits(ticket);
      },
    });
    this.#server = server;
    server.on('connection', (socket) => this.#serve(socket));
    await once(server, 'listening');
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/stream`;
  }

  get port(): number {
    return ((this.#server as WebSocketServer).address() as AddressInfo).port;
  }

  /** Ends all connections as a killed process would, and listens no more. */
  async kill(): Promise<void> {
    for (const socket of this.sockets.splice(0)) socket.terminate();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** Sends to the newest connection. */
  send(frame: Uint8Array | string): void {
    this.sockets.at(-1)?.send(frame);
  }

  control(type: FrameType, message: object): void {
    this.send(encodeControl(type, message));
  }

  of(type: FrameType): unknown[] {
    return this.received.filter((r) => r.type === type).map((r) => r.message);
  }

  /** Keys needed so far, as texts, in the order of asking. */
  needed(): string[] {
    return (this.of(FrameType.NEED) as Need[]).flatMap((n) => n.keys.map(([level, z, y, x]) => keyText({ level, z, y, x })));
  }

  /** Resolves when `test` holds; it is looked at after each frame received. */
  async until(test: () => boolean, what: string, ms = 60_000): Promise<void> {
    const late = Date.now() + ms;
    while (!test()) {
      if (Date.now() > late) throw new Error(`waited ${ms} ms for ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 20);
        this.#waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #serve(socket: WebSocket): void {
    this.sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const bytes = new Uint8Array(data);
      const { type } = readHeader(bytes);
      const payload = bytes.subarray(HEADER_BYTES);
      const message = type === FrameType.SCENE ? payload.slice() : JSON.parse(new TextDecoder().decode(payload));
      this.received.push({ type, message });
      if (type === FrameType.HELLO && this.greets) {
        decodeControl(Hello, payload);
        socket.send(encodeControl(FrameType.WELCOME, this.welcome));
      }
      if (type === FrameType.PING && this.pongs) socket.send(encodeControl(FrameType.PONG, message as object));
      for (const wake of this.#waiters.splice(0)) wake();
    });
  }
}
