/** The kind of file that opens in a viewer, and how little of it JupyterLab itself reads: nothing. */

import { DocumentModel, type DocumentRegistry, TextModelFactory } from '@jupyterlab/docregistry';
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

/** Nothing to save. A context that could save would first copy the file, however large, into a checkpoint beside it. */
class PathModel extends DocumentModel {
  override get collaborative(): boolean {
    return true; // the word for "somebody else saves it"
  }
}

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

  override createNew(): DocumentRegistry.ICodeModel {
    return new PathModel();
  }
}
