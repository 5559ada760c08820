/** Movies: a view that turns, or steps through time, frame by frame; each frame waits for its bricks. */

import { type OrbitCamera, orbit } from '../renderer/camera.js';
import type { Capture } from './capture.js';
import type { Size, ViewState, ViewStore } from './view_state.js';

export const MOVIE_KINDS = ['turntable', 'time'] as const;
export type MovieKind = (typeof MOVIE_KINDS)[number];

export const MOVIE_FORMATS = ['webm', 'mp4'] as const;
export type MovieFormat = (typeof MOVIE_FORMATS)[number];

/** A movie being made. */
export interface MovieFile {
  /** Adds a picture as the next frame; resolves when there is room for another. */
  add(picture: HTMLCanvasElement): Promise<void>;
  finish(): Promise<Blob>;
  cancel(): Promise<void>;
}

/** What encodes: `movie_encoder.ts`, a module of its own that is loaded when the first movie is made. */
export interface MovieCode {
  startMovie(options: { width: number; height: number; fps: number; format: MovieFormat }): Promise<MovieFile>;
}

export interface MovieOptions extends Size {
  readonly kind: MovieKind;
  readonly seconds: number;
  readonly fps: number;
  readonly format: MovieFormat;
  /** Of a turntable: how far it turns; the last frame is one before the first again. */
  readonly degrees?: number;
}

/** Frames of a longer movie would take hours. */
const MAX_FRAMES = 3600;

/**
 * What the view is in each frame of a movie: a turn of the camera, or one time point after the other, whatever its seconds.
 *
 * @param times time points of the volumes
 */
export function movieFrames({ kind, seconds, fps, degrees = 360 }: MovieOptions, start: ViewState, times: number): Partial<ViewState>[] {
  if (kind === 'time') {
    if (times < 2) throw new RangeError('there is one time point only: a movie through time needs more; make a turntable');
    return Array.from({ length: Math.min(times, MAX_FRAMES) }, (_, time) => ({ time }));
  }
  const count = Math.round(seconds * fps);
  if (!(count >= 1 && count <= MAX_FRAMES)) throw new RangeError(`a movie of ${seconds} s at ${fps} frames a second has ${count} frames; give 1 to ${MAX_FRAMES}`);
  if (!(Number.isFinite(degrees) && kind === 'turntable')) throw new RangeError(`a movie of the kind ${kind} that turns by ${degrees} degrees; give ${MOVIE_KINDS.join(' or ')}`);
  return Array.from({ length: count }, (_, i) => ({ camera: turned(start.camera, (i / count) * degrees) }));
}

const turned = (camera: OrbitCamera, degrees: number): OrbitCamera => orbit(camera, (degrees * Math.PI) / 180, 0);

/**
 * Makes a movie. The view is afterwards as it was.
 *
 * @param progress hears of frames done, of how many
 * @throws Error where the browser cannot encode, the frames cannot be made, or `signal` was aborted
 */
export async function makeMovie(
  options: MovieOptions,
  { capture, store, code, times }: { capture: Capture; store: ViewStore; code: () => Promise<MovieCode>; times: number },
  signal: AbortSignal,
  progress: (done: number, of: number) => void,
): Promise<Blob> {
  if (typeof VideoEncoder === 'undefined') {
    throw new Error('this browser cannot encode video (it has no WebCodecs, or the page is not secure): use a current browser over https or localhost');
  }
  const start = store.state;
  const frames = movieFrames(options, start, times);
  // Most codecs take even sizes only.
  const size = { width: options.width - (options.width % 2), height: options.height - (options.height % 2) };
  progress(0, frames.length);
  const { startMovie } = await code();
  const movie = await startMovie({ ...size, fps: options.fps, format: options.format });
  const restored = Object.fromEntries([...new Set(frames.flatMap((frame) => Object.keys(frame)))].map((key) => [key, start[key as keyof ViewState]]));
  try {
    await capture.at(size, signal, async (shoot) => {
      for (const [i, frame] of frames.entries()) {
        store.update(frame);
        await movie.add(await shoot());
        progress(i + 1, frames.length);
      }
    });
    return await movie.finish();
  } catch (error) {
    await movie.cancel();
    throw error;
  } finally {
    store.update(restored as Partial<ViewState>);
  }
}
