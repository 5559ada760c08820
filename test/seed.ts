/** Chance that can be repeated: `VOXBEAM_SEED` sets it, and a test that uses it prints it. */

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed of this run. */
export const SEED = Number(process.env.VOXBEAM_SEED ?? 5);

/** How much of a campaign runs: 1 in `npm test`, all of it in `npm run soak`. */
export function turns(short: number, long: number): number {
  return process.env.VOXBEAM_SOAK ? long : short;
}
