/** Edits of one client that ask for values of an image: looked up before they join the others, and what the client asks after them keeps its turn. */

import { type EditHead, ErrorCode, FrameType } from '../../protocol/index.js';
import { EditError } from '../../volume/labels/edit.js';
import type { Connection } from '../connection.js';
import type { Services } from '../services.js';
import { ImageRefused } from './image_bricks.js';
import type { LabelVolume } from './label_volume.js';
import { type Masks, rangeMasks } from './range_masks.js';
import type { Supervoxels } from './supervoxel_masks.js';

/** It tells how far it is, so often. */
const PROGRESS_MS = 100;

/** What of an edit matters here; an undo has an id alone. */
type Asked = Pick<EditHead, 'id'> & Partial<Pick<EditHead, 'op' | 'within'>>;

/** What was looked up for an edit. */
export interface LookedUp {
  /** Voxels in its range of values. */
  readonly within?: Masks | undefined;
  /** Voxels of its supervoxels. */
  readonly pieces?: Masks | undefined;
}

export class RangeQueue {
  /** What is being looked up, and what waits behind it. */
  readonly #open = new Map<string, AbortController>();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(
    readonly services: () => Services,
    readonly connection: Connection,
    readonly supervoxels: Supervoxels,
  ) {}

  /** Calls `submit` in the order of the calls: at once where nothing of this client is being looked up. Where it cannot be, the client is told, and `ended` called. */
  prepare(volume: LabelVolume, asked: Asked, submit: (found: LookedUp) => void, ended: () => void): void {
    // What was applied before is answered from the history.
    const looks = (asked.within !== undefined || asked.op?.kind === 'supervoxel') && !volume.history.byId(asked.id);
    if (!looks && this.#waiting === 0) {
      submit({});
      return;
    }
    const stop = new AbortController();
    const name = `${volume.record.handle}:${asked.id}`;
    this.#open.set(name, stop);
    this.#waiting += 1;
    this.#last = this.#last.then(async () => {
      try {
        stop.signal.throwIfAborted();
        const found = looks ? await this.#look(volume, asked, stop.signal) : {};
        if (!volume.record.live) throw new ImageRefused(ErrorCode.NOT_FOUND, 'these labels were removed', undefined);
        submit(found);
      } catch (error) {
        this.#refuse(volume, asked.id, error as Error);
        ended();
      } finally {
        this.#waiting -= 1;
        if (this.#open.get(name) === stop) this.#open.delete(name);
      }
    });
  }

  cancel(handle: number, id: string): void {
    this.#open.get(`${handle}:${id}`)?.abort(new ImageRefused(ErrorCode.CANCELLED, 'the edit was cancelled', undefined));
  }

  async #look({ record }: LabelVolume, { id, op, within }: Asked, signal: AbortSignal): Promise<LookedUp> {
    let told = performance.now();
    const progress = (done: number, total: number) => {
      if (performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      this.connection.sendControl(FrameType.PROGRESS, { volume: record.handle, id, done, total });
    };
    return {
      pieces: op?.kind === 'supervoxel' ? await this.supervoxels.masks(record, op, signal, progress) : undefined,
      within: op && within ? await rangeMasks(this.services(), record, within, op, signal, progress) : undefined,
    };
  }

  #refuse(volume: LabelVolume, id: string, error: Error): void {
    const known = error instanceof ImageRefused || error instanceof EditError;
    const said = known
      ? { code: error.code, message: error.message, remedy: error.remedy }
      : { code: ErrorCode.INTERNAL, message: `the image could not be looked at: ${error.message}`.slice(0, 2000) };
    this.connection.error({ ...said, volume: volume.record.handle, id });
  }
}
