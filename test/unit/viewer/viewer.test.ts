import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { Scene } from '../../../src/annotation/scene.js';
import { FrameType } from '../../../src/protocol/index.js';
import { Viewer, type ViewerEvent } from '../../../src/viewer/viewer.js';
import { Client } from '../../conformance/client.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';
import { WatchedSession } from '../session/node_session.js';
import { openPage } from './browser_page.js';
import { description } from './volumes.js';

let sidecar: SidecarProcess;
let producer: Client;
const ends: (() => void)[] = [];

beforeAll(async () => {
  sidecar = await SidecarProcess.start();
  producer = await Client.greet(sidecar, 'producer', 'owner');
  producer.control(FrameType.VOLUME, description({ name: 'brain <b>', note: '12 voxels are not finite' }));
  await producer.next(FrameType.VOLUME);
});
afterAll(() => sidecar.stop());
let closePage: () => void;
beforeEach(() => {
  // three.js prints that there is no WebGL before it throws.
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  closePage = openPage();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) end();
  await new Promise((resolve) => setTimeout(resolve, 30));
  closePage();
});

async function session(role = 'edit') {
  const made = new WatchedSession([{ kind: 'direct', url: `ws://127.0.0.1:${sidecar.port}/v1/stream`, ticket: () => sidecar.ticket(role) }]);
  ends.push(() => made.close());
  await made.opened();
  return made;
}

async function viewer(role = 'edit') {
  const root = document.createElement('div');
  document.body.append(root);
  const events: ViewerEvent[] = [];
  const of = await session(role);
  const made = new Viewer({ root, session: of, theme: 'light', onEvent: (event) => events.push(event) });
  ends.push(() => made.dispose());
  return { root, viewer: made, session: of, events };
}

async function until<T>(value: () => T | undefined | false | null, what: string): Promise<T> {
  const late = Date.now() + 60_000;
  for (;;) {
    const found = value();
    if (found) return found;
    if (Date.now() > late) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('without WebGL the viewer says so, is not settled, and the rest of it works', async () => {
  const { root, viewer: made, events } = await viewer();
  expect(root.querySelector('.voxbeam-message')?.textContent).toMatch(/WebGL 2.*hardware acceleration/);
  expect(root.querySelector<HTMLElement>('.voxbeam-message')?.hidden).toBe(false);
  expect(root.dataset.error).toMatch(/No picture/);
  expect(root.dataset.settled).toBe('false');
  expect(events.some(({ type }) => type === 'error')).toBe(true);
  await expect(made.screenshot()).rejects.toThrow(/WebGL 2/);
  await until(() => root.querySelector('.voxbeam-layer-name')?.textContent === 'brain <b>', 'the layer');
  expect(root.textContent).toContain('12 voxels are not finite');
  expect(root.querySelector('b')).toBeNull();
});

test('the root says how it is reached and in which theme', async () => {
  const { root } = await viewer();
  expect(root.classList.contains('voxbeam')).toBe(true);
  expect(root.dataset).toMatchObject({ ready: 'true', theme: 'light', transport: 'direct', connection: 'open', missing: '0' });
  expect(root.querySelector('[data-footer="transport"]')?.textContent).toBe('direct');
  expect(root.querySelector('canvas.voxbeam-canvas')).not.toBeNull();
  for (const tool of ['navigate', 'point', 'box']) expect(root.querySelector(`[data-tool="${tool}"]`)).not.toBeNull();
});

test('a setting changed in the panel is everyone’s, and so is an annotation', async () => {
  const [{ root }, other] = [await viewer(), await session()];
  const scene = new Scene(other.doc, {});
  await until(() => root.querySelector('.voxbeam-layer'), 'the layer');
  await until(() => scene.layers().length === 1, 'the scene');
  root.querySelector<HTMLElement>('[data-mode="mip"]')?.click();
  await until(() => scene.layers()[0]?.mode === 'mip', 'the mode in the scene');
  await until(() => root.querySelector('[data-action="mode"]')?.getAttribute('aria-pressed') === 'true', 'the toolbar');

  scene.add({ kind: 'point', coords: [1, 2, 3], name: 'from afar', color: '#00ff00', volumeName: 'brain <b>', author: 'other' });
  const row = await until(() => root.querySelector<HTMLElement>('[data-annotation] [data-action="select"]'), 'the annotation');
  expect(row.textContent).toBe('from afar');
  row.click();
  const name = await until(() => root.querySelector<HTMLInputElement>('.voxbeam-mark-details:not([hidden]) [data-field="name"]'), 'its name');
  expect(name.value).toBe('from afar');
  name.value = 'renamed';
  name.dispatchEvent(new Event('change'));
  await until(() => scene.annotations()[0]?.name === 'renamed', 'the name in the scene');
  // one's own edit is undone, the other's annotation stays
  root.dispatchEvent(new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, bubbles: true }));
  await until(() => scene.annotations()[0]?.name === 'from afar', 'the undo');
  root.dispatchEvent(new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, bubbles: true }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(scene.annotations()).toHaveLength(1);
  root.querySelector<HTMLElement>('[data-annotation] [data-action="remove"]')?.click();
  await until(() => scene.annotations().length === 0, 'the removal');
});

