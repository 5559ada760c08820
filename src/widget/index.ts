/** The widget: an AFM module that mounts the viewer in a cell. Where a browser cannot draw, the viewer says why. */

import type { RenderProps } from '@anywidget/types';
import { Session } from '../session/session.js';
import { Viewer } from '../viewer/viewer.js';
import { sessionCandidates } from './candidates.js';
import { onKernelMessage, type ViewModel, type ViewTraits } from './model.js';
import { shareView } from './shared_view.js';
import { reportViewState } from './view_state.js';

function render({ model, el, signal }: RenderProps<ViewTraits & Record<string, unknown>>): void {
  const root = el.ownerDocument.createElement('div');
  const resize = () => {
    root.style.height = `${model.get('height')}px`;
  };
  resize();
  el.append(root);
  const session = new Session({ client: 'voxbeam widget', candidates: sessionCandidates(model, el.ownerDocument) });
  const viewer = new Viewer({
    root, session, theme: 'auto', layout: model.get('views'),
    onEvent(event) {
      if (event.type !== 'picked') return;
      model.set('_picked', event.picked);
      model.save_changes();
    },
  });
  model.on('change:height', resize);
  reportViewState(model, root, session, signal);
  shareView(model, viewer, signal);
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
  const answer = async (id: string) => {
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

export default { render };
