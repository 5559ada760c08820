/**
 * Who of a page's viewers holds a WebGL context. Browsers give about sixteen to a page and take the oldest away without asking;
 * here a viewer that is out of sight, or at rest and not looked at for longest, gives up its place to one that has something to draw.
 */

/** A viewer that can give up its context and take one again. */
export interface Parkable {
  /** Its place on the page. */
  readonly element: Element;
  /** Whether its picture is complete and nobody is moving it. */
  readonly resting: boolean;
  /** Takes a context. */
  wake(): void;
  /** Gives its context up, keeping a still picture. */
  park(): void;
}

/** Contexts of this page's viewers: half of what browsers give, so that others on the page keep theirs. */
export const MAX_CONTEXTS = 8;
/** Out of sight for this long: parked, whether or not its place is wanted. */
const UNSEEN_MS = 20_000;

interface Member {
  readonly viewer: Parkable;
  live: boolean;
  visible: boolean;
  /** Has something to draw, and waits for a place. */
  wants: boolean;
  /** When it was last looked at: it came into sight, or was used. */
  seen: number;
  timer?: ReturnType<typeof setTimeout> | undefined;
}

export class ParkingLot {
  readonly #members = new Map<Parkable, Member>();
  readonly #byElement = new Map<Element, Member>();
  readonly #observer: IntersectionObserver | undefined;
  /** The most that were live at once. */
  peak = 0;

  constructor(readonly limit = MAX_CONTEXTS) {
    if (typeof IntersectionObserver === 'undefined') return;
    this.#observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) this.#sighted(this.#byElement.get(target), isIntersecting);
    });
  }

  get live(): number {
    return [...this.#members.values()].filter((member) => member.live).length;
  }

  /** A new viewer: it has a place at once where there is one. */
  enter(viewer: Parkable): void {
    const member: Member = { viewer, live: false, visible: true, wants: true, seen: performance.now() };
    this.#members.set(viewer, member);
    this.#byElement.set(viewer.element, member);
    this.#observer?.observe(viewer.element);
    this.#serve();
  }

  leave(viewer: Parkable): void {
    const member = this.#members.get(viewer);
    if (!member) return;
    clearTimeout(member.timer);
    this.#observer?.unobserve(viewer.element);
    this.#members.delete(viewer);
    this.#byElement.delete(viewer.element);
    this.#serve();
  }

  /** It has something to draw. `used`: somebody is at it, so it comes first and goes last. */
  want(viewer: Parkable, used = false): void {
    const member = this.#members.get(viewer);
    if (!member) return;
    if (used) {
      member.seen = performance.now();
      member.visible = true;
    }
    if (member.live) return;
    member.wants = true;
    this.#serve();
  }

  /** Its picture is complete: it may make room for another. */
  rested(): void {
    this.#serve();
  }

  #sighted(member: Member | undefined, visible: boolean): void {
    if (!member) return;
    clearTimeout(member.timer);
    if (visible && !member.visible) member.seen = performance.now();
    member.visible = visible;
    if (!visible) {
      member.timer = setTimeout(() => {
        if (member.live) this.#park(member);
      }, UNSEEN_MS);
    } else if (!member.live) member.wants = true;
    this.#serve();
  }

  /** Gives places to those in sight that want one, who was used last first. */
  #serve(): void {
    const waiting = [...this.#members.values()].filter(({ wants, live, visible }) => wants && !live && visible);
    for (const member of waiting.sort((a, b) => b.seen - a.seen)) {
      if (this.live >= this.limit && !this.#makeRoom(member)) return;
      member.live = true;
      member.wants = false;
      this.peak = Math.max(this.peak, this.live);
      member.viewer.wake();
    }
  }

  /** Out of sight goes first, then what is at rest; the least recently seen of them. */
  #makeRoom(wanting: Member): boolean {
    const candidates = [...this.#members.values()].filter((member) => member.live && member !== wanting && (!member.visible || member.viewer.resting));
    const [least] = candidates.sort((a, b) => Number(a.visible) - Number(b.visible) || a.seen - b.seen);
    if (!least) return false;
    this.#park(least);
    return true;
  }

  #park(member: Member): void {
    member.live = false;
    member.viewer.park();
  }
}

/** The one of this page. */
export const pageParking = new ParkingLot();
