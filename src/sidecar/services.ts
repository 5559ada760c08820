/** What the parts of one instance share. */

import type { Broker } from './broker.js';
import type { BufferPool } from './buffer_pool.js';
import type { CodecRates } from './codec/codec_rates.js';
import type { Encoder } from './codec/encoder.js';
import type { Catalog } from './catalog.js';
import type { Counters } from './counters.js';
import type { DownStreams } from './down_stream.js';
import type { LabelDesk } from './labels/label_desk.js';
import type { Hub } from './hub.js';
import type { Scene } from './scene.js';
import type { Sessions } from './sessions.js';
import type { StoreFile } from './store_file.js';
import type { Tickets } from './tickets.js';
import type { UploadDesk } from './upload/upload_desk.js';
import type { VoxelReader } from './voxel_reader.js';

export interface Services {
  /** Id of the instance. */
  readonly instance: string;
  readonly heartbeatMs: number;
  readonly tickets: Tickets;
  readonly sessions: Sessions;
  /** A client that leaves what it was sent unread for so long is cut off. */
  readonly unreadMs: number;
  readonly counters: Counters;
  /** How fast codecs are here, and the thread they run in. */
  readonly codecs: CodecRates;
  readonly encoder: Encoder;
  readonly pool: BufferPool;
  readonly file: StoreFile;
  readonly voxels: VoxelReader;
  readonly broker: Broker;
  readonly catalog: Catalog;
  readonly scene: Scene;
  readonly hub: Hub;
  readonly labels: LabelDesk;
  readonly downStreams: DownStreams;
  readonly uploads: UploadDesk;
  /** Somebody looks after the instance, whose parent may be gone. */
  keep(): void;
  /** Ends the instance. */
  stop(reason: string): void;
}