test('keys and buttons choose tools; escape goes back', async () => {
  const { root } = await viewer();
  const pressed = (tool: string) => root.querySelector(`[data-tool="${tool}"]`)?.getAttribute('aria-pressed') === 'true';
  const key = (name: string) => root.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));
  await until(() => pressed('navigate'), 'the first tool');
  key('p');
  await until(() => pressed('point'), 'the point tool');
  root.querySelector<HTMLElement>('[data-tool="box"]')?.click();
  await until(() => pressed('box'), 'the box tool');
  key('Escape');
  await until(() => pressed('navigate'), 'navigation');
  key('?');
  expect(root.querySelector<HTMLElement>('.voxbeam-help')?.hidden).toBe(false);
  key('Escape');
  expect(root.querySelector<HTMLElement>('.voxbeam-help')?.hidden).toBe(true);
});

test('people of other pages are listed with role and tool, followed, and gone when they go', async () => {
  /** A viewer on a page of its own: the pages of one process are one otherwise. */
  const onOwnPage = async (role: string) => {
    delete (globalThis as unknown as Record<symbol, unknown>)[Symbol.for('voxbeam page')];
    const made = await viewer(role);
    made.viewer.people.start(); // without WebGL there is no picture to wait for
    return made;
  };
  const [a, b] = [await onOwnPage('edit'), await onOwnPage('view')];
  await until(() => a.root.dataset.people === '1' && b.root.dataset.people === '1', 'each other');
  const opener = a.root.querySelector<HTMLButtonElement>('[data-action="people"]')!;
  expect([opener.textContent, opener.title]).toEqual(['2', 'Who is here: you and 1 other (y)']);
  b.root.querySelector<HTMLButtonElement>('[data-action="people"]')!.click();
  const own = b.root.querySelector<HTMLInputElement>('[aria-label="Your name"]')!;
  own.value = '<img src=x> Ben';
  own.dispatchEvent(new Event('change'));
  a.root.dispatchEvent(new KeyboardEvent('keydown', { key: 'y', bubbles: true }));
  const row = await until(() => a.root.querySelector<HTMLElement>('[role="listitem"][data-person]'), 'the row');
  await until(() => row.textContent?.includes('<img src=x> Ben'), 'the name');
  expect(row.textContent).toContain('looks only');
  expect(a.root.querySelector('img')).toBeNull();

  b.root.dispatchEvent(new KeyboardEvent('keydown', { key: 't', bubbles: true }));
  await until(() => row.textContent?.includes('tape'), 'the tool');
  row.querySelector<HTMLButtonElement>('[data-action="follow"]')!.click();
  expect(a.root.dataset.following).toBe('<img src=x> Ben');
  b.viewer.instruments.set('cross', [3, 2, 1]);
  b.viewer.instruments.host.store.update({ cross: [3, 2, 1], layout: 'slices' });
  const state = () => a.viewer.instruments.host.store.state;
  await until(() => state().layout === 'slices' && state().cross[0] === 3, 'where the other is');
  expect(b.viewer.people.follow(a.viewer.people.crowd.id)).toBe(false); // a circle
  expect(a.events.filter(({ type }) => type === 'followed')).toEqual([{ type: 'followed', name: '<img src=x> Ben' }]);
  a.root.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
  expect([a.root.dataset.following, state().layout]).toEqual([undefined, 'slices']);

  expect(a.viewer.people.follow('<img src=x> Ben')).toBe(true);
  b.viewer.dispose();
  await until(() => a.root.dataset.people === undefined, 'the other gone');
  expect([a.root.dataset.following, opener.textContent]).toEqual([undefined, '']);
  expect(a.root.querySelector('[data-footer="message"]')?.textContent).toBe('The one you followed is gone');
});

test('who may only look gets no drawing tools', async () => {
  const { root } = await viewer('view');
  const draw = await until(() => root.querySelector<HTMLButtonElement>('[data-tool="point"]:disabled'), 'the disabled tool');
  draw.click();
  const said = () => root.querySelector('[data-footer="message"]')?.textContent;
  expect(said()).not.toMatch(/look here/);
  root.dispatchEvent(new KeyboardEvent('keydown', { key: 'b', bubbles: true }));
  expect(said()).toBe('You may look here, not edit: nothing was changed. Ask the owner for a link with the role edit');
  root.dispatchEvent(new KeyboardEvent('keydown', { key: 'b', bubbles: true }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(root.querySelector('[data-tool="navigate"]')?.getAttribute('aria-pressed')).toBe('true');
});

test('a disposed viewer leaves nothing behind and the session open', async () => {
  const { root, viewer: made, session: of } = await viewer();
  made.dispose();
  made.dispose();
  expect(root.childElementCount).toBe(0);
  expect(root.className).toBe('');
  expect(Object.keys(root.dataset)).toEqual([]);
  expect(of.state).toBe('open');
  of.doc.getMap('annotations').set('x', 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(root.childElementCount).toBe(0);
});

test('a server that is gone is said in a banner, and the panel keeps what it has', async () => {
  const other = await SidecarProcess.start();
  const root = document.createElement('div');
  document.body.append(root);
  const of = new WatchedSession([{ kind: 'direct', url: `ws://127.0.0.1:${other.port}/v1/stream`, ticket: () => other.ticket('edit') }]);
  ends.push(() => of.close());
  await of.opened();
  const made = new Viewer({ root, session: of });
  ends.push(() => made.dispose());
  expect(root.querySelector<HTMLElement>('[role="alert"]')?.hidden).toBe(true);
  await other.stop();
  const banner = await until(() => {
    const element = root.querySelector<HTMLElement>('[role="alert"]');
    return element && !element.hidden && element;
  }, 'the banner');
  expect(banner.textContent).toMatch(/connect/i);
  expect(root.dataset.connection).not.toBe('open');
});
