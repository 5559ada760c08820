/** Edits of one client that ask for values of an image: looked up before they join the others, and what the client asks after them keeps its turn. */

import { type EditHead, ErrorCode, FrameType } from '../../protocol/index.js';
import { EditError } from '../../volume/labels/edit.js';
import type { Connection } from '../connection.js';
import type { Services } from '../services.js';
import type { LabelVolume } from './label_volume.js';
import { rangeMasks, type RangeMasks, RangeRefused } from './range_masks.js';

/** It tells how far it is, so often. */
const PROGRESS_MS = 100;

/** What of an edit matters here; an undo has an id alone. */
type Asked = Pick<EditHead, 'id'> & Partial<Pick<EditHead, 'op' | 'within'>>;

export class RangeQueue {
  /** What is being looked up, and what waits behind it. */
  readonly #open = new Map<string, AbortController>();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(
    readonly services: () => Services,
    readonly connection: Connection,
  ) {}

  /** Calls `submit` in the order of the calls: at once where nothing of this client is being looked up. Where it cannot be, the client is told, and `ended` called. */
  prepare(volume: LabelVolume, asked: Asked, submit: (within?: RangeMasks) => void, ended: () => void): void {
    // What was applied before is answered from the history.
    const looks = asked.within !== undefined && !volume.history.byId(asked.id);
    if (!looks && this.#waiting === 0) {
      submit();
      return;
    }
    const stop = new AbortController();
    const name = `${volume.record.handle}:${asked.id}`;
    this.#open.set(name, stop);
    this.#waiting += 1;
    this.#last = this.#last.then(async () => {
      try {
        stop.signal.throwIfAborted();
        const within = looks ? await this.#look(volume, asked, stop.signal) : undefined;
        if (!volume.record.live) throw new RangeRefused(ErrorCode.NOT_FOUND, 'these labels were removed', undefined);
        submit(within);
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
    this.#open.get(`${handle}:${id}`)?.abort(new RangeRefused(ErrorCode.CANCELLED, 'the edit was cancelled', undefined));
  }

  #look(volume: LabelVolume, { id, op, within }: Asked, signal: AbortSignal): Promise<RangeMasks> {
    let told = performance.now();
    return rangeMasks(this.services(), volume.record, within as NonNullable<Asked['within']>, op as EditHead['op'], signal, (done, total) => {
      if (performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      this.connection.sendControl(FrameType.PROGRESS, { volume: volume.record.handle, id, done, total });
    });
  }

  #refuse(volume: LabelVolume, id: string, error: Error): void {
    const known = error instanceof RangeRefused || error instanceof EditError;
    const said = known
      ? { code: error.code, message: error.message, remedy: error.remedy }
      : { code: ErrorCode.INTERNAL, message: `the image could not be looked at: ${error.message}`.slice(0, 2000) };
    this.connection.error({ ...said, volume: volume.record.handle, id });
  }
}
