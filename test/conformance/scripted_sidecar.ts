/** A sidecar that says what a test tells it to, right or wrong: what a producer must bear. The real one is in sidecar_process.ts. */

import fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { encodeControl, FrameType, readHeader, readPayload } from '../../src/protocol/index.js';

const STORE_BYTES = 64 * 2 ** 20;
export const HANDLE = 3;

export interface Said {
  type: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into messages of every form
  json: any;
  frame: Buffer;
}

export class ScriptedSidecar {
  readonly said: Said[] = [];
  /** Tickets that were offered, in order. */
  readonly tickets: string[] = [];
  readonly #store = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'voxbeam-conformance-')), 'voxbeam-0-0123456789abcdef');
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'vxb.1', maxPayload: 8 * 2 ** 20 });
  #socket: WebSocket | undefined;

  constructor() {
    fs.writeFileSync(this.#store, '', { mode: 0o600 });
    fs.truncateSync(this.#store, STORE_BYTES);
    this.#server = createServer((request, response) => {
      request.resume();
      response.end(request.url === '/v1/ticket' ? JSON.stringify({ ticket: 'T'.repeat(43) }) : '{}');
    });
    this.#server.on('upgrade', (request, socket, head) => {
      this.tickets.push(/vxb\.ticket\.([\w-]+)/.exec(String(request.headers['sec-websocket-protocol']))?.[1] ?? '');
      this.#sockets.handleUpgrade(request, socket, head, (one) => this.#serve(one));
    });
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  send(bytes: Uint8Array | string): void {
    this.#socket?.send(bytes);
  }

  control(type: FrameType, message: object): void {
    this.send(encodeControl(type, message));
  }

  need(...keys: number[][]): void {
    this.control(FrameType.NEED, { volume: HANDLE, keys });
  }

  /** The answers to needs of the volume since `from`. */
  answers(from = 0): Said[] {
    return this.said.slice(from).filter(({ type, json }) => [FrameType.BRICK, FrameType.DONE].includes(type) || (type === FrameType.ERROR && json.key));
  }

  async until<T>(found: () => T | undefined | false, what: string): Promise<T> {
    for (const end = Date.now() + 60_000; ; ) {
      const value = found();
      if (value !== undefined && value !== false) return value;
      if (Date.now() > end) throw new Error(`waited for ${what}; heard ${this.said.slice(-6).map(({ type, json }) => `${type}${JSON.stringify(json) ?? ''}`)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** What stands in the store. */
  stored(offset: number, bytes: number): Buffer {
    const into = Buffer.alloc(bytes);
    const fd = fs.openSync(this.#store, 'r');
    fs.readSync(fd, into, 0, bytes, offset);
    fs.closeSync(fd);
    return into;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
    fs.rmSync(path.dirname(this.#store), { recursive: true });
  }

  #serve(socket: WebSocket): void {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const header = readHeader(data);
      const payload = readPayload(data, header);
      const binary = header.type === FrameType.BRICK || header.type === FrameType.RANGES || header.type === FrameType.SCENE;
      const json = binary ? undefined : JSON.parse(payload.toString());
      this.said.push({ type: header.type, json, frame: data });
      if (header.type === FrameType.PING) this.control(FrameType.PONG, json);
      if (header.type === FrameType.HELLO) {
        this.control(FrameType.WELCOME, {
          instance: 'scripted', server: 'test', role: 'owner', heartbeat_ms: 10_000, resume: 'R'.repeat(43), store_bytes: STORE_BYTES, volumes: [],
          store: { path: this.#store, bytes: STORE_BYTES, name: path.basename(this.#store) }, helper: 'H'.repeat(43),
        });
      }
      if (header.type === FrameType.VOLUME) {
        const status = { volume: HANDLE, producer: 'alive', resident: 0, total: 9, filling: false, complete: false };
        const { shared: _shared, ...description } = json;
        this.control(FrameType.VOLUME, { volume: HANDLE, description, status });
      }
    });
    socket.on('error', () => undefined);
  }
}
