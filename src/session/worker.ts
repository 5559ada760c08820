/** The session's worker: a hub of sockets behind postMessage, with a beat that shows it is not stuck. */

import type { LinkCommand } from './link.js';
import { SocketHub } from './socket_hub.js';

const scope = self as unknown as {
  onmessage: ((event: { data: LinkCommand | { t: 'beat' } }) => void) | null;
  postMessage(message: unknown, transfer?: ArrayBuffer[]): void;
};

const hub = new SocketHub((event, transfer) => scope.postMessage(event, transfer));
scope.onmessage = ({ data }) => {
  if (data.t === 'beat') scope.postMessage({ t: 'beat' });
  else hub.do(data);
};
