/**
 * RANGES frames, made without Arrow's library. What stands before the rows is a constant but for the numbers in it that follow from how many
 * rows there are; it is what pyarrow writes for 1001 of them.
 */

import { encodeFrame, FrameType } from './frame.js';

const PREFIX =
  '/////1gBAAAQAAAAAAAKAAwABgAFAAgACgAAAAABBAAMAAAACAAIAAAABAAIAAAABAAAAAYAAAD4AAAAvAAAAJAAAABkAAAAMAAAAAQAAAAw////AAAAAx' +
  'AAAAAUAAAABAAAAAAAAAADAAAAbWF4ANb///8AAAEAWP///wAAAAMQAAAAHAAAAAQAAAAAAAAAAwAAAG1pbgAAAAYACAAGAAYAAAAAAAEAiP///wAAAAIQ' +
  'AAAAFAAAAAQAAAAAAAAAAQAAAHgAAAB2////IAAAALD///8AAAACEAAAABQAAAAEAAAAAAAAAAEAAAB5AAAAnv///yAAAADY////AAAAAhAAAAAUAAAABA' +
  'AAAAAAAAABAAAAegAAAMb///8gAAAAEAAUAAgAAAAHAAwAAAAQABAAAAAAAAACEAAAABwAAAAEAAAAAAAAAAUAAABsZXZlbAAGAAgABAAGAAAACAAAAP//' +
  '//94AQAAFAAAAAAAAAAMABYABgAFAAgADAAMAAAAAAMEABgAAAA4UgAAAAAAAAAACgAYAAwABAAIAAoAAADcAAAAEAAAAOkDAAAAAAAAAAAAAAwAAAAAAA' +
  'AAAAAAAAAAAAAAAAAAAAAAAAAAAADpAwAAAAAAAPADAAAAAAAAAAAAAAAAAADwAwAAAAAAAKQPAAAAAAAAmBMAAAAAAAAAAAAAAAAAAJgTAAAAAAAApA8A' +
  'AAAAAABAIwAAAAAAAAAAAAAAAAAAQCMAAAAAAACkDwAAAAAAAOgyAAAAAAAAAAAAAAAAAADoMgAAAAAAAKQPAAAAAAAAkEIAAAAAAAAAAAAAAAAAAJBCAA' +
  'AAAAAApA8AAAAAAAAAAAAABgAAAOkDAAAAAAAAAAAAAAAAAADpAwAAAAAAAAAAAAAAAAAA6QMAAAAAAAAAAAAAAAAAAOkDAAAAAAAAAAAAAAAAAADpAwAA' +
  'AAAAAAAAAAAAAAAA6QMAAAAAAAAAAAAAAAAAAA==';
const PREFIX_ROWS = 1001;
/** An Arrow stream ends with this. */
const END = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** `[level, z, y, x, lowest, highest value]` of a brick. */
export type RangeRow = readonly [number, number, number, number, number, number];

/** The numbers that depend on the rows: of rows, lengths of columns, where columns begin, and how long they are together. */
function numbersOf(rows: number): number[] {
  const [bytes, words] = [padded(rows), padded(4 * rows)];
  return [rows, bytes, 4 * rows, ...[1, 2, 3, 4, 5].map((column) => bytes + column * words)];
}

/** A RANGES frame of these bricks of a volume. */
export function encodeRanges(volume: number, rows: readonly RangeRow[]): Uint8Array<ArrayBuffer> {
  const prefix = Uint8Array.from(atob(PREFIX), (char) => char.charCodeAt(0));
  const view = new DataView(prefix.buffer);
  const now = numbersOf(rows.length);
  const numbers = new Map(numbersOf(PREFIX_ROWS).map((number, i) => [number, now[i] as number]));
  for (let at = 0; at + 8 <= prefix.byteLength; at += 4) {
    const number = numbers.get(view.getUint32(at, true));
    if (number === undefined || view.getUint32(at + 4, true) !== 0) continue;
    view.setUint32(at, number, true);
    at += 4;
  }
  const levels = padded(rows.length);
  const payload = new Uint8Array(prefix.byteLength + levels + 5 * padded(4 * rows.length) + END.length);
  payload.set(prefix);
  payload.set(END, payload.byteLength - END.length);
  const body = new DataView(payload.buffer, prefix.byteLength);
  for (const [i, row] of rows.entries()) {
    body.setUint8(i, row[0]);
    for (let column = 0; column < 5; column += 1) {
      const at = levels + column * padded(4 * rows.length) + 4 * i;
      if (column < 3) body.setUint32(at, row[column + 1] as number, true);
      else body.setFloat32(at, row[column + 1] as number, true);
    }
  }
  return encodeFrame(FrameType.RANGES, payload, { volume });
}
