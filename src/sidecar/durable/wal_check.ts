/**
 * Whether SQLite's write-ahead log is whole. SQLite reads it up to the first frame that does not fit and takes that for the end: right for a write that a
 * power cut left half done, but a flipped bit would silently lose all that was acknowledged behind it. So what lies behind is looked at.
 */

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;

/** Continues SQLite's checksum over whole pairs of words. */
function checksum(bytes: Buffer, big: boolean, sums: [number, number]): void {
  let [a, b] = sums;
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + (big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + b) >>> 0;
    b = (b + (big ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + a) >>> 0;
  }
  sums[0] = a;
  sums[1] = b;
}

/** What is wrong with the log `wal`; undefined where nothing is. */
export function walDamage(wal: Buffer): string | undefined {
  if (wal.length <= HEADER_BYTES) return undefined;
  const magic = wal.readUInt32BE(0);
  const big = (magic & 1) === 1;
  const sums: [number, number] = [0, 0];
  checksum(wal.subarray(0, 24), big, sums);
  if ((magic & ~1) >>> 0 !== MAGIC || sums[0] !== wal.readUInt32BE(24) || sums[1] !== wal.readUInt32BE(28)) return 'the header of its log';
  const pageBytes = wal.readUInt32BE(8);
  const salts = wal.subarray(16, 24);
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  const ours = (at: number) => at + 16 <= wal.length && wal.subarray(at + 8, at + 16).equals(salts);
  let at = HEADER_BYTES;
  for (; at + frameBytes <= wal.length; at += frameBytes) {
    const frame = wal.subarray(at, at + frameBytes);
    checksum(frame.subarray(0, 8), big, sums);
    checksum(frame.subarray(FRAME_HEADER_BYTES), big, sums);
    const sound = sums[0] === frame.readUInt32BE(16) && sums[1] === frame.readUInt32BE(20);
    if (sound && !ours(at)) return 'the salts of its log';
    if (!sound) break;
  }
  // Frames of an earlier round, with other salts, may lie behind the end; none of this round may.
  for (; at < wal.length; at += frameBytes) if (ours(at)) return 'the end of its log';
  return undefined;
}
