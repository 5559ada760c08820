/** Where a selected shape is taken hold of in a view, and what dragging it there does. Pure. */

import { dragFaces, FACE_HANDLES, handlePosition, type Sides, sliceHandles } from '../../annotation/box.js';
import { edgeCount, vertexCount, vertexOf } from '../../annotation/forms.js';
import type { Grip, PlacedGrip } from '../../annotation/hit.js';
import { type BoxCoords, type Form, isPath, isTurned, type PathForm, type PointCoords, type TurnedCoords } from '../../annotation/kinds.js';
import { faceOf, withVertex } from '../../annotation/paths.js';
import { type Px, pixelDistance } from '../../annotation/pixels.js';
import { meetPlane, nearestOnLine } from '../../annotation/ray.js';
import { asTurned, axesOf, fromOwn, partsOf, toOwn, turnedCoords } from '../../annotation/turned.js';
import { cross, dot, minus, plus, rotate, turnedBy, unit } from '../../annotation/vectors.js';
import { cameraBasis } from '../../renderer/camera.js';
import { sliceDistance, sliceFrame, sliceToWorld } from '../../renderer/slice_view.js';
import type { Pixel, View } from '../../renderer/views.js';
import { onFacingPlane, projector, rayOf } from '../view_geometry.js';

/** Pixels that the grip for turning stands off from what it turns. */
const TURN_OFF = 22;
/** Edges shorter than this, in pixels, have no grip for another vertex. */
const LONG_EDGE = 28;
/** Grips nearer to the one before than this are left out: they come when one zooms in. */
const APART = 6;

/** The grips of a selected shape in a view. Vertices stand before edges: of two as near the first is taken. */
export function gripsOf(view: View, form: Form, voxel: number): PlacedGrip[] {
  if (form.kind === 'point') return [];
  if (isPath(form)) return pathGrips(view, form, voxel);
  const coords = form.kind === 'box' ? asTurned(form.coords) : form.coords;
  const at = projector(view);
  const { half } = partsOf(coords);
  const grips = sidesIn(view, coords, form.kind === 'ellipsoid').flatMap((sides): PlacedGrip[] => {
    const px = at(fromOwn(coords, [sides[0] * half[0], sides[1] * half[1], sides[2] * half[2]]));
    return px ? [{ grip: { part: 'faces', sides }, px }] : [];
  });
  const turn = isTurned(form) ? turnGrip(view, coords) : undefined;
  return turn ? [...grips, turn] : grips;
}

/** Which faces can be dragged: in 3D one at a time; in a slice those at right angles to it, where the shape stands so. */
function sidesIn(view: View, coords: TurnedCoords, round: boolean): readonly Sides[] {
  if (view.kind === 'volume') return FACE_HANDLES;
  const { normal } = sliceFrame(view);
  const axis = axesOf(partsOf(coords).turn).findIndex((own) => Math.abs(dot(own, normal)) > 1 - 1e-6);
  if (axis < 0) return [];
  const all = sliceHandles(axis as 0 | 1 | 2);
  return round ? all.filter((sides) => sides.filter((side) => side !== 0).length === 1) : all;
}

/** Beyond the end of the axis that is longest in the picture. */
function turnGrip(view: View, coords: TurnedCoords): PlacedGrip | undefined {
  const at = projector(view);
  const { centre, half, turn } = partsOf(coords);
  const middle = at(centre);
  if (!middle) return undefined;
  let end: Px = [middle[0], middle[1] - 1];
  for (const [i, axis] of axesOf(turn).entries()) {
    for (const sign of [1, -1]) {
      const px = at(plus(centre, axis, sign * half[i]!));
      if (px && pixelDistance(px, middle) > pixelDistance(end, middle) + 0.5) end = px;
    }
  }
  const length = Math.max(1, pixelDistance(end, middle));
  const factor = (length + TURN_OFF) / length;
  return { grip: { part: 'turn' }, px: [middle[0] + (end[0] - middle[0]) * factor, middle[1] + (end[1] - middle[1]) * factor] };
}

function pathGrips(view: View, form: PathForm, voxel: number): PlacedGrip[] {
  const { coords } = form;
  const at = projector(view);
  const { x, y, width, height } = view.rect;
  const reach = view.kind === 'slice' ? Math.max(voxel, 5 * view.pixelSize) : 0;
  const pixels = Array.from({ length: vertexCount(coords) }, (_, i) => {
    const vertex = vertexOf(coords, i);
    return view.kind === 'slice' && Math.abs(sliceDistance(view, vertex)) > reach ? undefined : at(vertex);
  });
  const [vertices, edges]: [PlacedGrip[], PlacedGrip[]] = [[], []];
  pixels.forEach((px, index) => {
    if (!px || px[0] < x || px[1] < y || px[0] > x + width || px[1] > y + height) return;
    const before = vertices[vertices.length - 1];
    if (!before || pixelDistance(px, before.px) >= APART) vertices.push({ grip: { part: 'vertex', index }, px });
  });
  for (let index = 0; form.kind !== 'line' && index < edgeCount(form); index += 1) {
    const [a, b] = [pixels[index], pixels[(index + 1) % pixels.length]];
    if (a && b && pixelDistance(a, b) >= LONG_EDGE) edges.push({ grip: { part: 'edge', index }, px: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] });
  }
  return [...vertices, ...edges];
}

