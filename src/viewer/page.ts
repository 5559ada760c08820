/** The viewer as a page of its own, in a frame or a tab. */

import { Session } from '../session/session.js';
import { Message } from './notices.js';
import { NoAccessError, PageAccess, streamUrl, takeTicket } from './page_access.js';
import { adoptStyles } from './styles.js';
import { ThemeWatch } from './theme.js';
import { parseFragment, parseView } from './view_link.js';
import { Viewer } from './viewer.js';

const access = new PageAccess(takeTicket(location, history));
const root = document.createElement('div');
document.body.append(root);
document.body.style.margin = '0';
root.style.position = 'fixed';
root.style.inset = '0';

try {
  // Asked for here, so that a page without a way in says so instead of trying again and again.
  const first = await access.streamTicket();
  start(first);
} catch (error) {
  refuse(error instanceof NoAccessError ? error.message : `The server could not be reached: ${(error as Error).message}`);
}

function start(first: string): void {
  let ready: string | undefined = first;
  const ticket = async () => {
    const given = ready ?? (await access.streamTicket());
    ready = undefined;
    return given;
  };
  // A page that does not lie at the root is behind a proxy that adds a prefix.
  const kind = location.pathname === '/' ? 'direct' : 'proxy';
  const session = new Session({ client: 'voxbeam page', candidates: [{ kind, url: streamUrl(location.href), ticket }] });
  const viewer = new Viewer({ root, session, loadCode: (name) => import(new URL(`assets/${name}`, location.href).href), address });
  const look = () => viewer.instruments.setAll(parseView(parseFragment(location.hash).view));
  look();
  addEventListener('hashchange', look);
  addEventListener('pagehide', (event) => {
    if (event.persisted) return;
    viewer.dispose();
    session.close();
  });
}

/** Puts a fragment behind this page's address; gives the whole of it. */
function address(fragment: string): string {
  history.replaceState(null, '', fragment);
  return location.href;
}

function refuse(reason: string): void {
  root.classList.add('voxbeam');
  root.dataset.error = reason;
  adoptStyles(root);
  new ThemeWatch(root, 'auto', () => undefined);
  const message = new Message();
  message.element.setAttribute('role', 'alert');
  message.show('No access to this volume', reason);
  root.append(message.element);
}
