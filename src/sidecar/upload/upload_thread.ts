/** A thread that receives bricks from other hosts: it listens, checks what comes, makes it whole, and writes it where it is granted a place in the store. */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';
import zlib from 'node:zlib';
import {
  dtypeFromCode, encodeControl, ErrorCode, FrameError, type FrameHeader, FrameType, HELLO_TIMEOUT_MS, LZ4_ONLY, MAX_UPLOADS, restoreFrame, type StoredDtype, UNREAD_MS,
  type UploadHello, type Decoders,
} from '../../protocol/index.js';
import { readDirectly, type Sink } from './direct_socket.js';
import { PlaceGrants } from './place_grants.js';
import type { FromThread, ThreadStart, ToThread, UploadedFrame } from './thread_messages.js';
import { UploadStream } from './upload_stream.js';

/** Sockets of one thread. */
const MAX_SOCKETS = 256;
/** What was taken is said so much later at most: a word for each brick costs both ends as much as a tenth of moving it. */
const TELL_MS = 5;

const DECODERS: Decoders = {
  ...LZ4_ONLY,
  zstd: (from, into) => {
    let out: Buffer;
    try {
      out = zlib.zstdDecompressSync(from, { maxOutputLength: into.byteLength });
    } catch (error) {
      throw new FrameError(ErrorCode.BAD_FRAME, `Zstandard frame of ${from.byteLength} bytes: ${(error as Error).message}`);
    }
    if (out.byteLength !== into.byteLength) throw new FrameError(ErrorCode.BAD_FRAME, `Zstandard frame that becomes ${out.byteLength} bytes and not ${into.byteLength}`);
    into.set(out);
  },
};

/** What who knows the ticket can say on a connection with these two numbers, and nobody else. */
const proofOf = (ticket: string, who: 'producer' | 'instance', ours: string, theirs: string): Buffer => createHmac('sha256', ticket).update(`${who}:${ours}:${theirs}`).digest();

class UploadThread {
  readonly #fd: number;
  readonly #grants: PlaceGrants;
  /** Tickets of makers. */
  readonly #makers = new Map<number, string>();
  readonly #sockets = new Map<number, Set<Socket>>();
  #reports: UploadedFrame[] = [];

  constructor({ fd, memory }: ThreadStart) {
    this.#fd = fd;
    this.#grants = new PlaceGrants(memory);
  }

