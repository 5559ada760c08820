/** What an instrument is: something of the viewer's own that lies over the picture and can be taken hold of there. */

import type { Scene } from '../../annotation/scene.js';
import type { Picked, Pixel, View } from '../../renderer/views.js';
import type { OverlayScene } from '../overlay.js';
import type { Drag } from '../pointer.js';
import type { DebugSource } from './debug_overlay.js';
import type { DialSource } from './dial_panel.js';
import type { Bounds, ViewStore } from '../view_state.js';

/** What instruments need of the viewer around them. */
export interface InstrumentHost {
  readonly store: ViewStore;
  readonly scene: Scene;
  /** The view of that id as it is now. */
  view(id: string): View | undefined;
  pick(view: string, px: Pixel): Picked | undefined;
  /** World bounds of all volumes; undefined without any. */
  bounds(): Bounds | undefined;
  /** Edge of a voxel along a world axis. */
  voxel(axis: 0 | 1 | 2): number;
  unit(): string;
  /** The picture is being moved: speed before sharpness, until told otherwise. */
  moving(active: boolean): void;
  readonly author: string;
  mayEdit(): boolean;
  /** Opens the side panel; with `beside` only where it does not cover the views. */
  openPanel(beside?: boolean): void;
  /** The side panel's sections are out of date. */
  refresh(): void;
  /** Something to draw has changed. */
  redraw(): void;
  /** What the debug overlay shows; undefined where nothing is drawn. */
  debug(): DebugSource | undefined;
  /** Puts a fragment behind the address of the viewer's page and gives the whole; absent where the viewer is a part of another page. */
  readonly address?: ((fragment: string) => string) | undefined;
  /** What the viewer may take; undefined before there is anything to draw with. */
  picture(): DialSource | undefined;
  tell(message: string): void;
}

/** One instrument. What it does not show it neither draws nor lets itself be pressed at. */
export interface Instrument {
  /** Draws it in a view; the context is clipped to that. */
  draw?(context: CanvasRenderingContext2D, view: View, scene: OverlayScene): void;
  /** The drag of a press on it; undefined where it is not under the pixel. */
  press?(view: View, px: Pixel, event?: PointerEvent): Drag | undefined;
  /** The cursor over it; undefined where it is not under the pixel. */
  hover?(view: View, px: Pixel): string | undefined;
}

/** Pixels around a handle in which it is grabbed. */
export const REACH = 8;

/** Views smaller than this have no room for what stands in their corner. */
const LEAST_VIEW = 140;

/** Whether a view has room for the orientation cube and the light. */
export const hasRoom = (view: View): boolean => view.kind === 'volume' && Math.min(view.rect.width, view.rect.height) >= LEAST_VIEW;

/** A drag that moves what is seen; what it changed is put back when it is cancelled. */
export function steering(host: InstrumentHost, move: (px: Pixel) => void, undo: () => void): Drag {
  host.moving(true);
  return {
    move,
    end(_px, cancelled) {
      if (cancelled) undo();
      host.moving(false);
    },
  };
}
