/** What viewers are told of labels that changed: which bricks are out of date, and which labels are in them now. */

import { encodeControl, encodeRanges, FrameType, MAX_NEED_KEYS, type RangeRow } from '../../protocol/index.js';
import { brickGrid, levelCount } from '../../volume/geometry.js';
import { BrickHalo } from '../../volume/labels/brick_halo.js';
import { ChangedBricks } from '../../volume/labels/changed_bricks.js';
import { boxesOf, shownBy } from '../../volume/labels/touched_boxes.js';
import { log } from '../log.js';
import type { Services } from '../services.js';
import type { VolumeRecord } from '../volume_record.js';
import type { CommittedBricks } from './committed_bricks.js';
import { inTurns } from './in_turns.js';
import type { LabelFrames } from './label_frames.js';

/** Volumes of no more bricks tell from the start which of them are empty. */
const TOLD_BRICKS = 4096;
/** Of bricks that were painted earlier, so many are measured; of others it is not known before they are looked at. */
const MEASURED_BRICKS = 4096;
/** They are measured when the first picture has had its time. */
const MEASURE_AFTER_MS = 1_000;
/** Rows in one frame of RANGES. */
const ROWS = 16_384;

type Place = readonly [level: number, z: number, y: number, x: number];

export class LabelTold {
  /** Ranges that were told, by brick. */
  readonly #rows = new Map<string, RangeRow>();
  /** Bricks whose range is to be told. */
  readonly #due = new Map<string, Place>();
  #telling = false;
  /** Bricks that were painted before this process began are measured once somebody wants to know. */
  #measured = false;

  constructor(
    readonly services: () => Services,
    readonly record: VolumeRecord,
    readonly bricks: CommittedBricks,
    readonly frames: LabelFrames,
  ) {
    record.rangesNow = () => {
      if (!this.#measured) setTimeout(() => this.#measurePainted(), MEASURE_AFTER_MS).unref();
      this.#measured = true;
      return this.#frames([...this.#rows.values()]);
    };
    if (record.total > TOLD_BRICKS) return;
    for (const place of allBricks(record)) if (this.#isBare(place)) this.#rows.set(place.join('/'), [...place, 0, 0]);
  }

  /** Voxels changed, by edits and level: bricks that show them are out of date. */
  changed(edits: readonly (readonly ChangedBricks[])[], generation: number): void {
    const boxes = [];
    const { levels, description: { shape } } = this.record;
    for (let level = 0; level < levels; level += 1) {
      const all = new ChangedBricks();
      for (const edit of edits) for (const brick of edit[level]?.bricks ?? []) all.bricks.push(brick);
      if (all.bricks.length === 0) continue;
      const shown = shownBy(shape, level, all);
      for (const [z, y, x] of shown) {
        const id = `${level}/${z}/${y}/${x}`;
        this.frames.outdated(id);
        this.#due.set(id, [level, z, y, x]);
      }
      boxes.push(...boxesOf(level, shown, Math.floor(MAX_NEED_KEYS / levels)));
    }
    if (boxes.length === 0) return;
    const message = { volume: this.record.handle, generation, boxes };
    this.services().catalog.outdated(this.record, message, encodeControl(FrameType.CHANGED, message));
    this.#tell();
  }

  /** What was painted in an earlier process is told like an edit of now: soon, in turns, to all who look. */
  #measurePainted(): void {
    if (!this.record.live) return;
    for (const place of this.bricks.painted()) {
      if (this.#due.size >= MEASURED_BRICKS) break;
      const id = place.join('/');
      if (!this.#rows.has(id)) this.#due.set(id, place);
    }
    if (this.#due.size > 0) this.#tell();
  }

  /** Tells ranges in turns, those of later edits with them. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    inTurns(this.#measure())
      .catch((error) => log(`labels "${this.record.description.name}": ranges: ${(error as Error).stack ?? error}`))
      .finally(() => {
        this.#telling = false;
        if (this.#due.size > 0) this.#tell();
      });
  }

  *#measure(): Generator<number, void> {
    const rows: RangeRow[] = [];
    for (const [id, [level, z, y, x]] of this.#due) {
      this.#due.delete(id);
      const { min, max } = new BrickHalo(this.bricks, { level, z, y, x }).range();
      const row: RangeRow = [level, z, y, x, min, max];
      yield 0;
      const known = this.#rows.get(id);
      if (known?.[4] === min && known[5] === max) continue;
      this.#rows.set(id, row);
      rows.push(row);
    }
    for (const frame of this.#frames(rows)) this.services().hub.send(frame, 'viewer');
  }

  #frames(rows: readonly RangeRow[]): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let at = 0; at < rows.length; at += ROWS) frames.push(encodeRanges(this.record.handle, rows.slice(at, at + ROWS)));
    return frames;
  }

  /** Whether a brick and all around it is 0. */
  #isBare([level, z, y, x]: Place): boolean {
    for (let k = z - 1; k <= z + 1; k += 1) {
      for (let j = y - 1; j <= y + 1; j += 1) for (let i = x - 1; i <= x + 1; i += 1) if (this.bricks.has(level, k, j, i)) return false;
    }
    return true;
  }
}

function* allBricks({ description: { shape } }: VolumeRecord): Generator<Place> {
  for (let level = 0; level < levelCount(shape); level += 1) {
    const [nz, ny, nx] = brickGrid(shape, level);
    for (let z = 0; z < nz; z += 1) for (let y = 0; y < ny; y += 1) for (let x = 0; x < nx; x += 1) yield [level, z, y, x];
  }
}
