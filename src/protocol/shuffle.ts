/** Sorting the bytes of items: all the first ones, all the second ones, …. The high bytes of neighbouring voxels are alike, and compress when they stand together. */

/** Sorts `from`, whose length is a multiple of `item`, into `into`. */
export function shuffle(from: Uint8Array, item: number, into: Uint8Array): void {
  const count = from.length / item;
  for (let byte = 0; byte < item; byte += 1) {
    const begin = byte * count;
    for (let i = 0, at = byte; i < count; i += 1, at += item) into[begin + i] = from[at] as number;
  }
}

/** The bytes of `from`, which were sorted, as they were, into `into`. */
export function unshuffle(from: Uint8Array, item: number, into: Uint8Array): void {
  const count = from.length / item;
  for (let byte = 0; byte < item; byte += 1) {
    const begin = byte * count;
    for (let i = 0, at = byte; i < count; i += 1, at += item) into[at] = from[begin + i] as number;
  }
}
