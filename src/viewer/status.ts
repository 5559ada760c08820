/** How the viewer is doing, in the footer for people and on the root element for programs. */

import { setAttribute } from './dom.js';
import type { Footer } from './footer.js';
import { count, formatBytes } from './format.js';

/** What is to be told. */
export interface Status {
  readonly transport: string | undefined;
  readonly connection: string;
  readonly missing: number;
  /** Finest and coarsest level shown of the leading volume. */
  readonly levels: readonly [number, number] | undefined;
  readonly fps: number | undefined;
  readonly bytes: number;
  /** Epoch milliseconds of the first frame with voxels. */
  readonly firstPicture: number | undefined;
  readonly error: string | undefined;
  /** Bytes of GPU memory: now, at most so far, and the budget. */
  readonly gpu: readonly [number, number, number] | undefined;
}

const TRANSPORTS: Readonly<Record<string, string>> = { direct: 'direct', proxy: 'Jupyter proxy', comm: 'kernel comm' };

/** Writes what differs from what is there. */
export function showStatus(root: HTMLElement, footer: Footer, status: Status): void {
  const { transport, missing, levels, fps, bytes, firstPicture } = status;
  setAttribute(root, 'data-transport', transport ?? '');
  setAttribute(root, 'data-connection', status.connection);
  setAttribute(root, 'data-missing', String(missing));
  setAttribute(root, 'data-level', levels && String(levels[0]));
  setAttribute(root, 'data-fps', fps === undefined ? undefined : fps.toFixed(1));
  setAttribute(root, 'data-bytes', String(bytes));
  setAttribute(root, 'data-first-picture', firstPicture === undefined ? undefined : String(Math.round(firstPicture)));
  setAttribute(root, 'data-error', status.error);
  setAttribute(root, 'data-gpu-bytes', status.gpu && String(status.gpu[0]));
  setAttribute(root, 'data-gpu-peak', status.gpu && String(status.gpu[1]));
  setAttribute(root, 'data-gpu-budget', status.gpu && String(status.gpu[2]));
  footer.show('level', levels ? levelText(levels) : '');
  footer.show('missing', missing > 0 ? `${count(missing, 'brick')} missing` : '0 missing');
  footer.show('bytes', bytes > 0 ? formatBytes(bytes) : '');
  footer.show('fps', fps ? `${Math.round(fps)} fps` : '');
  footer.show('transport', status.connection === 'open' ? (TRANSPORTS[transport ?? ''] ?? 'connected') : status.connection);
}

/** `level 0`, or both ends where a view mixes levels. */
export function levelText([finest, coarsest]: readonly [number, number]): string {
  return finest === coarsest ? `level ${finest}` : `level ${finest}–${coarsest}`;
}
