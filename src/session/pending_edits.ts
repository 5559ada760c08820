/** This client's own edits that the sidecar has not answered for: the oldest first, each with the frames it went in. */

import type { SceneChange } from './scene_changes.js';

/** Why an edit is not taken. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
  readonly remedy?: string | undefined;
}

export interface PendingEdit {
  readonly changes: readonly SceneChange[];
  /** Numbers on this connection of the first and the last frame that holds it; undefined where none was sent. */
  frames?: readonly [first: number, last: number] | undefined;
  refused?: Refusal;
}

export class PendingEdits {
  #all: PendingEdit[] = [];

  get length(): number {
    return this.#all.length;
  }

  add(changes: readonly SceneChange[]): PendingEdit {
    const edit: PendingEdit = { changes };
    this.#all.push(edit);
    return edit;
  }

  /** A connection stands: nothing was sent on it. */
  opened(): void {
    for (const edit of this.#all) edit.frames = undefined;
  }

  /** All of them went as parts of the document, in these frames. */
  given(frames: readonly [number, number]): void {
    for (const edit of this.#all) edit.frames = frames;
  }

  /** The sidecar has taken as many frames. */
  taken(frames: number): void {
    let settled = 0;
    while (settled < this.#all.length && (this.#all[settled]?.frames?.[1] ?? Number.POSITIVE_INFINITY) <= frames) settled += 1;
    if (settled > 0) this.#all.splice(0, settled);
  }

  /** The edits in a frame. */
  in(frame: number): readonly PendingEdit[] {
    return this.#all.filter(({ frames }) => frames && frames[0] <= frame && frame <= frames[1]);
  }

  /** None of them will be taken. */
  refuseAll(why: Refusal): void {
    for (const edit of this.#all) edit.refused ??= why;
  }

  /** Takes all of them out; those of frames before `from` were taken by the sidecar, and are not among them. */
  drain(from: number): readonly PendingEdit[] {
    return this.#all.splice(0).filter(({ frames, refused }) => refused || !frames || frames[1] >= from);
  }
}
