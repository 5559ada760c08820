/** Which part of a still picture is drawn at once, so that no draw keeps the GPU for long: rows, or columns of a few rows where rows take longer. Pure. */

/** A picture in pixels from its upper left corner, and the part of it where volumes can be: rays elsewhere cost next to nothing. */
export interface StripArea {
  readonly width: number;
  readonly height: number;
  readonly covered: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
}

/** A part of a picture. */
export interface Strip {
  readonly from: number;
  readonly rows: number;
  readonly left: number;
  readonly columns: number;
  /** Pixels of it in the covered part. */
  readonly pixels: number;
  /** Whether the picture is complete with it. */
  readonly last: boolean;
}

/** Time a strip may take. */
const STRIP_MS = 30;
/** The same where all of it takes as long as the slowest before it: after a clear part of the picture comes another. */
const MOST_MS = 50;
/** Where no hand is near yet, a strip may take so many times as long: short ones have a full picture a twentieth later. */
const UNHURRIED = 4;
/** And is at most so many times as large as the one before it: what quick pictures took says little of full ones, and short strips leave processors idle. */
const GROWTH = 3;
/** Fewer rows than this are not drawn at once: processors that draw in software share a draw by rows, and some would have none. */
const ROWS_LEAST = 24;
/** Strips of columns end at multiples of this, the width of a tile (`ray_uniforms.ts`). */
const COLUMNS = 64;
/** Milliseconds for a pixel where nothing is known yet. */
const UNKNOWN = 2e-3;
/** A strip that seems to take no time may take this many times as long as it should. */
const SURPRISE = 4;
/** What rays at a low resolution and of a coarser level tell of full ones is this much too long or too short. */
const ESTIMATE = 8;

/** Chooses strips by how long those before them took. */
export class Strips {
  /** Milliseconds for a pixel, of late and at worst. */
  #recent = UNKNOWN;
  #slowest = UNKNOWN;
  /** Of late, for every so many columns: what lies below is much like it. */
  #above: number[] = [];
  /** Whether the worst was seen, not estimated. */
  #seen = false;
  /** Nobody has come near yet who could want to turn the view. */
  unhurried = false;
  /** Pixels of the last strip that was done. */
  #done = 0;

  /** A picture begins; `estimate` is the time that all of it may take, where that is known. */
  begin(estimate: number, { covered }: StripArea): void {
    const pixels = Math.max((covered.right - covered.left) * (covered.bottom - covered.top), 1);
    const each = Number.isNaN(estimate) ? UNKNOWN : Math.max(estimate / pixels, 1e-6);
    const least = each / ESTIMATE;
    this.#done = 0;
    this.#slowest = this.#seen ? Math.max(this.#slowest, least) : this.unhurried ? least : each;
    this.#recent = this.#slowest;
    this.#above = [];
  }

  /** The strip that begins at row `from`, or beside `beside` in the same rows. */
  next({ width, height, covered }: StripArea, from: number, beside?: Strip): Strip {
    const across = Math.max(covered.right - covered.left, 0);
    const top = Math.max(covered.top, from);
    const below = across > 0 ? Math.max(covered.bottom - top, 0) : 0;
    const longer = this.unhurried ? UNHURRIED : 1;
    const most = this.unhurried ? GROWTH * Math.max(this.#done, ROWS_LEAST * across) : Number.POSITIVE_INFINITY;
    const budget = Math.min((longer * STRIP_MS) / this.#recent, (longer * MOST_MS) / this.#slowest, most);
    // What is clear above and below, left and right, is drawn along.
    const down = (rows: number): number => (rows >= below ? height : top + rows) - from;
    const inRows = Math.floor(budget / Math.max(across, 1));
    if (!beside && inRows >= Math.min(ROWS_LEAST, below)) {
      const rows = down(inRows);
      return { from, rows, left: 0, columns: width, pixels: Math.min(inRows, below) * across, last: from + rows >= height };
    }
    const rows = beside?.rows ?? down(ROWS_LEAST);
    const left = beside ? beside.left + beside.columns : 0;
    const start = Math.max(left, covered.left);
    const band = Math.min(ROWS_LEAST, Math.max(below, 1));
    let piece = Math.floor(start / COLUMNS);
    for (let ms = this.#cost(piece, band); COLUMNS * (piece + 1) < covered.right; piece += 1) {
      ms += this.#cost(piece + 1, band);
      if (ms > longer * STRIP_MS) break;
    }
    const end = COLUMNS * (piece + 1);
    const columns = (end >= covered.right ? width : end) - left;
    const last = from + rows >= height && left + columns >= width;
    return { from, rows, left, columns, pixels: band * Math.max(Math.min(end, covered.right) - start, 0), last };
  }

  /** Takes in how long a strip took. */
  record(ms: number, { pixels, left, columns }: Strip): void {
    if (pixels === 0) return;
    const each = Math.max(ms / pixels, 1e-6);
    for (let piece = Math.floor(left / COLUMNS); piece * COLUMNS < left + columns; piece += 1) this.#above[piece] = each;
    this.#done = pixels;
    // The rest of a row is done with the strip before it, and has half of its time.
    if (pixels < ROWS_LEAST * COLUMNS) return;
    this.#recent = each > this.#recent ? each : 0.5 * (this.#recent + each);
    // One that took so long is of what takes long; a shorter one tells of a clear part more than of the rest.
    const telling = ms >= STRIP_MS / 2;
    if (each > this.#slowest) this.#slowest = each;
    else if (telling) this.#slowest += 0.25 * (each - this.#slowest);
    else this.#slowest = Math.max(each, this.#slowest * (this.#seen ? 0.98 : 0.9));
    this.#seen ||= telling;
  }

  /** Milliseconds that a piece of a band takes at most: as much as those above it and beside that, and never next to nothing. */
  #cost(piece: number, rows: number): number {
    const near = [piece - 1, piece, piece + 1].map((at) => this.#above[at] ?? (at === piece ? this.#slowest : 0));
    return COLUMNS * rows * Math.max(...near, this.#slowest / SURPRISE);
  }
}
