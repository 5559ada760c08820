/** Several people in one scene: who is here, what the others point at, and following one of them. */

import type { Form } from '../../annotation/kinds.js';
import type { Scene } from '../../annotation/scene.js';
import type { Session } from '../../session/session.js';
import type { Vec3 } from '../../volume/geometry.js';
import { h, setText, watchSize } from '../dom.js';
import { wordButton } from '../instruments/fields.js';
import type { Shell } from '../shell.js';
import type { Size, ViewStore } from '../view_state.js';
import { type Coming, Crowd } from './crowd.js';
import { Follow } from './follow.js';
import type { Identity } from './identity.js';
import { PeopleLayer, type Place } from './people_layer.js';
import { PeoplePanel } from './people_panel.js';
import { type Person, saidOf, seenBy } from './person.js';

/** What this needs of the viewer around it. */
export interface PeopleHost {
  readonly root: HTMLElement;
  readonly session: Pick<Session, 'awareness'>;
  readonly shell: Pick<Shell, 'stage' | 'overlay' | 'toolbar'>;
  readonly scene: Pick<Scene, 'annotation' | 'author'>;
  readonly store: ViewStore;
  readonly me: Identity;
  /** What is being drawn. */
  draft(): Form | undefined;
  /** World point under the pointer. */
  cursor(): Vec3 | undefined;
  mayEdit(): boolean;
  moving(active: boolean): void;
  tell(message: string): void;
  /** The nearest place for the cross. */
  snap(place: Vec3): Vec3;
  /** Whom this viewer follows has changed. */
  followed?(name: string): void;
}

/** So many may follow each other in a row until it counts as a circle. */
const MAX_CHAIN = 64;

export class People {
  readonly crowd: Crowd;
  readonly panel: PeoplePanel;
  readonly #layer: PeopleLayer;
  readonly #follow: Follow;
  readonly #words = h('span');
  readonly #frame: HTMLElement;
  /** For those who hear the page: who came and who went. */
  readonly #said = h('span', { class: 'voxbeam-unseen', role: 'status' });
  readonly #ending = new AbortController();
  readonly #end: () => void;
  #endSize: (() => void) | undefined;
  /** Of the stage: asked when it changes, for reading it lays the page out anew. */
  #size: Size = { width: 0, height: 0 };
  #following: number | undefined;
  /** Name of whom to follow once they are here. */
  #wished: string | undefined;
  #place: Place | undefined;
  #request: number | undefined;

