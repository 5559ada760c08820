/** Has a kernel open a file, and answers with the address of the page that shows it. */

import type { Kernel } from '@jupyterlab/services';

/** Why the kernel could not open a file, in its own words. */
export class OpenError extends Error {}

/**
 * The code that opens a file of the kernel's folder.
 *
 * @param remote whether the page comes from another computer, so that only the Jupyter server can be reached from it
 */
export function openingCode(fileName: string, remote: boolean): string {
  return [
    'import voxbeam as _rv',
    ...(remote ? ['_rv.configure(transport="proxy")'] : []),
    `_voxbeam_view = _rv.view(${JSON.stringify(fileName)})`,
  ].join('\n');
}

/** Opens `fileName` in `kernel` and returns the address of the viewer page, with its single-use ticket. */
export async function openInKernel(kernel: Kernel.IKernelConnection, fileName: string, remote: boolean): Promise<string> {
  const { content } = await kernel.requestExecute({
    code: openingCode(fileName, remote),
    store_history: false,
    user_expressions: { url: '_voxbeam_view.instance.visualization_server_url' },
  }).done;
  if (content.status === 'error') throw new OpenError(kernelWords(content));
  const result = (content as { user_expressions?: Record<string, unknown> }).user_expressions?.url as
    | { status: 'ok'; data: Record<string, unknown> }
    | { status: 'error'; ename: string; evalue: string }
    | undefined;
  if (result?.status === 'error') throw new OpenError(kernelWords(result));
  const url = /^'([^']+)'$/.exec(String(result?.data['text/plain']))?.[1];
  if (!url) throw new OpenError('the kernel gave no address of a viewer');
  return url;
}

function kernelWords({ ename, evalue }: { ename: string; evalue: string }): string {
  return ename === 'ModuleNotFoundError'
    ? `${evalue}. The kernel's environment has no voxbeam: install it there with pip install "voxbeam[nifti]".`
    : `${ename}: ${evalue}`;
}
