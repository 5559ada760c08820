/** Named states of a scene document: made when somebody asks, and by themselves while people edit; those are thinned out as they age. */

import { randomBytes } from 'node:crypto';
import { deflate, inflateSync } from 'node:zlib';
import * as Y from 'yjs';
import { MAX_RESTORE_POINTS, RestorePoint } from '../../protocol/index.js';
import type { SceneDatabase } from './scene_database.js';
import { isWhole, readRows } from './scene_tables.js';
import { drawn } from './set_back.js';

/** While somebody edits, one is made about this often. */
export const AUTOMATIC_MS = 600_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What the automatic ones may take; the oldest go first. */
const MAX_AUTOMATIC_BYTES = 256 * 2 ** 20;
const MAX_AUTOMATIC = 64;
const MAX_MADE = MAX_RESTORE_POINTS - MAX_AUTOMATIC - 1;
/** The largest document that is ever made of one. */
const MAX_DOCUMENT_BYTES = 2 ** 30;

/**
 * Those of the automatic points, oldest first, that are to go: all of the last hour stay, one an hour of the last day, one a day of what is older.
 */
export function outlived(points: readonly RestorePoint[], now: number): RestorePoint[] {
  const seen = new Set<string>();
  let [count, bytes] = [0, 0];
  return points
    .filter(({ automatic }) => automatic)
    .reverse()
    .filter((one) => {
      const made = Date.parse(one.made);
      const age = now - made;
      const span = age < HOUR_MS ? one.point : age < DAY_MS ? `h${Math.floor(made / HOUR_MS)}` : `d${Math.floor(made / DAY_MS)}`;
      const goes = seen.has(span) || count >= MAX_AUTOMATIC || bytes + one.bytes > MAX_AUTOMATIC_BYTES;
      seen.add(span);
      if (!goes) [count, bytes] = [count + 1, bytes + one.bytes];
      return goes;
    })
    .reverse();
}

export class RestorePoints {
  /** By the numbers of their rows, oldest first. */
  readonly #points = new Map<number, RestorePoint>();
  #last = 0;

  constructor(readonly database: SceneDatabase) {
    readRows(database.db, 'points', (row) => {
      if (!isWhole('points', row)) return;
      const head = RestorePoint.safeParse(JSON.parse(row.head));
      if (head.success) this.#points.set(row.id, head.data);
      this.#last = Math.max(this.#last, row.id);
    });
  }

  /** Oldest first. */
  get list(): RestorePoint[] {
    return [...this.#points.values()];
  }

  /** When the newest one was made, in epoch milliseconds. */
  get newest(): number {
    return Math.max(0, ...this.list.map(({ made }) => Date.parse(made)));
  }

  /** Why no more can be made by hand; undefined where there is room. */
  get full(): string | undefined {
    const made = this.list.filter(({ automatic }) => !automatic).length;
    return made >= MAX_MADE ? `there are ${made} restore points already` : undefined;
  }

  /**
   * Takes the document's state of now. It is packed on another thread, and written once `write` says.
   *
   * @param write runs what it is given in a transaction, and says whether it is on disk
   */
  make(doc: Y.Doc, fields: Pick<RestorePoint, 'name' | 'author' | 'automatic'>, write: (work: () => void, done: (kept: boolean) => void) => void, done: (made?: string) => void): void {
    const state = Y.encodeStateAsUpdate(doc);
    const { annotations } = drawn(doc);
    const point = randomBytes(8).toString('hex');
    const now = Date.now();
    deflate(state, { level: 1 }, (error, bytes) => {
      if (error) return done();
      const head: RestorePoint = { point, ...fields, made: new Date(now).toISOString(), annotations, bytes: bytes.length };
      this.#last += 1;
      const id = this.#last;
      const old = fields.automatic ? outlived([...this.list, head], now) : [];
      const gone = [...this.#points].filter(([, one]) => old.includes(one)).map(([key]) => key);
      write(
        () => {
          const table = this.database.table('points');
          table.put(id, JSON.stringify(head), bytes);
          this.database.wrote(bytes.length);
          for (const key of gone) table.remove(key);
        },
        (kept) => {
          if (!kept) return done();
          this.#points.set(id, head);
          for (const key of gone) this.#points.delete(key);
          done(point);
        },
      );
    });
  }

  /** The document of a point; undefined where it cannot be read any more. */
  document(point: string): Y.Doc | undefined {
    const id = this.#idOf(point);
    const row = id === undefined ? undefined : this.database.table('points').find(id);
    if (!row || !isWhole('points', row)) return undefined;
    const doc = new Y.Doc();
    Y.applyUpdate(doc, inflateSync(row.bytes, { maxOutputLength: MAX_DOCUMENT_BYTES }));
    return doc;
  }

  find(point: string): RestorePoint | undefined {
    return this.#points.get(this.#idOf(point) ?? -1);
  }

  /** Removes one, by `write` as in `make`. */
  remove(point: string, write: (work: () => void, done: (kept: boolean) => void) => void, done: (kept: boolean) => void): void {
    const id = this.#idOf(point) as number;
    write(
      () => this.database.table('points').remove(id),
      (kept) => {
        if (kept) this.#points.delete(id);
        done(kept);
      },
    );
  }

  #idOf(point: string): number | undefined {
    for (const [id, one] of this.#points) if (one.point === point) return id;
    return undefined;
  }
}
