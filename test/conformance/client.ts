/** A bare client of the wire, for tests: what it is told to send goes out as it stands, what comes in is checked and kept. */

import { WebSocket } from 'ws';
import {
  encodeControl, type FrameHeader, FrameType, readHeader, readPayload, SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX,
} from '../../src/protocol/index.js';
import type { SidecarProcess } from './sidecar_process.js';

/** A frame that came in. */
export interface Received {
  header: FrameHeader;
  payload: Buffer;
  frame: Buffer;
  /** The payload of a control frame. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into messages of every form
  json: any;
}

const BINARY: ReadonlySet<number> = new Set([FrameType.BRICK, FrameType.RANGES, FrameType.SCENE, FrameType.TILE, FrameType.REGION]);

export class Client {
  readonly frames: Received[] = [];
  /** The close code, once closed. */
  closeCode: number | undefined;
  #watchers = new Set<() => void>();
  /** Answers PINGs while true. */
  alive = true;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      const header = readHeader(data);
      const payload = readPayload(data, header) as Buffer;
      const json = BINARY.has(header.type) ? undefined : JSON.parse(new TextDecoder().decode(payload));
      if (header.type === FrameType.PING && this.alive) this.control(FrameType.PONG, json);
      this.frames.push({ header, payload, frame: data, json });
      this.#wake();
    });
    socket.on('close', (code) => {
      this.closeCode = code;
      this.#wake();
    });
    socket.on('error', () => {});
  }

  /** Connects with a fresh ticket; no HELLO yet. */
  static async open(sidecar: SidecarProcess, role: string): Promise<Client> {
    const ticket = await sidecar.ticket(role);
    return Client.withTicket(sidecar, ticket);
  }

  static async withTicket(sidecar: SidecarProcess, ticket: string): Promise<Client> {
    const socket = new WebSocket(`ws://127.0.0.1:${sidecar.port}/v1/stream`, [SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX + ticket]);
    const client = new Client(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('unexpected-response', (_request, response) => reject(new Error(`HTTP ${response.statusCode}`)));
      socket.once('error', reject);
    });
    return client;
  }

  /** Connects and says HELLO. */
  static async greet(sidecar: SidecarProcess, kind: 'viewer' | 'producer' | 'helper', role: string, fields: object = {}): Promise<Client> {
    const client = await Client.open(sidecar, role);
    await client.hello(kind, fields);
    return client;
  }

  async hello(kind: string, fields: object = {}): Promise<Received> {
    this.control(FrameType.HELLO, { kind, client: 'test', ...fields });
    return this.next(FrameType.WELCOME);
  }

  get welcome() {
    return this.frames.find((f) => f.header.type === FrameType.WELCOME)?.json;
  }

  send(data: Uint8Array | string): void {
    this.socket.send(data);
  }

  control(type: FrameType, message: object): void {
    this.send(encodeControl(type, message));
  }

  /** Waits until `found` gives something. Fails after `milliseconds`. */
  async until<T>(found: () => T | undefined | false, what: string, milliseconds = 60_000): Promise<T> {
    const end = performance.now() + milliseconds;
    for (;;) {
      const value = found();
      if (value !== undefined && value !== false) return value;
      const left = end - performance.now();
      if (left <= 0) {
        const seen = this.frames.slice(-8).map((f) => `${f.header.type}${f.json ? JSON.stringify(f.json) : ''}`);
        throw new Error(`waited ${milliseconds} ms for ${what}; close code ${this.closeCode}; last frames: ${seen.join(' ')}`);
      }
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#watchers.delete(done);
          resolve();
        };
        const timer = setTimeout(done, left);
        this.#watchers.add(done);
      });
    }
  }

  /** The first frame of `type` from index `from` on for which `matches` holds. */
  next(type: FrameType, matches: (f: Received) => boolean = () => true, from = 0): Promise<Received> {
    return this.until(() => this.frames.slice(from).find((f) => f.header.type === type && matches(f)), `a frame of type ${type}`);
  }

  /** Frames of `type` so far. */
  all(type: FrameType): Received[] {
    return this.frames.filter((f) => f.header.type === type);
  }

  /** Everything sent before has been handled when this resolves. */
  async roundTrip(): Promise<void> {
    const t = Math.random();
    this.control(FrameType.PING, { t });
    await this.next(FrameType.PONG, (f) => f.json.t === t);
  }

  closed(): Promise<number> {
    return this.until(() => this.closeCode, 'the close');
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed();
  }

  #wake(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
