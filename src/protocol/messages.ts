/** The JSON payloads of control frames. Names are snake_case on the wire; vectors are z, y, x. */

import * as z from 'zod';
import { type Codec, WAYS } from './codec.js';
import { STORED_DTYPES } from './dtype.js';
import { encodeFrame, FrameError, FrameType } from './frame.js';
import {
  MAX_AXIS,
  MAX_CONTROL_BYTES,
  MAX_CREDIT_BYTES,
  MAX_LEVELS,
  MAX_NAME_CHARS,
  MAX_NEED_KEYS,
  MAX_POINT_PROPERTIES,
  MAX_POINT_ROWS,
  MAX_RESTORE_POINTS,
  MAX_LABEL_IDS,
  MAX_TIMES,
} from './limits.js';

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const u32 = z.int().min(0).max(0xffffffff);
const name = z.string().min(1).max(MAX_NAME_CHARS);
const finite = z.number();
const axis = z.int().min(1).max(MAX_AXIS);
const level = z.int().min(0).max(MAX_LEVELS - 1);
/** Index of the time point that all keys or boxes of a message belong to; absent is 0. */
const time = z.int().min(0).max(MAX_TIMES - 1).optional();
const words = z.string().max(2000);
const triple = <T extends z.ZodType>(item: T) => z.tuple([item, item, item]);

/** Who may do what: `view` looks, `edit` also changes the scene, `owner` also declares volumes and stops the instance. */
export const Role = z.enum(['owner', 'edit', 'view']);
export type Role = z.infer<typeof Role>;

export const Hello = z.strictObject({
  kind: z.enum(['viewer', 'producer', 'helper']),
  /** Of a helper, and of nobody else: the ticket in the WELCOME of the producer that it helps. */
  helps: name.optional(),
  client: name,
  credit_bytes: z.int().min(0).max(MAX_CREDIT_BYTES).optional(),
  /** Of a viewer: what it can decode. */
  codecs: z.array(z.enum(WAYS)).max(WAYS.length).optional(),
  /** The one that it wants, whatever the link is like. */
  codec: z.enum(WAYS).optional(),
});
export type Hello = z.infer<typeof Hello>;

const nonce = z.string().regex(/^[0-9a-f]{32}$/);

/** The first frame of who sends on an upload connection: a number of its own, and the proof that it knows the ticket. */
export const UploadHello = z.strictObject({ kind: z.literal('upload'), client: name, nonce, proof: z.string().regex(/^[0-9a-f]{64}$/) });
export type UploadHello = z.infer<typeof UploadHello>;

/** Where bricks of another host may be sent; a producer asks for it with no fields. */
export const UploadAsk = z.strictObject({});
export interface Upload {
  ports: number[];
  ticket?: string;
  codecs?: Codec[];
}

/** What a point cloud is beyond its box. */
export const PointFacts = z.strictObject({
  count: z.int().min(1).max(0xffffffff),
  /** The most points in a brick. */
  rows: z.int().min(1).max(MAX_POINT_ROWS),
  /** World radii at the low and the high end of the window. */
  radius: z.tuple([z.number().positive(), z.number().positive()]),
  /** Names of the properties, in the order of their columns. */
  properties: z.array(name).max(MAX_POINT_PROPERTIES),
});
export type PointFacts = z.infer<typeof PointFacts>;

