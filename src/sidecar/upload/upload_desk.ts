/** Uploads as the sidecar's main thread sees them: threads that receive, who may send to them, and what has been written. Nothing is started before a producer asks. */

import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Codec, MAX_UPLOAD_THREADS, type Upload } from '../../protocol/index.js';
import { HAS_ZSTD } from '../codec/encode.js';
import { log } from '../log.js';
import type { MakerLink } from '../maker_link.js';
import type { StoreFile } from '../store_file.js';
import { MAX_MAKERS, PlaceGrants } from './place_grants.js';
import type { FromThread, ThreadStart, ToThread } from './thread_messages.js';

export interface UploadOptions {
  readonly host: string;
  /** Of the first thread, those of others follow; 0: any. */
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** What a maker may do with the store by uploads. */
export class Uploads {
  constructor(
    readonly number: number,
    readonly grants: PlaceGrants,
  ) {}

  grant(place: number, units: number): void {
    this.grants.grant(place, this.number, units);
  }

  withdraw(place: number): void {
    this.grants.withdraw(place);
  }
}

const CODECS: readonly Codec[] = HAS_ZSTD ? ['raw', 'lz4', 'zstd'] : ['raw', 'lz4'];

export class UploadDesk {
  readonly #grants: PlaceGrants;
  readonly #threads: Worker[] = [];
  #ports: Promise<number[]> | undefined;
  readonly #makers = new Map<number, MakerLink>();
  #last = 0;
  #closed = false;

  constructor(
    readonly file: StoreFile,
    readonly options: UploadOptions,
  ) {
    this.#grants = PlaceGrants.forStore(file.bytes);
  }

  /** Where `maker` may send bricks, and the ticket that it says there; without ports where nothing can listen. */
  async open(maker: MakerLink): Promise<Upload> {
    this.#ports ??= this.#start();
    const ports = await this.#ports;
    if (ports.length === 0 || !maker.open || maker.uploads) return { ports: [] };
    this.#last = (this.#last % MAX_MAKERS) + 1;
    const number = this.#last;
    const ticket = randomBytes(32).toString('base64url');
    this.#makers.set(number, maker);
    for (const thread of this.#threads) thread.postMessage({ admit: ticket, maker: number } satisfies ToThread);
    maker.beginUploads(new Uploads(number, this.#grants));
    maker.connection.ended(() => this.#dismiss(number));
    return { ports, ticket, codecs: [...CODECS] };
  }

  /** Nothing is written any more, and nobody listens. */
  close(): void {
    this.#closed = true;
    for (const thread of this.#threads) void thread.terminate();
    if (this.#threads.length > 0) this.#grants.withdrawAll();
  }

  #dismiss(number: number): void {
    this.#makers.delete(number);
    for (const thread of this.#threads) thread.postMessage({ dismiss: number } satisfies ToThread);
  }

  async #start(): Promise<number[]> {
    const count = Math.max(1, Math.min(MAX_UPLOAD_THREADS, availableParallelism()));
    const ports = await Promise.all(Array.from({ length: count }, (_, index) => this.#listen(index)));
    return ports.filter((port) => port !== undefined);
  }

  #listen(index: number): Promise<number | undefined> {
    const { host, port, tls } = this.options;
    const start: ThreadStart = { role: 'upload', host, port: port === 0 ? 0 : port + index, tls, fd: this.file.fd, memory: this.#grants.memory };
    return new Promise((resolve) => {
      const failed = (why: string) => {
        if (!this.#closed) log(`a thread for uploads: ${why}`);
        resolve(undefined);
      };
      try {
        const thread = new Worker(fileURLToPath(import.meta.url), { stdin: false, workerData: start });
        thread.on('message', (message: FromThread) => {
          if ('port' in message) resolve(message.port);
          else if ('failed' in message) failed(message.failed);
          else for (const frame of message.frames) this.#makers.get(frame.maker)?.uploaded(frame);
        });
        thread.on('error', (error: Error) => failed(error.message));
        thread.on('exit', () => failed('it has ended'));
        thread.unref();
        this.#threads.push(thread);
      } catch (error) {
        failed((error as Error).message);
      }
    });
  }
}
