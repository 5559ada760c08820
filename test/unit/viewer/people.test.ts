import { expect, test } from '@jest/globals';
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { MAX_PRESENCE_BYTES } from '../../../src/protocol/index.js';
import { type Coming, Crowd } from '../../../src/viewer/people/crowd.js';
import { Follow, nearer } from '../../../src/viewer/people/follow.js';
import { Identity, MAX_PERSON_NAME } from '../../../src/viewer/people/identity.js';
import { MAX_DRAFT_COORDS, parsePerson, saidOf, seenBy } from '../../../src/viewer/people/person.js';
import { fitted, ViewStore } from '../../../src/viewer/view_state.js';

const SIZE = { width: 800, height: 600 };

function store() {
  const made = new ViewStore({ layout: 'four' });
  made.update(fitted({ min: [0, 0, 0], max: [100, 80, 60] }, 'four', undefined, SIZE));
  return made;
}

test('what is malformed of a person is left out, and the rest is believed', () => {
  const odd = {
    name: 'A\u202eda\n<b>\u0000', color: 'red', role: 'god', page: 7, tool: ['brush'], cursor: [1, Number.NaN, 3], cross: [1, 2, 3], span: -1,
    camera: { target: [0, 0, 0], distance: 0, yaw: 0, pitch: 0 }, layout: 'five', maximised: null, time: 1.5, turn: [2, 0, 0, 0], selected: {}, following: 'x',
    draft: { kind: 'polygon', coords: [1, 2] },
  };
  expect(parsePerson(5, odd)).toEqual({ id: 5, name: 'A da <b>', color: '#8a93a0', page: '', tool: '', cross: [1, 2, 3], time: 0, kernel: false });
  expect(parsePerson(5, {})).toEqual({ id: 5, name: 'Someone', color: '#8a93a0', page: '', tool: '', time: 0, kernel: false });
  for (const none of [undefined, null, 'Ada', 3, []]) expect(parsePerson(5, none)).toBeUndefined();
  expect(parsePerson(5, { name: 'x'.repeat(1e6) })?.name).toHaveLength(200);
  expect(parsePerson(5, { draft: { kind: 'point', coords: [1, 2, 3] } })?.draft).toEqual({ kind: 'point', coords: [1, 2, 3] });
});

test('what a viewer says of itself comes back as what it sees, on a stage of another size too', () => {
  const [mine, theirs] = [store(), store()];
  mine.update({ camera: { ...mine.state.camera, yaw: 2, distance: 321 }, cross: [7, 8, 9], center: [6, 6, 6], pixelSize: 0.25, layout: 'slices', maximised: 'coronal', time: 3, turn: [0, 0, 1, 0] });
  const person = parsePerson(1, JSON.parse(JSON.stringify(saidOf(mine.state, SIZE, undefined))))!;
  theirs.update(seenBy(person, theirs.state, SIZE));
  for (const field of ['camera', 'cross', 'center', 'layout', 'maximised', 'time', 'turn'] as const) expect(theirs.state[field]).toEqual(mine.state[field]);
  expect(theirs.state.pixelSize).toBe(0.25);
  expect(seenBy(person, theirs.state, { width: 1200, height: 1200 }).pixelSize).toBe(0.125); // the same length across
});

test('a long draft is told with fewer points, and all that is said stays within the limit', () => {
  const coords = Array.from({ length: 3 * 16_384 }, (_, i) => Math.fround(Math.sin(i) * 1e5));
  const said = saidOf({ ...store().state, selected: 'x'.repeat(36) }, SIZE, { kind: 'polyline', coords });
  const told = (said.draft as { coords: number[] }).coords;
  expect(told).toHaveLength(MAX_DRAFT_COORDS);
  expect([told.slice(0, 3), told.slice(-3)]).toEqual([coords.slice(0, 3), coords.slice(-3)]);
  expect(parsePerson(1, said)?.draft?.kind).toBe('polyline');
  const text = JSON.stringify({ ...said, name: 'x'.repeat(MAX_PERSON_NAME), color: '#123456', page: crypto.randomUUID(), cursor: [0.1 + 0.2, 1 / 3, 2 / 3], following: 2 ** 32 });
  expect(text.length).toBeLessThan(MAX_PRESENCE_BYTES);
});

