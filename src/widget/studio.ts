/** Makes the pictures and movies that the kernel asks for, and sends them to it. */

import type { MovieOptions } from '../viewer/movie.js';
import type { Viewer } from '../viewer/viewer.js';
import { type KernelMessage, onKernelMessage, page, type ViewModel } from './model.js';

/** Jupyter servers drop a connection for a message of 10 MiB. */
const PART_BYTES = 4 * 2 ** 20;

/** Answers until `signal` is aborted. */
export function answerStudio(model: ViewModel, { studio }: Pick<Viewer, 'studio'>, signal: AbortSignal): void {
  const cancels = new Map<string, AbortController>();
  const make = async (message: Extract<KernelMessage, { t: 'screenshot' | 'movie' }>): Promise<Blob> => {
    if (message.t === 'screenshot') return studio.picture(message.size);
    const cancel = new AbortController();
    cancels.set(message.id, cancel);
    const tell = (done: number, of: number) => model.send({ t: 'movie', id: message.id, page, done, of });
    return studio.movie(message.options as unknown as MovieOptions, AbortSignal.any([cancel.signal, signal]), tell);
  };
  const answer = async (message: Extract<KernelMessage, { t: 'screenshot' | 'movie' }>) => {
    const { t, id } = message;
    try {
      const bytes = await (await make(message)).arrayBuffer();
      const parts = Math.max(1, Math.ceil(bytes.byteLength / PART_BYTES));
      for (let part = 0; part < parts; part += 1) {
        model.send({ t, id, page, part, parts }, undefined, [bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES)]);
      }
    } catch (error) {
      model.send({ t, id, error: (error as Error).message });
    } finally {
      cancels.delete(id);
    }
  };
  onKernelMessage(model, (message) => {
    if (message.t === 'screenshot' || message.t === 'movie') void answer(message);
    else if (message.t === 'cancel') cancels.get(message.id)?.abort(new Error('cancelled'));
  }, signal);
}
