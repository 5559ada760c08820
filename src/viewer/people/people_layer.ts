/**
 * What others do, on a canvas of its own over the marks: cursors, crosses, what they have selected and what they draw. It is made when somebody else
 * comes, and drawn when one of them moves or the views do; the marks below are not drawn again for it, and pictures are saved without it.
 */

import type { Form } from '../../annotation/kinds.js';
import type { Annotation } from '../../annotation/model.js';
import { project } from '../../renderer/camera.js';
import { sliceAxes } from '../../renderer/slice_view.js';
import type { Pixel, View } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import type { StageSize } from '../capture.js';
import { h } from '../dom.js';
import { drawn, pointStrength } from '../marks.js';
import { type GuideStyle, inkText, line } from '../overlay_guides.js';
import { projector } from '../view_geometry.js';
import type { Person } from './person.js';

/** What the layer is drawn with. */
export interface Place {
  readonly views: readonly View[];
  readonly size: StageSize;
  readonly style: GuideStyle;
  /** Edge of a voxel along world x, y, z. */
  readonly voxel: Vec3;
}

/** Of what is not in a slice but before or behind it, so much is seen. */
const BESIDE = 0.3;
/** Letters of a name beside a cursor. */
const NAME_CHARS = 24;

export class PeopleLayer {
  #canvas: HTMLCanvasElement | undefined;
  #empty = true;

  constructor(readonly below: () => HTMLElement) {}

  /** @param selected the annotation that a person has selected */
  draw(people: readonly Person[], { views, size, style, voxel }: Place, selected: (person: Person) => Annotation | undefined): void {
    if (people.length === 0 && this.#empty) return;
    const context = this.#context(size);
    if (!context) return;
    this.#empty = people.length === 0;
    for (const view of views) {
      const { rect } = view;
      context.save();
      context.beginPath();
      context.rect(rect.x, rect.y, rect.width, rect.height);
      context.clip();
      const depth = view.kind === 'slice' ? voxel[sliceAxes(view.axis).normal] : 0;
      for (const person of people) drawPerson(context, view, person, depth, style, selected(person));
      context.restore();
    }
  }

  dispose(): void {
    this.#canvas?.remove();
    this.#canvas = undefined;
  }

  /** The canvas, cleared, at the size of the stage. */
  #context({ width, height, ratio }: StageSize): CanvasRenderingContext2D | null {
    if (!this.#canvas?.isConnected) {
      this.#canvas = h('canvas', { class: 'voxbeam-others', 'aria-hidden': 'true' });
      this.below().after(this.#canvas);
    }
    const [w, t] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== w) this.#canvas.width = w;
    if (this.#canvas.height !== t) this.#canvas.height = t;
    const context = this.#canvas.getContext('2d');
    context?.setTransform(ratio, 0, 0, ratio, 0, 0);
    context?.clearRect(0, 0, width, height);
    return context;
  }
}

function drawPerson(
  context: CanvasRenderingContext2D, view: View, person: Person, depth: number, style: GuideStyle, selected: Annotation | undefined,
): void {
  const { color, cross, cursor, draft } = person;
  if (selected) outline(context, view, selected, depth, color, 0.55, 5);
  if (draft) outline(context, view, draft, depth, color, 0.5, 1.5, [4, 4]);
  if (cross) drawCross(context, view, cross, depth, color, style);
  const at = cursor && projector(view)(cursor);
  if (!cursor || !at) return;
  const strength = pointStrength(view, cursor, depth);
  context.globalAlpha = strength > 0 ? 1 : BESIDE;
  drawArrow(context, at, color, style);
  if (strength > 0) {
    context.textAlign = 'left';
    context.textBaseline = 'top';
    inkText(context, person.name.slice(0, NAME_CHARS), [at[0] + 10, at[1] + 12], { ...style, ink: color });
  }
  context.globalAlpha = 1;
}

/** The edges of a shape, or a ring around a point. */
function outline(
  context: CanvasRenderingContext2D, view: View, shape: Form, depth: number, color: string, alpha: number, width: number, dash: number[] = [],
): void {
  const form = drawn(view, shape, depth);
  if (!form) return;
  context.globalAlpha = alpha;
  context.strokeStyle = color;
  context.lineWidth = width;
  context.setLineDash(dash);
  for (const [from, to] of form.lines) line(context, from, to);
  if (form.dot) {
    context.beginPath();
    context.arc(form.dot[0], form.dot[1], 9, 0, 2 * Math.PI);
    context.stroke();
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** Their cross: in slices a small one, in 3D one along the axes. */
function drawCross(context: CanvasRenderingContext2D, view: View, cross: Vec3, depth: number, color: string, style: GuideStyle): void {
  const arms = view.kind === 'slice' ? flatArms(view, cross) : axisArms(view, cross);
  context.globalAlpha = (pointStrength(view, cross, depth) > 0 ? 1 : BESIDE) * 0.9;
  for (const [ink, width] of [[style.halo, 3.5], [color, 1.5]] as const) {
    context.strokeStyle = ink;
    context.lineWidth = width;
    for (const [from, to] of arms) line(context, from, to);
  }
  context.globalAlpha = 1;
}

/** Four arms around a gap, so that what is marked is seen. */
function flatArms(view: View, cross: Vec3): readonly (readonly [Pixel, Pixel])[] {
  const at = projector(view)(cross);
  if (!at) return [];
  const [x, y] = at;
  return [[1, 0], [-1, 0], [0, 1], [0, -1]].map(([dx, dy]) => [[x + 3 * dx!, y + 3 * dy!], [x + 9 * dx!, y + 9 * dy!]] as const);
}

function axisArms(view: View & { kind: 'volume' }, cross: Vec3): readonly (readonly [Pixel, Pixel])[] {
  const length = 0.03 * view.camera.distance;
  return [0, 1, 2].flatMap((axis) => {
    const [from, to] = [-1, 1].map((side) => project(view.camera, view.rect, cross.map((value, i) => value + (i === axis ? side * length : 0)) as unknown as Vec3)?.px);
    return from && to ? [[from, to] as const] : [];
  });
}

function drawArrow(context: CanvasRenderingContext2D, [x, y]: Pixel, color: string, style: GuideStyle): void {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + 4.2, y + 13);
  context.lineTo(x + 6.8, y + 7.6);
  context.lineTo(x + 12.4, y + 6.6);
  context.closePath();
  context.lineJoin = 'round';
  context.lineWidth = 3;
  context.strokeStyle = style.halo;
  context.stroke();
  context.fillStyle = color;
  context.fill();
}
