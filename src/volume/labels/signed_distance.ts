/** How far each texel of a plane is from the outline of a shape: above 0 inside, below 0 outside. Exact. */

/** A shape in a rectangle: 1 inside, 0 outside, row by row. What lies beyond the rectangle is outside. */
export interface Shape {
  readonly rows: number;
  readonly columns: number;
  readonly inside: Uint8Array;
}

/** Rows after which others get their turn. */
const ROWS_A_TURN = 64;

/**
 * Of a texel inside the distance to the nearest centre outside; of one outside the negative distance to the nearest centre inside,
 * `sqrt((rows apart · edge)² + (columns apart · edge)²)` in 64-bit floats. Without any texel inside it is -Infinity everywhere.
 *
 * @param edges world edges of a texel, along rows and along a row
 */
export function* signedDistance(shape: Shape, edges: readonly [number, number]): Generator<void, Float64Array<ArrayBuffer>> {
  const { rows, columns, inside } = shape;
  // A frame of one texel: beyond it nothing is nearer, for what is outside.
  const framed = new Uint8Array((rows + 2) * (columns + 2));
  for (let row = 0; row < rows; row += 1) framed.set(inside.subarray(row * columns, (row + 1) * columns), (row + 1) * (columns + 2) + 1);
  const to = (of: 0 | 1) => squaredDistance({ rows: rows + 2, columns: columns + 2, inside: framed }, of, edges);
  const [out, into] = [yield* to(0), yield* to(1)];
  const signed = new Float64Array(rows * columns);
  for (let row = 0, at = 0; row < rows; row += 1) {
    for (let column = 0, from = (row + 1) * (columns + 2) + 1; column < columns; column += 1, at += 1, from += 1) {
      signed[at] = framed[from] ? Math.sqrt(out[from] as number) : -Math.sqrt(into[from] as number);
    }
  }
  return signed;
}

/** Squared distance to the nearest texel that is `of`: along columns by counting, then along rows by the lower envelope of parabolas. */
function* squaredDistance({ rows, columns, inside }: Shape, of: 0 | 1, [tall, wide]: readonly [number, number]): Generator<void, Float64Array<ArrayBuffer>> {
  const found = new Float64Array(rows * columns).fill(Number.POSITIVE_INFINITY);
  for (let column = 0; column < columns; column += 1) {
    for (let row = 0, apart = Number.POSITIVE_INFINITY; row < rows; row += 1) {
      const at = row * columns + column;
      apart = inside[at] === of ? 0 : apart + 1;
      found[at] = apart;
    }
    for (let row = rows - 1, apart = Number.POSITIVE_INFINITY; row >= 0; row -= 1) {
      const at = row * columns + column;
      apart = inside[at] === of ? 0 : apart + 1;
      found[at] = (Math.min(found[at] as number, apart) * tall) ** 2;
    }
    if (column % ROWS_A_TURN === 0) yield;
  }
  const [tops, starts, line] = [new Int32Array(columns), new Float64Array(columns + 1), new Float64Array(columns)];
  for (let row = 0; row < rows; row += 1) {
    const begin = row * columns;
    const last = envelope(found.subarray(begin, begin + columns), wide, tops, starts);
    if (last < 0) continue;
    line.set(found.subarray(begin, begin + columns));
    const value = (k: number, x: number) => (line[tops[k] as number] as number) + ((x - (tops[k] as number)) * wide) ** 2;
    for (let x = 0, k = 0; x < columns; x += 1) {
      while (k < last && (starts[k + 1] as number) < x) k += 1;
      // Where two parabolas cross is rounded: the neighbours decide.
      let least = value(k, x);
      if (k < last) least = Math.min(least, value(k + 1, x));
      if (k > 0) least = Math.min(least, value(k - 1, x));
      found[begin + x] = least;
    }
    if (row % ROWS_A_TURN === 0) yield;
  }
  return found;
}

/** The parabolas that are lowest somewhere, from left to right, and where each begins to be; the index of the last, -1 where there are none. */
function envelope(line: Float64Array, wide: number, tops: Int32Array, starts: Float64Array): number {
  let last = -1;
  for (let x = 0; x < line.length; x += 1) {
    const height = line[x] as number;
    if (height === Number.POSITIVE_INFINITY) continue;
    let start = Number.NEGATIVE_INFINITY;
    while (last >= 0) {
      const top = tops[last] as number;
      start = ((height - (line[top] as number)) / (wide * wide) + x * x - top * top) / (2 * (x - top));
      if (start > (starts[last] as number)) break;
      last -= 1;
      start = Number.NEGATIVE_INFINITY;
    }
    last += 1;
    tops[last] = x;
    starts[last] = start;
  }
  return last;
}
