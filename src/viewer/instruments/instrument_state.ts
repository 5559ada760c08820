/** What instruments keep in the viewer's state. Nothing of it is shared with other people. */

import type { Clip, Quaternion, SliceView, VolumeView } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';

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
  /** The slices in 3D, with their handles. */
  readonly slices: boolean;
  readonly debug: boolean;
}

export interface InstrumentState {
  readonly clip: Clip | undefined;
  /** World direction towards the light. */
  readonly light: Vec3 | undefined;
  /** Turns all slices about the cross; undefined: they are across the axes. */
  readonly turn: Quaternion | undefined;
  /** How thick slices are; undefined: a plane. */
  readonly slab: SliceView['slab'] | undefined;
  readonly measurements: readonly Measurement[];
  readonly shows: Shows;
}

/** Nothing clipped, lit from the shoulder. */
export const FIRST_INSTRUMENTS: InstrumentState = {
  clip: undefined,
  light: undefined,
  turn: undefined,
  slab: undefined,
  measurements: [],
  shows: { clip: false, light: false, ticks: false, outline: true, marker: true, slices: false, debug: false },
};

/** What of it the renderer draws. */
export function drawnWith({ clip, light, shows }: InstrumentState): Pick<VolumeView, 'clip' | 'light' | 'outline'> {
  return { ...(clip && { clip }), ...(light && { light }), ...(!shows.outline && { outline: false }) };
}
