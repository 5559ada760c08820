/**
 * Where bricks are asked for and handed out: what the views want, what browser memory holds, and what is under way.
 * Each brick is announced only while it is wanted; each announced one must be given back by `consumed`.
 */

import { type FrameHeader, FrameType } from '../protocol/frame.js';
import { MAX_NEED_KEYS } from '../protocol/limits.js';
import type { BrickKey } from '../volume/geometry.js';
import { keyText } from '../volume/geometry.js';
import { BrickCache, type BrickBox, inBoxes } from './brick_cache.js';
import { Inexact, type Outdated } from './inexact.js';
import { sameBrick } from './brick_of.js';
import { CreditBook } from './credit.js';
import type { KeptClient } from './kept_client.js';
import type { Brick, SessionCounters, WantedBrick } from './types.js';
import { WantList } from './want_list.js';

/** Times a brick whose frame fails its checks is asked for again. */
const MAX_REFUSALS = 3;
/** Wait before bricks that the sidecar could not get are asked for again: twice as long each time. */
const RETRY_MS = 2_000;
const RETRY_CAP_MS = 30_000;
/** Priorities of true voxels in place of those of 8 bits stand behind all others. */
const EXACT_LATER = 1e6;
/** The part of browser memory that bricks may fill which the viewer has not looked at yet. */
const AHEAD = 2;

/** Where a brick is, as far as the session knows. */
export type BrickStage = 'asked' | 'failed' | 'memory';

interface VolumeWants {
  list: WantList;
  /** Refused frames of a brick since one of it was good. */
  refusals: Map<string, number>;
  retry?: ReturnType<typeof setTimeout>;
  retries: number;
}

export interface BrickDeskOptions {
  maxBytes: number;
  /** Bytes of that which others hold now. */
  reserved?(): number;
  creditBytes: number;
  counters: SessionCounters;
  /** Sends a control frame; while there is no connection nothing is lost by dropping it. */
  send(type: FrameType, message: object): void;
  /** Bricks kept in the browser's storage, where there is any. */
  kept?(): Pick<KeptClient, 'take' | 'cancel' | 'hold' | 'consumed'>;
  /** A wanted brick is here. */
  announce(brick: Brick): void;
  /** Nothing is under way any more: bricks that came as voxels of 8 bits count as changed, so that those that are looked at are wanted again. */
  rested?(outdated: readonly Outdated[]): void;
}

