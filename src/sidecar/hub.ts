/** All clients of the instance: greeting them, and telling all of something. */

import { encodeControl, FrameType, MAX_CONTROL_BYTES, RESUME_TICKET_MS, type VolumeAnnouncement } from '../protocol/index.js';
import type { Link } from './connection.js';
import type { Kind } from './permissions.js';
import { ProducerLink } from './producer_link.js';
import type { Services } from './services.js';
import { VERSION } from './version.js';

/** What is left of a control message for the volumes in WELCOME. Those that do not fit follow as frames of their own. */
const WELCOME_VOLUME_BYTES = MAX_CONTROL_BYTES / 2;

export class Hub {
  readonly #links = new Map<Link, string>();

  constructor(readonly services: () => Services) {}

  /** Clients of one kind. */
  count(kind: Kind): number {
    let count = 0;
    for (const link of this.#links.keys()) if (link.kind === kind) count += 1;
    return count;
  }

  links(): Iterable<Link> {
    return this.#links.keys();
  }

  /** Greets a client and brings it up to date. */
  join(link: Link): void {
    const { instance, heartbeatMs, tickets, file, broker, catalog, scene, downStreams } = this.services();
    const { connection } = link;
    const resume = tickets.issue('stream', connection.grant, Number.POSITIVE_INFINITY);
    this.#links.set(link, resume);
    const fitting: VolumeAnnouncement[] = [];
    const following: VolumeAnnouncement[] = [];
    let bytes = 0;
    for (const record of link.kind === 'helper' ? [] : catalog.records()) {
      const announcement = record.announcement();
      bytes += Buffer.byteLength(JSON.stringify(announcement));
      (bytes <= WELCOME_VOLUME_BYTES ? fitting : following).push(announcement);
    }
    const { store } = broker;
    connection.sendControl(FrameType.WELCOME, {
      instance,
      server: `voxbeam/${VERSION}`,
      role: connection.grant.role,
      heartbeat_ms: heartbeatMs,
      resume,
      ...(link.kind === 'viewer' ? { down: downStreams.issue(connection) } : { store: { path: file.path, bytes: file.bytes, name: file.name } }),
      ...(link.kind !== 'viewer' && { uploads: true }),
      ...(link instanceof ProducerLink && { helper: link.helperTicket }),
      store_bytes: store.bytes + (store.spill?.file.bytes ?? 0),
      volumes: fitting,
    });
    for (const announcement of following) connection.sendControl(FrameType.VOLUME, announcement);
    if (link.kind === 'viewer') {
      for (const record of catalog.records()) for (const frame of record.rangesNow?.() ?? record.ranges) connection.send(frame);
    }
    if (link.kind !== 'helper') scene.greet(connection);
  }

  /** A client is gone. Its ticket for the next connection starts to run out now. */
  leave(link: Link): void {
    const resume = this.#links.get(link);
    if (resume === undefined) return;
    this.#links.delete(link);
    const { tickets, scene } = this.services();
    tickets.expireIn('stream', resume, RESUME_TICKET_MS);
    scene.left(link.connection);
    link.closed();
  }

  /** Sends a frame to all clients but helpers, or to those of one kind. */
  send(frame: Uint8Array, kind?: Kind): void {
    for (const link of this.#links.keys()) {
      if (kind === undefined ? link.kind !== 'helper' : link.kind === kind) link.connection.send(frame);
    }
  }

  /** Sends a control message to all clients but helpers, or to those of one kind. */
  tell(type: FrameType, message: object, kind?: Kind): void {
    this.send(encodeControl(type, message), kind);
  }
}
