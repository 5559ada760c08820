/** Tells the kernel how a view is doing: its transport and codec, whether it is settled, and its counters; these seldom, for each message costs the page a frame. */

import type { Session } from '../session/session.js';
import type { PacedSaves } from './kernel_pace.js';
import type { ViewModel, ViewStats } from './model.js';

/** After something changed that somebody may wait for. */
const SOON_MS = 500;
/** After nothing but counters did. */
const COUNTERS_MS = 2_000;
/** Of fewer bytes it is not told: a connection at rest still says that it is there. */
const BYTES_STEP = 65_536;
const NUMBERS: Readonly<Record<keyof ViewStats, string>> = {
  bytes: 'bytes', first_picture: 'firstPicture', level: 'level', missing: 'missing', fps: 'fps',
};

/** The viewer says all this on its root element; `signal` ends the telling, and `saves` tells the kernel, at once where nobody should wait. */
export function reportViewState(model: ViewModel, root: HTMLElement, session: Session, signal: AbortSignal, saves: PacedSaves): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due = Number.POSITIVE_INFINITY;
  let told = { state: '', stats: '', settled: false };
  const now = () => {
    const state = { transport: session.transport ?? '', codec: root.dataset.codec ?? '', settled: root.dataset.settled === 'true' };
    const stats = statsOf(root);
    const bytes = Math.ceil((stats.bytes ?? 0) / BYTES_STEP);
    return { state, stats, told: { state: JSON.stringify([state, stats.first_picture]), stats: JSON.stringify({ ...stats, bytes }), settled: state.settled } };
  };
  const tell = () => {
    [timer, due] = [undefined, Number.POSITIVE_INFINITY];
    const { state, stats, told: next } = now();
    if (next.state === told.state && next.stats === told.stats) return;
    for (const [name, value] of Object.entries({ ...state, stats })) model.set(name as keyof ViewModel, value as never);
    saves.save(next.settled !== told.settled);
    told = next;
  };
  const soon = () => {
    const at = performance.now() + (now().told.state === told.state ? COUNTERS_MS : SOON_MS);
    if (at >= due) return;
    clearTimeout(timer);
    [timer, due] = [setTimeout(tell, at - performance.now()), at];
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
