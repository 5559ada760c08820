/** The 2D canvas over the picture: guides and marks. It is drawn again only when something of it changed. */

import type { MarkIndex } from '../annotation/mark_index.js';
import type { Annotation } from '../annotation/model.js';
import type { View } from '../renderer/views.js';
import { Crowd, CROWD } from './annotate/crowd.js';
import { nearSlice } from './annotate/place.js';
import type { Band } from './annotate/rubber_band.js';
import { sliceAxes } from '../renderer/slice_view.js';
import { drawGuides, drawTitle, type GuideStyle } from './overlay_guides.js';
import { drawKeyPointer, type KeyPlace } from './key_pointer.js';
import { MovedMark } from './moved_mark.js';
import { drawMark, type MarkLook } from './overlay_marks.js';
import type { Shape } from './marks.js';
import type { Instrument } from './instruments/instrument.js';
import type { Size, ViewState } from './view_state.js';

/** All that the overlay shows. */
export interface OverlayScene {
  readonly views: readonly View[];
  readonly state: ViewState;
  /** The annotations that are shown. */
  readonly marks: MarkIndex;
  /** The colour an annotation is shown in. */
  colorOf(annotation: Annotation): string;
  readonly draft: (Shape & { readonly color: string }) | undefined;
  /** The vertex of the selected annotation that the delete key takes. */
  readonly vertex: number | undefined;
  readonly hovered: string | undefined;
  /** The pointer that keys move, and whether it holds something. */
  readonly pointer?: (KeyPlace & { readonly holding: boolean }) | undefined;
  /** A frame around what is to be selected. */
  readonly band?: Band | undefined;
  readonly unit: string;
  /** Edge of a voxel along world x, y, z. */
  readonly voxel: readonly [number, number, number];
  readonly style: GuideStyle;
  /** What lies over guides and marks. */
  readonly instruments?: Instrument;
  /** False while there is no volume: nothing to measure or mark. */
  readonly guides: boolean;
}

/** Fills what is between the views. */
function drawSeams(context: CanvasRenderingContext2D, { views, style }: OverlayScene, { width, height }: Size): void {
  context.fillStyle = style.seam;
  context.fillRect(0, 0, width, height);
  for (const { rect } of views) context.clearRect(rect.x, rect.y, rect.width, rect.height);
}

function drawBand(context: CanvasRenderingContext2D, { from, to }: Band, style: GuideStyle): void {
  context.save();
  context.strokeStyle = style.ink;
  context.lineWidth = 1;
  context.setLineDash([4, 3]);
  context.strokeRect(Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]));
  context.restore();
}

/** With more marks than this only the selected and the hovered one are named. */
const NAMED = 40;

export class Overlay {
  readonly canvas: HTMLCanvasElement;
  /** Drawn by the processor, which then needs no GPU's context that would draw by the same processor. Before the first drawing. */
  onProcessor = false;
  #size: Size = { width: 0, height: 0 };
  #ratio = 1;
  readonly #crowd = new Crowd();
  readonly #moved = new MovedMark();
  #chosen: ReadonlySet<string> = new Set();

  constructor(owner: Document) {
    this.canvas = owner.createElement('canvas');
    this.canvas.className = 'voxbeam-overlay';
    this.canvas.setAttribute('aria-hidden', 'true');
  }

  resize(size: Size, ratio: number): void {
    this.#size = size;
    this.#ratio = ratio;
    this.canvas.width = Math.round(size.width * ratio);
    this.canvas.height = Math.round(size.height * ratio);
  }

  /**
   * Draws all; gives the milliseconds after which it is to be drawn again though nothing changes, 0 where it is not.
   *
   * @param marksOnly nothing but annotations changed since the last drawing: where of a crowd the selected one alone did, it alone is drawn again
   */
  draw(scene: OverlayScene, marksOnly = false): number {
    const context = this.canvas.getContext('2d', { willReadFrequently: this.onProcessor });
    if (!context) return 0;
    this.#chosen = new Set(scene.state.chosen);
    const crowded = scene.guides && scene.marks.items.length > CROWD;
    const again = crowded ? this.#crowd.begin(scene, this.onProcessor) : 0;
    const selected = marksOnly && crowded && this.#crowd.kept ? scene.marks.get(scene.state.selected ?? '') : undefined;
    if (!selected) this.#moved.hide();
    if (!selected || !this.#moved.shown) this.#drawAll(context, scene, crowded, selected?.id);
    if (selected) this.#moved.draw(this.canvas, this.#ratio, scene, selected, this.#look(selected, scene));
    return again;
  }

  #drawAll(context: CanvasRenderingContext2D, scene: OverlayScene, crowded: boolean, except: string | undefined): void {
    const { width, height } = this.#size;
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!scene.guides) return;
    if (scene.views.length > 1) drawSeams(context, scene, this.#size);
    for (const view of scene.views) {
      const { rect } = view;
      context.save();
      context.beginPath();
      context.rect(rect.x, rect.y, rect.width, rect.height);
      context.clip();
      drawGuides(context, view, scene);
      if (crowded) this.#crowd.draw(context, view, scene, this.#ratio);
      for (const annotation of this.#apart(view, scene, crowded)) {
        if (annotation.id !== except) drawMark(context, view, { ...annotation, color: scene.colorOf(annotation) }, this.#look(annotation, scene), scene);
      }
      scene.instruments?.draw?.(context, view, scene);
      if (scene.band?.view === view.id) drawBand(context, scene.band, scene.style);
      if (scene.draft) drawMark(context, view, scene.draft, { dashed: true, name: '' }, scene);
      drawTitle(context, view, scene);
      if (scene.pointer?.view === view.id) drawKeyPointer(context, scene.pointer, scene.pointer.holding, scene.style.ink, scene.style.halo);
      context.restore();
    }
  }
  #look(annotation: Annotation, { state, hovered, vertex, marks }: OverlayScene): MarkLook {
    const selected = annotation.id === state.selected && this.#chosen.size === 0;
    const stands = annotation.id === hovered || this.#chosen.has(annotation.id);
    const named = selected || stands || marks.items.length <= NAMED;
    return { selected, hovered: stands, name: named ? annotation.name : '', vertex: selected ? vertex : undefined };
  }

  /** Those that are drawn one by one: all that the view may show, or of a crowd those that stand out. */
  #apart(view: View, scene: OverlayScene, crowded: boolean): readonly Annotation[] {
    if (crowded) return [...new Set([...this.#crowd.late, scene.hovered, scene.state.selected, ...scene.state.chosen])].flatMap((id) => scene.marks.get(id ?? '') ?? []);
    return view.kind === 'slice' ? nearSlice(scene.marks, view, scene.voxel[sliceAxes(view.axis).normal]) : scene.marks.ordered;
  }
}
