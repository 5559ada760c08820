/** What clients say of themselves, and what of it is believed: a malformed part is left out, never thrown over. Pure. */

import * as z from 'zod';
import { type Form, parseForm } from '../../annotation/kinds.js';
import { MAX_NAME_CHARS } from '../../protocol/limits.js';
import { SLAB_MODES } from '../../protocol/tiles.js';
import type { OrbitCamera } from '../../renderer/camera.js';
import type { Quaternion, SliceView } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import { type Layout, VIEW_IDS, type ViewId } from '../layout.js';
import type { Size, ViewState } from '../view_state.js';

/** Somebody else who looks at the instance. */
export interface Person {
  readonly id: number;
  readonly name: string;
  /** `#rrggbb` */
  readonly color: string;
  /** As the server says; undefined where it does not. */
  readonly role: 'view' | 'edit' | 'owner' | undefined;
  /** Views with the same page are one person's. */
  readonly page: string;
  readonly tool: string;
  /** World point under the pointer. */
  readonly cursor: Vec3 | undefined;
  readonly cross: Vec3 | undefined;
  readonly center: Vec3 | undefined;
  /** World length of the shorter edge of the views, in slices. */
  readonly span: number | undefined;
  readonly camera: Omit<OrbitCamera, 'fovY'> | undefined;
  readonly layout: Layout | undefined;
  readonly maximised: ViewId | undefined;
  readonly time: number;
  readonly turn: Quaternion | undefined;
  readonly slab: SliceView['slab'] | undefined;
  /** Id of an annotation. */
  readonly selected: string | undefined;
  /** Id of a client. */
  readonly following: number | undefined;
  /** What is being drawn. */
  readonly draft: Form | undefined;
  /** A program, such as a notebook's kernel: it edits, and looks at nothing. */
  readonly kernel: boolean;
}

const NAMELESS = 'Someone';
/** Coordinates of a draft that are told: others need its shape, not each of its points. */
export const MAX_DRAFT_COORDS = 3 * 64;
// Letters that would not be seen, or turn the direction of what stands beside them.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text of a person as it is shown: one line, with an end. */
export const cleanText = (text: string, most = MAX_NAME_CHARS): string => text.slice(0, 4 * most).replace(UNSEEN, ' ').replace(/\s+/g, ' ').trim().slice(0, most);

const finite = z.number().finite();
const maybe = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const words = (most: number) => z.string().transform((text) => cleanText(text, most)).catch('');
const place = z.tuple([finite, finite, finite]);
const Said = z.object({
  name: words(MAX_NAME_CHARS),
  color: z.string().regex(/^#[0-9a-fA-F]{6}$/).catch('#8a93a0'),
  role: maybe(z.enum(['view', 'edit', 'owner'])),
  page: words(64),
  tool: words(40),
  cursor: maybe(place),
  cross: maybe(place),
  center: maybe(place),
  span: maybe(finite.positive()),
  camera: maybe(z.object({ target: place, distance: finite.positive(), yaw: finite, pitch: finite.min(-Math.PI / 2).max(Math.PI / 2) })),
  layout: maybe(z.enum(['four', 'volume', 'slices'])),
  maximised: maybe(z.enum(VIEW_IDS as unknown as [ViewId, ...ViewId[]])),
  kernel: z.boolean().catch(false),
  time: z.int().min(0).catch(0),
  turn: maybe(z.tuple([finite, finite, finite, finite]).refine((q) => Math.abs(Math.hypot(...q) - 1) < 1e-3)),
  slab: maybe(z.object({ thickness: finite.positive(), mode: z.enum(SLAB_MODES) })),
  selected: maybe(z.string().max(100)),
  following: maybe(z.int()),
  draft: maybe(z.object({ kind: z.string().max(40), coords: z.array(finite).max(MAX_DRAFT_COORDS) })),
});

/** The person that a client's state tells of; undefined where it tells of none. */
export function parsePerson(id: number, said: unknown): Person | undefined {
  const result = Said.safeParse(said);
  if (!result.success) return undefined;
  const { draft, name, ...rest } = result.data;
  return { id, name: name || NAMELESS, draft: draft && parseForm(draft.kind, draft.coords), ...rest } as Person;
}

/** What this viewer says of how it looks, and of what it draws. */
export function saidOf(state: ViewState, size: Size, draft: Form | undefined): Record<string, unknown> {
  const { camera: { target, distance, yaw, pitch }, cross, center, layout, maximised, time, turn, slab, tool, selected, pixelSize } = state;
  return {
    tool, cross, center, layout, time, camera: { target, distance, yaw, pitch },
    span: pixelSize * shorter(size), maximised: maximised ?? null, ...(turn && { turn }), ...(slab && { slab }), ...(selected !== undefined && { selected }),
    ...(draft && { draft: { kind: draft.kind, coords: thinned(draft.coords) } }),
  };
}

/** What following a person makes of a state. What is not known of them stays as it is. */
export function seenBy(person: Person, state: ViewState, size: Size): Partial<ViewState> {
  const { camera, cross, center, span, layout, maximised, time, turn, slab } = person;
  return {
    ...(camera && { camera: { ...camera, fovY: state.camera.fovY } }),
    ...(cross && { cross }), ...(center && { center }), ...(span && { pixelSize: span / shorter(size) }),
    ...(layout && { layout, maximised }), time, turn, slab,
  };
}

const shorter = ({ width, height }: Size): number => Math.max(1, Math.min(width, height));

/** As many points of a long line as may be told, its last one among them. */
function thinned(coords: readonly number[]): readonly number[] {
  if (coords.length <= MAX_DRAFT_COORDS) return coords;
  const [points, told] = [coords.length / 3, MAX_DRAFT_COORDS / 3];
  return Array.from({ length: told }, (_, i) => Math.round((i * (points - 1)) / (told - 1))).flatMap((at) => coords.slice(3 * at, 3 * at + 3));
}