  told(message: ToThread): void {
    if ('admit' in message) this.#makers.set(message.maker, message.admit);
    else {
      this.#makers.delete(message.dismiss);
      for (const socket of this.#sockets.get(message.dismiss) ?? []) socket.destroy();
      this.#sockets.delete(message.dismiss);
    }
  }

  /** One more connection, that nobody reads yet. `vouched`: nobody can have changed what comes on it. */
  accept(accepted: Socket, vouched: boolean): void {
    let maker = 0;
    let taken = 0;
    const nonce = randomBytes(16).toString('hex');
    let [decodedBytes, decodedMs] = [0, 0];
    let telling = false;
    let socket = accepted;
    const tell = () => {
      telling = false;
      if (socket.destroyed) return;
      socket.write(encodeControl(FrameType.UPLOAD, { taken, ...(decodedBytes > 0 && { decoded: [decodedBytes, decodedMs] }) }));
      [decodedBytes, decodedMs] = [0, 0];
    };
    const soon = () => {
      if (!telling) setTimeout(tell, TELL_MS);
      telling = true;
    };
    const stream = new UploadStream({
      hello: (hello) => {
        maker = this.#admitted(hello, nonce, socket);
        clearTimeout(timer);
        const proof = proofOf(this.#makers.get(maker) as string, 'instance', nonce, hello.nonce).toString('hex');
        socket.write(encodeControl(FrameType.UPLOAD, { taken, proof }));
      },
      brick: (place, header, frame) => {
        taken += 1;
        if (header.coding) {
          const began = performance.now();
          const whole = restoreFrame(header, frame.subarray(64), DECODERS);
          decodedBytes += whole.message.byteLength;
          decodedMs += performance.now() - began;
          this.#put(maker, place, whole.header, new Uint8Array(whole.message));
        } else this.#put(maker, place, header, frame);
        soon();
      },
    }, vouched);
    const fail = (error: FrameError) => {
      if (socket.writable) socket.end(encodeControl(FrameType.ERROR, { code: error.code, message: error.message.slice(0, 2000), fatal: true }));
      socket.destroySoon();
    };
    const sink: Sink = {
      get room() {
        return stream.room;
      },
      filled: (bytes) => {
        if (socket.destroyed || socket.writableEnded) return false;
        try {
          stream.filled(bytes);
          return true;
        } catch (error) {
          if (!(error instanceof FrameError)) throw error;
          fail(error);
          return false;
        }
      },
    };
    const timer = setTimeout(() => fail(new FrameError(ErrorCode.TIMEOUT, `no HELLO within ${HELLO_TIMEOUT_MS} ms`)), HELLO_TIMEOUT_MS);
    socket = readDirectly(accepted, sink);
    socket.setNoDelay(true);
    socket.write(encodeControl(FrameType.UPLOAD, { nonce }));
    socket.setKeepAlive(true, 10_000);
    socket.setTimeout(UNREAD_MS, () => {
      if (stream.midway) socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(timer);
      this.#sockets.get(maker)?.delete(socket);
    });
  }

  #admitted({ nonce, proof }: UploadHello, ours: string, socket: Socket): number {
    const said = Buffer.from(proof, 'hex');
    const [maker] = [...this.#makers].find(([, ticket]) => timingSafeEqual(proofOf(ticket, 'producer', ours, nonce), said)) ?? [];
    if (maker === undefined) throw new FrameError(ErrorCode.UNAUTHORIZED, 'the ticket is unknown, or of a connection that has ended');
    const others = this.#sockets.get(maker) ?? new Set<Socket>();
    if (others.size >= MAX_UPLOADS) throw new FrameError(ErrorCode.TOO_LARGE, `more than ${MAX_UPLOADS} upload connections`);
    this.#sockets.set(maker, others.add(socket));
    return maker;
  }

  #put(maker: number, place: number, header: FrameHeader, frame: Uint8Array): void {
    const { volume, level, z, y, x, time, generation } = header;
    let state: UploadedFrame['state'] = 'refused';
    try {
      const stored = dtypeFromCode(header.dtype) as StoredDtype | undefined;
      if (stored) state = this.#grants.claim(place, maker, frame.byteLength, stored, () => this.#write(place, frame));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      state = 'full';
    }
    if (this.#reports.length === 0) {
      setImmediate(() => {
        parentPort?.postMessage({ frames: this.#reports } satisfies FromThread);
        this.#reports = [];
      });
    }
    this.#reports.push({ maker, place, volume, key: { level, z, y, x, time }, bytes: frame.byteLength, generation, state });
  }

  #write(place: number, frame: Uint8Array): void {
    for (let done = 0; done < frame.byteLength; ) done += fs.writeSync(this.#fd, frame, done, frame.byteLength - done, place + done);
  }
}

/** The thread's own side. */
export function serveUploads(): void {
  const start = workerData as ThreadStart;
  const thread = new UploadThread(start);
  const server: Server = start.tls
    ? createTlsServer({ ...start.tls, minVersion: 'TLSv1.2', handshakeTimeout: HELLO_TIMEOUT_MS }, (socket) => thread.accept(socket, true))
    : createServer({ pauseOnConnect: true }, (socket) => thread.accept(socket, false));
  server.maxConnections = MAX_SOCKETS;
  server.on('error', (error) => parentPort?.postMessage({ failed: error.message } satisfies FromThread));
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  parentPort?.on('message', (message: ToThread) => thread.told(message));
  server.listen(start.port, start.host, () => parentPort?.postMessage({ port: (server.address() as AddressInfo).port } satisfies FromThread));
}
