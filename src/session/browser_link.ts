/** The link of a browser: a worker from a blob, since a page served by others has no URL for one. */

import workerSource from 'voxbeam:worker';
import { takeWorker } from './early_worker.js';
import type { StartLink } from './link.js';
import { PageHub } from './page_hub.js';
import { WorkerLink, type WorkerLike } from './worker_link.js';

/** Hash of the worker's code, put in by the build. */
declare const WORKER_INTEGRITY: string;

function startWorker(): WorkerLike {
  const early = typeof WORKER_INTEGRITY === 'string' ? takeWorker(WORKER_INTEGRITY) : undefined;
  if (early) return early;
  const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  const worker = new Worker(url);
  // The browser has taken the script once the worker speaks; a page that makes many views keeps no copy.
  worker.addEventListener('message', () => URL.revokeObjectURL(url), { once: true });
  return worker as unknown as WorkerLike;
}

export const startBrowserLink: StartLink = (report) =>
  new WorkerLink(report, startWorker, (fallbackReport) => new PageHub(workerSource, fallbackReport));