  constructor(readonly host: PeopleHost) {
    const { root, session, shell, store, me } = host;
    this.panel = new PeoplePanel({
      rename: (name) => {
        me.rename(name);
        host.scene.author = me.name;
        this.#ownChanged();
      },
      recolor: (color) => {
        me.recolor(color);
        this.#ownChanged();
      },
      follow: (id) => this.follow(id),
      visit: (id) => this.#visit(id),
    });
    this.#layer = new PeopleLayer(() => shell.overlay.canvas);
    this.#frame = h(
      'div', { class: 'voxbeam-following', hidden: true },
      h('div', { on: { pointerdown: (event: Event) => event.stopPropagation() } }, this.#words, wordButton('Stop', 'Stop following (esc)', () => this.follow(undefined), { 'data-action': 'unfollow' })),
    );
    shell.stage.append(this.#frame);
    shell.toolbar.element.querySelector('[data-group="more"]')?.prepend(this.panel.opener);
    root.append(this.panel.element, this.#said);
    this.crowd = new Crowd(session.awareness, me.page, () => this.#own(), (coming) => this.#changed(coming));
    this.#follow = new Follow(store, host.moving, () => this.#unfollowed('You moved the view: no longer following'));
    this.#end = store.onChange(() => this.crowd.soon());
    // Any gesture of one's own ends following, also one that moves nothing.
    const own = (event: Event) => {
      if (!this.#frame.contains(event.target as Node)) this.follow(undefined);
    };
    for (const type of ['pointerdown', 'wheel']) shell.stage.addEventListener(type, own, { capture: true, passive: true, signal: this.#ending.signal });
    this.#show();
  }

  /** Begins to be seen: once there is a picture, so that it waits for nothing of this. */
  start(): void {
    this.#endSize ??= watchSize(this.host.shell.stage, (width, height) => {
      this.#size = { width, height };
      this.crowd.soon();
    });
    this.crowd.start();
  }

  /** What this viewer says of itself, such as its cursor or draft, may be out of date. */
  soon(): void {
    this.crowd.soon();
  }

  /** Draws the others over the views as they are now; without a place they stay as they are. */
  draw(place: Place | undefined): void {
    this.crowd.soon(); // a draft changes with the marks
    this.#place = place ?? this.#place;
    if (place) this.#draw();
  }

  /** Whom this viewer follows; undefined where nobody. */
  get followed(): Person | undefined {
    return this.crowd.get(this.#following);
  }

  /** Follows somebody, by id or name, or nobody any more; false where there is no such person, or they follow this viewer. */
  follow(who: number | string | undefined): boolean {
    this.#wished = undefined;
    const person = typeof who === 'string' ? this.crowd.list.find(({ name }) => name === who) : this.crowd.get(who);
    if (!person) {
      if (who === undefined && this.#following !== undefined) this.#unfollowed('No longer following');
      return who === undefined;
    }
    if (this.#followsMe(person)) {
      this.host.tell(`${person.name} follows you: one of you has to lead`);
      return false;
    }
    this.#following = person.id;
    this.panel.close();
    this.#ownChanged();
    this.#goAlong();
    return true;
  }

  /** Follows somebody of that name, now or once they are here. */
  wish(name: string): void {
    this.#wished = this.follow(name) ? undefined : name;
  }

  /** Ends what is open or under way here; tells whether anything was. */
  escape(): boolean {
    if (this.panel.close()) return true;
    if (this.#following === undefined) return false;
    this.follow(undefined);
    return true;
  }

  dispose(): void {
    this.#ending.abort();
    this.#end();
    this.#endSize?.();
    this.#follow.dispose();
    this.crowd.dispose();
    this.#layer.dispose();
    if (this.#request !== undefined) cancelAnimationFrame(this.#request);
    this.#request = undefined;
  }

  #own(): Record<string, unknown> {
    const { me, store, draft, cursor } = this.host;
    const at = cursor();
    return {
      name: me.name, color: me.color, page: me.page, ...(at && { cursor: at }), ...saidOf(store.state, this.#size, draft()),
      ...(this.#following !== undefined && { following: this.#following }),
    };
  }

  #changed({ came, left }: Coming): void {
    if (this.#following !== undefined && !this.followed) this.#unfollowed('The one you followed is gone');
    if (this.#following !== undefined) this.#goAlong();
    if (this.#wished !== undefined && came.length > 0) this.wish(this.#wished);
    const words = [...came.map(({ name }) => `${name} is here`), ...left.map(({ name }) => `${name} is gone`)];
    if (words.length > 0) setText(this.#said, words.join(', '));
    this.#show();
    if (this.#place) this.#request ??= requestAnimationFrame(() => {
      this.#request = undefined;
      this.#draw();
    });
  }

  #draw(): void {
    const { scene } = this.host;
    if (this.#place) this.#layer.draw(this.crowd.list, this.#place, ({ selected }) => (selected === undefined ? undefined : scene.annotation(selected)));
  }

  #goAlong(): void {
    const person = this.followed;
    if (person) this.#follow.to(seenBy(person, this.host.store.state, this.#size));
  }

  #visit(id: number): void {
    const cross = this.crowd.get(id)?.cross;
    const { store, snap } = this.host;
    if (cross) store.update({ cross: snap(cross), center: cross, camera: { ...store.state.camera, target: cross } });
  }

  /** Whether somebody follows this viewer, by others too. */
  #followsMe(person: Person): boolean {
    let next: Person | undefined = person;
    for (let i = 0; next && i < MAX_CHAIN; i += 1) {
      if (next.following === this.crowd.id) return true;
      next = this.crowd.get(next.following);
    }
    return next !== undefined;
  }

  #unfollowed(words: string): void {
    this.#following = undefined;
    this.#follow.stop();
    this.host.tell(words);
    this.#ownChanged();
  }

  #ownChanged(): void {
    this.crowd.soon();
    this.#show();
    const name = this.followed?.name ?? '';
    if (name !== (this.host.root.dataset.following ?? '')) this.host.followed?.(name);
    if (name) this.host.root.dataset.following = name;
    else delete this.host.root.dataset.following;
  }

  #show(): void {
    const { host, crowd, followed } = this;
    const { people } = host.root.dataset;
    if (crowd.list.length > 0) host.root.dataset.people = String(crowd.list.length);
    else if (people !== undefined) delete host.root.dataset.people;
    this.panel.show({ people: crowd.list, kernels: crowd.kernels, me: host.me, id: crowd.id, mayEdit: host.mayEdit(), following: this.#following });
    this.#frame.hidden = !followed;
    if (!followed) return;
    setText(this.#words, `Following ${followed.name}`);
    this.#frame.style.borderColor = followed.color;
  }
}
