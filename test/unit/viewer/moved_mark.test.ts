/** A mark that is moved over very many others: drawn by itself, the others left as they are. */

import { expect, test } from '@jest/globals';
import * as Y from 'yjs';
import { MarkIndex } from '../../../src/annotation/mark_index.js';
import { Scene } from '../../../src/annotation/scene.js';
import { Overlay, type OverlayScene } from '../../../src/viewer/overlay.js';
import { GUIDE_STYLES } from '../../../src/viewer/overlay_guides.js';
import { fitted, ViewStore, viewsOf } from '../../../src/viewer/view_state.js';

interface Noted {
  readonly calls: string[];
  /** Names that were written. */
  readonly texts: string[];
  width: number;
  height: number;
  hidden: boolean;
  removed: boolean;
  readonly style: { transform?: string };
}

/** A document whose canvases note what is drawn on them; the first is the overlay's. */
function notingDocument() {
  const canvases: Noted[] = [];
  const owner = {
    createElement: () => {
      const noted: Noted = { calls: [], texts: [], width: 0, height: 0, hidden: false, removed: false, style: {} };
      const context: object = new Proxy({}, {
        get: (_, name) => {
          if (name === 'canvas') return canvas;
          return (...args: unknown[]) => {
            noted.calls.push(String(name));
            if (name === 'fillText') noted.texts.push(String(args[0]));
            if (name === 'measureText') return { width: 7 * String(args[0]).length };
            if (name === 'createImageData') return { data: new Uint8ClampedArray(4 * Number(args[0]) * Number(args[1])) };
            return undefined;
          };
        },
        set: () => true,
      });
      const canvas = Object.assign(noted, { setAttribute: () => {}, getContext: () => context, ownerDocument: owner, after: () => {}, remove: () => { noted.removed = true; } });
      canvases.push(canvas);
      return canvas;
    },
  };
  return { owner: owner as unknown as Document, canvases };
}

const SIZE = { width: 800, height: 600 };

function crowdedOverlay(count: number) {
  const { owner, canvases } = notingDocument();
  const overlay = new Overlay(owner);
  overlay.resize(SIZE, 1);
  const scene = new Scene(new Y.Doc(), {});
  const common = { color: '#ff0000', volumeName: '', author: '', kind: 'point' as const };
  scene.doc.transact(() => {
    for (let i = 0; i < count; i += 1) scene.add({ ...common, name: '', coords: [i % 100, (7 * i) % 100, (13 * i) % 100] });
  });
  const selected = scene.add({ ...common, name: 'the one', coords: [50, 50, 50] });
  const store = new ViewStore({ layout: 'four' });
  store.update(fitted({ min: [0, 0, 0], max: [100, 100, 100] }, 'four', undefined, SIZE));
  store.update({ cross: [50, 50, 50], selected });
  const marks = new MarkIndex(scene);
  const draw = (marksOnly: boolean) => overlay.draw({
    views: viewsOf(store.state, SIZE), state: store.state, marks, colorOf: (annotation: Parameters<Scene['colorOf']>[0]) => scene.colorOf(annotation),
    draft: undefined, vertex: undefined, hovered: undefined, unit: 'mm', voxel: [1, 1, 1], style: GUIDE_STYLES.dark, guides: true,
  } as unknown as OverlayScene, marksOnly);
  return { scene, store, selected, draw, canvases };
}

test('of a crowd only the selected one is drawn when it alone moves, on canvases of its own size', () => {
  const { scene, selected, draw, canvases } = crowdedOverlay(1600);
  draw(false);
  const [overlay] = canvases as [Noted];
  expect(overlay.texts).toContain('the one');
  const before = canvases.length;
  scene.update(selected, { coords: [52, 50, 50] });
  overlay.texts.length = 0;
  draw(true); // the overlay without it, once
  expect(overlay.texts).not.toContain('the one');
  const own = canvases.slice(before);
  expect(own.filter(({ texts }) => texts.includes('the one')).length).toBeGreaterThanOrEqual(2);
  const shown = own.filter(({ texts }) => texts.includes('the one'));
  for (const { width, height } of shown) expect(width * height).toBeLessThan(128 * 129);
  const places = shown.map(({ style }) => style.transform);

  overlay.calls.length = 0;
  const made = canvases.length;
  for (let step = 1; step <= 20; step += 1) {
    scene.update(selected, { coords: [52 + step, 50, 50] });
    draw(true);
  }
  expect(overlay.calls).toEqual([]); // nothing of what lies below
  expect(canvases.length).toBe(made);
  expect(shown.map(({ style }) => style.transform)).not.toEqual(places);
});

test('what else changes is drawn again with all, and the mark with it', () => {
  const { scene, selected, store, draw, canvases } = crowdedOverlay(1600);
  draw(false);
  const [overlay] = canvases as [Noted];
  const step = (x: number) => {
    scene.update(selected, { coords: [x, 50, 50] });
    draw(true);
  };
  step(52);
  const own = () => canvases.filter((canvas) => canvas !== overlay && canvas.texts.includes('the one') && !canvas.removed);
  expect(own().length).toBeGreaterThan(0);

  overlay.texts.length = 0;
  draw(false); // a view, the hovered one, a tape: anything
  expect(overlay.texts).toContain('the one');
  expect(own()).toEqual([]);

  step(54);
  overlay.texts.length = 0;
  scene.update(scene.annotations()[3]!.id, { coords: [1, 2, 3] });
  draw(true); // somebody else's edit
  expect(overlay.texts).toContain('the one');
  expect(own()).toEqual([]);

  step(56);
  overlay.texts.length = 0;
  store.update({ selected: undefined });
  draw(false);
  expect(overlay.texts).not.toContain('the one');
  expect(own()).toEqual([]);
});

test('few are drawn as ever', () => {
  const { scene, selected, draw, canvases } = crowdedOverlay(5);
  draw(false);
  scene.update(selected, { coords: [52, 50, 50] });
  canvases[0]!.texts.length = 0;
  draw(true);
  expect(canvases[0]!.texts).toContain('the one');
  expect(canvases).toHaveLength(1);
});
