/** What the viewer has in hand, over the picture: bricks by level and state, plans, tables, queues. For people who look for what is slow. */

import { BOX_EDGES } from '../../annotation/box.js';
import type { DebugBrick, DebugState } from '../../renderer/debug_bricks.js';
import { sliceAxes } from '../../renderer/slice_view.js';
import type { Pixel, View } from '../../renderer/views.js';
import type { BrickStage } from '../../session/brick_desk.js';
import type { SessionCounters } from '../../session/types.js';
import type { BrickKey, Vec3 } from '../../volume/geometry.js';
import { h, setAttribute, setText } from '../dom.js';
import { formatBytes } from '../format.js';
import type { OverlayScene } from '../overlay.js';
import { inkText, line } from '../overlay_guides.js';
import { projector } from '../view_geometry.js';
import type { Instrument, InstrumentHost } from './instrument.js';

/** Where the numbers come from. */
export interface DebugSource {
  readonly state: DebugState;
  readonly counters: Readonly<SessionCounters>;
  stage(volume: number, key: BrickKey): BrickStage | undefined;
}

/** How far a brick has come: idle ones are planned, and not asked for yet. */
export type BrickState = 'gpu' | 'stale' | 'arriving' | 'memory' | 'asked' | 'failed' | 'idle';
export const BRICK_STATES: readonly BrickState[] = ['gpu', 'stale', 'arriving', 'memory', 'asked', 'failed', 'idle'];
const WORDS: Readonly<Record<BrickState, string>> = {
  gpu: 'on the GPU', stale: 'out of date', arriving: 'arriving', memory: 'in memory', asked: 'asked', failed: 'failed', idle: 'not asked',
};
const DASHES: Readonly<Record<BrickState, readonly number[]>> = { gpu: [], stale: [], arriving: [8, 3], memory: [4, 3], asked: [1, 4], failed: [], idle: [1, 9] };
/** More outlines than this hide the picture and take longer than it. */
const MOST_DRAWN = 600;
/** With more bricks in view than this they are not named. */
const MOST_NAMED = 40;
/** While it shows, it looks again this often: a brick that fails draws no frame. */
const EVERY_MS = 500;

/** How far a brick has come, from both sides. */
export function brickState({ volume, key, state }: DebugBrick, stage: DebugSource['stage']): BrickState {
  return state === 'absent' ? (stage(volume, key) ?? 'idle') : state;
}

/** Colours that tell neighbouring levels apart. */
export const levelColor = (level: number): string => `hsl(${(level * 67 + 200) % 360} 90% 62%)`;

/** The polygon in which a slice cuts a brick, around its middle; empty where it does not. */
export function brickSection(corners: readonly Vec3[], axis: 0 | 1 | 2, position: number): Vec3[] {
  const cuts = BOX_EDGES.flatMap(([a, b]) => {
    const [from, to] = [corners[a] as Vec3, corners[b] as Vec3];
    const [da, db] = [from[axis] - position, to[axis] - position];
    if (da >= 0 === db >= 0) return [];
    return [from.map((n, i) => n + ((to[i] as number) - n) * (da / (da - db))) as unknown as Vec3];
  });
  const [u, v] = [0, 1, 2].filter((i) => i !== axis) as [number, number];
  const mean = (i: number) => cuts.reduce((sum, p) => sum + (p[i] as number), 0) / cuts.length;
  const [mu, mv] = [mean(u), mean(v)];
  const angle = (p: Vec3) => Math.atan2((p[v] as number) - mv, (p[u] as number) - mu);
  return cuts.sort((p, q) => angle(p) - angle(q));
}

export class DebugOverlay implements Instrument {
  readonly element = h('pre', { class: 'voxbeam-debug', 'aria-label': 'Debug: bricks, plans, queues', hidden: true });
  readonly #end: () => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #source: DebugSource | undefined;

