/** Supervoxels over the picture: their outlines in straight slices, the voxels of their surface elsewhere. */

import { sliceDistance, sliceToWorld } from '../../renderer/slice_view.js';
import type { Pixel, View } from '../../renderer/views.js';
import { type Vec3, type VolumeGeometry, worldToVoxel } from '../../volume/geometry.js';
import { projector } from '../view_geometry.js';
import type { Piece } from './piece.js';
import { acrossOf } from './stroke.js';

/** Pixels of a dot of the surface. */
const DOT = 2;

/** Draws one; `filled` where it is picked and not only under the pointer. */
export function drawPiece(context: CanvasRenderingContext2D, view: View, piece: Piece, geometry: VolumeGeometry, color: string, filled: boolean): void {
  const at = projector(view);
  const across = acrossOf(view);
  context.save();
  if (across === undefined || view.kind !== 'slice') {
    // In a turned slice what lies in it, within half a voxel.
    const near = Math.max(...geometry.voxelSize) / 2;
    context.fillStyle = color;
    context.globalAlpha = filled ? 0.8 : 0.5;
    for (const world of piece.surface(geometry)) {
      const px = view.kind === 'slice' && Math.abs(sliceDistance(view, world)) > near ? undefined : at(world);
      if (px) context.fillRect(px[0] - DOT / 2, px[1] - DOT / 2, DOT, DOT);
    }
    context.restore();
    return;
  }
  const plane = Math.round(worldToVoxel(geometry, sliceToWorld(view, [view.rect.x, view.rect.y]))[across]);
  if (filled) {
    context.globalAlpha = 0.4;
    context.fillStyle = color;
    context.beginPath();
    for (const corners of piece.rows(geometry, across, plane)) trace(context, at, corners, true);
    context.fill();
    context.globalAlpha = 1;
  }
  const sides = piece.outline(geometry, across, plane);
  for (const [stroke, width] of [['#000000', 3], [color, 1.5]] as const) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.lineCap = 'square';
    context.beginPath();
    for (const side of sides) trace(context, at, side, false);
    context.stroke();
  }
  context.restore();
}

function trace(context: CanvasRenderingContext2D, at: (world: Vec3) => Pixel | undefined, points: readonly Vec3[], closed: boolean): void {
  for (const [i, point] of points.entries()) {
    const px = at(point);
    if (!px) continue;
    if (i === 0) context.moveTo(px[0], px[1]);
    else context.lineTo(px[0], px[1]);
  }
  if (closed) context.closePath();
}
