/** What of the overlay lies over what. */

import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { MarkIndex } from '../../../src/annotation/mark_index.js';
import { Scene } from '../../../src/annotation/scene.js';
import { Overlay, type OverlayScene } from '../../../src/viewer/overlay.js';
import { GUIDE_STYLES } from '../../../src/viewer/overlay_guides.js';

/** A canvas that notes in order what is drawn on it. */
function notingCanvas(): { owner: Document; calls: string[] } {
  const calls: string[] = [];
  const context = new Proxy({} as Record<string | symbol, unknown>, {
    get: (target, name) => target[name] ?? ((...args: unknown[]) => void calls.push(name === 'fillText' ? `text ${String(args[0])}` : String(name))),
  });
  const canvas = { setAttribute: () => {}, getContext: () => context };
  return { owner: { createElement: () => canvas } as unknown as Document, calls };
}

test("a view's name is drawn after handles and drafts: they do not cross it", () => {
  const { owner, calls } = notingCanvas();
  const overlay = new Overlay(owner);
  overlay.resize({ width: 300, height: 200 }, 1);
  const camera = { target: [0, 0, 0], distance: 10, orientation: [0, 0, 0, 1], fovY: 0.6, yaw: 0, pitch: 0 };
  overlay.draw({
    views: [{ id: 'volume', kind: 'volume', rect: { x: 0, y: 0, width: 300, height: 200 }, camera }],
    state: { selected: undefined, shows: { marker: true, ticks: false } },
    marks: new MarkIndex(new Scene(new Y.Doc(), {})),
    colorOf: () => '#fff', draft: undefined, vertex: undefined, hovered: undefined, unit: 'mm', voxel: [1, 1, 1],
    style: GUIDE_STYLES.dark, guides: true,
    instruments: { draw: () => calls.push('a handle') },
  } as unknown as OverlayScene);
  expect(calls).toContain('a handle');
  expect(calls.indexOf('text 3D')).toBeGreaterThan(calls.indexOf('a handle'));
});