  constructor(readonly host: InstrumentHost) {
    this.#end = host.store.onChange(({ shows }, before) => {
      if (shows.debug !== before.shows.debug) this.#show(shows.debug);
    });
  }

  draw(context: CanvasRenderingContext2D, view: View, { state, style, views }: OverlayScene): void {
    if (!state.shows.debug) return;
    // All views are drawn one after the other: one look is enough for them.
    if (view === views[0]) {
      this.#source = this.host.debug();
      if (this.#source) this.#tell(this.#source);
    }
    const source = this.#source;
    if (!source) return;
    const bricks = source.state.bricks.filter((brick) => brick.views.includes(view.id));
    for (const brick of bricks.slice(0, MOST_DRAWN)) {
      const how = brickState(brick, source.stage);
      const lines = outline(view, brick.corners);
      context.strokeStyle = how === 'failed' ? '#ff4d4f' : levelColor(brick.key.level);
      context.globalAlpha = how === 'gpu' ? 0.75 : 1;
      context.lineWidth = how === 'failed' ? 2.5 : 1.2;
      context.setLineDash([...DASHES[how]]);
      for (const [a, b] of lines) line(context, a, b);
      context.setLineDash([]);
      context.globalAlpha = 1;
      if (bricks.length > MOST_NAMED || lines.length === 0) continue;
      const middle = [0, 1].map((i) => lines.reduce((sum, [a]) => sum + (a[i] as number), 0) / lines.length) as unknown as Pixel;
      context.textAlign = 'center';
      context.textBaseline = 'middle';
      inkText(context, `${brick.key.level}${how === 'gpu' ? '' : ` ${WORDS[how]}`}`, middle, { ...style, ink: levelColor(brick.key.level) });
    }
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#end();
  }

  #show(on: boolean): void {
    this.element.hidden = !on;
    clearInterval(this.#timer);
    this.#source = undefined;
    if (on) this.#timer = setInterval(() => this.host.redraw(), EVERY_MS);
  }

  #tell({ state, counters, stage }: DebugSource): void {
    const counts = new Map<BrickState, number>(BRICK_STATES.map((name) => [name, 0]));
    const levels = new Map<number, number>();
    for (const brick of state.bricks) {
      const how = brickState(brick, stage);
      counts.set(how, (counts.get(how) ?? 0) + 1);
      levels.set(brick.key.level, (levels.get(brick.key.level) ?? 0) + 1);
    }
    setAttribute(this.element, 'data-bricks', String(state.bricks.length));
    for (const [name, count] of counts) setAttribute(this.element, `data-${name}`, String(count));
    const some = [...counts].filter(([, count]) => count > 0).map(([name, count]) => `${count} ${WORDS[name]}`);
    const byLevel = [...levels].sort(([a], [b]) => a - b).map(([level, count]) => `${level}: ${count}`);
    setText(this.element, [
      `bricks   ${state.bricks.length}: ${some.join(', ') || 'none'}`,
      `levels   ${byLevel.join(', ')}`,
      ...state.plans.map(({ view, planned, demand, table }) => `${view.padEnd(8)} ${planned} planned of ${demand}, table ${table?.join(' x ') ?? 'none'}`),
      `atlas    ${state.slotsUsed} of ${state.slots} slots`,
      `upload   ${state.waiting} wait; last frame ${state.lastUpload.bricks} in ${state.lastUpload.ms.toFixed(1)} ms`,
      `session  ${counters.bricksPending} asked, ${counters.cancelled} taken back, ${counters.bricksReceived} received, ${counters.cacheHits} from memory (${formatBytes(counters.cacheBytes)})`,
      `network  ${formatBytes(counters.bytesReceived)}, ${counters.roundTripMs.toFixed(0)} ms there and back, ${counters.framesRefused} refused`,
    ].join('\n'));
  }
}

/** The lines of a brick in a view. */
function outline(view: View, corners: readonly Vec3[]): (readonly [Pixel, Pixel])[] {
  const at = projector(view);
  const between = (a: Vec3 | undefined, b: Vec3 | undefined): (readonly [Pixel, Pixel])[] => {
    const [from, to] = [a && at(a), b && at(b)];
    return from && to ? [[from, to]] : [];
  };
  if (view.kind === 'volume') return BOX_EDGES.flatMap(([a, b]) => between(corners[a], corners[b]));
  if (view.turn) return [];
  const section = brickSection(corners, sliceAxes(view.axis).normal, view.position);
  return section.flatMap((corner, i) => between(corner, section[(i + 1) % section.length]));
}
