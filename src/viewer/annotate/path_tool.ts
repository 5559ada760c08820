/** The tools that draw lines and polygons: click by click, or in one stroke. */

import { vertexOf } from '../../annotation/forms.js';
import type { PointCoords } from '../../annotation/kinds.js';
import { sliceDistance, sliceToWorld } from '../../renderer/slice_view.js';
import type { Pixel, View } from '../../renderer/views.js';
import { type AnnotationTools, REACH, SLACK } from '../annotation_tools.js';
import { coalesced, type Drag } from '../pointer.js';
import { clampTo } from '../slice_controls.js';
import { projector, worldPerPixel } from '../view_geometry.js';
import { type ClickedKind, freehandForm, PathDrawing } from './path_drawing.js';

/** How near a freehand line ends to where it began, in pixels, to become a polygon. */
const CLOSING = 14;

export class PathTool {
  /** What is drawn click by click. */
  drawing: PathDrawing | undefined;

  constructor(readonly tools: AnnotationTools) {}

  /** The pointer moves with nothing pressed: what is drawn follows it. */
  hover(view: View, px: Pixel): void {
    if (!this.drawing || view.id !== this.drawing.view) return;
    this.drawing.next = this.tools.placer.at(view, px);
    this.tools.show(this.drawing.shown);
  }

  /** Ends what is drawn, where it can be ended; false where nothing is. */
  finish(): boolean {
    const result = this.drawing?.result();
    if (result === undefined) return false;
    if (typeof result === 'string') this.tools.context.tell(result);
    else {
      this.tools.cancel();
      this.tools.add(result);
    }
    return true;
  }

  /** Takes the last point back; false where nothing is drawn. */
  back(): boolean {
    if (!this.drawing) return false;
    if (!this.drawing.back()) this.drawing = undefined;
    this.tools.show(this.drawing?.shown);
    return true;
  }

  /** Leaves what is drawn; false where nothing is. */
  leave(): boolean {
    const busy = this.drawing !== undefined;
    this.drawing = undefined;
    return busy;
  }

  /** The drag of a line drawn in one stroke, with mouse, pen or finger. */
  freehand(view: View, start: Pixel): Drag | undefined {
    const { tools } = this;
    const { context } = tools;
    if (view.kind !== 'slice') return this.#onlyOnSlices();
    const coords: number[] = [];
    const put = (px: Pixel) => {
      coords.push(...clampTo(context.bounds(), sliceToWorld(view, px)));
      this.tools.show(coords.length >= 6 ? { kind: 'polyline', coords } : undefined);
    };
    put(start);
    return {
      // Between two frames a pen says several places; all of them count.
      move: (px, event) => {
        for (const each of coalesced(px, event)) put(each.px);
      },
      end: (px, cancelled) => {
        this.tools.show(undefined);
        if (cancelled) return;
        const closed = Math.hypot(px[0] - start[0], px[1] - start[1]) < CLOSING;
        const { form, words } = freehandForm(coords, worldPerPixel(view), closed);
        if (words) context.tell(words);
        if (form) this.tools.add(form);
      },
    };
  }

  /** The drag of a press with a tool that draws click by click. */
  press(kind: ClickedKind, view: View, start: Pixel): Drag | undefined {
    const { tools } = this;
    const { context } = tools;
    if (kind === 'polygon' && view.kind !== 'slice') return this.#onlyOnSlices();
    if (!this.drawing || this.drawing.kind !== kind) this.drawing = new PathDrawing(kind, view.id);
    const path = this.drawing;
    if (path.view !== view.id) {
      context.tell('It is being drawn in another view: enter ends it, esc leaves it');
      return undefined;
    }
    const first = path.count === 0;
    if (this.#closes(view, path, start)) {
      return { move: () => undefined, end: (_, cancelled) => void (cancelled || this.finish()) };
    }
    const place = (px: Pixel) => {
      path.next = this.tools.placer.at(view, px);
      this.tools.show(path.shown);
    };
    const put = (px: Pixel): boolean => {
      place(px);
      const { next } = path;
      path.next = undefined;
      const beside = next && kind === 'polygon' && this.#beside(view, path, next);
      if (beside) context.tell('A polygon lies in one slice: go back to it, or leave the polygon with esc');
      else if (next) path.add(next);
      else context.tell('Nothing here to put a point on: aim at something opaque, or use a slice');
      return next !== undefined && !beside;
    };
    // A line may be dragged in one go: its beginning is where it is pressed.
    if (first && kind === 'line' && !put(start)) this.leave();
    return {
      move: place,
      end: (px, cancelled) => {
        if (cancelled || this.drawing !== path) return;
        const click = first && kind === 'line' && Math.hypot(px[0] - start[0], px[1] - start[1]) < SLACK;
        if (!click) {
          try {
            put(px);
          } catch (error) {
            context.tell((error as Error).message);
          }
        }
        if (path.count === 0) this.drawing = undefined;
        this.tools.show(this.drawing?.shown);
        // The second click of a double click is no second end.
        if (kind === 'line' && path.count === 2 && typeof path.result() === 'string') this.back();
        else if (kind === 'line' && path.count === 2) this.finish();
      },
    };
  }

  /** Whether a press is on the point that ends the path: a polygon's first, or the last one again. */
  #closes(view: View, path: PathDrawing, px: Pixel): boolean {
    const ends = path.kind === 'polygon' ? [0, path.count - 1] : [path.count - 1];
    if (path.count < 2) return false;
    return ends.some((index) => {
      const at = projector(view)(vertexOf(path.coords, index));
      return at && Math.hypot(at[0] - px[0], at[1] - px[1]) <= REACH;
    });
  }

  /** Whether a place, or what was drawn before, lies outside the slice. */
  #beside(view: View, path: PathDrawing, place: PointCoords): boolean {
    if (view.kind !== 'slice') return false;
    const places = path.count > 0 ? [vertexOf(path.coords, 0), place] : [place];
    return places.some((each) => Math.abs(sliceDistance(view, each)) > this.tools.voxel(view) / 2);
  }

  #onlyOnSlices(): undefined {
    this.tools.context.tell('This is drawn on a slice: in 3D there is no plane to draw it in');
    return undefined;
  }
}
