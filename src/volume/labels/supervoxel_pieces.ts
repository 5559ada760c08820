/**
 * From clusters to pieces that can be picked: each is connected by faces, holds no value that differs from its cluster's mean by more than the contrast, and
 * is no crumb where it has a neighbour like it.
 */

import type { Clusters } from './slic.js';

type Triple = readonly [number, number, number];

/** A piece smaller than this part of a cell is a crumb. */
const CRUMB = 1 / 8;
/** A crumb of at most this part of a cell, or one voxel, that lies within one piece is a speck of noise. */
const SPECK = 1 / 64;

/** Voxels between two places where it gives way. */
const STEP = 8192;

interface Piece {
  size: number;
  sum: number;
  /** It lies at a side of the box: what is behind it nobody knows. */
  rim: boolean;
}

/**
 * The piece of each voxel: numbers from 0, some of them unused. Gives way after some work, with the voxels looked at.
 *
 * @param cellVoxels voxels of a cell
 */
export function* supervoxelPieces(values: Float64Array, size: Triple, { cluster, means }: Clusters, cellVoxels: number, contrast: number): Generator<number, Int32Array> {
  const [nz, ny, nx] = size;
  const plane = ny * nx;
  const piece = new Int32Array(values.length).fill(-1);
  // What is too far from its cluster's mean had no better centre near it: it is no part of that.
  const kind = new Int32Array(values.length);
  for (let at = 0; at < kind.length; at += 1) {
    const c = cluster[at] as number;
    kind[at] = c < 0 ? -1 : 2 * c + Number(Math.abs((values[at] as number) - (means[c] as number)) > contrast);
  }
  yield kind.length;
  const pieces: Piece[] = [];
  const open: number[] = [];
  let looked = 0;
  for (let seed = 0; seed < piece.length; seed += 1) {
    if (piece[seed] !== -1) continue;
    const [number, own, value] = [pieces.length, kind[seed] as number, values[seed] as number];
    const far = own % 2 === 1;
    const found: Piece = { size: 0, sum: 0, rim: false };
    const reach = (at: number) => {
      if (piece[at] !== -1 || kind[at] !== own) return;
      // What is far from a mean may be so to both sides of it.
      if (far && Math.abs((values[at] as number) - value) > contrast) return;
      piece[at] = number;
      open.push(at);
    };
    reach(seed);
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      found.size += 1;
      found.sum += values[at] as number;
      const x = at % nx;
      const y = ((at - x) / nx) % ny;
      const z = (at - x - y * nx) / plane;
      if (x > 0) reach(at - 1);
      if (x + 1 < nx) reach(at + 1);
      if (y > 0) reach(at - nx);
      if (y + 1 < ny) reach(at + nx);
      if (z > 0) reach(at - plane);
      if (z + 1 < nz) reach(at + plane);
      found.rim ||= isRim(x, nx) || isRim(y, ny) || isRim(z, nz);
      looked += 1;
      if (looked % STEP === 0) yield STEP;
    }
    pieces.push(found);
  }
  const beside = yield* neighboursOf(piece, size, pieces, cellVoxels * CRUMB);
  const joined = yield* joinCrumbs(pieces, beside, cellVoxels * CRUMB, contrast);
  yield piece.length;
  for (let at = 0; at < piece.length; at += 1) piece[at] = joined[piece[at] as number] as number;
  return piece;
}

/** Whether a voxel lies at a side of the box; across a plane there is none. */
const isRim = (v: number, n: number): boolean => n > 1 && (v === 0 || v === n - 1);

/** The pieces beside each crumb. */
function* neighboursOf(piece: Int32Array, [nz, ny, nx]: Triple, pieces: readonly Piece[], crumb: number): Generator<number, Map<number, Set<number>>> {
  const beside = new Map<number, Set<number>>();
  const isCrumb = Uint8Array.from(pieces, ({ size }) => Number(size < crumb));
  const meet = (a: number, b: number) => {
    if (a === b) return;
    for (const [own, other] of [[a, b], [b, a]] as const) {
      if (!isCrumb[own]) continue;
      const known = beside.get(own);
      if (known) known.add(other);
      else beside.set(own, new Set([other]));
    }
  };
  for (let z = 0, at = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      for (let x = 0; x < nx; x += 1, at += 1) {
        const own = piece[at] as number;
        if (x > 0 && piece[at - 1] !== own) meet(own, piece[at - 1] as number);
        if (y > 0 && piece[at - nx] !== own) meet(own, piece[at - nx] as number);
        if (z > 0 && piece[at - ny * nx] !== own) meet(own, piece[at - ny * nx] as number);
      }
    }
    yield ny * nx;
  }
  return beside;
}

/** Joins crumbs, the smallest first, with the neighbour closest in value, unless that is further than the contrast; with the only one all around where it is a speck. */
function* joinCrumbs(pieces: readonly Piece[], beside: ReadonlyMap<number, Set<number>>, crumb: number, contrast: number): Generator<number, Int32Array> {
  const to = Int32Array.from(pieces, (_, i) => i);
  const root = (i: number): number => {
    let at = i;
    while (to[at] !== at) at = to[at] = to[to[at] as number] as number;
    return at;
  };
  const mean = ({ sum, size }: Piece) => sum / size;
  const crumbs = [...beside.keys()].sort((a, b) => (pieces[a] as Piece).size - (pieces[b] as Piece).size || a - b);
  for (const number of crumbs) {
    const own = root(number);
    const piece = pieces[own] as Piece;
    if (piece.size >= crumb) continue; // others were joined with it
    const others = [...new Set([...(beside.get(own) ?? [])].map(root))].filter((other) => other !== own).sort((a, b) => a - b);
    const value = mean(piece);
    const away = (other: number) => Math.abs(mean(pieces[other] as Piece) - value);
    let best = others[0];
    for (const other of others) if (best !== undefined && away(other) < away(best)) best = other;
    yield others.length;
    if (best === undefined || !(away(best) <= contrast || (others.length === 1 && !piece.rim && piece.size <= Math.max(1, (crumb / CRUMB) * SPECK)))) continue;
    const into = pieces[best] as Piece;
    // A speck has no say in the value of what is around it.
    if (away(best) <= contrast) into.sum += piece.sum;
    else into.sum += mean(into) * piece.size;
    into.size += piece.size;
    into.rim ||= piece.rim;
    to[own] = best;
    // Of what is a crumb no longer nobody asks for neighbours.
    const further = into.size < crumb ? beside.get(best) : undefined;
    if (further) for (const other of others) further.add(other);
  }
  return Int32Array.from(pieces, (_, i) => root(i));
}
