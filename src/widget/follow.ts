/** Whom a view follows, as a trait: the kernel says whom, the page says when it ended. */

import type { Viewer } from '../viewer/viewer.js';
import type { ViewModel } from './model.js';

/** What of a viewer this needs. */
export type FollowingViewer = { readonly people: Pick<Viewer['people'], 'follow' | 'followed' | 'wish'> };

/** Follows whom the trait names, until `signal` is aborted. */
export function followPeople(model: ViewModel, { people }: FollowingViewer, signal: AbortSignal): void {
  const hear = () => {
    const name = String(model.get('following') ?? '');
    if (name === (people.followed?.name ?? '')) return;
    if (name === '') people.follow(undefined);
    else people.wish(name);
  };
  hear();
  model.on('change:following', hear);
  signal.addEventListener('abort', () => model.off('change:following', hear));
}

/** Tells the kernel whom the view follows. */
export function tellFollowed(model: ViewModel, name: string): void {
  if (model.get('following') === name) return;
  model.set('following', name);
  model.save_changes();
}
