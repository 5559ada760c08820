/** Shapes from a drag: boxes and ellipsoids from a rectangle, with a depth so that they can be seen and held from every side. Pure. */

import { boxBetween, thickened } from '../../annotation/box.js';
import type { BoxCoords, Form, PointCoords } from '../../annotation/kinds.js';
import { asTurned, turnedCoords } from '../../annotation/turned.js';
import { dot, minus, plus, turnTo } from '../../annotation/vectors.js';
import { sliceAxes, sliceFrame } from '../../renderer/slice_view.js';
import type { SliceView, View } from '../../renderer/views.js';

/** Of a box drawn in 3D no edge is shorter than this share of its longest. */
const LEAST_EDGE = 0.4;

/** What a rectangle drawn from one place to another makes. In a turned slice a box stands as the slice does. */
export function rectangleForm(tool: 'box' | 'oriented_box' | 'ellipsoid', view: View, from: PointCoords, to: PointCoords, voxel: number): Form {
  if (tool === 'box' && !(view.kind === 'slice' && view.turn)) {
    const flat = boxBetween(from, to);
    return { kind: 'box', coords: view.kind === 'slice' ? deepened(flat, sliceAxes(view.axis).normal, voxel) : thickened(flat, LEAST_EDGE) };
  }
  const kind = tool === 'ellipsoid' ? 'ellipsoid' : 'oriented_box';
  return { kind, coords: view.kind === 'slice' ? standing(view, from, to, voxel) : asTurned(thickened(boxBetween(from, to), LEAST_EDGE)) };
}

/** A rectangle of a slice as a box: as deep as its shorter edge, about the slice. */
function deepened(flat: BoxCoords, normal: 0 | 1 | 2, voxel: number): BoxCoords {
  const edges = ([0, 1, 2] as const).filter((axis) => axis !== normal).map((axis) => flat[(axis + 3) as 3] - flat[axis]);
  const depth = Math.max(voxel, Math.min(...edges));
  const box = [...flat];
  box[normal] = flat[normal] - depth / 2;
  box[normal + 3] = flat[normal] + depth / 2;
  return box as unknown as BoxCoords;
}

/** A rectangle of any slice, with axes along it: as deep as its shorter edge. */
function standing(view: SliceView, from: PointCoords, to: PointCoords, voxel: number) {
  const { right, up } = sliceFrame(view);
  const diagonal = minus(to, from);
  const [a, b] = [Math.abs(dot(diagonal, right)) / 2, Math.abs(dot(diagonal, up)) / 2];
  return turnedCoords(plus(from, diagonal, 0.5), [a, b, Math.max(voxel / 2, Math.min(a, b))], turnTo(right, up));
}