test('others come, move and go; views of the same page are no others, and what did not change is not said', async () => {
  const awareness = new Awareness(new Y.Doc());
  awareness.setLocalState(null);
  const comings: [string[], string[]][] = [];
  let tool = 'navigate';
  const crowd = new Crowd(awareness, 'mine', () => ({ name: 'Me', tool }), ({ came, left }: Coming) => comings.push([came.map((p) => p.name), left.map((p) => p.name)]));
  const other = new Awareness(new Y.Doc());
  const say = (state: object | null) => {
    other.setLocalState(state);
    applyAwarenessUpdate(awareness, encodeAwarenessUpdate(other, [other.clientID]), 'remote');
  };
  say({ name: 'Ada', page: 'theirs' });
  say({ name: 'Ada', page: 'theirs', tool: 'brush' });
  expect(crowd.list.map((p) => [p.name, p.tool])).toEqual([['Ada', 'brush']]);
  say(null);
  say({ name: 'Twin', page: 'mine' });
  say('odd' as never);
  expect(crowd.list).toEqual([]);
  expect(comings).toEqual([[['Ada'], []], [[], []], [[], ['Ada']]]);

  let said = 0;
  awareness.on('update', () => {
    said += 1;
  });
  crowd.soon();
  await Promise.resolve();
  expect([said, awareness.getLocalState()]).toEqual([0, null]); // nobody is seen before there is a picture
  crowd.start();
  for (let i = 0; i < 3; i += 1) {
    crowd.soon();
    await Promise.resolve();
  }
  expect([said, awareness.getLocalState()]).toEqual([1, { name: 'Me', tool: 'navigate' }]);
  tool = 'box';
  crowd.soon();
  crowd.dispose();
  await Promise.resolve();
  expect([said, awareness.getLocalState()]).toEqual([2, null]);
  for (const one of [awareness, other]) one.destroy();
});

test('whoever follows is taken along, and has the view back with the first own move', () => {
  const of = store();
  let ended = 0;
  const follow = new Follow(of, () => undefined, () => { ended += 1; }, () => true);
  const camera = { ...of.state.camera, yaw: 1 };
  follow.to({ camera, cross: [1, 2, 3], layout: 'volume', time: 2 });
  expect(of.state).toMatchObject({ camera, cross: [1, 2, 3], layout: 'volume', time: 2 });
  of.update({ tool: 'point', selected: 'x' }); // no move
  follow.to({ camera: { ...camera, yaw: 2 } });
  expect([of.state.camera.yaw, ended]).toEqual([2, 0]);
  of.update({ camera: { ...camera, yaw: 3 } });
  expect(ended).toBe(1);
  of.update({ camera: { ...camera, yaw: 4 } });
  expect(ended).toBe(1);
  follow.dispose();
});

test('the way to the one followed is smooth, by the shorter turn, and has an end', () => {
  const frames: ((now: number) => void)[] = [];
  const scope = globalThis as unknown as Record<string, unknown>;
  const before = [scope.requestAnimationFrame, scope.cancelAnimationFrame];
  scope.requestAnimationFrame = (step: (now: number) => void) => frames.push(step);
  scope.cancelAnimationFrame = () => frames.splice(0);
  try {
    const of = store();
    const moving: boolean[] = [];
    const follow = new Follow(of, (active) => moving.push(active), () => undefined, () => false);
    const from = of.state.camera;
    const goal = { ...from, yaw: from.yaw + 2 * Math.PI - 0.4, distance: from.distance * 4 };
    follow.to({ camera: goal });
    const yaws = [from.yaw];
    let now = performance.now();
    for (let i = 0; i < 200 && frames.length > 0; i += 1) {
      now += 16;
      frames.shift()!(now);
      yaws.push(of.state.camera.yaw);
    }
    expect(of.state.camera).toEqual(goal);
    expect(yaws.slice(0, -1).every((yaw, i, all) => i === 0 || (yaw <= all[i - 1]! + 1e-12 && yaw >= from.yaw - 0.41))).toBe(true);
    expect(yaws.length).toBeGreaterThan(10);
    expect(moving).toEqual([true, false]);
    follow.to({ camera: from });
    follow.stop();
    expect([frames.length, moving.at(-1)]).toEqual([0, false]);
    const half = nearer(of.state, { camera: from, center: of.state.center, pixelSize: of.state.pixelSize / 4 }, 0.5);
    expect(half.pixelSize).toBeCloseTo(of.state.pixelSize / 2, 12);
  } finally {
    [scope.requestAnimationFrame, scope.cancelAnimationFrame] = before;
  }
});

test('a name is what was chosen in this browser, what the kernel says, or a guest’s; a colour goes with it', () => {
  const kept = new Map<string, string>();
  const scope = globalThis as unknown as Record<string, unknown>;
  const before = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) };
  Object.defineProperty(globalThis, 'localStorage', { configurable: true, value: storage });
  try {
    expect(new Identity().name).toMatch(/^Guest \d{3}$/);
    const ada = new Identity(' Ada \n Lovelace ');
    expect(ada.name).toBe('Ada Lovelace');
    expect(ada.color).toBe(new Identity('Ada Lovelace').color);
    ada.rename('   ');
    ada.recolor('javascript:1');
    expect([ada.name, kept.size]).toEqual(['Ada Lovelace', 0]);
    ada.rename('Countess');
    ada.recolor('#abcdef');
    expect([new Identity('Ada').name, new Identity('Ada').color]).toEqual(['Countess', '#abcdef']);
    Object.defineProperty(globalThis, 'localStorage', { configurable: true, get: () => { throw new Error('SecurityError'); } });
    const lone = new Identity('Ben');
    lone.rename('Benjamin');
    expect(lone.name).toBe('Benjamin');
  } finally {
    if (before) Object.defineProperty(globalThis, 'localStorage', before);
    else delete scope.localStorage;
  }
});
