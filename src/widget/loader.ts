/**
 * The module that every view's model carries, so it is small: it brings the viewer's code once for a page, from the
 * instance, or from the kernel where the page cannot fetch. Fetched code with another hash than the build's is not run.
 */

import type { RenderProps } from '@anywidget/types';
import { type EarlySocket, EarlyWorker, leaveWorker, takeWorker } from '../session/early_worker.js';
import { helloOf } from '../session/hello.js';
import type { WorkerLike } from '../session/worker_link.js';
import { protocolsOf } from '../session/wires.js';
import { underJupyter } from './base_url.js';
import { askKernel, CLIENT, type CandidateTrait, type ViewModel, type ViewTraits } from './model.js';

/** Hash of widget.js, put in by the build. */
declare const WIDGET_INTEGRITY: string;
/** Hash of worker.js. */
declare const WORKER_INTEGRITY: string;
const CODE = 'widget.js';
/** A way through a server costs that server work: it is begun only when the direct one has had this long. */
const NEXT_WAY_MS = 700;
/** After this long the kernel is asked too; the fetches go on. */
const FETCH_HEAD_START_MS = 1_500;
const WAIT_MS = 60_000;

type Props = RenderProps<ViewTraits & Record<string, unknown>>;
interface WidgetModule {
  default: { render(props: Props): void | Promise<void> };
}

/** The viewer's module, of this very build: one load for all views of a page, forgotten when it fails. */
function load(model: ViewModel): Promise<WidgetModule> {
  const cache = globalThis as unknown as Record<symbol, Promise<WidgetModule> | undefined>;
  const key = Symbol.for(`voxbeam ${WIDGET_INTEGRITY}`);
  cache[key] ??= bringCode(model)
    .then(importCode)
    .catch((error) => {
      takeWorker(WORKER_INTEGRITY)?.terminate();
      cache[key] = undefined;
      throw error;
    });
  return cache[key];
}

async function bringCode(model: ViewModel): Promise<Blob> {
  const stop = new AbortController();
  const forced = model.get('_forced');
  const fetches = model
    .get('_candidates')
    .filter((trait) => trait.assets && (!forced || trait.kind === forced))
    .map((trait, i) => afterHeadStart(i * NEXT_WAY_MS, stop.signal).then(() => fetchCode(trait, model.get('_wanted_codec'), stop.signal)));
  const fetched = Promise.any(fetches);
  const headStart = Promise.race([fetched, new Promise((resolve) => setTimeout(resolve, FETCH_HEAD_START_MS))]);
  const asked = headStart.catch(() => undefined).then((code) => (code as Blob | undefined) ?? codeFromKernel(model));
  try {
    return await Promise.any([fetched, asked]);
  } catch (error) {
    throw (error as AggregateError).errors.at(-1); // what the kernel said; that ways are closed is no news
  } finally {
    stop.abort();
  }
}

/** Waits `ms`, unless nobody waits any more. */
function afterHeadStart(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

async function fetchCode({ assets, url, ticket }: CandidateTrait, codec: ViewTraits['_wanted_codec'], signal: AbortSignal): Promise<Blob> {
  const folder = url ? (assets as string) : underJupyter(assets as string, document);
  const bring = async (name: string, integrity: string): Promise<Blob> => {
    const response = await fetch(new URL(name, folder), { integrity, mode: 'cors', credentials: url ? 'omit' : 'same-origin', signal });
    if (!response.ok) throw new Error(`${response.url}: HTTP ${response.status}`);
    return response.blob();
  };
  if (!workerAsked) {
    workerAsked = true;
    const socket = url && ticket ? { url, protocols: protocolsOf(ticket), hello: helloOf(CLIENT, undefined, codec) } : undefined;
    bring('worker.js', WORKER_INTEGRITY).then((code) => startWorker(code, socket), () => undefined); // the viewer's code can start one itself
  }
  return bring(CODE, WIDGET_INTEGRITY);
}

let workerAsked = false;

/** Starts the first session's worker while the viewer's code is read, and has it connect. */
function startWorker(code: Blob, socket: EarlySocket | undefined): void {
  const source = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  try {
    const worker = new Worker(source);
    worker.addEventListener('message', () => URL.revokeObjectURL(source), { once: true });
    leaveWorker(WORKER_INTEGRITY, new EarlyWorker(worker as unknown as WorkerLike, socket));
  } catch {
    URL.revokeObjectURL(source); // the page's policy refuses workers, as the session will find out
  }
}

async function codeFromKernel(model: ViewModel): Promise<Blob> {
  const { buffers } = await askKernel(model, { t: 'code', name: CODE }, WAIT_MS);
  return new Blob(buffers as unknown as BlobPart[]);
}

async function importCode(code: Blob): Promise<WidgetModule> {
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

export default {
  /** Called once for a model, as soon as the page hears of it: the code is on its way before there is a cell to show it in. */
  initialize({ model }: { model: ViewModel }): void {
    load(model).catch(() => undefined); // said where the view is shown, which tries again
  },

  async render(props: Props) {
    // Front ends with an older anywidget clean up by calling what render returns.
    const ended = new AbortController();
    const signal = props.signal ?? ended.signal;
    try {
      const { default: widget } = await load(props.model);
      if (!signal.aborted) await widget.render({ ...props, signal });
    } catch (error) {
      const note = document.createElement('pre');
      note.textContent = `voxbeam: the viewer's code did not load: ${(error as Error).message}\nRun the cell again.`;
      note.setAttribute('role', 'alert');
      props.el.append(note);
    }
    return () => ended.abort();
  },
};
