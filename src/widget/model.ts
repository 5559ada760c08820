/** What the kernel's VolumeView and the page tell each other. The words stand in Python's `widget.py` too. */

import type { AnyModel } from '@anywidget/types';
import type { Way } from '../protocol/codec.js';
import type { DialTraits } from './dials.js';
import type { PickedThing } from '../viewer/look/picker.js';

/** What the widget calls itself. */
export const CLIENT = 'voxbeam widget';

/** A way to the instance as the kernel knows it: the page alone knows under which path its Jupyter server is. */
export interface CandidateTrait {
  kind: 'direct' | 'proxy' | 'comm';
  /** Where the instance's WebSocket is, or its path under the Jupyter server. */
  url?: string;
  path?: string;
  /** Folder of the viewer's code: absolute where `url` is, a path where `path` is. */
  assets?: string;
  /** A ticket made beforehand, good for one connection and half a minute. */
  ticket?: string;
}

export interface ViewStats {
  bytes: number;
  /** When voxels were first seen, in ms since 1970; 0 before. */
  first_picture: number;
  level: number;
  missing: number;
  fps: number;
}

export interface ViewTraits extends DialTraits {
  _candidates: CandidateTrait[];
  _forced: string;
  transport: string;
  /** How bricks are to travel; empty: as the link asks for. */
  _wanted_codec: Way | '';
  /** How the last ones came. */
  codec: string;
  settled: boolean;
  height: number;
  /** The views that are shown. */
  views: 'four' | 'volume' | 'slices';
  stats: Partial<ViewStats>;
  /** What was picked last. */
  _picked: PickedThing | Record<string, never>;
  /** Name of whoever runs the kernel. */
  _user: string;
  /** Name of whom the view follows. */
  following: string;
  /** The view's own state; empty: as the viewer has it, or none. `shared_view.ts` of the viewer's instruments has their forms. */
  camera: object;
  cross: readonly number[];
  /** Index of the time point. */
  time: number;
  clip: object;
  light: readonly number[];
  planes: object;
  slab: object;
  turn: readonly number[];
  slice_frame: object;
  measurements: readonly object[];
  /** How bricks are asked for. */
  policy: string;
}

export type ViewModel = AnyModel<ViewTraits & Record<string, unknown>>;

/** Custom messages of the kernel. `id` is the page's: all pages of a view hear all messages. */
export type KernelMessage =
  | { t: 'ticket'; id: string; ticket?: string; error?: string }
  | { t: 'code'; id: string; error?: string }
  | { t: 'opened'; id: string }
  | { t: 'frames'; id: string }
  | { t: 'closed'; id: string; reason: string }
  | { t: 'clear_cache'; id: string }
  | { t: 'screenshot'; id: string; size?: { width: number; height: number } }
  | { t: 'movie'; id: string; options: Record<string, unknown> }
  /** Of a movie. */
  | { t: 'cancel'; id: string };

let last = 0;
/** This page among all that show a view: each of them answers. */
export const page = `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
/** An id that no other question of any page has. */
export function questionId(): string {
  last += 1;
  return `${page}-${last}`;
}

/** Hears the kernel's messages until `signal` is aborted. */
export function onKernelMessage(
  model: ViewModel,
  listener: (message: KernelMessage, buffers: DataView[]) => void,
  signal: AbortSignal,
): void {
  if (signal.aborted) return;
  const hear = (message: KernelMessage, buffers: DataView[]) => listener(message, buffers);
  model.on('msg:custom', hear);
  signal.addEventListener('abort', () => model.off('msg:custom', hear), { once: true });
}

/** Asks the kernel; resolves with its answer's message and buffers. */
export function askKernel(
  model: ViewModel,
  question: { t: 'ticket' | 'code' } & Record<string, unknown>,
  waitMs: number,
): Promise<{ message: KernelMessage; buffers: DataView[] }> {
  const id = questionId();
  const done = new AbortController();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      done.abort();
      reject(new Error(`no answer from the kernel in ${waitMs / 1000} s: it is busy or gone`));
    }, waitMs);
    onKernelMessage(
      model,
      (message, buffers) => {
        if (message.t !== question.t || message.id !== id) return;
        done.abort();
        clearTimeout(timer);
        if ('error' in message && message.error) reject(new Error(message.error));
        else resolve({ message, buffers });
      },
      done.signal,
    );
    model.send({ ...question, id });
  });
}