/** What a volume is. The same words stand in Python's `VolumeDescription`. */
export const VolumeDescription = z.strictObject({
  name,
  kind: z.enum(['image', 'labels', 'points']),
  /** The source's dtype, as NumPy names it. */
  dtype: name,
  stored: z.enum(STORED_DTYPES),
  /** value = stored * scale + offset */
  scale: finite,
  offset: finite,
  shape: triple(axis),
  voxel_size: triple(z.number().positive()),
  unit: z.string().max(MAX_NAME_CHARS),
  /** World position of the centre of voxel (0, 0, 0). */
  origin: triple(finite),
  /** Equal fingerprints mean equal voxels: a producer that comes back finds its bricks still there. */
  fingerprint: name,
  display: z.strictObject({
    window: z.tuple([finite, finite]).optional(),
    colormap: name.optional(),
    /** Points: values that are shown at first. */
    range: z.tuple([finite, finite]).optional(),
  }),
  /** Time points, where there are several: how many, how far apart, in which unit. All have the same shape. */
  times: z.strictObject({
    count: z.int().min(1).max(MAX_TIMES),
    step: z.number().positive().optional(),
    unit: z.string().max(MAX_NAME_CHARS).optional(),
  }).optional(),
  /** Which channel of an image this volume is: `group` is the image's name, `color` what its file says ('#rrggbb'). */
  channel: z.strictObject({
    group: name,
    index: u32,
    name: z.string().max(MAX_NAME_CHARS),
    color: z.string().regex(/^#[0-9a-f]{6}$/).optional(),
  }).optional(),
  /** Of a point cloud, and of nothing else. */
  points: PointFacts.optional(),
  /** Of labels with ids beyond 32 bits: the ids, decimal, by their stored numbers; 0 is 0. */
  ids: z.array(z.string().regex(/^\d{1,20}$/)).max(MAX_LABEL_IDS).optional(),
  /** Labels that the sidecar holds and people edit. Only the sidecar says it. */
  editable: z.boolean().optional(),
  /** One sentence for people, such as how many voxels are not finite. */
  note: words.optional(),
});
export type VolumeDescription = z.infer<typeof VolumeDescription>;

/** Where a producer's array lies in memory that the sidecar may open, in C order. */
export const SharedPlace = z.strictObject({
  path: z.string().regex(/^\/proc\/\d+\/fd\/\d+$/),
  /** Which file that must be: the numbers of a process may be another one's where the sidecar runs. */
  inode: count,
  /** Of the first voxel. */
  offset: count,
});
export type SharedPlace = z.infer<typeof SharedPlace>;

/** What a producer says of a volume: the description, and where its voxels can be read without it. */
export const VolumeDeclaration = VolumeDescription.extend({ shared: SharedPlace.optional() });
export type VolumeDeclaration = z.infer<typeof VolumeDeclaration>;

/** How far a volume has come. */
export const VolumeStatus = z.strictObject({
  volume: u32,
  producer: z.enum(['alive', 'gone']),
  /** Bricks in the store, and bricks of all levels. */
  resident: count,
  total: count,
  /** Of the resident ones, those of level 0 that are cut from the producer's own memory and take nothing of the store. */
  lent: count.optional(),
  /** True while a FILL is under way. */
  filling: z.boolean(),
  /** True when every brick is there in its final generation. */
  complete: z.boolean(),
  /** True once voxels are no longer those of the fingerprint: a CHANGED of generation 2 or more was said. */
  edited: z.boolean().optional(),
  message: words.optional(),
});
export type VolumeStatus = z.infer<typeof VolumeStatus>;

/** A volume as the sidecar announces it. `volume` is its handle in keys and headers. */
export const VolumeAnnouncement = z.strictObject({ volume: u32, description: VolumeDescription, status: VolumeStatus });
export type VolumeAnnouncement = z.infer<typeof VolumeAnnouncement>;

export const Welcome = z.strictObject({
  instance: name,
  server: name,
  role: Role,
  heartbeat_ms: z.int().positive(),
  /** A ticket for the next connection of this client, should this one break. */
  resume: z.string().max(MAX_NAME_CHARS),
  /** To a viewer: the ticket with which POST /v1/down takes the down half of this connection over. */
  down: z.string().max(MAX_NAME_CHARS).optional(),
  /** To a producer: what its helpers say in HELLO. Good for as many as it likes, while this connection lasts. */
  helper: z.string().max(MAX_NAME_CHARS).optional(),
  /** Where a producer of the same host can write bricks; absent for viewers. */
  store: z.strictObject({ path: z.string().max(4096), bytes: count, name: name.optional() }).optional(),
  /** Budget of the store in bytes. */
  store_bytes: count,
  volumes: z.array(VolumeAnnouncement),
});
export type Welcome = z.infer<typeof Welcome>;

/** `[level, z, y, x, priority]`; smaller priorities are served first. */
const NeedKey = z.tuple([level, u32, u32, u32, finite]);
/**
 * With `reorder` only the priorities of what still waits here: a brick that was sent just now is not sent again. `if_hash` has for each key the payload
 * checksum of what the viewer holds of that brick, or null.
 */
export const Need = z
  .strictObject({
    volume: u32,
    time,
    reorder: z.boolean().optional(),
    /** No previews of 8 bits. */
    exact: z.boolean().optional(),
    keys: z.array(NeedKey).max(MAX_NEED_KEYS),
    if_hash: z.array(u32.nullable()).max(MAX_NEED_KEYS).optional(),
  })
  .refine(({ keys, if_hash }) => !if_hash || if_hash.length === keys.length, { message: 'if_hash has not one entry for each key' });
export type Need = z.infer<typeof Need>;

/** `[level, z, y, x, priority, offset]`: the frame goes to `offset` in the store, or inline as a BRICK where it is -1. */
const ProducerNeedKey = z.tuple([level, u32, u32, u32, finite, z.int().min(-1)]);
export const ProducerNeed = z.strictObject({ volume: u32, time, keys: z.array(ProducerNeedKey).max(MAX_NEED_KEYS) });
export type ProducerNeed = z.infer<typeof ProducerNeed>;

/** Without `keys`: all of the volume, at every time point. */
export const Cancel = z.strictObject({
  volume: u32,
  time,
  keys: z.array(z.tuple([level, u32, u32, u32])).max(MAX_NEED_KEYS).optional(),
});
export type Cancel = z.infer<typeof Cancel>;

/** `[level, z, y, x, offset, frame bytes, generation]`: these frames stand in the store. */
export const Done = z.strictObject({
  volume: u32,
  time,
  keys: z.array(z.tuple([level, u32, u32, u32, count, count, u32])).max(MAX_NEED_KEYS),
});
export type Done = z.infer<typeof Done>;

export const Credit = z.strictObject({
  bytes: z.int().min(0).max(MAX_CREDIT_BYTES),
  /** Bytes that coded payloads became since the last CREDIT, and the milliseconds that took. */
  decoded: z.tuple([count, z.number().min(0)]).optional(),
});
export type Credit = z.infer<typeof Credit>;

export const Ping = z.strictObject({ t: finite });
export type Ping = z.infer<typeof Ping>;

/** A half-open box of bricks: `[level, z0, y0, x0, z1, y1, x1]`. */
const BrickBox = z.tuple([level, u32, u32, u32, u32, u32, u32]);
export type BrickBox = z.infer<typeof BrickBox>;

/** Boxes of bricks whose content has a new generation. */
export const Changed = z.strictObject({
  volume: u32,
  time,
  generation: u32,
  boxes: z.array(BrickBox).max(MAX_NEED_KEYS),
});
export type Changed = z.infer<typeof Changed>;

/** Boxes of bricks that a helper makes from now on, in place of what it said before of this volume and time point. */
export const Help = z.strictObject({
  volume: u32,
  time,
  /** It is asked also while the producer is not late. */
  first: z.boolean().optional(),
  boxes: z.array(BrickBox).max(MAX_NEED_KEYS),
});
export type Help = z.infer<typeof Help>;

/** How what people draw is kept: in a file, not written just now, or nowhere but in memory. */
export const SavedState = z.enum(['saved', 'unsaved', 'memory']);
export type SavedState = z.infer<typeof SavedState>;

/** What is on disk of the scene. */
export const Saved = z.strictObject({
  state: SavedState,
  /** Changes of the scene that came from this client on this connection and are on disk, with all before them. */
  edits: count,
  /** Changes of this client that the sidecar has applied or refused, on disk or not. */
  taken: count.optional(),
  /** Why nothing is written, or what was found damaged. */
  message: words.optional(),
  /** What to do about it. */
  remedy: words.optional(),
});
export type Saved = z.infer<typeof Saved>;

/** A named state of the scene document, to which it can be set back. */
export const RestorePoint = z.strictObject({
  point: z.string().regex(/^[0-9a-f]{16}$/),
  name: z.string().max(MAX_NAME_CHARS),
  author: z.string().max(MAX_NAME_CHARS),
  /** ISO 8601, UTC. */
  made: z.string().max(40),
  automatic: z.boolean(),
  /** How many annotations it holds, and how many bytes it takes. */
  annotations: count,
  bytes: count,
});
export type RestorePoint = z.infer<typeof RestorePoint>;

/** A question about restore points, or something to be done with one. `id` is the asker's own. */
export const HistoryAsk = z.strictObject({
  id: name,
  do: z.enum(['list', 'make', 'restore', 'remove']),
  /** Of the one that is to be restored or removed. */
  point: RestorePoint.shape.point.optional(),
  /** Of the one that is to be made. */
  name: z.string().max(MAX_NAME_CHARS).optional(),
  author: z.string().max(MAX_NAME_CHARS).optional(),
});
export type HistoryAsk = z.infer<typeof HistoryAsk>;

/** The restore points as they are once it is done, oldest first; or why it was not done. */
export const History = z.strictObject({
  id: name,
  points: z.array(RestorePoint).max(MAX_RESTORE_POINTS),
  /** The one that was made. */
  made: RestorePoint.shape.point.optional(),
  error: words.optional(),
  remedy: words.optional(),
});
export type History = z.infer<typeof History>;

export const VolumeRef = z.strictObject({ volume: u32 });
export type VolumeRef = z.infer<typeof VolumeRef>;

export const Fill = z.strictObject({
  volume: u32,
  /** Level 0 before the coarser ones, which the producer is still building. */
  finest_first: z.boolean().optional(),
});
export type Fill = z.infer<typeof Fill>;

export const Stop = z.strictObject({});
export type Stop = z.infer<typeof Stop>;

export const ErrorMessage = z.strictObject({
  code: z.int().min(4400).max(4599),
  message: words,
  /** What to do about it. */
  remedy: words.optional(),
  volume: u32.optional(),
  /** Of an EDIT, UNDO, READ or CANCEL_EDIT that it answers; of LABELS the name. */
  id: z.string().max(MAX_NAME_CHARS).optional(),
  /** Which of this client's frames with changes of the scene was not taken, the first is 1. */
  edit: count.optional(),
  key: z.tuple([level, u32, u32, u32]).optional(),
  /** Of `key`. */
  time,
  /** Level, plane, row and column of a tile. */
  tile: z.tuple([level, u32, u32, u32]).optional(),
  /** The connection closes after this frame, with `code` as its close code. */
  fatal: z.boolean(),
});
export type ErrorMessage = z.infer<typeof ErrorMessage>;

/** Codes of ERROR frames; a fatal one is also the WebSocket's close code. README.md says which are fatal. */
export const ErrorCode = {
  BAD_FRAME: 4400,
  UNAUTHORIZED: 4401,
  FORBIDDEN: 4403,
  NOT_FOUND: 4404,
  TIMEOUT: 4408,
  VERSION: 4409,
  TOO_LARGE: 4413,
  UNSUPPORTED: 4422,
  CANCELLED: 4499,
  INTERNAL: 4500,
  PRODUCER_GONE: 4503,
  STORE_FULL: 4507,
} as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** A control frame of `type` with `message` as its JSON payload. */
export function encodeControl(type: FrameType, message: object): Uint8Array<ArrayBuffer> {
  return encodeFrame(type, encoder.encode(JSON.stringify(message)));
}

/**
 * The message in a control frame's payload.
 *
 * @throws FrameError 4413 where it is too large, 4400 where it is not JSON of the schema's form
 */
export function decodeControl<T>(schema: z.ZodType<T>, payload: Uint8Array): T {
  if (payload.byteLength > MAX_CONTROL_BYTES) {
    throw new FrameError(4413, `control message of ${payload.byteLength} bytes; the limit is ${MAX_CONTROL_BYTES}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(payload));
  } catch (error) {
    throw new FrameError(4400, `control message is not JSON: ${(error as Error).message}`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new FrameError(4400, `control message: ${issue?.path.join('.') || 'root'}: ${issue?.message}`);
}

export { FrameType };
