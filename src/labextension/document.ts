/** The document of a volume file: a kernel of its own opens the file, a frame shows the viewer page. */

import { ABCWidgetFactory, type DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';
import { Widget } from '@lumino/widgets';
import { openInKernel } from './kernel_viewer.js';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Shows what stage the opening has come to, and in the end the viewer. */
class VolumePanel extends Widget {
  constructor(private readonly context: DocumentRegistry.Context) {
    super();
    this.addClass('voxbeam-document');
    void this.#open();
  }

  async #open(): Promise<void> {
    const { context } = this;
    try {
      this.#say('Starting a kernel …');
      await context.ready;
      await context.sessionContext.ready;
      const kernel = context.sessionContext.session?.kernel;
      if (!kernel) throw new Error('A volume needs a Python kernel. Close this tab, open the file again and choose one.');
      const fileName = context.localPath.split('/').pop() ?? context.localPath;
      this.#say(`Opening ${fileName} …`);
      const url = await openInKernel(kernel, fileName, !LOOPBACK.test(window.location.hostname));
      if (!this.isDisposed) this.#show(url);
    } catch (error) {
      if (!this.isDisposed) this.#say((error as Error).message, 'alert');
    }
  }

  #show(url: string): void {
    const frame = document.createElement('iframe');
    frame.src = url;
    frame.title = this.context.localPath;
    frame.allow = 'fullscreen';
    this.node.replaceChildren(frame);
  }

  #say(words: string, role = 'status'): void {
    const note = document.createElement('p');
    note.setAttribute('role', role);
    note.textContent = words;
    this.node.replaceChildren(note);
  }
}

export class VolumeDocumentFactory extends ABCWidgetFactory<DocumentWidget<Widget>> {
  protected override createNewWidget(context: DocumentRegistry.Context): DocumentWidget<Widget> {
    return new DocumentWidget({ content: new VolumePanel(context), context });
  }
}
