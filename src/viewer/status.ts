/** How the viewer is doing, in the footer for people and on the root element for programs. */

import type { RendererReport } from '../renderer/renderer.js';
import type { Session } from '../session/session.js';
import { setAttribute } from './dom.js';
import type { Footer } from './footer.js';
import { count, formatBytes } from './format.js';
import type { ShownLayers } from './shown_layers.js';

/** What is to be told. */
export interface Status {
  readonly transport: string | undefined;
  /** How the last bricks or tiles came. */
  readonly codec: string;
  readonly connection: string;
  readonly missing: number;
  /** Finest and coarsest level shown of the leading volume. */
  readonly levels: readonly [number, number] | undefined;
  /** The same of every visible layer, in words. */
  readonly layers: string;
  readonly fps: number | undefined;
  readonly bytes: number;
  /** Epoch milliseconds of the first frame with voxels. */
  readonly firstPicture: number | undefined;
  readonly error: string | undefined;
  /** Bytes of bricks in the page's memory, at most so far. */
  readonly memoryPeak: number;
  /** Bytes of GPU memory: now, at most so far, and the budget. */
  readonly gpu: readonly [number, number, number] | undefined;
}

/** What the session and the renderer have to tell; the rest is the viewer's own. */
export function statusOf(
  { state, transport, codec, counters }: Session,
  report: RendererReport | undefined,
  layers: ShownLayers,
  own: Pick<Status, 'missing' | 'fps' | 'error'>,
): Status {
  const levels = (handle: number | undefined): readonly [number, number] | undefined => {
    const shown = report?.volumes.find(({ volume }) => volume === handle);
    return shown && [shown.finest, shown.coarsest];
  };
  const visible = layers.list.filter(({ layer }) => layer.visible && layer.opacity > 0);
  return {
    ...own,
    transport,
    codec,
    connection: state,
    levels: levels(layers.leading?.volume.handle),
    layers: layerLevels(visible.map(({ volume }) => [volume.description.name, levels(volume.handle)])),
    bytes: counters.bytesReceived,
    firstPicture: report?.firstPictureAt,
    memoryPeak: counters.cachePeak,
    gpu: report && [report.gpuBytes, report.gpuBytesPeak, report.gpuBudget],
  };
}

/** What is said of bricks that do not come as they are. */
const CODECS: Readonly<Record<string, string>> = { lz4: 'LZ4', zstd: 'Zstandard', preview: '8-bit preview' };
const TRANSPORTS: Readonly<Record<string, string>> = { direct: 'direct', proxy: 'Jupyter proxy', comm: 'kernel comm' };

/** Writes what differs from what is there. */
export function showStatus(root: HTMLElement, footer: Footer, status: Status): void {
  const { transport, codec, missing, levels, fps, bytes, firstPicture } = status;
  setAttribute(root, 'data-transport', transport ?? '');
  setAttribute(root, 'data-codec', status.bytes > 0 ? codec : '');
  setAttribute(root, 'data-connection', status.connection);
  setAttribute(root, 'data-missing', String(missing));
  setAttribute(root, 'data-level', levels && String(levels[0]));
  setAttribute(root, 'data-fps', fps === undefined ? undefined : fps.toFixed(1));
  setAttribute(root, 'data-bytes', String(bytes));
  setAttribute(root, 'data-first-picture', firstPicture === undefined ? undefined : String(Math.round(firstPicture)));
  setAttribute(root, 'data-error', status.error);
  setAttribute(root, 'data-memory-peak', String(status.memoryPeak));
  setAttribute(root, 'data-gpu-bytes', status.gpu && String(status.gpu[0]));
  setAttribute(root, 'data-gpu-peak', status.gpu && String(status.gpu[1]));
  setAttribute(root, 'data-gpu-budget', status.gpu && String(status.gpu[2]));
  footer.show('level', status.layers || (levels ? levelText(levels) : ''));
  footer.show('missing', missing > 0 ? `${count(missing, 'brick')} missing` : '0 missing');
  footer.show('bytes', bytes > 0 ? formatBytes(bytes) : '');
  footer.show('fps', fps ? `${Math.round(fps)} fps` : '');
  const way = TRANSPORTS[transport ?? ''] ?? 'connected';
  footer.show('transport', status.connection !== 'open' ? status.connection : CODECS[codec] ? `${way}, ${CODECS[codec]}` : way);
}

/** `level 0`, or both ends where a view mixes levels. */
export function levelText([finest, coarsest]: readonly [number, number]): string {
  return finest === coarsest ? `level ${finest}` : `level ${finest}–${coarsest}`;
}

/** More layers than this are summed up: the line is short. */
const NAMED_LAYERS = 3;

/** The levels of several layers: `level 0` where all show the same, else with their names. */
export function layerLevels(layers: readonly (readonly [string, readonly [number, number] | undefined])[]): string {
  const known = layers.flatMap(([name, levels]) => (levels ? [[name, levelText(levels)] as const] : []));
  if (new Set(known.map(([, text]) => text)).size <= 1) return known[0]?.[1] ?? '';
  const named = known.slice(0, NAMED_LAYERS).map(([name, text]) => `${name} ${text.replace('level ', '')}`);
  const more = known.length - named.length;
  return `levels: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
