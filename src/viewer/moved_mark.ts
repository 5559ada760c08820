/** The mark that is being moved over a crowd, on canvases no larger than it is: a step of its drag draws, copies and shows a few pixels, however many lie below. */

import type { Annotation } from '../annotation/model.js';
import type { Rect, View } from '../renderer/views.js';
import type { OverlayScene } from './overlay.js';
import { drawMark, type MarkLook, markAround } from './overlay_marks.js';

/** Canvases grow by so many pixels: one that is turned or reshaped does not make a new one with each step. */
const GRAIN = 64;

/** In each view that shows it the mark has a canvas over the overlay's, which then stands without it. */
export class MovedMark {
  readonly #canvases = new Map<string, HTMLCanvasElement>();
  shown = false;

  /** @param below the overlay's canvas, over which these lie */
  draw(below: HTMLCanvasElement, ratio: number, scene: OverlayScene, annotation: Annotation, look: MarkLook): void {
    this.shown = true;
    const seen = new Set<string>();
    for (const view of scene.views) {
      const canvas = this.#canvases.get(view.id) ?? this.#make(view.id, below);
      const context = canvas.getContext('2d', { willReadFrequently: true });
      const part = context && partOf(view.rect, markAround(context, view, annotation, look, scene), ratio);
      if (!context || !part) continue;
      seen.add(view.id);
      const [width, height] = [part.width, part.height].map((side) => GRAIN * Math.ceil((side * ratio) / GRAIN)) as [number, number];
      if (canvas.width < width || canvas.height < height) resize(canvas, Math.max(canvas.width, width), Math.max(canvas.height, height), ratio);
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.setTransform(ratio, 0, 0, ratio, -part.x * ratio, -part.y * ratio);
      context.save();
      clipTo(context, view);
      drawMark(context, view, { ...annotation, color: scene.colorOf(annotation) }, look, scene);
      context.restore();
      canvas.style.transform = `translate(${part.x}px, ${part.y}px)`;
    }
    for (const [id, canvas] of this.#canvases) canvas.hidden = !seen.has(id);
  }

  /** Takes it away: the overlay shows the mark itself again. */
  hide(): void {
    if (!this.shown) return;
    this.shown = false;
    for (const canvas of this.#canvases.values()) canvas.remove();
    this.#canvases.clear();
  }

  #make(view: string, below: HTMLCanvasElement): HTMLCanvasElement {
    const canvas = below.ownerDocument.createElement('canvas');
    canvas.className = 'voxbeam-moved';
    canvas.setAttribute('aria-hidden', 'true');
    [canvas.width, canvas.height] = [0, 0];
    below.after(canvas);
    this.#canvases.set(view, canvas);
    return canvas;
  }
}

function resize(canvas: HTMLCanvasElement, width: number, height: number, ratio: number): void {
  [canvas.width, canvas.height] = [width, height];
  canvas.style.width = `${width / ratio}px`;
  canvas.style.height = `${height / ratio}px`;
}

function clipTo(context: CanvasRenderingContext2D, { rect }: View): void {
  context.beginPath();
  context.rect(rect.x, rect.y, rect.width, rect.height);
  context.clip();
}

/** The part of a view around a mark, from a whole pixel of the screen on; undefined where it lies beside the view. */
function partOf(view: Rect, around: Rect | undefined, ratio: number): Rect | undefined {
  if (!around) return undefined;
  const whole = (side: number) => Math.floor(side * ratio) / ratio;
  const [x, y] = [whole(Math.max(view.x, around.x)), whole(Math.max(view.y, around.y))];
  const [right, bottom] = [Math.min(view.x + view.width, around.x + around.width), Math.min(view.y + view.height, around.y + around.height)];
  return right > x && bottom > y ? { x, y, width: right - x, height: bottom - y } : undefined;
}
