/** What the tests of storage, parking, ends and budgets run in the page: sessions and viewers of a real sidecar. */

import { Session, type SessionOptions } from '../../src/session/session.js';
import type { SessionVolume } from '../../src/session/types.js';
import { pageParking } from '../../src/viewer/parking.js';
import { Viewer, type ViewerOptions } from '../../src/viewer/viewer.js';
import { type BrickKey, brickGrid, keyText, levelCount } from '../../src/volume/geometry.js';

export interface Opened {
  session: Session;
  viewer: Viewer;
  root: HTMLElement;
  close(): void;
}

declare global {
  /** Gives a stream ticket; the test supplies it. */
  function ticket(): Promise<string>;
}

/** A viewer of the sidecar at `url` in a box of `width` x `height`. */
function open(
  url: string,
  { width = 320, height = 240, session: more = {}, viewer: rest = {} }: {
    width?: number; height?: number; session?: Partial<SessionOptions>; viewer?: Partial<ViewerOptions>;
  } = {},
): Opened {
  const root = document.createElement('div');
  root.style.cssText = `width:${width}px;height:${height}px;position:relative`;
  document.body.append(root);
  const session = new Session({ client: 'test page', candidates: [{ kind: 'direct', url, ticket: () => globalThis.ticket() }], codec: 'raw', ...more });
  const viewer = new Viewer({ root, session, layout: 'volume', ...rest });
  return {
    session, viewer, root,
    close() {
      viewer.dispose();
      session.close();
      root.remove();
    },
  };
}

/** A session without a viewer that asks for every brick of the first volume; resolves once all are here. */
async function fetchAll(url: string, { session: more = {} }: { session?: Partial<SessionOptions> } = {}): Promise<{ session: Session; sum: number; constants: number; close(): void }> {
  const session = new Session({ client: 'test page', candidates: [{ kind: 'direct', url, ticket: () => globalThis.ticket() }], codec: 'raw', ...more });
  await until('the volume', () => session.volumes.size > 0);
  const volume = [...session.volumes.values()][0] as SessionVolume;
  const { shape } = volume.description;
  const keys: BrickKey[] = [];
  for (let level = levelCount(shape) - 1; level >= 0; level -= 1) {
    const [nz, ny, nx] = brickGrid(shape, level);
    for (let z = 0; z < nz; z += 1) for (let y = 0; y < ny; y += 1) for (let x = 0; x < nx; x += 1) keys.push({ level, z, y, x });
  }
  const here = new Map<string, number>();
  let constants = 0;
  session.on('brick', (brick) => {
    constants += Number(brick.constant === true);
    here.set(keyText(brick), brick.voxels.reduce((a, b) => a + b, 0));
    session.consumed(brick);
  });
  session.want(volume.handle, keys.map((key, priority) => ({ ...key, priority })));
  await until('all bricks', () => here.size === keys.length);
  return { session, constants, sum: [...here.values()].reduce((a, b) => a + b, 0), close: () => session.close() };
}

/** Colours of what a viewer shows, its canvas or its still, on top of the page's white. */
function coloursOf(root: HTMLElement): number {
  const copy = document.createElement('canvas');
  const shown = [...root.querySelectorAll<HTMLCanvasElement>('.voxbeam-canvas')].filter((canvas) => canvas.style.visibility !== 'hidden');
  [copy.width, copy.height] = [shown[0]?.width ?? 1, shown[0]?.height ?? 1];
  const context = copy.getContext('2d') as CanvasRenderingContext2D;
  for (const canvas of shown) context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  const set = new Set<number>();
  for (let i = 0; i < data.length; i += 4) set.add(((data[i] as number) << 16) | ((data[i + 1] as number) << 8) | (data[i + 2] as number));
  return set.size;
}

/** Waits until `test` holds. */
async function until(what: string, test: () => boolean, ms = 120_000): Promise<void> {
  const late = performance.now() + ms;
  while (!test()) {
    if (performance.now() > late) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until no worker writes into the browser's storage any more: its files are closed. */
async function letGo(): Promise<void> {
  const late = performance.now() + 60_000;
  for (;;) {
    const { held = [] } = await navigator.locks.query();
    if (!held.some(({ name }) => name?.startsWith('voxbeam/bricks'))) return;
    if (performance.now() > late) throw new Error(`still held: ${held.map(({ name }) => name)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Object.assign(globalThis, { vox: { letGo, pageParking, coloursOf, open, fetchAll, until, Session, Viewer } });
