/** The volumes of an instance, and the ranges of their bricks. */

import type { RangeRows } from '../protocol/arrow.js';
import type { VolumeAnnouncement, VolumeStatus } from '../protocol/messages.js';
import { BrickRanges } from '../volume/ranges.js';
import type { SessionVolume } from './types.js';

export class VolumeTable {
  readonly volumes = new Map<number, SessionVolume>();
  /** By handle and time point. */
  readonly #ranges = new Map<number, Map<number, BrickRanges>>();

  /**
   * Takes over the volumes of a WELCOME.
   *
   * @returns handles whose bricks are not what they were: gone, or given to other voxels
   */
  replaceAll(announcements: readonly VolumeAnnouncement[], sameInstance: boolean): number[] {
    const now = new Map(announcements.map((a) => [a.volume, a]));
    const void_ = [...this.volumes.values()]
      .filter((v) => !sameInstance || now.get(v.handle)?.description.fingerprint !== v.description.fingerprint)
      .map((v) => v.handle);
    for (const handle of void_) this.remove(handle);
    for (const announcement of announcements) this.announce(announcement);
    return void_;
  }

  /** Adds or replaces a volume. True where its voxels are not those that the handle stood for before. */
  announce({ volume, description, status }: VolumeAnnouncement): boolean {
    const before = this.volumes.get(volume);
    const other = before !== undefined && before.description.fingerprint !== description.fingerprint;
    if (other) this.#ranges.delete(volume);
    this.volumes.set(volume, { handle: volume, description, status });
    return other;
  }

  /** Replaces a volume's status: whether its producer came back with it. */
  status(status: VolumeStatus): boolean {
    const before = this.volumes.get(status.volume);
    if (!before) return false;
    this.volumes.set(status.volume, { ...before, status });
    return before.status.producer === 'gone' && status.producer === 'alive';
  }

  remove(handle: number): void {
    this.volumes.delete(handle);
    this.#ranges.delete(handle);
  }

  /** @throws RangeError where there is no such volume */
  ranges(handle: number, time = 0): BrickRanges {
    const known = this.#ranges.get(handle)?.get(time);
    if (known) return known;
    const volume = this.volumes.get(handle);
    if (!volume) throw new RangeError(`no volume ${handle}; known: ${[...this.volumes.keys()].join(', ') || 'none'}`);
    const ranges = new BrickRanges(volume.description.shape);
    const byTime = this.#ranges.get(handle) ?? new Map<number, BrickRanges>();
    this.#ranges.set(handle, byTime.set(time, ranges));
    return ranges;
  }

  /** Takes over rows of a RANGES frame: whether they belong to a known volume. */
  applyRanges(handle: number, time: number, rows: RangeRows): boolean {
    const times = this.volumes.get(handle)?.description.times?.count ?? 1;
    if (!this.volumes.has(handle) || time >= times) return false;
    this.ranges(handle, time).apply(rows);
    return true;
  }
}
