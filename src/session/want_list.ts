/** What the views of one volume want, against what has been asked for. Pure. */

import { type BrickKey, keyText } from '../volume/geometry.js';
import type { WantedBrick } from './types.js';

/**
 * asked: on its way. served: handed to the viewer. used: given back by the viewer; wanting it still means it lacks
 * it again. failed: the sidecar could not get it.
 */
export type WantState = 'asked' | 'served' | 'used' | 'failed';
interface Want {
  brick: WantedBrick;
  state: WantState;
}

export interface WantChanges {
  /** To be asked for. */
  ask: WantedBrick[];
  /** On their way, with another priority. */
  reorder: WantedBrick[];
  cancel: BrickKey[];
  /** To be served from browser memory. */
  serve: BrickKey[];
}

export class WantList {
  readonly #wants = new Map<string, Want>();
  /** Bricks on their way. */
  pending = 0;

  /**
   * Replaces what is wanted.
   *
   * @param inMemory whether browser memory holds the brick, up to date
   */
  update(bricks: readonly WantedBrick[], inMemory: (key: BrickKey) => boolean): WantChanges {
    const changes: WantChanges = { ask: [], reorder: [], cancel: [], serve: [] };
    const keep = new Set<string>();
    for (const brick of bricks) {
      const text = keyText(brick);
      keep.add(text);
      const want = this.#wants.get(text);
      if (!want || want.state === 'used') {
        const have = inMemory(brick);
        (have ? changes.serve : changes.ask).push(brick);
        this.#set(text, brick, have ? 'served' : 'asked');
      } else if (want.state === 'asked' && moved(want.brick.priority, brick.priority)) {
        want.brick = brick;
        changes.reorder.push(brick);
      }
    }
    for (const [text, want] of this.#wants) {
      if (keep.has(text)) continue;
      if (want.state === 'asked') {
        this.pending -= 1;
        changes.cancel.push(want.brick);
      }
      this.#wants.delete(text);
    }
    for (const list of [changes.ask, changes.reorder]) list.sort((a, b) => a.priority - b.priority);
    return changes;
  }

  /** A brick came: whether it is wanted, in which case it counts as served. */
  arrived(key: BrickKey): boolean {
    return this.#move(key, ['asked', 'failed', 'served', 'used'], 'served');
  }

  /** The viewer has no more use for what it was served. */
  used(key: BrickKey): void {
    this.#move(key, ['served'], 'used');
  }

  /** The sidecar cannot get the brick now: whether it was on its way. */
  failed(key: BrickKey): boolean {
    return this.#move(key, ['asked'], 'failed');
  }

  /** How far a wanted brick has come. */
  state(key: BrickKey): WantState | undefined {
    return this.#wants.get(keyText(key))?.state;
  }

  /** Whether the brick is wanted and was served to nobody since. */
  isServed(key: BrickKey): boolean {
    return this.#wants.get(keyText(key))?.state === 'served';
  }

  /** Asks again for the wanted bricks that `test` picks, most urgent first; they count as on their way. */
  renew(test: (key: BrickKey, state: WantState) => boolean): WantedBrick[] {
    const ask: WantedBrick[] = [];
    for (const [text, want] of this.#wants) {
      if (!test(want.brick, want.state)) continue;
      this.#set(text, want.brick, 'asked');
      ask.push(want.brick);
    }
    return ask.sort((a, b) => a.priority - b.priority);
  }

  #set(text: string, brick: WantedBrick, state: WantState): void {
    const before = this.#wants.get(text)?.state;
    this.pending += Number(state === 'asked') - Number(before === 'asked');
    this.#wants.set(text, { brick, state });
  }

  #move(key: BrickKey, from: readonly WantState[], to: WantState): boolean {
    const text = keyText(key);
    const want = this.#wants.get(text);
    if (!want || !from.includes(want.state)) return false;
    this.#set(text, want.brick, to);
    return true;
  }
}

/** Whether a priority moved by more than a quarter: smaller moves are not worth a message while a view turns. */
function moved(before: number, after: number): boolean {
  return Math.abs(after - before) > 0.25 * Math.max(Math.abs(after), Math.abs(before));
}
