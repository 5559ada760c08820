/** What keys, the menu and the panel do with the instruments. */

import type { BoxAnnotation } from '../../annotation/model.js';
import type { Clip } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import { orderedName, POLICY_NAMES, type PolicyName, policyOf, REQUEST_CLASSES, type RequestClass } from '../../volume/policy.js';
import { viewFragment } from '../view_link.js';
import { boxOf, clipOf, coordsOf, facingPlane, keptWithin, MAX_PLANES } from './clip.js';
import type { InstrumentHost } from './instrument.js';
import { PLANE_IDS, type PlaneLook, type Planes, type Shows } from './instrument_state.js';
import type { MenuItem } from './menu.js';

/** What the policies of loading do, for people. */
export const POLICY_WORDS: Readonly<Record<PolicyName, string>> = {
  exploration: 'Load what is in view first, then what is coming',
  playback: 'Load the next time points before details',
  'low-bandwidth': 'Load little: coarser, a few bricks at a time',
  'no-prefetch': 'Load only what is in view',
};

/** What a class of requests is called where it is put in another place. */
export const CLASS_WORDS: Readonly<Record<RequestClass, string>> = {
  'visible-coarse': 'what is in view, coarse',
  'visible-fine': 'details of what is in view',
  prefetch: 'what is about to come into view',
  'other-times': 'other time points',
};

const nameOf = (policy: string): PolicyName => policy.split(':')[0] as PolicyName;

/** Things done to clip, light and what shows. */
export class InstrumentActions {
  constructor(readonly host: InstrumentHost) {}

  /** Shows an instrument, or puts it away. */
  toggle(name: keyof Shows): void {
    const { store } = this.host;
    const { shows, planes } = store.state;
    store.update({ shows: { ...shows, [name]: !shows[name] } });
    if (name !== 'slices') return;
    // Outlines come and go with the handles; pictures stay.
    if (shows.slices) this.setPlanes({}, (look) => (look === 'outline' ? 'none' : look));
    else if (PLANE_IDS.every((id) => planes[id] === 'none')) this.setPlanes({}, () => 'outline');
  }

  /** Copies an address that leads to what is shown now; where that may not be, it stands in the page's own. */
  async copyLink(): Promise<void> {
    const { address, store, tell } = this.host;
    const link = address?.(viewFragment(store.state));
    if (link === undefined) return;
    try {
      await navigator.clipboard.writeText(link);
      tell('Copied a link to this view, for those who may open this page');
    } catch {
      tell('The address of this page leads to this view now: copy it from there');
    }
  }

  /** Changes how slices stand in 3D: parts of it, then each look. */
  setPlanes(part: Partial<Planes>, look: (before: PlaneLook) => PlaneLook = (before) => before): void {
    const { store } = this.host;
    const planes = { ...store.state.planes, ...part };
    for (const id of PLANE_IDS) planes[id] = look(planes[id]);
    if (JSON.stringify(planes) !== JSON.stringify(store.state.planes)) store.update({ planes });
  }

  /** Whether some slice shows its values in 3D. */
  get textured(): boolean {
    return PLANE_IDS.some((id) => this.host.store.state.planes[id] === 'textured');
  }

  /** Shows the slices' values in 3D, of all of them; or of none. */
  toggleTextured(): void {
    const { textured } = this;
    const rest = this.host.store.state.shows.slices ? 'outline' : 'none';
    this.setPlanes({}, (look) => (textured ? (look === 'textured' ? rest : look) : 'textured'));
    this.host.tell(textured ? 'The slices do not show their values in 3D' : 'The slices show their values in 3D');
  }

  /** Cuts away what lies before the slices in 3D, which then show their values; or leaves it. */
  toggleCut(): void {
    const cut = !(this.host.store.state.planes.cut && this.textured);
    const { textured } = this;
    this.setPlanes({ cut }, (look) => (cut && !textured ? 'textured' : look));
    this.host.tell(cut ? 'What lies before the slices is cut away' : 'Nothing is cut away before the slices');
  }

  /** Shows the handles of the clip, beginning with a box around everything; or puts them away, clipped as it is. */
  toggleClip(): void {
    const { store } = this.host;
    const bounds = this.host.bounds();
    if (!bounds) return;
    if (!store.state.shows.clip && !store.state.clip) store.update({ clip: clipOf(bounds, undefined) });
    this.toggle('clip');
  }

