/** The page of the annotation figures: answers each point named ping-N with one named pong-N; and a bare echo. */

import { Scene } from '../../src/annotation/scene.js';
import { Session } from '../../src/session/session.js';

/** Answers pings for as long as the page lives. */
function answer(url: string, ticket: string): Promise<void> {
  const session = new Session({ client: 'bench', candidates: [{ kind: 'direct', url, ticket: () => Promise.resolve(ticket) }] });
  const scene = new Scene(session.doc, 'bench');
  const answered = new Set<string>();
  scene.onChange(() => {
    for (const { name, coords } of scene.annotations()) {
      if (!name.startsWith('ping-') || answered.has(name)) continue;
      answered.add(name);
      scene.add({ kind: 'point', name: name.replace('ping', 'pong'), color: '#ffffff', volume_name: '', coords: [coords[0]!, coords[1]!, coords[2]!] });
    }
  });
  return new Promise((resolve) => {
    session.on('synced', () => resolve());
  });
}

/** Sends back every message. */
function echo(url: string): Promise<void> {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onmessage = ({ data }) => socket.send(data);
  return new Promise((resolve) => {
    socket.onopen = () => resolve();
  });
}

Object.assign(globalThis, { answer, echo });