/** A drag of a grip, from pixel to pixel, in the view as it is now. */
export interface GripDrag {
  readonly view: View;
  readonly from: Pixel;
  readonly to: Pixel;
  /** Where a vertex goes that is dragged to `to`, where something says so: what it snaps to, or a surface. */
  readonly place?: PointCoords | undefined;
}

/** The shape after a drag; undefined where the drag says nothing. An edge's grip is that of the vertex it becomes: see `withInserted`. */
export function dragGrip(form: Form, grip: Grip, drag: GripDrag): Form | undefined {
  if (isPath(form)) return grip.part === 'vertex' ? dragVertex(form, grip.index, drag) : undefined;
  if (form.kind === 'point') return undefined;
  if (grip.part === 'turn') return isTurned(form) ? turnedShape(form, drag) : undefined;
  if (grip.part !== 'faces') return undefined;
  const coords = form.kind === 'box' ? asTurned(form.coords) : form.coords;
  const to = ownPlace(coords, grip.sides, drag);
  if (!to) return undefined;
  if (form.kind === 'box') return { kind: 'box', coords: dragFaces(form.coords, grip.sides, plus(partsOf(coords).centre, to)) };
  const { half, turn, centre } = partsOf(coords);
  if (form.kind === 'ellipsoid') {
    const grown = half.map((r, i) => (grip.sides[i as 0] === 0 ? r : Math.abs(to[i as 0]))) as unknown as PointCoords;
    return { kind: 'ellipsoid', coords: turnedCoords(centre, grown, turn) };
  }
  const box = dragFaces([-half[0], -half[1], -half[2], half[0], half[1], half[2]], grip.sides, to);
  const own = asTurned(box);
  return { kind: 'oriented_box', coords: turnedCoords(plus(centre, rotate(turn, partsOf(own).centre)), partsOf(own).half, turn) };
}

/** Where a face is dragged to, along the shape's own axes: in a slice anywhere in it, in 3D along the face's axis. */
function ownPlace(coords: TurnedCoords, sides: Sides, { view, from, to }: GripDrag): PointCoords | undefined {
  if (view.kind === 'slice') return toOwn(coords, sliceToWorld(view, to));
  const { half, turn } = partsOf(coords);
  const start = handlePosition([-half[0], -half[1], -half[2], half[0], half[1], half[2]], sides);
  const axis = rotate(turn, [Math.abs(sides[0]), Math.abs(sides[1]), Math.abs(sides[2])]);
  const at = fromOwn(coords, start);
  const [a, b] = [nearestOnLine(rayOf(view, from), at, axis), nearestOnLine(rayOf(view, to), at, axis)];
  return a && b && toOwn(coords, plus(at, minus(b, a)));
}

/** Turned about what faces the viewer, by the angle that the pointer went about the middle. */
function turnedShape(form: Extract<Form, { kind: 'oriented_box' | 'ellipsoid' }>, { view, from, to }: GripDrag): Form | undefined {
  const { centre, half, turn } = partsOf(form.coords);
  const middle = projector(view)(centre);
  if (!middle) return undefined;
  const angle = (px: Pixel) => Math.atan2(middle[1] - px[1], px[0] - middle[0]);
  const { right, up } = view.kind === 'slice' ? sliceFrame(view) : cameraBasis(view.camera);
  return { kind: form.kind, coords: turnedCoords(centre, half, turnedBy(cross(right, up), angle(to) - angle(from), turn)) };
}

/** In a slice a vertex stays as far beside it as it is; in 3D a polygon's stays in its plane. */
function dragVertex(form: PathForm, index: number, { view, from, to, place }: GripDrag): Form | undefined {
  const vertex = vertexOf(form.coords, index);
  const face = form.kind === 'polygon' ? unit(faceOf(form.coords)) : undefined;
  let target = place;
  if (!target && view.kind === 'volume' && face) target = meetPlane(rayOf(view, to), vertex, face);
  if (!target) {
    const [a, b] = [onFacingPlane(view, from, vertex), onFacingPlane(view, to, vertex)];
    target = a && b && plus(vertex, minus(b, a));
  }
  return target && ({ kind: form.kind, coords: withVertex(form.coords, index, target) } as Form);
}

/** The box after its handle was dragged: in a slice within it, in 3D along the axis of its face. */
export function dragHandle(view: View, box: BoxCoords, sides: Sides, from: Pixel, to: Pixel): BoxCoords | undefined {
  const start = handlePosition(box, sides);
  if (view.kind === 'slice') return dragFaces(box, sides, sliceToWorld(view, to));
  const axis = sides.findIndex((side) => side !== 0);
  const line: [number, number, number] = [0, 0, 0];
  line[axis] = 1;
  const [a, b] = [nearestOnLine(rayOf(view, from), start, line), nearestOnLine(rayOf(view, to), start, line)];
  return a && b && dragFaces(box, sides, minus(start, minus(a, b)));
}
