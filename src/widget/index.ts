/** The widget: an AFM module that mounts the viewer in a cell. Where a browser cannot draw, the viewer says why. */

import type { RenderProps } from '@anywidget/types';
import { Session } from '../session/session.js';
import { Viewer } from '../viewer/viewer.js';
import type { LazyCode } from '../viewer/viewer_options.js';
import { sessionCandidates } from './candidates.js';
import { isolateCellToolbars } from './cell_toolbars.js';
import { dialsOf, followDials } from './dials.js';
import { followPeople, tellFollowed } from './follow.js';
import { PacedSaves } from './kernel_pace.js';
import { askKernel, CLIENT, type ViewModel, type ViewTraits } from './model.js';
import { answerStudio } from './studio.js';
import { shareView } from './shared_view.js';
import { reportViewState } from './view_state.js';

const CODE_WAIT_MS = 60_000;

function render({ model, el, signal }: RenderProps<ViewTraits & Record<string, unknown>>): void {
  isolateCellToolbars(el.ownerDocument);
  const root = el.ownerDocument.createElement('div');
  const resize = () => {
    root.style.height = `${model.get('height')}px`;
  };
  resize();
  el.append(root);
  const session = new Session({ client: CLIENT, candidates: sessionCandidates(model, el.ownerDocument), codec: model.get('_wanted_codec') });
  const viewer = new Viewer({
    root, session, theme: 'auto', layout: model.get('views'), policy: model.get('policy'), dials: dialsOf(model), author: model.get('_user'),
    loadCode: (name) => loadCode(model, name),
    onEvent(event) {
      if (event.type === 'followed') tellFollowed(model, event.name);
      if (event.type !== 'picked') return;
      model.set('_picked', event.picked);
      model.save_changes();
    },
  });
  model.on('change:height', resize);
  const saves = new PacedSaves(model, signal);
  reportViewState(model, root, session, signal, saves);
  followDials(model, viewer, session, signal, saves);
  shareView(model, viewer, signal, saves);
  followPeople(model, viewer, signal);
  answerStudio(model, viewer, signal);
  signal.addEventListener('abort', () => {
    model.off('change:height', resize);
    viewer.dispose();
    session.close();
    root.remove();
  });
}

/** Code that few need, from the kernel: it has this very build of it. */
async function loadCode(model: ViewModel, name: LazyCode): Promise<unknown> {
  const { buffers } = await askKernel(model, { t: 'code', name }, CODE_WAIT_MS);
  const url = URL.createObjectURL(new Blob(buffers as unknown as BlobPart[], { type: 'text/javascript' }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

export default { render };
