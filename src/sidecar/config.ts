/** What the process that starts a sidecar tells it: one line of JSON on stdin, so that nothing secret stands in argv. */

import path from 'node:path';
import * as z from 'zod';
import { UNREAD_MS, VolumeDescription } from '../protocol/index.js';
import { MIN_STORE_BYTES } from './store_budget.js';

const scenePath = z.string().min(1).max(4096).refine((value) => path.isAbsolute(value), 'the path is not absolute').refine((value) => !value.includes('\0'), 'the path has a zero byte');

/** Names of this machine's own interface: nothing listens beyond it without TLS. */
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** An instance as its owner last knew it: viewers that come back find the same id, and the same volumes under the same handles. */
export const Restored = z.strictObject({
  instance: z.string().regex(/^[0-9a-f]{16}$/),
  last_handle: z.int().min(0).max(0xffffffff),
  volumes: z.array(z.strictObject({ volume: z.int().min(1).max(0xffffffff), description: VolumeDescription, edited: z.boolean() })).max(4096),
  /** The scene document, as an update in base64. */
  scene: z.base64().optional(),
});
export type Restored = z.infer<typeof Restored>;

export const SidecarConfig = z.strictObject({
  /** The owner's token: 32 random bytes in base64url. */
  token: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  host: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/).default('127.0.0.1'),
  /** Files of a certificate, with those that vouch for it, and its key, in PEM. With these everything is spoken in TLS. */
  tls_cert: z.string().min(1).optional(),
  tls_key: z.string().min(1).optional(),
  /** 0: any free port. */
  port: z.int().min(0).max(65535).default(0),
  /** Where producers of other hosts send bricks, and the next ones, one for each thread that receives; 0: any free ones. */
  upload_port: z.int().min(0).max(65532).default(0),
  /** Budget of the store; null: a share of this machine's memory. */
  store_bytes: z.int().min(MIN_STORE_BYTES).nullable().default(null),
  /** Without store_bytes: no more than this, however large the machine is. */
  store_bytes_at_most: z.int().positive().optional(),
  /** Where the store's file is made. */
  store_dir: z.string().min(1).optional(),
  /** Where bricks go that the store has no room for: an absolute path of a folder; left out, they are let go. */
  spill_dir: scenePath.optional(),
  /** How much goes there, at most; null: half of what is free there. */
  spill_bytes: z.int().min(MIN_STORE_BYTES).nullable().default(null),
  /** End when stdin closes: whoever started this process is gone. */
  parent: z.boolean().default(false),
  /** Not at once, but after so long in which nobody asked it, by POST /v1/keep, to go on. */
  orphan_ms: z.int().min(0).max(3_600_000).default(0),
  /** Host names besides loopback under which a proxy serves this instance. */
  allowed_hosts: z.array(z.string().regex(/^[A-Za-z0-9.-]{1,253}$/)).max(64).default([]),
  heartbeat_ms: z.int().min(50).max(600_000).optional(),
  /** A client that leaves what it was sent unread for so long is cut off. */
  unread_ms: z.int().min(100).max(600_000).default(UNREAD_MS),
  /** Where the scene is kept: an absolute path of a file that is there, or is made. */
  scene_file: scenePath.optional(),
  /** Instead: a folder in which a file named for the instance is made with the first edit, and removed at the end where nothing was drawn. */
  scene_folder: scenePath.optional(),
  /** What an instance whose process died is to take up again. */
  restored: Restored.optional(),
});
export type SidecarConfig = z.infer<typeof SidecarConfig>;

/** A reason not to start, with what to do about it. */
export class StartError extends Error {
  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
    this.name = 'StartError';
  }
}

/**
 * The configuration in `line`.
 *
 * @throws StartError naming the field and its fault; never the token
 */
export function parseConfig(line: string): SidecarConfig {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new StartError('the first line of stdin is not JSON', 'write the configuration as one line of JSON to stdin');
  }
  const result = SidecarConfig.safeParse(value);
  if (result.success) {
    const { host, tls_cert: cert, tls_key: key } = result.data;
    if ((cert === undefined) !== (key === undefined)) {
      throw new StartError(`${cert === undefined ? 'tls_key' : 'tls_cert'} is given alone`, 'give both a certificate and its key');
    }
    if (cert === undefined && !LOOPBACK.includes(host)) throw new StartError(`host: others would read what is sent without TLS (given: "${host}")`, REMEDIES.host as string);
    return result.data;
  }
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') || 'configuration';
  const given = issue?.path.reduce<unknown>((v, k) => (v as Record<PropertyKey, unknown> | undefined)?.[k], value);
  const shown = field === 'token' || field === 'configuration' ? '' : ` (given: ${JSON.stringify(given)?.slice(0, 100)})`;
  throw new StartError(`${field}: ${issue?.message}${shown}`, REMEDIES[field] ?? 'correct this field of the configuration');
}

const REMEDIES: Readonly<Record<string, string>> = {
  host: `give a certificate and its key (tls_cert, tls_key), or listen on one of ${LOOPBACK.join(', ')} and let an SSH tunnel or an authenticated proxy lead there`,
  scene_file: 'give the absolute path of a file',
  scene_folder: 'give the absolute path of a folder',
  spill_dir: 'give the absolute path of a folder',
  spill_bytes: `give at least ${MIN_STORE_BYTES} bytes, or null for half of what is free there`,
  store_bytes: `give at least ${MIN_STORE_BYTES} bytes, or null for a share of this machine's memory`,
};