  /** Shows everything again. */
  unclip(): void {
    const { store } = this.host;
    store.update({ clip: undefined, shows: { ...store.state.shows, clip: false } });
  }

  /** Shows what lies in the selected box annotation. */
  crop(): void {
    const { store, scene, tell } = this.host;
    const annotations = scene.annotations();
    const boxes = annotations.filter((annotation): annotation is BoxAnnotation => annotation.kind === 'box');
    const box = boxes.find(({ id }) => id === store.state.selected) ?? (boxes.length === 1 ? boxes[0] : undefined);
    if (!box) tell(boxes.length > 0 ? 'Select the box to crop to first' : 'Draw a box first (b): the view is cropped to it');
    else if (!this.setBox(boxOf(box.coords))) tell('That box lies outside of the volumes');
  }

  /** Clips to a box, as far as there are volumes; false where it is beside them. */
  setBox(box: { readonly min: Vec3; readonly max: Vec3 }): boolean {
    const { store } = this.host;
    const bounds = this.host.bounds();
    if (!bounds || [0, 1, 2].some((i) => (box.max[i] as number) <= (bounds.min[i] as number) || (box.min[i] as number) >= (bounds.max[i] as number))) return false;
    const least = ([0, 1, 2] as const).map((axis) => this.host.voxel(axis)) as unknown as Vec3;
    this.#clip(clipOf(boxOf(keptWithin(coordsOf(box), bounds, least)), store.state.clip?.planes));
    return true;
  }

  /** Adds a plane through the cross that cuts away what lies before it. */
  addPlane(): void {
    const { store, tell } = this.host;
    const { clip, camera, cross } = store.state;
    const planes = clip?.planes ?? [];
    if (planes.length >= MAX_PLANES) tell(`${MAX_PLANES} clipping planes are the most: remove one first`);
    else this.#clip(clipOf(clip?.box, [...planes, facingPlane(camera, cross)]));
  }

  removePlane(at: number): void {
    const { clip } = this.host.store.state;
    this.host.store.update({ clip: clipOf(clip?.box, clip?.planes?.filter((_, i) => i !== at)) });
  }

  /** Puts a plane at a distance from the origin. */
  movePlane(at: number, offset: number): void {
    const { clip } = this.host.store.state;
    this.host.store.update({ clip: clipOf(clip?.box, clip?.planes?.map((plane, i) => (i === at ? { ...plane, offset } : plane))) });
  }

  removeMeasurement(id: string): void {
    const { store } = this.host;
    store.update({
      measurements: store.state.measurements.filter((tape) => tape.id !== id),
      ...(store.state.selected === id && { selected: undefined }),
    });
  }

  /** What chooses a policy in the menu. */
  policyItem(name: PolicyName): MenuItem {
    const { store } = this.host;
    const key = name === POLICY_NAMES[0] ? { key: 'n' } : {};
    return { name: `policy-${name}`, words: POLICY_WORDS[name], ...key, on: () => nameOf(store.state.policy) === name, run: () => store.update({ policy: name }) };
  }

  /** Goes on to the next policy. */
  nextPolicy(): void {
    const { store, tell } = this.host;
    const policy = POLICY_NAMES[(POLICY_NAMES.indexOf(nameOf(store.state.policy)) + 1) % POLICY_NAMES.length] as PolicyName;
    store.update({ policy });
    tell(POLICY_WORDS[policy]);
  }

  /** What moves each class of requests in the menu: one place forward; the first becomes the last, and one that was not loaded is, last. */
  orderItems(): MenuItem[] {
    const { store, tell } = this.host;
    const order = () => policyOf(store.state.policy).order;
    const earlier = (which: RequestClass): void => {
      const next: RequestClass[] = order().filter((other) => other !== which);
      const at = order().indexOf(which);
      next.splice(at > 0 ? at - 1 : next.length, 0, which);
      store.update({ policy: orderedName(nameOf(store.state.policy), next) });
      tell(`Loading ${next.map((one) => CLASS_WORDS[one]).join(', then ')}`);
    };
    return REQUEST_CLASSES.map((which) => ({ name: `earlier-${which}`, words: `Load earlier: ${CLASS_WORDS[which]}`, on: () => order().includes(which), run: () => earlier(which) }));
  }

  setLight(light: Vec3 | undefined): void {
    this.host.store.update({ light });
  }

  #clip(clip: Clip | undefined): void {
    const { store } = this.host;
    store.update({ clip, shows: { ...store.state.shows, clip: true } });
  }
}