export class BrickDesk {
  readonly #cache: BrickCache;
  readonly #credit: CreditBook;
  readonly #volumes = new Map<number, VolumeWants>();
  readonly #o: BrickDeskOptions;
  readonly #inexact = new Inexact(() => this.#pending === 0, (outdated) => {
    for (const { volume } of outdated) this.outdate(volume, (key) => this.#inexact.due(volume, key));
    this.#o.rested?.(outdated);
  });
  #pending = 0;

  constructor(options: BrickDeskOptions) {
    this.#o = options;
    this.#cache = new BrickCache(options.maxBytes, () => options.reserved?.() ?? 0);
    this.#credit = new CreditBook(options.creditBytes, (bytes) => options.send(FrameType.CREDIT, { bytes }), () => this.#cache.maxBytes / AHEAD);
  }

  /** Replaces what the views want of a volume. */
  want(volume: number, bricks: readonly WantedBrick[]): void {
    this.#inexact.moved();
    const { list } = this.#wants(volume);
    const { ask, reorder, cancel, serve } = list.update(bricks, (key) => this.#cache.fresh(volume, key) !== undefined);
    this.#cancel(volume, cancel);
    this.#ask(volume, ask);
    this.#ask(volume, reorder, { reorder: true });
    if (serve.length > 0) queueMicrotask(() => this.#serve(volume, serve));
  }

  /** A checked brick of `bytes` came. */
  receive(brick: Brick, bytes: number): void {
    const wants = this.#wants(brick.volume);
    wants.refusals.delete(keyText(brick));
    wants.retries = 0;
    const kept = this.#cache.put(brick);
    const wanted = wants.list.arrived(brick);
    this.#inexact.came(kept);
    this.#count();
    if (!wanted || kept !== brick) this.#credit.giveBack(bytes);
    else this.#credit.hold(brick, bytes);
    if (wanted) this.#o.announce(kept);
  }

  /** What is held of a brick is its content still; where it was let go meanwhile it is asked for. */
  same(volume: number, header: FrameHeader, bytes: number): void {
    const held = this.#cache.peek(volume, header);
    if (held) {
      this.#o.counters.bricksSame += 1;
      this.receive(sameBrick(held, header), bytes);
    } else {
      this.#credit.giveBack(bytes);
      this.again(volume, header);
    }
  }

  /** A brick of the browser's storage: nothing is owed for it over the network. */
  read(brick: Brick): void {
    const wants = this.#wants(brick.volume);
    const kept = this.#cache.put(brick);
    const wanted = wants.list.arrived(brick);
    this.#inexact.came(kept);
    this.#count();
    if (!wanted) return;
    if (kept === brick) this.#o.kept?.().hold(brick);
    this.#o.announce(kept);
  }

  /** Asks for what is on its way once more: of all of it where the browser's storage was waited for, or of one brick it could not read. */
  again(volume: number, key?: BrickKey): void {
    const text = key && keyText(key);
    const list = this.#volumes.get(volume)?.list;
    if (list) this.#ask(volume, list.renew((wanted, state) => state === 'asked' && (text === undefined || keyText(wanted) === text)));
  }

  /** A brick's frame failed its checks: it is asked for again. False where it has failed too often. */
  refused(volume: number, key: BrickKey, bytes: number): boolean {
    this.#credit.giveBack(bytes);
    const wants = this.#wants(volume);
    const times = (wants.refusals.get(keyText(key)) ?? 0) + 1;
    wants.refusals.set(keyText(key), times);
    if (times > MAX_REFUSALS) {
      wants.list.failed(key);
      wants.refusals.delete(keyText(key)); // a link that spoils so much may be better in a while
      this.#count();
      this.#retryLater(volume, wants);
      return false;
    }
    this.#ask(volume, wants.list.renew((wanted, state) => state === 'asked' && keyText(wanted) === keyText(key)));
    return true;
  }

  /** The sidecar could not get a brick: what is left of it here is served, and it is asked for again after a while. */
  failed(volume: number, key: BrickKey): void {
    const wants = this.#wants(volume);
    if (!wants.list.failed(key)) return;
    this.#count();
    const old = this.#cache.peek(volume, key);
    if (old && wants.list.arrived(key)) this.#o.announce(old);
    this.#retryLater(volume, wants);
  }

  #retryLater(volume: number, wants: VolumeWants): void {
    if (wants.retry) return;
    const wait = Math.min(RETRY_CAP_MS, RETRY_MS * 2 ** wants.retries);
    wants.retries += 1;
    wants.retry = setTimeout(() => this.retry(volume), wait);
  }

  /** Asks again for what the sidecar could not get, as when its producer is back. */
  retry(volume: number): void {
    const wants = this.#wants(volume);
    clearTimeout(wants.retry);
    wants.retry = undefined;
    this.#ask(volume, wants.list.renew((_key, state) => state === 'failed'));
  }

  /** Bricks in the boxes have new content: what is held of them is out of date, and what is wanted is asked for anew. */
  changed(volume: number, boxes: readonly BrickBox[], time = 0): void {
    this.outdate(volume, (key) => inBoxes(key, boxes, time));
  }

  /** The same for what `test` picks. */
  outdate(volume: number, test: (key: BrickKey) => boolean): void {
    this.#cache.outdate(volume, test);
    this.#ask(volume, this.#wants(volume).list.renew(test));
  }

  /** Lets go of what the bound on memory no longer covers when others take `more` bytes. */
  trim(more: number): void {
    this.#cache.trim(more);
    this.#count();
  }

  /**
   * A new connection: credit is whole, and everything wanted and not here is asked for.
   *
   * @returns for each volume and time point the bricks held that count as changed. What changed while there was no
   * connection was told to nobody; previews are what is sure to change.
   */
  reconnected(): { volume: number; time: number; boxes: BrickBox[] }[] {
    this.#credit.renew();
    const outdated: { volume: number; time: number; boxes: BrickBox[] }[] = [];
    for (const [volume, { list }] of this.#volumes) {
      const byTime = new Map<number, BrickBox[]>();
      this.#cache.outdate(volume, (brick) => {
        if (!brick.preview) return false;
        const { level, z, y, x, time = 0 } = brick;
        byTime.set(time, [...(byTime.get(time) ?? []), [level, z, y, x, z + 1, y + 1, x + 1]]);
        return true;
      });
      for (const [time, boxes] of byTime) outdated.push({ volume, time, boxes });
      this.#ask(volume, list.renew((key) => !this.#cache.fresh(volume, key)));
    }
    return outdated;
  }

  /** Forgets a volume that is gone. */
  drop(volume: number): void {
    clearTimeout(this.#volumes.get(volume)?.retry);
    this.#volumes.delete(volume);
    this.#cache.drop(volume);
    this.#inexact.drop(volume);
    this.#count();
  }

  /** The viewer is done with an announced brick. */
  consumed(brick: Brick): void {
    this.#credit.release(brick);
    this.#o.kept?.().consumed(brick);
    this.#volumes.get(brick.volume)?.list.used(brick);
  }

  /** Another bound on browser memory, which holds at once. */
  limit(maxBytes: number): void {
    this.#cache.limit(maxBytes);
    this.#count();
  }

  /** What is held of a brick, out of date or not; voxels of 8 bits are not for values, and count as nothing. */
  peek(volume: number, key: BrickKey): Brick | undefined {
    const brick = this.#cache.peek(volume, key);
    return brick?.lossy ? undefined : brick;
  }

  /** Bricks that are here as voxels of 8 bits alone, and whose true ones are not asked for yet. */
  get inexact(): number {
    return this.#inexact.size;
  }

  /** Where a brick is on this side of the connection: on its way, refused, or in browser memory. */
  stage(volume: number, key: BrickKey): BrickStage | undefined {
    const state = this.#volumes.get(volume)?.list.state(key);
    if (state === 'asked' || state === 'failed') return state;
    return this.#cache.peek(volume, key) ? 'memory' : undefined;
  }

  /** Gives back the credit of a brick nobody has a use for. */
  discard(bytes: number): void {
    this.#credit.giveBack(bytes);
  }

  close(): void {
    for (const { retry } of this.#volumes.values()) clearTimeout(retry);
    this.#inexact.close();
    this.#credit.close();
  }

  #wants(volume: number): VolumeWants {
    const known = this.#volumes.get(volume);
    if (known) return known;
    const wants = { list: new WantList(), refusals: new Map<string, number>(), retries: 0 };
    this.#volumes.set(volume, wants);
    return wants;
  }

  #serve(volume: number, keys: readonly BrickKey[]): void {
    const list = this.#volumes.get(volume)?.list;
    for (const key of keys) {
      if (!list?.isServed(key)) continue;
      const brick = this.#cache.fresh(volume, key);
      if (brick) {
        this.#o.counters.cacheHits += 1;
        this.#o.announce(brick);
      } else {
        this.#ask(volume, list.renew((wanted) => keyText(wanted) === keyText(key))); // evicted in between
      }
    }
  }

  #ask(volume: number, wanted: readonly WantedBrick[], how: { reorder?: true } = {}): void {
    for (const [time, part] of messageParts(this.#o.kept?.().take(volume, wanted) ?? wanted)) {
      const [rough, exact] = this.#inexact.split(volume, part);
      this.#need(volume, rough, { ...time, ...how });
      // After all that is to be seen at once.
      this.#need(volume, exact, { ...time, ...how, exact: true }, EXACT_LATER);
    }
    this.#count();
  }

  #need(volume: number, part: readonly WantedBrick[], how: object, later = 0): void {
    if (part.length === 0) return;
    const held = part.map((brick) => this.#cache.peek(volume, brick)?.checksum ?? null);
    const hashes = held.some((checksum) => checksum !== null) ? { if_hash: held } : {};
    this.#o.send(FrameType.NEED, { volume, ...how, keys: part.map((b) => [b.level, b.z, b.y, b.x, b.priority + later]), ...hashes });
  }

  #cancel(volume: number, keys: readonly BrickKey[]): void {
    this.#o.counters.cancelled += keys.length;
    for (const [time, part] of messageParts(this.#o.kept?.().cancel(volume, keys) ?? keys)) {
      this.#o.send(FrameType.CANCEL, { volume, ...time, keys: part.map((k) => [k.level, k.z, k.y, k.x]) });
    }
    this.#count();
  }

  #count(): void {
    let pending = 0;
    for (const { list } of this.#volumes.values()) pending += list.pending;
    this.#pending = pending;
    this.#o.counters.bricksPending = pending;
    this.#o.counters.cacheBytes = this.#cache.bytes;
    this.#o.counters.cachePeak = this.#cache.peak;
  }
}

/** Keys in parts that one message can carry: of one time point, and not too many. */
function* messageParts<K extends BrickKey>(keys: readonly K[]): Iterable<[{ time?: number }, K[]]> {
  const byTime = new Map<number, K[]>();
  for (const key of keys) {
    const part = byTime.get(key.time ?? 0);
    if (part) part.push(key);
    else byTime.set(key.time ?? 0, [key]);
  }
  for (const [time, all] of byTime) {
    for (let at = 0; at < all.length; at += MAX_NEED_KEYS) yield [time ? { time } : {}, all.slice(at, at + MAX_NEED_KEYS)];
  }
}
