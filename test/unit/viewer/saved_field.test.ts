/**
 * The footer's word about what was drawn.
 *
 * @jest-environment jsdom
 */

import { expect, jest, test } from '@jest/globals';
import { SavedEdits } from '../../../src/session/saved_edits.js';
import type { Session } from '../../../src/session/session.js';
import { Footer } from '../../../src/viewer/footer.js';
import { Banner } from '../../../src/viewer/notices.js';
import { SavedField } from '../../../src/viewer/saved_field.js';
import { SessionNotices } from '../../../src/viewer/session_notices.js';

test('saved, saving once it takes long, NOT SAVED with its reason, and nothing kept', () => {
  jest.useFakeTimers();
  const saved = new SavedEdits();
  const field = new SavedField({ saved } as Session);
  const shown = () => [field.element.textContent, field.element.dataset.saved];
  expect(shown()).toEqual(['', 'unknown']);
  saved.receive({ state: 'saved', edits: 0 });
  expect(shown()).toEqual(['saved', 'saved']);
  saved.sent();
  saved.sent();
  jest.advanceTimersByTime(100);
  saved.receive({ state: 'saved', edits: 1 });
  expect(saved.state).toBe('saving');
  expect(shown()).toEqual(['saved', 'saved']);
  jest.advanceTimersByTime(400);
  expect(shown()).toEqual(['saving…', 'saving']);
  saved.receive({ state: 'saved', edits: 2 });
  expect(shown()).toEqual(['saved', 'saved']);
  saved.receive({ state: 'unsaved', edits: 2, message: 'the disk is full', remedy: 'make room' });
  expect(shown()).toEqual(['NOT SAVED', 'unsaved']);
  expect(field.element.title).toBe('What is drawn is shared, but not on any disk: the disk is full. make room');
  saved.opened();
  expect(saved.state).toBe('unknown');
  saved.receive({ state: 'memory', edits: 0 });
  expect(shown()).toEqual(['not saved', 'memory']);
  field.dispose();
  saved.receive({ state: 'saved', edits: 0 });
  expect(shown()).toEqual(['not saved', 'memory']);
});

test('the footer says what is wrong before what is only worth a remark, and an error and its remedy in sentences', () => {
  const saved = new SavedEdits();
  const listeners = new Map<string, (event: never) => void>();
  const session = {
    saved, volumes: new Map(), state: 'open', kept: { state: 'on', bytes: 0, maxBytes: 1, bytesRead: 0 },
    on: (name: string, listener: (event: never) => void) => {
      listeners.set(name, listener);
      return () => listeners.delete(name);
    },
  };
  const footer = new Footer();
  const notices = new SessionNotices(session as unknown as Session, new Banner(), footer, () => undefined);
  const message = () => footer.element.querySelector('[data-footer="message"]')?.textContent;
  notices.showStanding(undefined, 'all voxels are 7');
  expect(message()).toBe('all voxels are 7');
  saved.receive({ state: 'unsaved', edits: 1, message: 'the disk is full', remedy: 'make room' });
  notices.showStanding(undefined, 'all voxels are 7');
  expect(message()).toBe(saved.message);
  notices.showStanding('too large', 'all voxels are 7');
  expect(message()).toBe('too large');
  listeners.get('error')?.({ message: 'It failed.', remedy: 'Try again', fatal: false } as never);
  expect(message()).toBe('It failed. Try again');
  notices.dispose();
});
