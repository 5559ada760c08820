/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { moveRamp, splitAfter } from '../../../src/viewer/look/transfer_edits.js';
import { type TransferChange, TransferEditor, type TransferState } from '../../../src/viewer/look/transfer_editor.js';
import { HEIGHT, toOpacity, toPlace, toX, toY, WIDTH } from '../../../src/viewer/look/transfer_layout.js';
import { moveEnd, panWindow, WindowAxis } from '../../../src/viewer/look/window_axis.js';

afterEach(() => document.body.replaceChildren());

const STATE: TransferState = { points: [[0, 0], [0.4, 0.2], [0.6, 0.8], [1, 1]], window: [100, 300], log: false, histogram: undefined, logCounts: true };

/** An editor one CSS pixel a unit, and what it asked for. */
function editor(state: Partial<TransferState> = {}) {
  const changes: TransferChange[] = [];
  const words: string[] = [];
  const made = new TransferEditor((change) => changes.push(change), (said) => words.push(said));
  document.body.append(made.element);
  made.element.getBoundingClientRect = () => ({ left: 0, top: 0, width: WIDTH, height: HEIGHT }) as DOMRect;
  made.show({ ...STATE, ...state });
  const at = (place: number, opacity: number) => ({ clientX: toX(place), clientY: toY(opacity), bubbles: true, button: 0 });
  const drag = (target: Element, from: readonly [number, number], to: readonly [number, number]) => {
    target.dispatchEvent(new MouseEvent('pointerdown', at(...from)));
    made.element.dispatchEvent(new MouseEvent('pointermove', at(...to)));
    made.element.dispatchEvent(new MouseEvent('pointerup', at(...to)));
  };
  return { element: made.element, editor: made, changes, words, drag, at, find: (selector: string) => made.element.querySelector(selector)! };
}

test('places and values are each other\'s inverse, within the window and beyond, even and by logarithm', () => {
  const window = fc.tuple(fc.double({ min: -1e4, max: 1e4, noNaN: true }), fc.double({ min: 1e-2, max: 1e4, noNaN: true }));
  fc.assert(
    fc.property(window, fc.boolean(), fc.double({ min: -0.5, max: 1.5, noNaN: true }), ([low, span], log, place) => {
      const axis = new WindowAxis([low, low + span], log);
      expect(axis.toPlace(axis.toValue(place))).toBeCloseTo(place, 4);
    }),
  );
  expect(new WindowAxis([1, 1000], true).toValue(0.5)).toBeCloseTo(Math.sqrt(1000), 6);
  expect(new WindowAxis([5, 5], false).toPlace(5)).toBe(0);
  expect([toPlace(toX(0.3)), toOpacity(toY(0.7))]).toEqual([expect.closeTo(0.3), expect.closeTo(0.7)]);
});

test('the ends of a window stop at each other; panning keeps its width', () => {
  expect(moveEnd([100, 300], 0, 350)).toEqual([300, 300]);
  expect(moveEnd([100, 300], 1, 123.4567)).toEqual([100, 123.5]);
  expect(panWindow(new WindowAxis([100, 300], false), -0.25)).toEqual([50, 250]);
});

test('a ramp moves as a whole until a neighbour or an end stops it', () => {
  const points = STATE.points;
  expect(moveRamp(points, 1, 0.1, 0.1)).toEqual([[0, 0], [0.5, 0.3], [0.7, 0.9], [1, 1]]);
  expect(moveRamp(points, 1, 0.9, 0.9)).toEqual([[0, 0], [0.8, 0.4], [1, 1], [1, 1]]);
  expect(moveRamp(points, 0, 0.3, -0.5)).toEqual(points);
  expect(splitAfter(points, 1)[2]).toEqual([0.5, 0.5]);
  expect(splitAfter(points, 3)).toBe(points);
});

test('points are added by double click, dragged, and moved, split and removed by keys', () => {
  const { element, changes, drag, at, find, words } = editor({ points: [[0, 0], [1, 1]] });
  element.dispatchEvent(new MouseEvent('dblclick', at(0.5, 0.25)));
  expect(changes.at(-1)).toEqual({ points: [[0, 0], [0.5, 0.25], [1, 1]] });
  drag(find('[data-point="1"]'), [0.5, 0.25], [0.75, 0.5]);
  expect(changes.at(-1)).toEqual({ points: [[0, 0], [0.75, 0.5], [1, 1]] });
  expect(words).toContain('250 · opacity 0.50');
  expect(words.at(-1)).toBe('');
  const key = (name: string, shiftKey = false) => find('[data-point="1"]').dispatchEvent(new KeyboardEvent('keydown', { key: name, shiftKey, bubbles: true, cancelable: true }));
  key('ArrowUp');
  key('ArrowLeft', true);
  expect(changes.at(-1)).toEqual({ points: [[0, 0], [0.65, 0.52], [1, 1]] });
  expect(find('[data-point="1"]').getAttribute('aria-label')).toBe('Opacity at 230');
  key('+');
  expect(changes.at(-1)?.points).toHaveLength(4);
  key('Delete');
  expect(changes.at(-1)?.points).toHaveLength(3);
  expect(element.querySelectorAll('circle')).toHaveLength(3);
});

test('ramps, the window\'s ends and the window itself are dragged; values that come back meanwhile do not disturb it', () => {
  const { element, editor: made, changes, drag, at, find } = editor();
  drag(find('[data-ramp="1"]'), [0.5, 0.5], [0.55, 0.6]);
  expect(changes.at(-1)).toEqual({ points: [[0, 0], [0.45, 0.3], [0.65, 0.9], [1, 1]] });
  drag(find('[data-end="0"] .voxbeam-reach'), [0, 0.5], [0.25, 0.5]);
  expect(changes.at(-1)).toEqual({ window: [150, 300] });
  made.show(STATE);
  find('.voxbeam-band').dispatchEvent(new MouseEvent('pointerdown', at(0.5, 0.9)));
  element.dispatchEvent(new MouseEvent('pointermove', at(0.6, 0.9)));
  expect(changes.at(-1)).toEqual({ window: [80, 280] });
  made.show({ ...STATE, window: [0, 1] });
  element.dispatchEvent(new MouseEvent('pointermove', at(0.7, 0.9)));
  expect(changes.at(-1)).toEqual({ window: [60, 260] });
  element.dispatchEvent(new MouseEvent('pointerup', at(0.7, 0.9)));
  find('[data-end="1"]').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
  expect(changes.at(-1)).toEqual({ window: [60, 262] });
});

test('with a logarithm places are those of the logarithm', () => {
  const { changes, drag, find } = editor({ window: [1, 1000], log: true });
  drag(find('[data-end="0"] .voxbeam-reach'), [0, 0.5], [1 / 3, 0.5]);
  expect(changes.at(-1)).toEqual({ window: [10, 1000] });
});
