/** The viewer's time: what the slider shows, what playing does, and which time points the renderer makes ready. */

import type { VolumeRenderer } from '../../renderer/renderer.js';
import type { Brick, SessionError } from '../../session/types.js';
import type { Session } from '../../session/session.js';
import type { BrickKey } from '../../volume/geometry.js';
import type { ShownLayers } from '../shown_layers.js';
import type { ViewStore } from '../view_state.js';
import { Playback } from './playback.js';
import { TimeBar } from './time_bar.js';

/** What this needs of the viewer around it. */
export interface TimeHost {
  readonly store: ViewStore;
  readonly session: Pick<Session, 'on' | 'peek' | 'volumes'>;
  readonly layers: ShownLayers;
  renderer(): Pick<VolumeRenderer, 'times' | 'busy'> | undefined;
  /** Asks for a frame. */
  wake(): void;
}

export class TimeControl {
  readonly playback = new Playback();
  readonly bar: TimeBar;
  readonly #ends: (() => void)[];
  /** When the rate that is shown was written last. */
  #told = 0;

  constructor(readonly host: TimeHost) {
    const { store, session } = host;
    this.bar = new TimeBar({
      show: (time) => this.show(time),
      step: (by) => this.step(by),
      togglePlay: () => this.togglePlay(),
      rate: (rate) => this.#set(() => Object.assign(this.playback, { rate })),
      toggleLoop: () => this.#set(() => Object.assign(this.playback, { loop: !this.playback.loop })),
    });
    this.#ends = [
      store.onChange((state, before) => {
        if (state.time !== before.time) this.#write();
      }),
      session.on('volumes', () => this.#write()),
      session.on('error', (error) => this.#failed(error)),
      session.on('brick', (brick) => this.playback.failed.delete(brick.time ?? 0)),
    ];
    this.#write();
  }

  /** Time points of the longest volume. */
  get count(): number {
    return Math.max(1, ...[...this.host.session.volumes.values()].map(({ description }) => description.times?.count ?? 1));
  }

  /** Shows a time point; one beyond the ends is the first or last. */
  show(time: number): void {
    this.host.store.update({ time: Math.min(Math.max(Math.round(time), 0), this.count - 1) });
  }

  /** Goes on by so many time points, round the ends, and stops playing. */
  step(by: number): void {
    this.playback.stop();
    const { count } = this;
    this.host.store.update({ time: (((this.host.store.state.time + by) % count) + count) % count });
    this.#write();
  }

  togglePlay(): void {
    if (this.count < 2) return;
    this.#set(() => {
      const { playback } = this;
      if (playback.playing) playback.stop();
      else {
        if (!playback.loop && this.host.store.state.time === this.count - 1) this.show(0);
        playback.start(performance.now());
      }
    });
  }

  /** Takes the next step where it is due; true while frames are needed for that. */
  frame(now: number): boolean {
    const { playback, host } = this;
    const renderer = host.renderer();
    const { count } = this;
    if (host.store.state.time >= count && host.session.volumes.size > 0) this.show(count - 1);
    const film = { count, time: host.store.state.time, isReady: (time: number) => renderer !== undefined && !renderer.busy && renderer.times.isReady(time) };
    const was = playback.waiting;
    const next = playback.step(now, film);
    if (next !== undefined) host.store.update({ time: next });
    renderer?.times.expect(playback.playing ? playback.coming({ count, time: host.store.state.time }) : []);
    if (playback.waiting !== was || (playback.playing && now - this.#told > 500)) this.#write();
    return playback.playing;
  }

  /** What browser memory holds of a brick of the time point that is looked at. */
  readonly peek = (volume: number, key: BrickKey): Brick | undefined => {
    const times = this.host.session.volumes.get(volume)?.description.times?.count ?? 1;
    return this.host.session.peek(volume, { ...key, time: Math.min(this.host.store.state.time, times - 1) });
  };

  dispose(): void {
    this.playback.stop();
    for (const end of this.#ends) end();
  }

  #set(change: () => void): void {
    change();
    this.#write();
    this.host.wake();
  }

  /** A time point whose coarsest brick cannot be had is passed over while playing; what is shown stays. */
  #failed({ volume, key }: SessionError): void {
    const times = volume === undefined ? undefined : this.host.session.volumes.get(volume)?.description.times;
    if (!times || !key) return;
    this.playback.failed.add(key.time ?? 0);
    this.#write();
    this.host.wake();
  }

  #write(): void {
    const { host, playback, count } = this;
    const timed = [...host.session.volumes.values()].find(({ description }) => description.times?.count === count)?.description.times;
    const now = performance.now();
    this.#told = now;
    const time = Math.min(host.store.state.time, count - 1);
    this.bar.show({
      time, count, step: timed?.step, unit: timed?.unit ?? '',
      playing: playback.playing, waiting: playback.waiting, rate: playback.rate, shownRate: playback.shownRate(now), loop: playback.loop,
      failed: playback.failed.has(time),
    });
  }
}
