/** The way of bricks from the session to the GPU: offered, waiting, uploaded or dropped. */

import type { Brick } from '../session/types.js';
import type { BrickKey } from '../volume/geometry.js';
import type { BrickLookup } from './pick.js';
import type { Residency } from './residency.js';
import { UploadQueue } from './upload_queue.js';
import type { SlotOwner } from './slot_map.js';
import type { ViewState } from './view_state.js';
import type { VolumeState } from './volume_state.js';

/** Milliseconds of a frame in which bricks are looked into. */
const CELLS_MS = 4;

/** Half-open box of bricks: level, then z, y, x from and to. */
export type BrickBox = readonly [number, number, number, number, number, number, number];

/** What a frame may upload: for so many milliseconds, so many bricks; `cells`: each is looked into for cells that show nothing. */
export interface UploadBudget {
  readonly ms: number;
  readonly most: number;
  readonly cells: boolean;
}

/** Uploads of a frame while nothing moves. Cells are judged with them, while voxels are in the processor's cache: the first full picture can step over them. */
export const UPLOADS_STILL: UploadBudget = { ms: 16, most: Number.POSITIVE_INFINITY, cells: true };

/** Takes bricks in. */
export class BrickIntake {
  readonly #queue = new UploadQueue();
  /** What the last frame that uploaded something took for it. */
  last = { bricks: 0, ms: 0 };

  constructor(
    readonly volumes: ReadonlyMap<number, VolumeState>,
    readonly residency: Residency,
    readonly lookup: BrickLookup,
  ) {
    residency.onLost = (lost) => this.#again(lost);
  }

  /** Bricks that wait for their upload. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Whether a brick waits for its upload. */
  isWaiting(volume: number, number: number): boolean {
    return this.#queue.size > 0 && this.#queue.has(`${volume}/${number}`);
  }

  /** Takes a brick; `uploaded` is called once, whatever becomes of it. */
  offer(brick: Brick, uploaded: () => void): void {
    const volume = this.volumes.get(brick.volume);
    if (!volume || brick.level >= volume.numbering.levels) uploaded();
    else this.#queue.add(`${brick.volume}/${volume.numbering.packKey(brick)}`, brick, uploaded);
  }

  /** Uploads within a budget; the tables of the views that show what has changed are out of date then. Returns how many. */
  run({ ms, most, cells }: UploadBudget, views: readonly ViewState[]): number {
    const begun = performance.now();
    const bricks = this.#queue.run(ms, (brick) => this.#upload(brick, views, cells), most);
    if (bricks > 0) this.last = { bricks, ms: performance.now() - begun };
    return bricks;
  }

  /** Looks into bricks on the GPU for cells that rays may step over, for a few milliseconds; returns whether any are left. */
  findCells(volumes: readonly VolumeState[], views: readonly ViewState[]): boolean {
    if (!views.some(({ view }) => view.kind === 'volume')) return false;
    const end = performance.now() + CELLS_MS;
    return volumes.some((volume) => {
      return this.residency.atlas(volume.storage).findCells(volume, end, ({ number, generation }) => {
        const brick = this.lookup(volume.handle, volume.numbering.unpack(number));
        return brick?.generation === generation ? brick.voxels : undefined;
      });
    });
  }

  /** Drops what waits of a volume. */
  dropVolume(handle: number): void {
    this.#queue.drop((brick) => brick.volume === handle);
  }

  /** Drops everything. */
  dropAll(): void {
    this.#queue.drop(() => true);
  }

  /** Bricks in these boxes of a time point have changed at their source: they are shown until newer ones are here. */
  invalidate(volume: VolumeState, boxes: readonly BrickBox[], time = 0): void {
    const inside = (key: BrickKey): boolean =>
      (key.time ?? 0) === time && boxes.some(
        ([level, z0, y0, x0, z1, y1, x1]) =>
          key.level === level && key.z >= z0 && key.z < z1 && key.y >= y0 && key.y < y1 && key.x >= x0 && key.x < x1,
      );
    this.#queue.drop((brick) => brick.volume === volume.handle && inside(brick));
    this.residency.invalidate(volume, inside);
  }

  /** Empty atlases after a lost context: what browser memory still has is queued again. */
  restore(): void {
    this.#again(this.residency.rebuild());
  }

  #again(lost: readonly SlotOwner[]): void {
    for (const { volume: handle, number } of lost) {
      const volume = this.volumes.get(handle);
      const brick = volume && this.lookup(handle, volume.numbering.unpack(number));
      if (brick) this.#queue.add(`${handle}/${number}`, brick, () => {});
    }
  }

  #upload(brick: Brick, views: readonly ViewState[], cells: boolean): void {
    const volume = this.volumes.get(brick.volume);
    if (!volume) return;
    const number = volume.numbering.packKey(brick);
    const planned = views.filter((state) => state.plans.get(brick.volume)?.numbers.has(number));
    const ahead = planned.length > 0 || views.some((state) => state.ahead.get(brick.volume)?.numbers.has(number));
    const { evictions } = this.residency;
    if (!this.residency.upload(volume, brick, ahead)) return;
    if (cells && planned.some(({ view }) => view.kind === 'volume')) this.residency.atlas(volume.storage).findCellsOf(volume, number, brick.voxels);
    for (const state of planned) state.tableDirty = true;
    // A slot that went from one brick to another may still stand in any table.
    if (this.residency.evictions > evictions) for (const state of views) state.tableDirty = state.tableUrgent = true;
  }
}
