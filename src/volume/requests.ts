/** From plans to requests: one list a volume, by the classes of the policy, and no longer than may be under way. Pure. */

import type { BrickKey } from './geometry.js';
import type { LoadingPolicy, RequestClass } from './policy.js';

/** A brick that is missing. */
export interface MissingBrick {
  readonly key: BrickKey;
  readonly class: RequestClass;
  /** Within its class; from 0 (first) up to 1 (exclusive). */
  readonly urgency: number;
  /** What is shown is out of date: that can wait for what is not there at all. */
  readonly stale: boolean;
  /** Nothing is lost by asking for it once its view rests. */
  readonly mayWait: boolean;
}

/** A request: small priorities come first, of all volumes together. */
export interface Request extends BrickKey {
  readonly priority: number;
}

/** Priority of a missing brick under a policy; undefined where its class is not asked for. The coarsest brick comes before all. */
export function priorityOf(policy: LoadingPolicy, brick: MissingBrick, top: number): number | undefined {
  if (brick.key.level === top && brick.class === 'visible-coarse') return brick.urgency + (brick.stale ? policy.order.length : 0);
  const rank = policy.order.indexOf(brick.class);
  return rank < 0 ? undefined : rank + brick.urgency + (brick.stale ? policy.order.length : 0);
}

/**
 * The requests of several volumes: the most urgent of all, at most as many as may be under way. Of these what is not in view gets
 * its part at most, and only what the rest leaves.
 */
export function chooseRequests<V>(
  policy: LoadingPolicy,
  missing: ReadonlyMap<V, { readonly bricks: readonly MissingBrick[]; readonly top: number }>,
  moving: boolean,
): Map<V, Request[]> {
  const limit = moving ? policy.underWay.moving : policy.underWay.still;
  const all: { volume: V; brick: MissingBrick; priority: number }[] = [];
  for (const [volume, { bricks, top }] of missing) {
    for (const brick of bricks) {
      const priority = priorityOf(policy, brick, top);
      if (priority === undefined || (moving && brick.mayWait)) continue;
      all.push({ volume, brick, priority });
    }
  }
  all.sort((a, b) => a.priority - b.priority);
  const requests = new Map<V, Request[]>([...missing.keys()].map((volume) => [volume, []]));
  let count = 0;
  let ahead = Math.ceil(limit * policy.prefetchShare);
  for (const { volume, brick, priority } of all) {
    if (count >= limit) break;
    if (brick.class === 'prefetch') {
      if (ahead <= 0) continue;
      ahead -= 1;
    }
    requests.get(volume)?.push({ ...brick.key, priority });
    count += 1;
  }
  return requests;
}
