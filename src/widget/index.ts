/** The widget: an AFM module that mounts the viewer in a cell. */

import type { RenderProps } from '@anywidget/types';
import { Session } from '../session/session.js';
import { Viewer } from '../viewer/viewer.js';
import { sessionCandidates } from './candidates.js';
import { onKernelMessage, type ViewModel, type ViewTraits } from './model.js';
import { reportViewState } from './view_state.js';

function render({ model, el, signal }: RenderProps<ViewTraits & Record<string, unknown>>): void {
  if (!hasWebGL2(el.ownerDocument)) {
    el.append(note(el.ownerDocument, 'voxbeam needs WebGL 2, which this browser does not offer here. '
      + 'Turn hardware acceleration on, or open the notebook in another browser.'));
    return;
  }
  const root = el.ownerDocument.createElement('div');
  const resize = () => {
    root.style.height = `${model.get('height')}px`;
  };
  resize();
  el.append(root);
  const session = new Session({ client: 'voxbeam widget', candidates: sessionCandidates(model, el.ownerDocument) });
  const viewer = new Viewer({ root, session, theme: 'auto' });
  model.on('change:height', resize);
  reportViewState(model, root, session, signal);
  answerScreenshots(model, viewer, signal);
  signal.addEventListener('abort', () => {
    model.off('change:height', resize);
    viewer.dispose();
    session.close();
    root.remove();
  });
}

/** Sends the kernel the pictures it asks for. */
function answerScreenshots(model: ViewModel, viewer: Viewer, signal: AbortSignal): void {
  const answer = async (id: number) => {
    try {
      const picture = await viewer.screenshot();
      model.send({ t: 'screenshot', id }, undefined, [await picture.arrayBuffer()]);
    } catch (error) {
      model.send({ t: 'screenshot', id, error: (error as Error).message });
    }
  };
  onKernelMessage(model, (message) => {
    if (message.t === 'screenshot') void answer(message.id);
  }, signal);
}

/** Whether a context can be had; it is given back at once, since browsers lend only a few. */
function hasWebGL2(owner: Document): boolean {
  const context = owner.createElement('canvas').getContext('webgl2');
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return context !== null;
}

function note(owner: Document, words: string): HTMLElement {
  const element = owner.createElement('p');
  element.setAttribute('role', 'alert');
  element.textContent = words;
  return element;
}

export default { render };
