/** Painting supervoxels: the one under the pointer is outlined, a press paints it, and a drag all that it comes over, as one edit. */

import type { Pixel, View } from '../../renderer/views.js';
import type { SessionVolume } from '../../session/types.js';
import { type Vec3, type VolumeGeometry, worldToVoxel } from '../../volume/geometry.js';
import { coalesced, type Drag } from '../pointer.js';
import type { PaintTool } from './paint_tool.js';
import { cellOf, type Piece } from './piece.js';
import { type Division, PiecePicker } from './piece_picker.js';
import { drawPiece } from './piece_picture.js';
import { acrossOf } from './stroke.js';

/** What lies under the pointer in 3D comes from a ray: not with every move. */
const RAY_MS = 80;

type Seed = [number, number, number];

interface Painted {
  readonly pieces: readonly Piece[];
  readonly color: string;
}

export class PieceTool {
  readonly picker: PiecePicker;
  /** Sent, and not in the picture yet. */
  readonly #sent = new Set<Painted>();
  #ray: ReturnType<typeof setTimeout> | undefined;
  /** Across which axis the last view lay. */
  #across: 0 | 1 | 2 | undefined;

  constructor(readonly tool: PaintTool) {
    this.picker = new PiecePicker(() => tool.host.session.labels, () => tool.host.redraw());
  }

  /** The difference of values that separates pieces of an image: a part of its window, or of all its values. */
  contrastOf(image: SessionVolume): number {
    const { host, state } = this.tool;
    const window = host.scene.layers().find(({ volumeName }) => volumeName === image.description.name)?.window;
    const [low, high] = window ?? this.tool.range.limits;
    return Math.max((state?.contrast ?? 0.1) * Math.abs(high - low), Number.MIN_VALUE * 2 ** 52);
  }

  hover(view: View, px: Pixel): void {
    if (view.kind === 'slice') this.#over(view, px);
    else {
      this.#ray ??= setTimeout(() => {
        this.#ray = undefined;
        this.#over(view, this.tool.at?.view === view.id ? this.tool.at.px : px);
      }, RAY_MS);
    }
  }

  /** @param erasing takes labels away, whatever is chosen */
  press(view: View, start: Pixel, erasing: boolean): Drag | undefined {
    const { tool } = this;
    const division = this.#division(view);
    if (!division) {
      tool.host.tell('There is no image with these voxels to take pieces from');
      return undefined;
    }
    const pick = (px: Pixel) => {
      const seed = this.#seed(tool.place(tool.host.view(view.id) ?? view, px));
      if (seed) this.picker.pick(division, seed);
    };
    pick(start);
    return {
      move: (px, event) => {
        for (const each of coalesced(px, event)) pick(each.px);
      },
      end: (_, cancelled) => this.#paint(division, cancelled, erasing),
    };
  }

  /** Paints the piece at a place of the world: without a pointer. */
  pickAt(world: Vec3): void {
    const { tool } = this;
    if (!tool.host.mayEdit()) {
      tool.host.tell('You may look, not edit');
      return;
    }
    const division = this.#divide(this.#across);
    const seed = this.#seed(world);
    if (division && seed) {
      this.picker.pick(division, seed);
      this.#paint(division, false, false);
    } else tool.host.tell('No image with the voxels of these labels is at the cross');
  }

  draw(context: CanvasRenderingContext2D, view: View): void {
    const { tool } = this;
    const geometry = this.#geometry();
    if (!geometry) return;
    for (const { pieces, color } of this.#sent) for (const piece of pieces) drawPiece(context, view, piece, geometry, color, true);
    const { state } = tool;
    if (state?.act !== 'piece') return;
    const color = state.label === 0 ? '#ffffff' : tool.colorOf(state.label);
    for (const piece of this.picker.picked) drawPiece(context, view, piece, geometry, color, true);
    if (this.picker.shown) drawPiece(context, view, this.picker.shown, geometry, color, false);
  }

  dispose(): void {
    clearTimeout(this.#ray);
  }

  #over(view: View, px: Pixel): void {
    if (this.tool.state?.act !== 'piece' || !this.tool.host.mayEdit()) return;
    const now = this.tool.host.view(view.id) ?? view;
    this.picker.hover(this.#division(now), this.#seed(this.tool.place(now, px)));
  }

  #paint({ volume: _volume, ...division }: Division, cancelled: boolean, erasing: boolean): void {
    const { tool } = this;
    const { target, state } = tool;
    const { seeds, pieces } = this.picker.take();
    if (cancelled || seeds.length === 0 || !target || !state) {
      tool.host.redraw();
      return;
    }
    const label = erasing ? 0 : state.label;
    const painted: Painted = { pieces, color: label === 0 ? '#ffffff' : tool.colorOf(label) };
    this.#sent.add(painted);
    tool.host.redraw();
    tool.send(target, { kind: 'supervoxel', seeds, ...division }, label, () => {
      this.#sent.delete(painted);
      tool.host.redraw();
    });
  }

  #division(view: View): Division | undefined {
    const across = acrossOf(view);
    this.#across = across;
    return this.#divide(across);
  }

  #divide(across: 0 | 1 | 2 | undefined): Division | undefined {
    const { target, image, state, host } = this.tool;
    const geometry = this.#geometry();
    if (!target || !image || !state || !geometry) return undefined;
    const { time } = host.store.state;
    const last = (image.description.times?.count ?? 1) - 1;
    return {
      volume: target.handle, image: image.handle, cell: cellOf(geometry, state.cell, state.deep ? undefined : across), contrast: this.contrastOf(image),
      ...(time > 0 && last > 0 && { time: Math.min(time, last) }),
    };
  }

  #geometry(): VolumeGeometry | undefined {
    const description = this.tool.target?.description;
    return description && { shape: description.shape, voxelSize: description.voxel_size, origin: description.origin };
  }

  /** The voxel of the labels at a place; undefined beside them. */
  #seed(world: Vec3 | undefined): Seed | undefined {
    const geometry = this.#geometry();
    if (!world || !geometry) return undefined;
    const seed = worldToVoxel(geometry, world).map(Math.round) as Seed;
    return seed.every((v, axis) => v >= 0 && v < (geometry.shape[axis] as number)) ? seed : undefined;
  }
}

