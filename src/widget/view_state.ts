/** Tells the kernel how a view is doing: its transport and codec, whether it is settled, and its counters, at most twice a second. */

import type { Session } from '../session/session.js';
import type { PacedSaves } from './kernel_pace.js';
import type { ViewModel, ViewStats } from './model.js';

const EVERY_MS = 500;
const NUMBERS: Readonly<Record<keyof ViewStats, string>> = {
  bytes: 'bytes', first_picture: 'firstPicture', level: 'level', missing: 'missing', fps: 'fps',
};

/** The viewer says all this on its root element; `signal` ends the telling, and `saves` tells the kernel, at once where nobody should wait. */
export function reportViewState(model: ViewModel, root: HTMLElement, session: Session, signal: AbortSignal, saves: PacedSaves): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let told = '';
  let settled = false;
  const tell = () => {
    timer = undefined;
    const state = { transport: session.transport ?? '', codec: root.dataset.codec ?? '', settled: root.dataset.settled === 'true', stats: statsOf(root) };
    const text = JSON.stringify(state);
    if (text === told) return;
    told = text;
    for (const [name, value] of Object.entries(state)) model.set(name as keyof typeof state, value);
    saves.save(state.settled !== settled);
    settled = state.settled;
  };
  const soon = () => {
    timer ??= setTimeout(tell, EVERY_MS);
  };
  const observer = new MutationObserver(soon);
  observer.observe(root, { attributes: true });
  session.on('state', soon);
  signal.addEventListener('abort', () => {
    observer.disconnect();
    clearTimeout(timer);
  });
}

function statsOf(root: HTMLElement): Partial<ViewStats> {
  const entries = Object.entries(NUMBERS).map(([name, attribute]) => [name, Number(root.dataset[attribute] ?? Number.NaN)]);
  return Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value)));
}
