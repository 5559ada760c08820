/** Pixels ↔ world for any view, so that what draws or drags annotations need not know which kind it is in. Pure. */

import type { Project } from '../annotation/hit.js';
import { meetPlane, type Ray } from '../annotation/ray.js';
import { cameraBasis, project, pixelSize as pixelSizeAt, rayThrough } from '../renderer/camera.js';
import { sliceFrame, sliceToWorld, worldToSlice } from '../renderer/slice_view.js';
import type { Pixel, View } from '../renderer/views.js';
import type { Vec3 } from '../volume/geometry.js';

/** Pixels of the view where world points appear. */
export function projector(view: View): Project {
  if (view.kind === 'slice') return (world) => worldToSlice(view, world);
  return (world) => project(view.camera, view.rect, world)?.px;
}

/** The ray through a pixel; in a slice it runs along the normal, from above the plane. */
export function rayOf(view: View, px: Pixel): Ray {
  if (view.kind === 'volume') return rayThrough(view.camera, view.rect, px);
  return { origin: sliceToWorld(view, px), direction: sliceFrame(view).normal };
}

/** The world point under a pixel in the plane that faces the viewer and goes through `anchor`; in a slice, in the slice. */
export function onFacingPlane(view: View, px: Pixel, anchor: Vec3): Vec3 | undefined {
  if (view.kind === 'slice') return sliceToWorld(view, px);
  return meetPlane(rayOf(view, px), anchor, cameraBasis(view.camera).forward);
}

/** World length of a CSS pixel: in a slice everywhere, in 3D at the camera's target. */
export function worldPerPixel(view: View): number {
  return view.kind === 'slice' ? view.pixelSize : pixelSizeAt(view.camera, view.rect.height);
}
