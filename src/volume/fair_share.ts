/** Memory among layers: equal numbers of bricks for all, and what one does not need goes to the others (max-min fairness). */

/** What a layer would take. */
export interface Demand {
  /** Bricks it would fill if it could. */
  readonly slots: number;
  /** Bytes of one of its bricks. */
  readonly bytes: number;
}

/**
 * Slots for each layer: no layer gets more than it asks for, and none gets less than another one that could give it some. The
 * bytes together stay within `budget`, except that each layer gets one slot at least.
 *
 * @example fairShares([{ slots: 10, bytes: 2 }, { slots: 900, bytes: 2 }], 400) // [10, 190]
 */
export function fairShares(demands: readonly Demand[], budget: number): number[] {
  const shares = demands.map(() => 0);
  let left = budget;
  const open = demands.map((_, i) => i).sort((a, b) => (demands[a] as Demand).slots - (demands[b] as Demand).slots);
  let bytes = demands.reduce((sum, demand) => sum + demand.bytes, 0);
  let level = Number.POSITIVE_INFINITY;
  let cut = false;
  // The least demanding first: what it leaves raises the level of all the others, until one is cut short; then that is the level of all.
  for (const i of open) {
    const demand = demands[i] as Demand;
    if (!cut) level = Math.floor(left / bytes);
    cut ||= level < demand.slots;
    const share = Math.max(Math.min(demand.slots, level), 1);
    shares[i] = share;
    left = Math.max(left - share * demand.bytes, 0);
    bytes -= demand.bytes;
  }
  return shares;
}
