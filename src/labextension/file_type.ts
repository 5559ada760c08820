/** The kind of file that opens in a viewer, and how little of it JupyterLab itself reads: nothing. */

import { type DocumentRegistry, TextModelFactory } from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';

export const FACTORY = 'Volume (voxbeam)';
export const MODEL = 'voxbeam-path';

export const NIFTI: Partial<DocumentRegistry.IFileType> & { name: string } = {
  name: 'voxbeam-nifti',
  displayName: 'NIfTI volume',
  extensions: ['.nii', '.nii.gz'],
  mimeTypes: ['application/x-nifti'],
  contentType: 'file',
  fileFormat: null,
};

/** A model of a file's path alone. With any format the context would bring the whole file into the page. */
export class PathModelFactory extends TextModelFactory {
  override get name(): string {
    return MODEL;
  }

  override get contentType(): Contents.ContentType {
    return 'file';
  }

  override get fileFormat(): Contents.FileFormat {
    return null;
  }

  override preferredLanguage(): string {
    return 'python';
  }
}
