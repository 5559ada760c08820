/** The session's worker: a hub of sockets and the bricks kept in the browser's storage behind postMessage, with a beat that shows it is not stuck. */

import { KeptBricks } from './kept_bricks.js';
import type { LinkCommand } from './link.js';
import { SocketHub } from './socket_hub.js';

const scope = self as unknown as {
  onmessage: ((event: { data: LinkCommand | { t: 'beat' } }) => void) | null;
  postMessage(message: unknown, transfer?: ArrayBuffer[]): void;
};

const kept = new KeptBricks((event, transfer) => scope.postMessage(event, transfer));
const hub = new SocketHub((event, transfer) => scope.postMessage(event, transfer), undefined, kept);
scope.onmessage = ({ data }) => {
  if (data.t === 'beat') scope.postMessage({ t: 'beat' });
  else hub.do(data);
};
