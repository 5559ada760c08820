/**
 * Pieces of a box of values that are alike and near each other: SLIC (Achanta et al. 2012), in as many dimensions as the box has. Centres begin on a
 * lattice of cells, each in the calmest voxel around; a voxel goes to the centre for which (Δvalue / contrast)² + |Δplace / cell|² is least, looked for
 * within a cell's length to each side; centres move to the means of what they got. Nothing is random: the same values give the same pieces.
 */

type Triple = readonly [number, number, number];

/** Rounds at most; it ends earlier where nothing moves any more. */
const ROUNDS = 10;

/** Which centre each voxel went to, and the mean values of what centres have. */
export interface Clusters {
  /** -1 where the value is no number. */
  readonly cluster: Int32Array;
  readonly means: Float64Array;
}

/**
 * Clusters the values of a box. Gives way after each centre, with the voxels looked at.
 *
 * @param values in z, y, x order
 * @param cell edges of a cell in voxels; 1 along an axis in which the box has one voxel
 * @param contrast difference of values that weighs as much as a cell's edge; above 0
 */
export function* slic(values: Float64Array, size: Triple, cell: Triple, contrast: number): Generator<number, Clusters> {
  const [nz, ny, nx] = size;
  const plane = ny * nx;
  const centres = latticeCentres(values, size, cell);
  const count = centres.length / 4;
  const cluster = new Int32Array(values.length).fill(-1);
  const nearest = new Float64Array(values.length);
  const [wv, wz, wy, wx] = [1 / contrast ** 2, 1 / cell[0] ** 2, 1 / cell[1] ** 2, 1 / cell[2] ** 2];
  const sums = new Float64Array(5 * count);
  for (let round = 0, moved = true; round < ROUNDS && moved; round += 1) {
    nearest.fill(Number.POSITIVE_INFINITY);
    const before = cluster.slice();
    for (let c = 0; c < count; c += 1) {
      const [value, cz, cy, cx] = [centres[4 * c], centres[4 * c + 1], centres[4 * c + 2], centres[4 * c + 3]] as [number, number, number, number];
      const [z0, z1] = reach(cz, cell[0], nz);
      const [y0, y1] = reach(cy, cell[1], ny);
      const [x0, x1] = reach(cx, cell[2], nx);
      for (let z = z0; z < z1; z += 1) {
        for (let y = y0; y < y1; y += 1) {
          const row = (z - cz) * (z - cz) * wz + (y - cy) * (y - cy) * wy;
          const end = z * plane + y * nx + x1;
          for (let at = z * plane + y * nx + x0, dx = x0 - cx; at < end; at += 1, dx += 1) {
            const dv = (values[at] as number) - value;
            const distance = dv * dv * wv + row + dx * dx * wx;
            if (distance < (nearest[at] as number)) {
              nearest[at] = distance;
              cluster[at] = c;
            }
          }
        }
      }
      yield (z1 - z0) * (y1 - y0) * (x1 - x0);
    }
    moved = false;
    sums.fill(0);
    for (let z = 0, at = 0; z < nz; z += 1) {
      for (let y = 0; y < ny; y += 1) {
        for (let x = 0; x < nx; x += 1, at += 1) {
          const c = cluster[at] as number;
          if (c !== before[at]) moved = true;
          if (c < 0) continue;
          sums[5 * c] = (sums[5 * c] as number) + (values[at] as number);
          sums[5 * c + 1] = (sums[5 * c + 1] as number) + z;
          sums[5 * c + 2] = (sums[5 * c + 2] as number) + y;
          sums[5 * c + 3] = (sums[5 * c + 3] as number) + x;
          sums[5 * c + 4] = (sums[5 * c + 4] as number) + 1;
        }
      }
      yield plane;
    }
    for (let c = 0; c < count; c += 1) {
      const members = sums[5 * c + 4] as number;
      if (members > 0) for (let i = 0; i < 4; i += 1) centres[4 * c + i] = (sums[5 * c + i] as number) / members;
    }
  }
  return { cluster, means: Float64Array.from({ length: count }, (_, c) => centres[4 * c] as number) };
}

/** First voxel within a cell of a centre along an axis, and the one behind the last. */
function reach(at: number, cell: number, n: number): [number, number] {
  return [Math.max(Math.ceil(at - cell), 0), Math.min(Math.floor(at + cell) + 1, n)];
}

/** Value, z, y, x of the centres at the beginning: the middles of cells, moved to the least gradient around; no edge, no speck. */
function latticeCentres(values: Float64Array, size: Triple, cell: Triple): Float64Array {
  const middles = size.map((n, axis) => {
    const count = Math.max(1, Math.round(n / (cell[axis] as number)));
    return Array.from({ length: count }, (_, i) => ((i + 0.5) * n) / count - 0.5);
  }) as [number[], number[], number[]];
  const centres = new Float64Array(4 * middles[0].length * middles[1].length * middles[2].length);
  let c = 0;
  for (const mz of middles[0]) {
    for (const my of middles[1]) {
      for (const mx of middles[2]) {
        const middle: Triple = [Math.round(mz), Math.round(my), Math.round(mx)];
        const place = calmest(values, size, middle);
        const [z, y, x] = place;
        // Between voxels where the cell's middle is: two cells that are alike meet in the middle between theirs.
        centres.set([values[(z * size[1] + y) * size[2] + x] as number, ...(place === middle ? [mz, my, mx] : place)], 4 * c);
        c += 1;
      }
    }
  }
  return centres;
}

/** The place of the 3 × 3 × 3 about one where values change least; itself where none of them has a gradient. */
function calmest(values: Float64Array, size: Triple, middle: Triple): Triple {
  const strides = [size[1] * size[2], size[2], 1];
  let [best, least] = [middle, Number.POSITIVE_INFINITY];
  for (let k = -1; k <= 1; k += 1) {
    for (let j = -1; j <= 1; j += 1) {
      for (let i = -1; i <= 1; i += 1) {
        const place: Triple = [middle[0] + k, middle[1] + j, middle[2] + i];
        if (place.some((v, axis) => v < 0 || v >= (size[axis] as number))) continue;
        const at = place.reduce((sum, v, axis) => sum + v * (strides[axis] as number), 0);
        let gradient = 0;
        for (let axis = 0; axis < 3; axis += 1) {
          const [v, n, stride] = [place[axis] as number, size[axis] as number, strides[axis] as number];
          const step = (values[v + 1 < n ? at + stride : at] as number) - (values[v > 0 ? at - stride : at] as number);
          gradient += step * step;
        }
        // The middle of the cell wins where all are alike.
        const here = k === 0 && j === 0 && i === 0;
        if (gradient < least || (here && gradient === least)) [best, least] = [here ? middle : place, gradient];
      }
    }
  }
  return best;
}
