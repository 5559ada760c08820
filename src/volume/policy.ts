/** How bricks are asked for: in which order, how many at once, and what can wait while a view moves. A policy is a small object. */

/** What a request is for. Coarse: without it voxels of what is in view would cover several pixels. */
export type RequestClass = 'visible-coarse' | 'visible-fine' | 'prefetch' | 'other-times';

export const REQUEST_CLASSES: readonly RequestClass[] = ['visible-coarse', 'visible-fine', 'prefetch', 'other-times'];

export interface LoadingPolicy {
  readonly name: string;
  /** Classes by urgency. A class that is not named is never asked for; the coarsest brick always is. */
  readonly order: readonly RequestClass[];
  /** Pixels that a voxel may cover before finer ones are wanted. */
  readonly pixelsPerVoxel: number;
  /** How much more the middle of the picture, or what is under the pointer, counts than its edge; 0: not at all. */
  readonly focus: number;
  /** Bricks asked for at once, while a view moves and while none does. */
  readonly underWay: { readonly moving: number; readonly still: number };
  /** Finest levels of a plan that are not asked for anew while its view moves. */
  readonly deferredLevels: number;
  /** Parts of the slots and of the requests that may go to what is predicted to come into view. */
  readonly prefetchShare: number;
  /** How far ahead a moving camera is predicted, in milliseconds. */
  readonly prefetchMs: number;
  /** Work of a frame while a view moves: milliseconds and bricks of uploads, and the pause between two fills of a page table. */
  readonly moving: { readonly uploadMs: number; readonly uploads: number; readonly tableMs: number };
  /** Time points after the one shown that are asked for ahead of time. */
  readonly timesAhead: number;
}

const exploration: LoadingPolicy = {
  name: 'exploration',
  order: ['visible-coarse', 'visible-fine', 'prefetch', 'other-times'],
  pixelsPerVoxel: 1,
  focus: 6,
  underWay: { moving: 24, still: 512 },
  deferredLevels: 1,
  prefetchShare: 0.1,
  prefetchMs: 250,
  moving: { uploadMs: 2, uploads: 2, tableMs: 120 },
  timesAhead: 1,
};

/** The policies that have names. */
export const POLICIES = {
  exploration,
  /** Time points before detail: playing stays in step, details come when it stops. */
  playback: {
    ...exploration,
    name: 'playback',
    order: ['visible-coarse', 'other-times', 'visible-fine', 'prefetch'],
    timesAhead: 8,
  },
  /** Few and coarser bricks: an eighth of the bytes of full detail, nothing on suspicion. */
  'low-bandwidth': {
    ...exploration,
    name: 'low-bandwidth',
    order: ['visible-coarse', 'visible-fine'],
    pixelsPerVoxel: 2,
    underWay: { moving: 4, still: 16 },
    timesAhead: 0,
  },
  /** Only what is in view. */
  'no-prefetch': { ...exploration, name: 'no-prefetch', order: ['visible-coarse', 'visible-fine'], timesAhead: 0 },
} as const satisfies Readonly<Record<string, LoadingPolicy>>;

/**
 * Until the first picture is there: the brick that it is made of, and no other. Kernel, sidecar and page would make, carry and keep
 * hundreds meanwhile, on the processors that the picture needs where there is no GPU.
 */
export const COARSEST: LoadingPolicy = { ...exploration, name: 'coarsest', order: [] };

export type PolicyName = keyof typeof POLICIES;
/** Orders of the classes that are remembered: all there are. */
const MOST_ORDERS = 512;
export const POLICY_NAMES = Object.keys(POLICIES) as readonly PolicyName[];

/** The name of a policy in another order: `exploration:visible-coarse,prefetch,visible-fine`; only the name where the order is its own. */
export function orderedName(name: string, order: readonly RequestClass[]): string {
  const own = Object.hasOwn(POLICIES, name) ? POLICIES[name as PolicyName].order : [];
  return own.join() === order.join() ? name : `${name}:${order.join(',')}`;
}

const byText = new Map<string, LoadingPolicy>();

/** The policy that a text names, with its own order or the one after a colon. */
function namedPolicy(text: string): LoadingPolicy {
  const known = byText.get(text);
  if (known) return known;
  const [name = '', order, ...more] = text.split(':');
  const base = Object.hasOwn(POLICIES, name) ? POLICIES[name as PolicyName] : undefined;
  if (!base || more.length > 0) throw new RangeError(`no policy named '${text.slice(0, 200)}'; there are ${POLICY_NAMES.join(', ')}`);
  if (order === undefined) return base;
  const made = policyOf({ ...base, name: text.slice(0, 200), order: order.split(',').map((part) => part.trim()) as RequestClass[] });
  if (byText.size >= MOST_ORDERS) byText.clear();
  byText.set(text, made);
  return made;
}

/**
 * The policy of a name, of a name with an order after a colon, or a policy as it is, checked. The same text gives the same object.
 *
 * @throws RangeError for a name that there is not, and for numbers that make no sense
 * @example policyOf({ ...POLICIES.exploration, name: 'mine', order: ['visible-coarse', 'prefetch', 'visible-fine'] })
 * @example policyOf('playback:other-times,visible-coarse,visible-fine')
 */
export function policyOf(policy: string | LoadingPolicy): LoadingPolicy {
  if (typeof policy === 'string') return namedPolicy(policy);
  const { name, order, underWay, prefetchShare, pixelsPerVoxel, moving } = policy;
  const wrong = order.find((c, i) => !REQUEST_CLASSES.includes(c) || order.indexOf(c) !== i);
  if (wrong !== undefined) throw new RangeError(`policy '${name}' orders '${wrong}', which is unknown or there twice; classes are ${REQUEST_CLASSES.join(', ')}`);
  const bounds: readonly (readonly [string, number, number, number])[] = [
    ['pixelsPerVoxel', pixelsPerVoxel, 0.25, 64],
    ['focus', policy.focus, 0, 100],
    ['underWay.moving', underWay.moving, 1, 4096],
    ['underWay.still', underWay.still, 1, 4096],
    ['deferredLevels', policy.deferredLevels, 0, 32],
    ['prefetchShare', prefetchShare, 0, 0.5],
    ['prefetchMs', policy.prefetchMs, 0, 5000],
    ['moving.uploadMs', moving.uploadMs, 0, 1000],
    ['moving.uploads', moving.uploads, 1, 4096],
    ['moving.tableMs', moving.tableMs, 0, 10_000],
    ['timesAhead', policy.timesAhead, 0, 1000],
  ];
  for (const [what, value, low, high] of bounds) {
    if (!(value >= low && value <= high)) throw new RangeError(`policy '${name}': ${what} is ${value}; it must be from ${low} to ${high}`);
  }
  return policy;
}
