/** Keeps the renderer's volumes equal to the session's: volumes and layers in, wants out, bricks in. */

import type { VolumeRenderer } from '../renderer/renderer.js';
import type { Session } from '../session/session.js';
import type { SessionVolume, WantedBrick, WantedTile } from '../session/types.js';
import type { LayerSettings } from '../renderer/views.js';
import { coarsest, type ShownLayers } from './shown_layers.js';

export class VolumeFeed {
  readonly #given = new Map<number, { description: SessionVolume['description']; settings: LayerSettings | undefined }>();
  readonly #wanted = new Map<number, readonly WantedBrick[]>();
  readonly #learning = new Map<number, { of: readonly WantedBrick[]; all: readonly WantedBrick[] }>();
  #tiles: ReadonlyMap<number, readonly WantedTile[]> | undefined;
  readonly #ends: (() => void)[];

  /**
   * @param changed called after anything that may change the picture; true where settings may differ too
   * @param showsVolume whether there is a view in perspective, which begins with the brick that holds all of a volume
   */
  constructor(
    readonly session: Session,
    readonly renderer: VolumeRenderer,
    readonly layers: ShownLayers,
    readonly changed: (settings: boolean) => void,
    readonly showsVolume: () => boolean = () => true,
  ) {
    this.#ends = [
      session.on('volumes', () => this.#early()),
      session.on('ranges', (volume) => {
        this.layers.refresh();
        if (this.#given.has(volume)) renderer.rangesChanged(volume);
        changed(true);
      }),
      session.on('changed', ({ volume, boxes, time }) => {
        if (this.#given.has(volume)) renderer.invalidate(volume, boxes, time);
        changed(false);
      }),
      session.on('tile', (tile) => {
        renderer.tiles.offer(tile, () => session.tiles.consumed(tile));
        changed(false);
      }),
      session.on('tilesChanged', ({ volume, test }) => {
        renderer.tiles.invalidate(volume, test);
        changed(false);
      }),
      session.on('brick', (brick) => {
        if (!this.#given.has(brick.volume)) this.update(); // it came before the first frame
        const learned = this.layers.learn(brick);
        renderer.offer(brick, () => session.consumed(brick));
        changed(learned);
      }),
    ];
    this.#early();
  }

  /**
   * Asks for the brick that a picture begins with as soon as a volume is heard of: it is made while shaders are. Plans ask for the rest. Slices
   * alone need it only to learn the window of values from.
   */
  #early(): void {
    if (this.session.volumes.size > MOST_EARLY) return; // of many some may be hidden
    for (const volume of this.session.volumes.values()) {
      if (volume.description.kind === 'points' || this.#wanted.has(volume.handle)) continue;
      if (!this.showsVolume() && !this.layers.of(volume.handle)?.settings.coarseFirst) continue;
      const first = [{ ...coarsest(volume), priority: 0 }];
      this.#wanted.set(volume.handle, first);
      this.session.want(volume.handle, first);
    }
  }

  /** Hands the renderer what is new: volumes with another description, layers with other settings. */
  update(): void {
    const { session, renderer, layers } = this;
    for (const handle of this.#given.keys()) {
      if (session.volumes.has(handle)) continue;
      renderer.removeVolume(handle);
      this.#given.delete(handle);
      this.#wanted.delete(handle);
    }
    for (const { volume, settings } of layers.list) {
      let given = this.#given.get(volume.handle);
      if (given?.description !== volume.description) {
        renderer.setVolume(volume, session.ranges(volume.handle), (time) => session.ranges(volume.handle, time));
        given = { description: volume.description, settings: undefined };
        this.#given.set(volume.handle, given);
      }
      if (sameSettings(given.settings, settings)) continue;
      given.settings = settings;
      renderer.setLayer(volume.handle, settings);
    }
  }

  /** Asks the session for what the views lack; volumes without a want are told so once. */
  want(): number {
    const wanted = this.renderer.wanted();
    this.#wantTiles();
    // What is here as voxels of 8 bits is yet to come.
    let missing = this.renderer.tiles.missing + this.session.inexact;
    for (const handle of this.#given.keys()) {
      const bricks = this.#bricksOf(handle, wanted.get(handle) ?? NOTHING);
      missing += bricks.length;
      const before = this.#wanted.get(handle);
      if (bricks === before || (bricks.length === 0 && (before?.length ?? 0) === 0)) continue;
      this.#wanted.set(handle, bricks);
      this.session.want(handle, bricks);
    }
    return missing;
  }

  /** What the renderer wants, and the brick that a histogram is made of where only a preview of that came: once all is at rest. */
  #bricksOf(handle: number, bricks: readonly WantedBrick[]): readonly WantedBrick[] {
    const volume = this.session.volumes.get(handle);
    if (!volume || !this.layers.rough(volume) || this.session.inexact > 0) return bricks;
    const known = this.#learning.get(handle);
    if (known?.of === bricks) return known.all;
    const all = [...bricks, { ...coarsest(volume), priority: LAST }];
    this.#learning.set(handle, { of: bricks, all });
    return all;
  }

  #wantTiles(): void {
    const wanted = this.renderer.tiles.wanted();
    if (wanted === this.#tiles) return;
    for (const handle of this.#given.keys()) {
      const tiles = wanted.get(handle) ?? [];
      if (tiles.length > 0 || (this.#tiles?.get(handle)?.length ?? 0) > 0) this.session.tiles.want(handle, tiles);
    }
    this.#tiles = wanted;
  }

  dispose(): void {
    for (const end of this.#ends) end();
    for (const handle of this.#given.keys()) this.session.tiles.want(handle, []);
    for (const handle of this.#given.keys()) this.session.want(handle, NOTHING);
  }
}

const NOTHING: readonly WantedBrick[] = [];
const MOST_EARLY = 4;
const LAST = 1e5;

function sameSettings(a: LayerSettings | undefined, b: LayerSettings): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}
