/** @jest-environment jsdom */
import { expect, jest, test } from '@jest/globals';
import { makeHelp } from '../../../src/viewer/help.js';
import { BINDINGS, bindingFor, bindKeys, type Commands } from '../../../src/viewer/keyboard.js';

function setUp() {
  const root = document.createElement('div');
  const input = document.createElement('input');
  const button = document.createElement('button');
  root.append(input, button);
  document.body.replaceChildren(root);
  const calls: unknown[][] = [];
  const commands = new Proxy({}, { get: (_, name) => (...args: unknown[]) => name !== 'paintKey' && calls.push([name, ...args]) }) as Commands;
  const ending = new AbortController();
  bindKeys(root, commands, ending.signal);
  const press = (key: string, modifiers: KeyboardEventInit = {}, target: HTMLElement = button) => {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...modifiers });
    target.dispatchEvent(event);
    return event;
  };
  return { calls, press, input, ending };
}

test('keys do what the help says', () => {
  const { calls, press } = setUp();
  press('1');
  press('M');
  press('z', { ctrlKey: true });
  press('Z', { ctrlKey: true, shiftKey: true });
  press('z', { metaKey: true });
  press('ArrowUp', { shiftKey: true });
  press('?', { shiftKey: true });
  press('Delete');
  expect(calls).toEqual([
    ['digit', 1], ['toggleMode'], ['undo'], ['redo'], ['undo'], ['arrow', 0, 1, true], ['help'], ['deleteSelected'],
  ]);
});

test('space and enter press the button that has the focus, and play no film', () => {
  const { calls, press } = setUp();
  const outside = jest.fn();
  document.addEventListener('keydown', outside);
  for (const key of [' ', 'Enter']) expect(press(key).defaultPrevented).toBe(false);
  expect([calls.length, outside.mock.calls.length]).toEqual([0, 0]);
  press(' ', {}, document.querySelector('div') as HTMLElement);
  expect(calls).toEqual([['play', false]]);
  document.removeEventListener('keydown', outside);
});

test('keys that are not the viewer’s are left to the page, and its own do not reach it', () => {
  const { calls, press } = setUp();
  const outside = jest.fn();
  document.addEventListener('keydown', outside);
  expect(press(';').defaultPrevented).toBe(false);
  expect(press('s', { ctrlKey: true }).defaultPrevented).toBe(false);
  expect(press('1', { altKey: true }).defaultPrevented).toBe(false);
  expect(outside).toHaveBeenCalledTimes(3);
  expect(press('b').defaultPrevented).toBe(true);
  expect(outside).toHaveBeenCalledTimes(3);
  expect(calls).toEqual([['tool', 'box']]);
  document.removeEventListener('keydown', outside);
});

test('typing into a field is typing', () => {
  const { calls, press, input } = setUp();
  press('b', {}, input);
  press('Delete', {}, input);
  expect(calls).toEqual([]);
});

test('no key means two things', () => {
  const all = BINDINGS.flatMap((binding) => binding.keys.map((key) => ({ key, binding })));
  for (const { key, binding } of all) {
    const event = { key, ctrlKey: binding.control ?? false, shiftKey: binding.shift ?? false, metaKey: false, altKey: false };
    expect(bindingFor(event)).toBe(binding);
  }
});

test('the help lists every key and closes by its button and by a click beside it', () => {
  const closed = jest.fn();
  const help = makeHelp(closed);
  for (const { label, text } of BINDINGS) if (label) expect(help.textContent).toContain(label + text);
  help.hidden = false;
  help.querySelector('button')?.click();
  expect(help.hidden).toBe(true);
  help.hidden = false;
  help.dispatchEvent(new MouseEvent('click'));
  expect(help.hidden).toBe(true);
  expect(closed).toHaveBeenCalledTimes(2);
});

test('nothing is heard after the end', () => {
  const { calls, press, ending } = setUp();
  ending.abort();
  press('1');
  expect(calls).toEqual([]);
});
