// Writes src/renderer/cell_ranges_wasm.ts: the lowest and highest voxels of a brick's cells by SIMD, which JavaScript has only in WebAssembly: a tenth of
// the time. Run after a change here: `node scripts/cell_ranges.mjs`.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

/** A brick has so many voxels along each edge, a cell is read with so many, and the next one begins so many further. */
const [STORED, READ, CELL, CELLS] = [66, 10, 8, 8];
/** Bytes of a vector. */
const VECTOR = 16;

/** By dtype: bytes, what takes the lower and the higher of two lanes, and what is above and below all. A NaN is neither: pmin(a, b) is b only where b < a. */
const DTYPES = {
  u8: { bytes: 1, low: 'i8x16.min_u', high: 'i8x16.max_u', above: 'i32x4 -1 -1 -1 -1', below: 'i32x4 0 0 0 0' },
  u16: { bytes: 2, low: 'i16x8.min_u', high: 'i16x8.max_u', above: 'i32x4 -1 -1 -1 -1', below: 'i32x4 0 0 0 0' },
  u32: { bytes: 4, low: 'i32x4.min_u', high: 'i32x4.max_u', above: 'i32x4 -1 -1 -1 -1', below: 'i32x4 0 0 0 0' },
  f32: { bytes: 4, low: 'f32x4.pmin', high: 'f32x4.pmax', above: 'f32x4 inf inf inf inf', below: 'f32x4 -inf -inf -inf -inf' },
};
const INPUT = STORED ** 3 * 4;
const OUTPUT = CELLS * CELLS * STORED * 4;

/**
 * One function: of the brick at 0 the ranges over z and y of each row of cells, as rows of 66 lowest and 66 highest numbers, x after x. The last vector of a
 * row begins before the one before it ends: looking twice changes nothing.
 */
function functionOf(name, { bytes, low, high, above, below }) {
  const [row, plane] = [STORED * bytes, STORED * STORED * bytes];
  const rows = Array.from({ length: READ }, (_, y) => `
            (local.set $voxels (v128.load offset=${y * row} align=1 (local.get $from)))
            (local.set $low (${low} (local.get $low) (local.get $voxels)))
            (local.set $high (${high} (local.get $high) (local.get $voxels)))`);
  return `
  (func (export "${name}") (local $cells i32) (local $x i32) (local $z i32) (local $from i32) (local $to i32) (local $low v128) (local $high v128) (local $voxels v128)
    (local.set $to (i32.const ${INPUT}))
    (loop $every_row
      (local.set $x (i32.const 0))
      (loop $every_vector
        (local.set $low (v128.const ${above}))
        (local.set $high (v128.const ${below}))
        (local.set $from (i32.add (local.get $x) (i32.add
          (i32.mul (i32.shr_u (local.get $cells) (i32.const 3)) (i32.const ${CELL * plane}))
          (i32.mul (i32.and (local.get $cells) (i32.const 7)) (i32.const ${CELL * row})))))
        (local.set $z (i32.const ${READ}))
        (loop $every_plane${rows.join('')}
            (local.set $from (i32.add (local.get $from) (i32.const ${plane})))
            (br_if $every_plane (local.tee $z (i32.sub (local.get $z) (i32.const 1)))))
        (v128.store align=1 (i32.add (local.get $to) (local.get $x)) (local.get $low))
        (v128.store offset=${OUTPUT} align=1 (i32.add (local.get $to) (local.get $x)) (local.get $high))
        (if (i32.ne (local.get $x) (i32.const ${row - VECTOR}))
          (then
            (local.set $x (i32.add (local.get $x) (i32.const ${VECTOR})))
            (if (i32.gt_u (local.get $x) (i32.const ${row - VECTOR})) (then (local.set $x (i32.const ${row - VECTOR}))))
            (br $every_vector))))
      (local.set $to (i32.add (local.get $to) (i32.const ${row})))
      (br_if $every_row (i32.lt_u (local.tee $cells (i32.add (local.get $cells) (i32.const 1))) (i32.const ${CELLS * CELLS})))))`;
}

const text = `(module
  (memory (export "memory") ${Math.ceil((INPUT + 2 * OUTPUT) / 65536)})${Object.entries(DTYPES).map(([name, dtype]) => functionOf(name, dtype)).join('')})`;

/** The text of the file. */
export async function cellRangesFile() {
  const module = (await wabt()).parseWat('cell_ranges.wat', text, { simd: true });
  const { buffer } = module.toBinary({});
  module.destroy();
  return `/** WebAssembly, in base64. Written by scripts/cell_ranges.mjs, which has its source. */

/** Where the ranges are written: the lowest numbers of 8 × 8 rows of cells, and so many bytes behind them the highest. The brick is read at 0. */
export const RANGES_AT = ${INPUT};
export const HIGHEST_AFTER = ${OUTPUT};

export const CELL_RANGES_WASM =
  '${Buffer.from(buffer).toString('base64')}';
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(new URL('../src/renderer/cell_ranges_wasm.ts', import.meta.url), await cellRangesFile());
