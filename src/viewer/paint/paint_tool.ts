/** Brush, lasso and box: drawn over the picture while the pointer is down, sent as one edit when it is lifted. */

import type { EditOp, ValueRange } from '../../protocol/labels.js';
import { labelColor } from '../../renderer/colormaps.js';
import { sliceToWorld } from '../../renderer/slice_view.js';
import type { MarkedValues, Pixel, View } from '../../renderer/views.js';
import type { LabelEdits } from '../../session/label_edits.js';
import type { Brick, SessionVolume } from '../../session/types.js';
import type { BrickKey, Vec3, VolumeGeometry } from '../../volume/geometry.js';
import type { BrickRanges } from '../../volume/ranges.js';
import type { Layer } from '../../annotation/model.js';
import type { Instrument, InstrumentHost } from '../instruments/instrument.js';
import { hexOfLabel } from '../look/label_edits.js';
import { coalesced, type Drag, isEraser, pressureOf } from '../pointer.js';
import { worldPerPixel } from '../view_geometry.js';
import { betweenOp, boxOp, lassoOp } from './area.js';
import { EditsUnderWay } from './edits_under_way.js';
import { type PaintState, scaleOf } from './paint_state.js';
import { PieceTool } from './piece_tool.js';
import { acrossOf, brushRadius, fillOp, isFurther, type Stroke, strokeOp } from './stroke.js';
import { drawStroke } from './stroke_picture.js';

/** A stroke stays over the picture for so long after its edit: the picture with it is on its way. */
const LINGER_MS = 300;

/** What painting needs of the viewer around it. */
export interface PaintHost extends InstrumentHost {
  readonly session: { readonly labels: LabelEdits; readonly volumes: ReadonlyMap<number, SessionVolume>; ranges(volume: number): BrickRanges; peek(volume: number, key: BrickKey): Brick | undefined };
  /** Tints values of a volume in the slices; undefined: no longer. */
  markValues(volume: number, values: MarkedValues | undefined): void;
}

export class PaintTool implements Instrument {
  /** Drawn, or sent and not in the picture yet. */
  readonly #strokes = new Set<Stroke>();
  /** Where the pointer is. */
  at: { view: string; px: Pixel } | undefined;
  readonly pieces: PieceTool;
  readonly underWay = new EditsUnderWay();
  /** The volume whose values are tinted. */
  #previewed: number | undefined;

  constructor(readonly host: PaintHost) {
    this.pieces = new PieceTool(this);
  }

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

  /** Paints with something else from now on; without effect while nothing is painted. */
  set(patch: Partial<PaintState>): void {
    const { state, host } = this;
    if (state) host.store.update({ paint: { ...state, ...patch } });
  }

  /** Colour of a label in the volume that is painted. */
  colorOf(label: number): string {
    return this.layer?.labelColors[String(label)] ?? hexOfLabel(labelColor(label));
  }

  /** How the volume that is painted is shown. */
  get layer(): Layer | undefined {
    const name = this.target?.description.name;
    return this.host.scene.layers().find(({ volumeName }) => volumeName === name);
  }

  /** The image whose values decide, where a range of them is asked for: of the voxels that are painted. */
  get image(): SessionVolume | undefined {
    const place = ({ description: { shape, voxel_size, origin } }: SessionVolume) => `${shape}/${voxel_size}/${origin}`;
    const { target } = this;
    return target && [...this.host.session.volumes.values()].find((volume) => volume.description.kind === 'image' && place(volume) === place(target));
  }

  /** Lowest and highest value of that image, as far as known, and the range that is chosen: at first the upper half. */
  get range(): { readonly limits: readonly [number, number]; readonly chosen: readonly [number, number] } {
    const known = this.image && this.host.session.ranges(this.image.handle).overall;
    const limits = [known?.min ?? 0, known?.max ?? 1] as const;
    const { low = (limits[0] + limits[1]) / 2, high = limits[1] } = this.state?.range ?? {};
    return { limits, chosen: [low, Math.max(low, high)] };
  }

