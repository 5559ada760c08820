/** The dials of a view, from the kernel's traits. A trait that is null leaves the viewer's own. */

import type { Dials } from '../viewer/dials.js';
import type { Viewer } from '../viewer/viewer.js';
import type { PacedSaves } from './kernel_pace.js';
import type { Session } from '../session/session.js';
import { onKernelMessage, type ViewModel } from './model.js';

const NAMES = {
  max_gpu_bytes: 'maxGpuBytes', max_browser_bytes: 'maxBrowserBytes', max_cache_bytes: 'maxCacheBytes', frame_ms: 'frameMs', passes: 'passes',
} as const satisfies Record<string, keyof Dials>;
type DialTrait = keyof typeof NAMES;
export type DialTraits = Record<DialTrait, number | null>;

const traits = Object.keys(NAMES) as DialTrait[];

/** Those that are set. */
export function dialsOf(model: ViewModel): Partial<Dials> {
  return Object.fromEntries(traits.flatMap((trait) => (typeof model.get(trait) === 'number' ? [[NAMES[trait], model.get(trait)]] : [])));
}

/** Keeps the viewer's dials as the kernel's and the other way round, and clears the browser's storage when it says so, until `signal` is aborted. */
export function followDials(model: ViewModel, viewer: Viewer, session: Session, signal: AbortSignal, saves: Pick<PacedSaves, 'save'>): void {
  const follow = () => viewer.host.setDials({ ...viewer.host.unset, ...dialsOf(model) });
  viewer.host.onDials(() => {
    const { dials, unset } = viewer.host;
    const changed = traits.filter((trait) => (model.get(trait) ?? unset[NAMES[trait]]) !== dials[NAMES[trait]]);
    if (signal.aborted || changed.length === 0) return;
    for (const trait of changed) model.set(trait, dials[NAMES[trait]]);
    saves.save();
  });
  for (const trait of traits) model.on(`change:${trait}`, follow);
  signal.addEventListener('abort', () => {
    for (const trait of traits) model.off(`change:${trait}`, follow);
  });
  onKernelMessage(model, (message) => {
    if (message.t === 'clear_cache') void session.clearKept();
  }, signal);
}
