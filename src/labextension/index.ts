/** The JupyterLab plugin: volume files open in a viewer, by double click or by one command. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { VolumeDocumentFactory } from './document.js';
import { FACTORY, MODEL, NIFTI, PathModelFactory } from './file_type.js';

const OPEN = 'voxbeam:open';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'voxbeam-jupyter:plugin',
  description: 'Opens volume files in the voxbeam viewer.',
  autoStart: true,
  optional: [ICommandPalette, ILauncher, IFileBrowserFactory],
  activate(
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    browsers: IFileBrowserFactory | null,
  ) {
    app.docRegistry.addFileType(NIFTI);
    app.docRegistry.addModelFactory(new PathModelFactory());
    app.docRegistry.addWidgetFactory(
      new VolumeDocumentFactory({
        name: FACTORY, modelName: MODEL, fileTypes: [NIFTI.name], defaultFor: [NIFTI.name], readOnly: true,
        preferKernel: true, canStartKernel: true, autoStartDefault: true, shutdownOnClose: true,
      }),
    );
    app.commands.addCommand(OPEN, {
      label: ({ inLauncher }) => (inLauncher ? 'Volume' : 'Open volume with voxbeam'),
      caption: 'Open a volume file (.nii, .nii.gz) in the voxbeam viewer',
      execute: async ({ path, cwd }) => {
        const chosen = (path as string | undefined) ?? selectedVolume(browsers) ?? (await askForPath(cwd as string | undefined));
        return chosen ? app.commands.execute('docmanager:open', { path: chosen, factory: FACTORY }) : undefined;
      },
    });
    palette?.addItem({ command: OPEN, category: 'voxbeam' });
    launcher?.add({ command: OPEN, args: { inLauncher: true }, category: 'Other' });
    app.contextMenu.addItem({
      command: OPEN, selector: `.jp-DirListing-item[data-file-type="${NIFTI.name}"]`, rank: 1.5,
    });
  },
};

/** The volume file selected in the file browser, if one is. */
function selectedVolume(browsers: IFileBrowserFactory | null): string | undefined {
  for (const item of browsers?.tracker.currentWidget?.selectedItems() ?? []) {
    if (NIFTI.extensions?.some((ending) => item.path.endsWith(ending))) return item.path;
  }
  return undefined;
}

async function askForPath(folder: string | undefined): Promise<string | undefined> {
  const { button, value } = await InputDialog.getText({
    title: 'Open volume with voxbeam', label: 'Path of a .nii or .nii.gz file', text: folder ? `${folder}/` : '',
  });
  return button.accept && value ? value : undefined;
}

export default plugin;
