/** What instruments keep in the viewer's state. Nothing of it is shared with other people. */

import type { Clip, Quaternion, SliceView, VolumeView } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import type { PaintState } from '../paint/paint_state.js';

/** A distance that was measured. World x, y, z. */
export interface Measurement {
  readonly id: string;
  readonly start: Vec3;
  readonly end: Vec3;
}

/** Which instruments can be seen. What is clipped stays so without its handles, and a light where it is put. */
export interface Shows {
  readonly clip: boolean;
  readonly light: boolean;
  readonly ticks: boolean;
  /** The box around the volume. */
  readonly outline: boolean;
  readonly marker: boolean;
  /** The handles of the slices in 3D. */
  readonly slices: boolean;
  readonly debug: boolean;
  /** What the viewer may take, in the panel. */
  readonly dials: boolean;
}

/** How slices stand in the 3D view. */
export const PLANE_LOOKS = ['none', 'outline', 'textured'] as const;
export type PlaneLook = (typeof PLANE_LOOKS)[number];
/** The slices, by their views. */
export const PLANE_IDS = ['axial', 'coronal', 'sagittal'] as const;

export interface Planes extends Readonly<Record<(typeof PLANE_IDS)[number], PlaneLook>> {
  /** What lies before textured ones is cut away. */
  readonly cut: boolean;
}

export interface InstrumentState {
  readonly clip: Clip | undefined;
  /** World direction towards the light. */
  readonly light: Vec3 | undefined;
  /** Turns all slices about the cross; undefined: they are across the axes. */
  readonly turn: Quaternion | undefined;
  /** How thick slices are; undefined: a plane. */
  readonly slab: SliceView['slab'] | undefined;
  /** How the slices stand in 3D; their handles are among what shows. */
  readonly planes: Planes;
  readonly measurements: readonly Measurement[];
  /** What labels are painted with; undefined: nothing is painted. */
  readonly paint: PaintState | undefined;
  readonly shows: Shows;
}

/** Nothing clipped, lit from the shoulder. */
export const FIRST_INSTRUMENTS: InstrumentState = {
  clip: undefined,
  light: undefined,
  turn: undefined,
  slab: undefined,
  planes: { axial: 'none', coronal: 'none', sagittal: 'none', cut: false },
  measurements: [],
  paint: undefined,
  shows: { clip: false, light: false, ticks: false, outline: true, marker: true, slices: false, debug: false, dials: false },
};

/** What of it the renderer draws. */
export function drawnWith({ clip, light, shows }: InstrumentState): Pick<VolumeView, 'clip' | 'light' | 'outline'> {
  return { ...(clip && { clip }), ...(light && { light }), ...(!shows.outline && { outline: false }) };
}
