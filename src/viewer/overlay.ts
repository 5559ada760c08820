/** The 2D canvas over the picture: guides and marks. It is drawn again only when something of it changed. */

import type { Annotation } from '../annotation/model.js';
import type { View } from '../renderer/views.js';
import { drawGuides, type GuideStyle } from './overlay_guides.js';
import { drawMark } from './overlay_marks.js';
import type { Shape } from './marks.js';
import type { Instrument } from './instruments/instrument.js';
import type { Size, ViewState } from './view_state.js';

/** All that the overlay shows. */
export interface OverlayScene {
  readonly views: readonly View[];
  readonly state: ViewState;
  readonly annotations: readonly Annotation[];
  readonly draft: (Shape & { readonly color: string }) | undefined;
  readonly hovered: string | undefined;
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

/** With more marks than this only the selected and the hovered one are named. */
const NAMED = 40;

export class Overlay {
  readonly canvas: HTMLCanvasElement;
  #size: Size = { width: 0, height: 0 };
  #ratio = 1;

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

  draw(scene: OverlayScene): void {
    const context = this.canvas.getContext('2d');
    if (!context) return;
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
      for (const annotation of scene.annotations) {
        const selected = annotation.id === scene.state.selected;
        const hovered = annotation.id === scene.hovered;
        const named = selected || hovered || scene.annotations.length <= NAMED;
        drawMark(context, view, annotation, { selected, hovered, name: named ? annotation.name : '' }, scene);
      }
      scene.instruments?.draw?.(context, view, scene);
      if (scene.draft) drawMark(context, view, scene.draft, { dashed: true, name: '' }, scene);
      context.restore();
    }
  }
}
