/** @jest-environment jsdom */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { PictureFirst } from '../../../src/viewer/picture_first.js';

let shown = '';
const made = (slow: boolean) => {
  const root = document.createElement('div');
  shown = '';
  return { root, early: new PictureFirst(root, { pictured: () => { shown += 'picture '; }, ended: () => { shown += 'panels '; }, slow: () => slow }) };
};
const word = (root: HTMLElement) => root.dataset.early;

describe('what comes before the panels', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test('where a GPU draws, everything is shown with the first picture', () => {
    const { root, early } = made(false);
    expect([early.waiting, word(root), shown]).toEqual([true, 'picture', '']);
    early.pictured();
    expect([early.waiting, early.holding, word(root), shown]).toEqual([false, false, undefined, 'picture panels ']);
  });

  test('where the processor draws, marks are shown with the first picture, panels with the full one', () => {
    const { root, early } = made(true);
    early.pictured();
    early.pictured();
    expect([early.waiting, early.holding, word(root), shown]).toEqual([false, true, 'detail', 'picture ']);
    early.end();
    early.pictured();
    expect([early.waiting, early.holding, word(root), shown]).toEqual([false, false, undefined, 'picture panels ']);
  });

  test('without any picture all is shown after 1.2 s, without a full one 4 s after the first', () => {
    const none = made(true);
    jest.advanceTimersByTime(1_199);
    expect(word(none.root)).toBe('picture');
    jest.advanceTimersByTime(1);
    expect([word(none.root), shown]).toEqual([undefined, 'picture panels ']);
    const coarse = made(true);
    jest.advanceTimersByTime(1_000);
    coarse.early.pictured();
    jest.advanceTimersByTime(3_999);
    expect(word(coarse.root)).toBe('detail');
    jest.advanceTimersByTime(1);
    expect([word(coarse.root), shown]).toEqual([undefined, 'picture panels ']);
  });

  test.each(['pointermove', 'pointerdown', 'keydown', 'focusin', 'wheel'])('%s shows the panels, but not before a picture', (hand) => {
    const { root, early } = made(true);
    root.dispatchEvent(new Event(hand));
    expect(word(root)).toBe('picture');
    early.pictured();
    root.dispatchEvent(new Event(hand));
    expect([word(root), shown]).toEqual([undefined, 'picture panels ']);
  });

  test('one that is closed changes nothing more', () => {
    const { early } = made(true);
    early.dispose();
    jest.advanceTimersByTime(5_000);
    expect(shown).toBe('');
  });
});
