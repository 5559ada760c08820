/** What is shown where: rectangles of the canvas, and the layer settings that both kinds of view obey. */

import type { Look } from '../annotation/look.js';
import type { SlabMode } from '../protocol/tiles.js';
import type { Vec3 } from '../volume/geometry.js';
import type { OrbitCamera } from './camera.js';

/** A rectangle in CSS pixels; the origin is the canvas's upper left corner. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A position in CSS pixels of the canvas. */
export type Pixel = readonly [number, number];

/** How a volume is drawn: its look, with the window that its values suggest where the scene has none. */
export type LayerSettings = Omit<Look, 'window'> & {
  readonly window: readonly [number, number];
  /** The brick that holds all of the volume comes before tiles of slices: something is to be learnt from it. */
  readonly coarseFirst?: boolean;
  /** Values that are tinted in slices. */
  readonly marked?: MarkedValues;
};

/** Values from `low` to `high`, both included, in a colour. */
export interface MarkedValues {
  readonly low: number;
  readonly high: number;
  /** `#rrggbb`. */
  readonly color: string;
}

/** What of the world perspective views show: the inside of a box, and of planes the side that their normals point to. */
export interface Clip {
  /** World x, y, z. */
  readonly box?: { readonly min: Vec3; readonly max: Vec3 };
  /** A place p is shown where dot(normal, p) >= offset; normals are of length 1. */
  readonly planes?: readonly ClipPlane[];
}

export interface ClipPlane {
  readonly normal: Vec3;
  readonly offset: number;
}

/** The volume in perspective. */
export interface VolumeView {
  readonly id: string;
  readonly kind: 'volume';
  readonly rect: Rect;
  /** Index of the time point; absent: the first. Of volumes with fewer it is their last. */
  readonly time?: number;
  readonly camera: OrbitCamera;
  readonly clip?: Clip;
  /** World direction towards the light, of length 1; absent: it is above the viewer's left shoulder. */
  readonly light?: Vec3;
  /** Edges of the volume around it; drawn unless this is false. */
  readonly outline?: boolean;
  /** Slices that stand in the volume; three at most cut. */
  readonly planes?: readonly PlaneInView[];
}

/** A slice within a perspective view's picture, with the values that it goes through. */
export interface PlaneInView extends Pick<SliceView, 'axis' | 'position' | 'center' | 'turn' | 'slab'> {
  /** Its name within the view. */
  readonly id: string;
  /** What lies between it and the eye is not drawn; where several cut, what lies before all of them. */
  readonly cut?: boolean;
}

/** x, y, z, w; of length 1. */
export type Quaternion = readonly [number, number, number, number];

/** A slice across one axis of the world, or turned from there. */
export interface SliceView {
  readonly id: string;
  readonly kind: 'slice';
  readonly rect: Rect;
  /** As of the volume's view. */
  readonly time?: number;
  /** The axis the slice is normal to: 0 is z, 1 is y, 2 is x. */
  readonly axis: 0 | 1 | 2;
  /** World coordinate, along that axis, of the point in the middle of `rect`. */
  readonly position: number;
  /** The other two (u, v) of that point. */
  readonly center: readonly [number, number];
  /** World lengths per CSS pixel. */
  readonly pixelSize: number;
  /** Turns the slice about that point; absent: it is across its axis. */
  readonly turn?: Quaternion;
  /** A thick slice: images show what lies within half of `thickness` (a world length) on each side. */
  readonly slab?: { readonly thickness: number; readonly mode: SlabMode };
  /** Id of the perspective view in whose picture it is drawn; absent: it is drawn in `rect`. */
  readonly within?: string;
}

export type View = VolumeView | SliceView;

/** What lies under a pixel. */
export interface Picked {
  readonly volume: number;
  /** World x, y, z. */
  readonly world: Vec3;
  /** Voxel z, y, x of level 0. */
  readonly voxel: Vec3;
  /** Absent where no brick of the place is here, or the value is not finite. */
  readonly value?: number;
  /** Level the value was read from. */
  readonly level: number;
  /** Where it is a point of a cloud: its number in the source, and its properties by name. */
  readonly point?: { readonly index: number; readonly properties: Readonly<Record<string, number>> };
}
