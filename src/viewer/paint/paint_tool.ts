/** The brush: drawn over the picture while the pointer is down, sent as one edit when it is lifted. */

import { labelColor } from '../../renderer/colormaps.js';
import { sliceDistance, sliceToWorld } from '../../renderer/slice_view.js';
import type { Pixel, View } from '../../renderer/views.js';
import type { LabelEdits } from '../../session/label_edits.js';
import type { SessionVolume } from '../../session/types.js';
import type { Vec3, VolumeGeometry } from '../../volume/geometry.js';
import type { Instrument, InstrumentHost } from '../instruments/instrument.js';
import { hexOfLabel } from '../look/label_edits.js';
import type { Drag } from '../pointer.js';
import { projector, worldPerPixel } from '../view_geometry.js';
import type { PaintState } from './paint_state.js';
import { acrossOf, brushRadius, fillOp, isFurther, type Stroke, strokeOp } from './stroke.js';

/** A stroke stays over the picture for so long after its edit: the picture with it is on its way. */
const LINGER_MS = 300;

/** What painting needs of the viewer around it. */
export interface PaintHost extends InstrumentHost {
  readonly session: { readonly labels: LabelEdits; readonly volumes: ReadonlyMap<number, SessionVolume> };
}

export class PaintTool implements Instrument {
  /** Drawn, or sent and not in the picture yet. */
  readonly #strokes = new Set<Stroke>();
  #at: { view: string; px: Pixel } | undefined;

  constructor(readonly host: PaintHost) {}

  /** Volumes of labels that can be painted. */
  get paintable(): readonly SessionVolume[] {
    return [...this.host.session.volumes.values()].filter(({ description }) => description.editable);
  }

  /** The volume that is painted. */
  get target(): SessionVolume | undefined {
    const all = this.paintable;
    return all.find(({ description }) => description.name === this.state?.labels) ?? all[0];
  }

  get state(): PaintState | undefined {
    return this.host.store.state.paint;
  }

  /** Colour of a label in the volume that is painted. */
  colorOf(label: number): string {
    const name = this.target?.description.name;
    const layer = this.host.scene.layers().find(({ volumeName }) => volumeName === name);
    return layer?.labelColors[String(label)] ?? hexOfLabel(labelColor(label));
  }

  /** Takes back what this person painted last, or does it again; false where nothing is being painted. */
  undo(redo: boolean): boolean {
    const target = this.state && this.target;
    if (!target) return false;
    this.#follow(this.host.session.labels.undo(target.handle, this.host.author, redo));
    return true;
  }

  hover(view: View, px: Pixel): string | undefined {
    if (!this.state) return undefined;
    this.#at = { view: view.id, px };
    this.host.redraw();
    return 'crosshair';
  }

  press(view: View, px: Pixel): Drag | undefined {
    const { state, host } = this;
    if (!state) return undefined;
    const { target } = this;
    const nothing: Drag = { move: () => undefined, end: () => undefined };
    if (!host.mayEdit() || !target) {
      host.tell(target ? 'You may look, not edit' : 'There are no labels to paint yet: make some in the side panel');
      return nothing;
    }
    const at = this.#place(view, px);
    if (!at) {
      host.tell('Nothing here to paint on: aim at something opaque, or use a slice');
      return nothing;
    }
    const deep = state.deep || acrossOf(view) === undefined;
    const geometry = geometryOf(target);
    if (state.act === 'fill') return { ...nothing, end: (_, cancelled) => !cancelled && this.#fill(target, geometry, at, deep ? undefined : acrossOf(view)) };
    const label = state.act === 'erase' ? 0 : state.label;
    const color = label === 0 ? '#ffffff' : this.colorOf(label);
    const stroke: Stroke = { view: view.id, points: [at], radius: brushRadius(geometry, state.radius), deep, color };
    this.#strokes.add(stroke);
    host.redraw();
    return {
      move: (to) => {
        this.#at = { view: view.id, px: to };
        const place = this.#place(host.view(view.id) ?? view, to);
        if (place && isFurther(stroke, place)) stroke.points.push(place);
        host.redraw();
      },
      end: (to, cancelled) => {
        const place = this.#place(host.view(view.id) ?? view, to);
        if (place && !cancelled) stroke.points.push(place);
        if (cancelled) this.#strokes.delete(stroke);
        else this.#send(target, strokeOp(geometry, stroke, acrossOf(view)), label, stroke);
        host.redraw();
      },
    };
  }

  draw(context: CanvasRenderingContext2D, view: View): void {
    for (const stroke of this.#strokes) drawStroke(context, view, stroke);
    const { state } = this;
    const target = state && this.target;
    if (!target || this.#at?.view !== view.id || state.act === 'fill') return;
    const radius = Math.max(brushRadius(geometryOf(target), state.radius) / worldPerPixel(view), 1);
    for (const [color, width] of [['#000000', 3], [state.act === 'erase' ? '#ffffff' : this.colorOf(state.label), 1.5]] as const) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.beginPath();
      context.arc(this.#at.px[0], this.#at.px[1], radius, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  #fill(target: SessionVolume, geometry: VolumeGeometry, at: Vec3, across: 0 | 1 | 2 | undefined): void {
    const op = fillOp(geometry, at, across);
    if (op) this.#send(target, op, this.state?.label ?? 0);
    else this.host.tell('There are no labels here: press inside the volume');
  }

  #send({ handle }: SessionVolume, op: Parameters<LabelEdits['edit']>[2], label: number, stroke?: Stroke): void {
    const mode = this.state?.empty && label !== 0 ? ({ write: 'empty' } as const) : ({ write: 'all' } as const);
    this.#follow(this.host.session.labels.edit(handle, this.host.author, op, label, mode), stroke);
  }

  /** Takes the stroke off the picture when that has it; says what went wrong. */
  #follow(answer: Promise<unknown>, stroke?: Stroke): void {
    const done = () => {
      if (stroke && this.#strokes.delete(stroke)) this.host.redraw();
    };
    answer.then(
      () => setTimeout(done, LINGER_MS),
      (error: Error) => {
        done();
        this.host.tell(error.message);
      },
    );
  }

  #place(view: View, px: Pixel): Vec3 | undefined {
    return view.kind === 'slice' ? sliceToWorld(view, px) : this.host.pick(view.id, px)?.world;
  }
}

function geometryOf({ description }: SessionVolume): VolumeGeometry {
  return { shape: description.shape, voxelSize: description.voxel_size, origin: description.origin };
}

/** A stroke as a view sees it: a disc in the slice it was drawn in, a ball cut by every slice near it. */
function drawStroke(context: CanvasRenderingContext2D, view: View, { view: own, points, radius, deep, color }: Stroke): void {
  if (view.id !== own && !deep) return;
  const at = projector(view);
  const away = view.kind === 'slice' && view.id !== own ? Math.max(...points.map((point) => Math.abs(sliceDistance(view, point)))) : 0;
  const cut = Math.sqrt(Math.max(radius * radius - away * away, 0)) / worldPerPixel(view);
  const pixels = points.map((point) => at(point)).filter((px): px is Pixel => px !== undefined);
  const [first, ...others] = pixels;
  if (!first || cut === 0) return;
  context.save();
  context.globalAlpha = 0.5;
  context.strokeStyle = color;
  context.lineWidth = Math.max(2 * cut, 1);
  context.lineCap = context.lineJoin = 'round';
  context.beginPath();
  context.moveTo(...first);
  for (const px of others.length > 0 ? others : [first]) context.lineTo(...px);
  context.stroke();
  context.restore();
}
