/** Changing an annotation by hand: moved as a whole, or by one of its grips. */

import { centreOf, edgeCount, movedForm, vertexCount, vertexOf } from '../../annotation/forms.js';
import type { Grip, Hit } from '../../annotation/hit.js';
import { isPath } from '../../annotation/kinds.js';
import type { Annotation, Form, PointCoords } from '../../annotation/model.js';
import { withInserted } from '../../annotation/paths.js';
import { minus } from '../../annotation/vectors.js';
import type { Pixel, View } from '../../renderer/views.js';
import { type AnnotationTools, SLACK } from '../annotation_tools.js';
import type { Drag } from '../pointer.js';
import { onFacingPlane } from '../view_geometry.js';
import { dragGrip } from './grips.js';

/** Shapes with more numbers than this follow a drag as a draft, and are written once, at its end. */
const LONG = 1500;

/** The drag that changes the annotation under the pointer; a press without a move only selects it. */
export function editDrag(tools: AnnotationTools, view: View, px: Pixel, { id, grip }: Hit): Drag | undefined {
  const { scene, store } = tools.context;
  const annotation = scene.annotation(id);
  if (!annotation) return undefined;
  const { chosen } = store.state;
  if (!grip && chosen.includes(id)) return moveAll(tools, view, px, annotation);
  store.update({ selected: id });
  tools.vertex = grip?.part === 'vertex' ? grip.index : undefined;
  tools.context.redraw();
  const long = annotation.coords.length > LONG;
  let moving = false;
  let coords: Form['coords'] | undefined;
  return {
    move: (to) => {
      if (!moving && Math.hypot(to[0] - px[0], to[1] - px[1]) < SLACK) return;
      if (!moving) scene.beginGesture();
      moving = true;
      const form = dragged(tools, tools.context.view(view.id) ?? view, annotation, grip, px, to);
      coords = form?.coords ?? coords;
      if (form && long) tools.show(form);
      else if (form) scene.update(id, { coords: form.coords });
    },
    end: (_, cancelled) => {
      if (!moving) return;
      if (cancelled) scene.update(id, { coords: annotation.coords });
      else if (long && coords) scene.update(id, { coords });
      if (long) tools.show(undefined);
      scene.endGesture();
    },
  };
}

/** The drag that moves all that is selected; a press without a move selects the one that is pressed, alone. */
function moveAll(tools: AnnotationTools, view: View, px: Pixel, pressed: Annotation): Drag {
  const { scene, store } = tools.context;
  const all = store.state.chosen.flatMap((id) => scene.annotation(id) ?? []).filter((each) => tools.isOpen(each));
  const long = all.reduce((sum, { coords }) => sum + coords.length, 0) > LONG;
  const anchor = centreOf(pressed);
  let delta: PointCoords | undefined;
  let moving = false;
  const put = (by: PointCoords) => scene.together(() => {
    for (const each of all) scene.update(each.id, { coords: movedForm<Form>(each, by).coords });
  });
  return {
    move: (to) => {
      if (!moving && Math.hypot(to[0] - px[0], to[1] - px[1]) < SLACK) return;
      if (!moving) scene.beginGesture();
      moving = true;
      const now = tools.context.view(view.id) ?? view;
      const [a, b] = [onFacingPlane(now, px, anchor), onFacingPlane(now, to, anchor)];
      delta = a && b && minus(b, a);
      if (delta && long) tools.show(movedForm<Form>(pressed, delta));
      else if (delta) put(delta);
    },
    end: (_, cancelled) => {
      if (!moving && !cancelled) store.update({ selected: pressed.id });
      if (!moving) return;
      if (cancelled) put([0, 0, 0]);
      else if (long && delta) put(delta);
      if (long) tools.show(undefined);
      scene.endGesture();
    },
  };
}

function dragged({ context, placer }: AnnotationTools, view: View, annotation: Annotation, grip: Grip | undefined, from: Pixel, to: Pixel): Form | undefined {
  const place = () => placer.at(view, to, annotation.id);
  if (grip && isPath(annotation) && (grip.part === 'vertex' || grip.part === 'edge')) {
    const { snapVertices, snapVoxels } = context.store.state.drawing;
    const follows = snapVertices || snapVoxels || (view.kind === 'volume' && annotation.kind !== 'polygon');
    const drag = { view, from, to, place: follows ? place() : undefined };
    if (grip.part === 'vertex') return dragGrip(annotation, grip, drag);
    return dragGrip(withEdgeSplit(annotation, grip.index), { part: 'vertex', index: grip.index + 1 }, drag);
  }
  if (grip) return dragGrip(annotation, grip, { view, from, to });
  if (annotation.kind === 'point' && view.kind === 'volume') {
    const picked = context.pick(view.id, to);
    if (picked) return { kind: 'point', coords: picked.world };
  }
  const anchor = centreOf(annotation);
  const [a, b] = [onFacingPlane(view, from, anchor), onFacingPlane(view, to, anchor)];
  const moved = a && b && movedForm<Form>(annotation, minus(b, a));
  const snap = moved?.kind === 'point' ? placer.snap(view, to, moved.coords, annotation.id) : undefined;
  return snap ? { kind: 'point', coords: snap } : moved;
}

/** The path with another vertex in the middle of an edge. */
function withEdgeSplit(form: Form, edge: number): Form {
  if (!isPath(form) || edge >= edgeCount(form)) return form;
  const [a, b] = [vertexOf(form.coords, edge), vertexOf(form.coords, (edge + 1) % vertexCount(form.coords))];
  return { kind: form.kind, coords: withInserted(form.coords, edge + 1, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2]) };
}

