/** Which supervoxel lies under the pointer, and which were picked since it was pressed: the sidecar is asked for one at a time, and not twice for the same. */

import type { SupervoxelAsk } from '../../protocol/labels.js';
import type { LabelEdits } from '../../session/label_edits.js';
import { Piece } from './piece.js';

type Seed = [number, number, number];

/** Places of one edit at most, as the wire has it. */
const MOST_SEEDS = 1024;

/** How the image is divided, and for which labels. */
export interface Division extends Omit<SupervoxelAsk, 'seed'> {
  readonly volume: number;
}

export class PiecePicker {
  /** Under the pointer. */
  shown: Piece | undefined;
  /** Since the press, as far as they are known, and the places pressed. */
  picked: Piece[] = [];
  seeds: Seed[] = [];
  #division: Division | undefined;
  #hovered: Seed | undefined;
  #unknown: Seed[] = [];
  #asking = false;

  /** @param changed there is something else to draw */
  constructor(
    readonly labels: () => Pick<LabelEdits, 'supervoxel'>,
    readonly changed: () => void,
  ) {}

  /** The pointer is over a voxel now; undefined: over none. */
  hover(division: Division | undefined, seed: Seed | undefined): void {
    this.#divide(division);
    if (!division || !seed) {
      this.#hovered = undefined;
      if (this.shown) this.changed();
      this.shown = undefined;
      return;
    }
    if (this.shown?.has(seed)) {
      this.#hovered = undefined;
      return;
    }
    this.#hovered = seed;
    this.#ask();
  }

  /** The pointer is pressed and over a voxel. */
  pick(division: Division, seed: Seed): void {
    this.#divide(division);
    const last = this.seeds.at(-1);
    const same = last?.every((v, axis) => v === seed[axis]);
    if (same || this.seeds.length >= MOST_SEEDS || this.picked.some((piece) => piece.has(seed))) return;
    this.seeds.push(seed);
    if (this.shown?.has(seed)) this.picked.push(this.shown);
    else this.#unknown.push(seed);
    this.changed();
    this.#ask();
  }

  /** The press has ended: what was picked, which is nobody's any more. */
  take(): { seeds: Seed[]; pieces: readonly Piece[] } {
    const taken = { seeds: this.seeds, pieces: this.picked };
    this.shown = this.picked.at(-1) ?? this.shown;
    [this.seeds, this.picked, this.#unknown] = [[], [], []];
    return taken;
  }

  #divide(division: Division | undefined): void {
    if (JSON.stringify(division) === JSON.stringify(this.#division)) return;
    this.#division = division;
    this.shown = undefined;
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      for (;;) {
        const [picks, division] = [this.#unknown, this.#division];
        const pick = picks.shift();
        const seed = pick ?? this.#hovered;
        if (!seed || !division) return;
        if (!pick) this.#hovered = undefined;
        if (pick && this.picked.some((piece) => piece.has(seed))) continue;
        const { volume, ...how } = division;
        const piece = new Piece(await this.labels().supervoxel(volume, { ...how, seed }));
        // Meanwhile the press may have ended, or pieces be other ones.
        if (pick && this.#unknown === picks) this.picked.push(piece);
        else if (!pick && this.#division === division) this.shown = piece;
        this.changed();
      }
    } catch {
      // What cannot be shown is told when it is painted.
      this.#unknown = [];
    } finally {
      this.#asking = false;
    }
  }
}