  /** Tints the voxels of the slices whose values would be painted, or no longer. */
  preview(on: boolean): void {
    const image = on && this.state?.range.on ? this.image : undefined;
    if (this.#previewed !== undefined && this.#previewed !== image?.handle) this.host.markValues(this.#previewed, undefined);
    this.#previewed = image?.handle;
    if (!image) return;
    const { chosen: [low, high] } = this.range;
    const { label = 0 } = this.state ?? {};
    this.host.markValues(image.handle, { low, high, color: label === 0 ? '#ffffff' : this.colorOf(label) });
  }

  /** Fills between the painted slices that lie about the one that is looked at. */
  between(view: View | undefined): void {
    const { host, target, state } = this;
    if (!target || !state) return;
    const straight = view && acrossOf(view) !== undefined ? view : ['axial', 'coronal', 'sagittal'].map((id) => host.view(id)).find((each) => each && acrossOf(each) !== undefined);
    const across = straight && acrossOf(straight);
    if (!host.mayEdit() || across === undefined || state.label === 0) {
      host.tell(across === undefined ? 'What lies between slices is filled across straight ones' : state.label === 0 ? 'Choose the label that the slices have' : 'You may look, not edit');
      return;
    }
    const op = betweenOp(geometryOf(target), host.store.state.cross, across);
    if (op) this.send(target, op, state.label, undefined, (voxels) => voxels === 0 && host.tell(`No two slices near here have label ${state.label} with others between them`));
    else host.tell('There are no labels here: move the cross into the volume');
  }

  /** Takes back what this person painted last, or does it again; false where nothing is being painted. */
  undo(redo: boolean): boolean {
    const target = this.state && this.target;
    if (!target) return false;
    const { host } = this;
    const sent = this.underWay.follow(redo ? 'redo' : 'undo', (options) => host.session.labels.undo(target.handle, host.author, redo, options));
    this.#follow(sent);
    sent.then(({ late }) => late && host.tell(`It was done before it could be cancelled: ${redo ? 'ctrl z takes it back' : 'ctrl shift z does it again'}`), () => undefined);
    return true;
  }

  hover(view: View, px: Pixel): string | undefined {
    if (!this.state) return undefined;
    this.at = { view: view.id, px };
    if (this.state.act === 'piece') this.pieces.hover(view, px);
    this.host.redraw();
    return 'crosshair';
  }

  press(view: View, px: Pixel, event?: PointerEvent): Drag | undefined {
    const { state, host } = this;
    if (!state) return undefined;
    const { target } = this;
    const nothing: Drag = { move: () => undefined, end: () => undefined };
    if (!host.mayEdit() || !target) {
      host.tell(target ? 'You may look, not edit' : 'There are no labels to paint yet: make some in the side panel');
      return nothing;
    }
    const erasing = state.act === 'erase' || (event !== undefined && isEraser(event));
    if (state.act === 'piece') return this.pieces.press(view, px, erasing) ?? nothing;
    const at = this.place(view, px);
    if (!at) {
      host.tell('Nothing here to paint on: aim at something opaque, or use a slice');
      return nothing;
    }
    const across = acrossOf(view);
    const geometry = geometryOf(target);
    const flat = state.act === 'lasso' || state.act === 'box';
    if (flat && across === undefined) {
      host.tell('Lasso and box are drawn on a slice that stands straight');
      return nothing;
    }
    const deep = state.deep || across === undefined;
    if (state.act === 'fill') return { ...nothing, end: (_, cancelled) => !cancelled && this.#fill(target, geometry, at, deep ? undefined : across, erasing) };
    const label = erasing ? 0 : state.label;
    let pressed = state.pressure && !flat ? pressureOf(event) : undefined;
    const stroke: Stroke = {
      ...(pressed !== undefined && { scales: [scaleOf(pressed)] }), view: view.id, points: [at], radius: flat && view.kind === 'slice' ? 4 * view.pixelSize : brushRadius(geometry, state.radius), deep: deep && !flat,
      color: label === 0 ? '#ffffff' : this.colorOf(label), ...(flat && { area: state.act as 'lasso' | 'box' }),
    };
    this.#strokes.add(stroke);
    host.redraw();
    const put = (px: Pixel, always: boolean) => {
      const place = this.place(host.view(view.id) ?? view, px);
      if (place && stroke.area === 'box') stroke.points[1] = place;
      else if (place && (always || isFurther(stroke, place))) {
        stroke.points.push(place);
        stroke.scales?.push(scaleOf(pressed ?? 1));
      }
    };
    return {
      move: (to, event) => {
        this.at = { view: view.id, px: to };
        for (const each of coalesced(to, event)) {
          pressed = each.pressure ?? pressed;
          put(each.px, false);
        }
        host.redraw();
      },
      end: (to, cancelled) => {
        put(to, !cancelled);
        const op = cancelled ? undefined : this.#opOf(stroke, geometry, across, state.planes);
        if (op) this.send(target, op, label, () => this.#strokes.delete(stroke));
        else this.#strokes.delete(stroke);
        host.redraw();
      },
    };
  }

  #opOf(stroke: Stroke, geometry: VolumeGeometry, across: 0 | 1 | 2 | undefined, planes: number): EditOp | undefined {
    const { area, points } = stroke;
    if (!area || across === undefined) return strokeOp(geometry, stroke, across);
    const op = area === 'lasso' ? lassoOp(geometry, points, across, planes) : boxOp(geometry, points[0] as Vec3, points.at(-1) as Vec3, across, planes);
    if (!op) this.host.tell(`Drag around what is meant, inside the volume: ${area === 'lasso' ? 'a lasso' : 'a box'} has an inside`);
    return op;
  }

  draw(context: CanvasRenderingContext2D, view: View): void {
    this.pieces.draw(context, view);
    for (const stroke of this.#strokes) drawStroke(context, view, stroke);
    const { state } = this;
    const target = state && this.target;
    if (!target || this.at?.view !== view.id || (state.act !== 'brush' && state.act !== 'erase')) return;
    const radius = Math.max(brushRadius(geometryOf(target), state.radius) / worldPerPixel(view), 1);
    for (const [color, width] of [['#000000', 3], [state.act === 'erase' || state.label === 0 ? '#ffffff' : this.colorOf(state.label), 1.5]] as const) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.beginPath();
      context.arc(this.at.px[0], this.at.px[1], radius, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  #fill(target: SessionVolume, geometry: VolumeGeometry, at: Vec3, across: 0 | 1 | 2 | undefined, erasing: boolean): void {
    const op = fillOp(geometry, at, across);
    if (!op) {
      this.host.tell('There are no labels here: press inside the volume');
      return;
    }
    if (op.kind === 'fill' && op.dims === 3) {
      const edges = op.box[1].map((high, axis) => high - (op.box[0][axis] as number));
      if (edges.some((edge, axis) => edge < (geometry.shape[axis] as number))) this.host.tell(`A fill of labels as large as these stays within ${edges.join(' × ')} voxels (z, y, x) around the press`);
    }
    this.send(target, op, erasing ? 0 : (this.state?.label ?? 0));
  }

  /**
   * Sends an edit with what else is chosen, and says what goes wrong.
   *
   * @param gone the picture has it, or it came to nothing
   */
  send({ handle }: SessionVolume, op: EditOp, label: number, gone?: () => void, done?: (voxels: number) => void): void {
    const { labels } = this.host.session;
    const mode = this.state?.empty && label !== 0 ? ({ write: 'empty' } as const) : ({ write: 'all' } as const);
    const within = op.kind === 'fill' || op.kind === 'interpolate' ? undefined : this.#within();
    if (within === 'none') this.#follow(Promise.reject(new Error('There is no image with these voxels to take values from')), gone);
    else {
      const sent = this.underWay.follow('edit', (options) => labels.edit(handle, this.host.author, op, label, mode, { within, ...options }));
      this.#follow(sent, gone);
      sent.then(({ answer, late }) => {
        if (late) this.host.tell('It was done before it could be cancelled: ctrl z takes it back');
        else done?.(answer.voxels);
      }, () => undefined);
    }
  }

  #within(): ValueRange | 'none' | undefined {
    if (!this.state?.range.on) return undefined;
    const { image, range: { chosen: [low, high] } } = this;
    const { time } = this.host.store.state;
    return image ? { volume: image.handle, low, high, ...(time > 0 && { time: Math.min(time, (image.description.times?.count ?? 1) - 1) }) } : 'none';
  }

  /** Takes what was drawn off the picture when that has it; says what went wrong. */
  #follow(answer: Promise<unknown>, gone?: () => void): void {
    const done = () => {
      gone?.();
      if (gone) this.host.redraw();
    };
    answer.then(
      () => setTimeout(done, LINGER_MS),
      (error: Error) => {
        done();
        this.host.tell(error.message);
      },
    );
  }

  /** The place of the world under a pixel: in a slice there, in 3D on the surface. */
  place(view: View, px: Pixel): Vec3 | undefined {
    return view.kind === 'slice' ? sliceToWorld(view, px) : this.host.pick(view.id, px)?.world;
  }
}

function geometryOf({ description }: SessionVolume): VolumeGeometry {
  return { shape: description.shape, voxelSize: description.voxel_size, origin: description.origin };
}
