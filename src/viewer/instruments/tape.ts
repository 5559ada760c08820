/** The measuring tape: distances between two places, in slices and on surfaces. They stay with this viewer. */

import { pixelDistance, segmentDistance } from '../../annotation/pixels.js';
import { sliceAxes, sliceDistance, sliceToWorld } from '../../renderer/slice_view.js';
import type { Pixel, View } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import { formatNumber } from '../format.js';
import { pointStrength } from '../marks.js';
import type { OverlayScene } from '../overlay.js';
import { inkText, line } from '../overlay_guides.js';
import type { Drag } from '../pointer.js';
import { onFacingPlane, projector } from '../view_geometry.js';
import { type Instrument, type InstrumentHost, REACH } from './instrument.js';
import type { Measurement } from './instrument_state.js';

const COLOR = '#37b24d';
/** A drag shorter than this measures nothing. */
const SLACK = 3;
/** More tapes than this hide what they measure. */
export const MAX_TAPES = 100;

/** Length in the world's unit. */
export function tapeLength({ start, end }: Pick<Measurement, 'start' | 'end'>): number {
  return Math.hypot(end[0] - start[0], end[1] - start[1], end[2] - start[2]);
}

/** A length in words. */
export function tapeLabel(tape: Pick<Measurement, 'start' | 'end'>, unit: string): string {
  return `${formatNumber(tapeLength(tape))}${unit ? ` ${unit}` : ''}`;
}

/** How strongly a view shows a tape: 1 where both ends lie in the slice, less where it crosses it or is near, 0 elsewhere. */
export function tapeStrength(view: View, { start, end }: Measurement, voxel: number): number {
  if (view.kind === 'volume') return 1;
  const ends = [pointStrength(view, start, voxel), pointStrength(view, end, voxel)];
  const crosses = sliceDistance(view, start) * sliceDistance(view, end) < 0;
  return Math.max(Math.min(...ends), crosses || Math.max(...ends) > 0 ? 0.45 : 0);
}

export class TapeTool implements Instrument {
  #next = 1;

  constructor(readonly host: InstrumentHost) {}

  draw(context: CanvasRenderingContext2D, view: View, { style, state, unit, voxel }: OverlayScene): void {
    const at = projector(view);
    for (const tape of state.measurements) {
      const strength = tapeStrength(view, tape, view.kind === 'slice' ? voxel[sliceAxes(view.axis).normal] : 0);
      const [a, b] = [at(tape.start), at(tape.end)];
      if (strength === 0 || !a || !b) continue;
      context.globalAlpha = strength;
      const selected = tape.id === state.selected;
      for (const [color, width] of [[style.halo, 4], [COLOR, selected ? 2.4 : 1.6]] as const) {
        context.strokeStyle = color;
        context.lineWidth = width;
        line(context, a, b);
        for (const [end, other] of [[a, b], [b, a]] as const) tick(context, end, other);
      }
      context.textAlign = 'center';
      context.textBaseline = 'bottom';
      inkText(context, tapeLabel(tape, unit), [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2 - 5], style);
      context.globalAlpha = 1;
    }
  }

  hover(view: View, px: Pixel): string | undefined {
    if (this.host.store.state.tool === 'tape') return 'cross';
    return this.#hit(view, px) && 'move';
  }

  press(view: View, px: Pixel): Drag | undefined {
    const { store } = this.host;
    const hit = this.#hit(view, px);
    if (hit) {
      store.update({ selected: hit.tape.id });
      return hit.end ? this.#stretch(view, hit.tape, hit.end, px) : { move: () => undefined, end: () => undefined };
    }
    return store.state.tool === 'tape' ? this.#lay(view, px) : undefined;
  }

  /** Lays a new tape from the press to the release. */
  #lay(view: View, px: Pixel): Drag {
    const { store, tell } = this.host;
    const start = this.#place(view, px);
    const tape: Measurement | undefined = start && { id: `tape-${this.#next++}`, start, end: start };
    const others = store.state.measurements;
    if (!tape) tell('Nothing here to measure from: aim at something opaque, or use a slice');
    else if (others.length >= MAX_TAPES) tell(`${MAX_TAPES} measurements are the most: remove some first`);
    const selected = store.state.selected;
    return {
      move: (to) => {
        if (!tape || others.length >= MAX_TAPES || pixelDistance(px, to) < SLACK) return;
        const end = this.#place(view, to, tape.start);
        if (end) store.update({ measurements: [...others, { ...tape, end }], selected: tape.id });
      },
      end: (to, cancelled) => {
        if (cancelled) store.update({ measurements: others, selected });
        else if (tape && pixelDistance(px, to) < SLACK) tell('Drag to measure');
      },
    };
  }

  #stretch(view: View, tape: Measurement, which: 'start' | 'end', from: Pixel): Drag {
    const { store } = this.host;
    const put = (changed: Measurement) => store.update({ measurements: store.state.measurements.map((other) => (other.id === tape.id ? changed : other)) });
    return {
      move: (to) => {
        const place = pixelDistance(from, to) < SLACK ? undefined : this.#place(view, to, tape[which]);
        if (place) put({ ...tape, [which]: place });
      },
      end: (_, cancelled) => {
        if (cancelled) put(tape);
      },
    };
  }

  /** The place under a pixel: in the slice, on the surface, or where there is none as deep as `beside`. */
  #place(view: View, px: Pixel, beside?: Vec3): Vec3 | undefined {
    if (view.kind === 'slice') return sliceToWorld(view, px);
    return this.host.pick(view.id, px)?.world ?? (beside && onFacingPlane(view, px, beside));
  }

  #hit(view: View, px: Pixel): { tape: Measurement; end: 'start' | 'end' | undefined } | undefined {
    const at = projector(view);
    for (const tape of [...this.host.store.state.measurements].reverse()) {
      const voxel = view.kind === 'slice' ? this.host.voxel(sliceAxes(view.axis).normal) : 0;
      const [a, b] = [at(tape.start), at(tape.end)];
      if (!a || !b || tapeStrength(view, tape, voxel) === 0) continue;
      if (pixelDistance(px, a) <= REACH) return { tape, end: 'start' };
      if (pixelDistance(px, b) <= REACH) return { tape, end: 'end' };
      if (segmentDistance(px, a, b) <= REACH / 2) return { tape, end: undefined };
    }
    return undefined;
  }
}

/** A short bar across the end of a tape. */
function tick(context: CanvasRenderingContext2D, [x, y]: Pixel, other: Pixel): void {
  const length = Math.max(1e-6, pixelDistance([x, y], other));
  const [dx, dy] = [(-(other[1] - y) / length) * 5, ((other[0] - x) / length) * 5];
  line(context, [x - dx, y - dy], [x + dx, y + dy]);
}
