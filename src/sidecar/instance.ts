/** One instance, from its parts: the store, the clients, the scene and the page. */

import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { FrameType, HEARTBEAT_MS } from '../protocol/index.js';
import { Broker } from './broker.js';
import { BrickStore, type StoredBrick } from './brick_store.js';
import { BufferPool } from './buffer_pool.js';
import { Catalog } from './catalog.js';
import { type SidecarConfig, StartError } from './config.js';
import { CodecRates } from './codec/codec_rates.js';
import { Encoder } from './codec/encoder.js';
import { Counters } from './counters.js';
import { createHttpServer } from './http_server.js';
import { DownStreams } from './down_stream.js';
import { Hub } from './hub.js';
import { labelStorageOf } from './durable/sqlite_label_storage.js';
import { SceneFileError } from './durable/scene_database.js';
import { LabelDesk } from './labels/label_desk.js';
import { log } from './log.js';
import { Orphan } from './orphan.js';
import { Scene } from './scene.js';
import type { Services } from './services.js';
import { Sessions } from './sessions.js';
import { StatusThrottle } from './status_throttle.js';
import { Spill } from './spill.js';
import { freeSpace } from './store_budget.js';
import { StoreFile } from './store_file.js';
import { Tickets } from './tickets.js';
import { readTls, type Tls } from './tls.js';
import { createUpgrade } from './upgrade.js';
import { UploadDesk } from './upload/upload_desk.js';
import { VoxelReader } from './voxel_reader.js';

/** Scenes in a folder of many. */
const SCENE_SUFFIX = '.vxscene';

/** Close code of a server that ends. */
const GOING_AWAY = 1001;

export class Instance {
  readonly id: string;
  readonly tls: Tls | undefined;
  readonly #services: Services;
  readonly #statuses: StatusThrottle;
  readonly #server: Server;
  #ended = false;
  readonly orphan: Orphan;

  /**
   * @param folder where page.html and its code lie
   * @param ended called once when the instance has ended
   */
  constructor(
    readonly config: SidecarConfig,
    folder: string,
    readonly ended: () => void,
  ) {
    this.tls = readTls(config);
    this.orphan = new Orphan(config.orphan_ms, (reason) => this.stop(reason));
    this.id = config.restored?.instance ?? randomBytes(8).toString('hex');
    const services = () => this.#services;
    const file = StoreFile.create(config.store_bytes, config.store_bytes_at_most, config.store_dir);
    const pool = new BufferPool();
    const catalog = new Catalog(services);
    const hub = new Hub(services);
    const scene = openScene(config, this.id);
    this.#statuses = new StatusThrottle((record) => hub.tell(FrameType.STATUS, record.status()));
    const keep = (brick: StoredBrick) => {
      const record = catalog.get(brick.volume);
      return record !== undefined && (!record.producer || record.isCoarsest(brick.key));
    };
    const spill = openSpill(config, file);
    const store = new BrickStore(file.bytes, keep, (brick) => catalog.evicted(brick), spill);
    if (spill) {
      spill.lost = (brick) => catalog.evicted(brick, spill.message);
      spill.settled = () => {
        const { broker } = this.#services;
        broker.slotFreed();
        if (spill.message) for (const record of catalog.records()) broker.filler.check(record);
      };
    }
    this.#services = {
      instance: this.id,
      heartbeatMs: config.heartbeat_ms ?? HEARTBEAT_MS,
      tickets: new Tickets(),
      sessions: new Sessions(config.token, this.id),
      unreadMs: config.unread_ms,
      counters: new Counters(),
      codecs: new CodecRates(),
      encoder: new Encoder(),
      pool,
      file,
      voxels: new VoxelReader(file, pool),
      broker: new Broker(store, file, (record, urgent) => this.#statuses.changed(record, urgent)),
      catalog,
      scene,
      hub,
      labels: new LabelDesk(services, labelStorageOf(scene.keeper)),
      downStreams: new DownStreams(),
      uploads: new UploadDesk(file, { host: config.host, port: config.upload_port, tls: this.tls?.pem }),
      keep: () => this.orphan.keep(),
      stop: (reason) => this.stop(reason),
    };
    if (config.restored) {
      if (config.restored.scene) this.#services.scene.restore(Buffer.from(config.restored.scene, 'base64'));
      catalog.restore(config.restored);
    }
    this.#services.labels.restore(config.restored);
    const allowedHosts = [...config.allowed_hosts, ...(this.tls?.names ?? [])];
    this.#server = createHttpServer({ services: this.#services, token: config.token, allowedHosts, folder, tls: this.tls });
    this.#server.on('upgrade', createUpgrade(this.#services, allowedHosts));
  }

  /** Budget of the store. */
  get storeBytes(): number {
    return this.#services.file.bytes;
  }

  /** Where the scene is kept, and how that stands. */
  get scene(): object {
    const { keeper } = this.#services.scene;
    return { file: keeper.file ?? null, ...keeper.status };
  }

  /** Listens; resolves with the port. */
  async listen(): Promise<number> {
    const { host, port } = this.config;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        this.#services.scene.close();
        this.#services.file.close();
        this.#services.broker.store.spill?.close();
        reject(listenError(error, host, port));
      });
      this.#server.listen(port, host, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends everything: clients are told, the store's memory is given back. */
  stop(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    log(`ends: ${reason}`);
    this.#statuses.close();
    for (const link of [...this.#services.hub.links()]) link.connection.close(GOING_AWAY, 'the instance has ended');
    this.#services.scene.close();
    this.#services.uploads.close();
    this.#services.file.close();
    this.#services.broker.store.spill?.close();
    this.#services.encoder.close();
    this.#server.close();
    // Time for the close frames to leave; clients that do not answer are cut off with the process.
    setTimeout(this.ended, 50);
  }
}

/** Where bricks go that the store has no room for, if anywhere. */
function openSpill({ spill_dir: folder, spill_bytes: bytes }: SidecarConfig, store: StoreFile): Spill | undefined {
  if (folder === undefined) return undefined;
  try {
    return new Spill(store, StoreFile.create(bytes ?? Math.floor(freeSpace(folder) / 2), undefined, folder, 'spill_bytes'));
  } catch (error) {
    store.close();
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code) throw error;
    throw new StartError(`spill_dir: ${message}`, 'give a folder that exists and may be written to');
  }
}

/** The scene, where it was kept. */
function openScene({ scene_file: file, scene_folder: folder }: SidecarConfig, id: string): Scene {
  try {
    return new Scene(file ? { file, lazy: false } : folder ? { file: path.join(folder, `${id}${SCENE_SUFFIX}`), lazy: true } : undefined);
  } catch (error) {
    if (error instanceof SceneFileError) throw new StartError(error.message, error.remedy);
    throw error;
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE') return new StartError(`port ${port} on ${host} is already taken`, 'choose another port, or 0 for any free one');
  if (error.code === 'EACCES') return new StartError(`port ${port} on ${host} needs privileges`, 'choose a port above 1023, or 0 for any free one');
  return new StartError(`cannot listen on ${host}:${port}: ${error.message}`, 'choose another host or port');
}
