/**
 * The session's worker: a hub of sockets and the bricks kept in the browser's storage behind postMessage, with a beat that shows it is not
 * stuck. On a page that may not have workers the same script gives the hub to the page: see page_hub.ts.
 */

import { KeptBricks } from './kept_bricks.js';
import type { LinkCommand } from './link.js';
import { HUB } from './page_hub.js';
import { SocketHub } from './socket_hub.js';

interface WorkerScope {
  onmessage: ((event: { data: LinkCommand | { t: 'beat' } }) => void) | null;
  postMessage(message: unknown, transfer?: ArrayBuffer[]): void;
}

function serve(scope: WorkerScope): void {
  const kept = new KeptBricks((event, transfer) => scope.postMessage(event, transfer));
  const hub = new SocketHub((event, transfer) => scope.postMessage(event, transfer), undefined, kept);
  scope.onmessage = ({ data }) => {
    if (data.t === 'beat') scope.postMessage({ t: 'beat' });
    else hub.do(data);
  };
}

if (typeof document === 'undefined') serve(self as unknown as WorkerScope);
else Object.assign(globalThis, { [HUB]: SocketHub });
