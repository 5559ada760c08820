/** The volumes with how they are shown: what the scene says of each, completed by what its values suggest. */

import { ensureLayer } from '../annotation/layers.js';
import type { Layer, LayerPatch } from '../annotation/model.js';
import { Scene } from '../annotation/scene.js';
import type { VolumeDescription } from '../protocol/messages.js';
import type { LayerSettings, MarkedValues } from '../renderer/views.js';
import type { Brick, SessionVolume } from '../session/types.js';
import { type BrickKey, levelCount, type Vec3, type VolumeGeometry } from '../volume/geometry.js';
import { storedLook } from '../volume/label_ids.js';
import type { BrickRanges, ValueRange } from '../volume/ranges.js';
import { Doc } from 'yjs';
import { contentBounds } from './content_bounds.js';
import { autoWindow, brickHistogram, type Histogram } from './histogram.js';
import type { Bounds } from './view_state.js';

/** What a session offers to this part. */
export interface VolumeSource {
  readonly volumes: ReadonlyMap<number, SessionVolume>;
  ranges(volume: number): BrickRanges;
}

/** A volume and its layer. */
export interface ShownLayer {
  readonly volume: SessionVolume;
  readonly layer: Layer;
  /** True where the window is derived from the values. */
  readonly automatic: boolean;
  readonly settings: LayerSettings;
  readonly histogram: Histogram | undefined;
  /** World bounds of what can be seen of it, once that is known. */
  readonly content: Bounds | undefined;
  /** Range of the values known so far, for sliders. */
  readonly range: ValueRange;
}

/** Completes the scene's layers for one viewer. */
export class ShownLayers {
  readonly #histograms = new Map<string, Histogram>();
  /** Volumes in whose coarsest brick nothing is a number. */
  readonly #blank = new Set<string>();
  /** Volumes whose histogram is of a preview. */
  readonly #rough = new Set<string>();
  readonly #contents = new Map<string, Bounds>();
  /** Settings of a viewer that may not change the scene: they stay with it. */
  readonly #own = new Map<string, LayerPatch>();
  readonly #defaults = new Map<string, Layer>();
  /** Volumes of which somebody wants to learn from the brick that holds all. */
  readonly #lacking = new Set<string>();
  #marked: { readonly handle: number; readonly values: MarkedValues } | undefined;
  #list: readonly ShownLayer[] | undefined;

  constructor(
    readonly source: VolumeSource,
    readonly scene: Scene,
    readonly mayEdit: () => boolean,
  ) {}

  /** The layers from the lowest to the highest; replaced on change. */
  get list(): readonly ShownLayer[] {
    this.#list ??= this.#make();
    return this.#list;
  }

  /** The layer of a volume. */
  of(handle: number): ShownLayer | undefined {
    return this.list.find(({ volume }) => volume.handle === handle);
  }

  /** The visible image that lies on top: what the views measure by and annotations are made on. */
  get leading(): ShownLayer | undefined {
    const images = this.list.filter(({ layer }) => layer.kind === 'image');
    return images.findLast(({ layer }) => layer.visible) ?? images.at(-1) ?? this.list.at(-1);
  }

  /** What lengths are measured by: the unit, and a voxel's edges along x, y, z, of the leading volume. */
  get scale(): { readonly unit: string; readonly voxel: Vec3 } {
    const { unit, voxel_size: [z, y, x] } = this.leading?.volume.description ?? { unit: '', voxel_size: [1, 1, 1] as const };
    return { unit, voxel: [x, y, z] };
  }

  /** Changes a layer: for everyone, or for this viewer where it may only look. */
  set(id: string, patch: LayerPatch): void {
    if (this.mayEdit() && this.scene.layers().some((layer) => layer.id === id)) this.scene.setLayer(id, patch);
    else this.#own.set(id, { ...this.#own.get(id), ...patch });
    this.refresh();
  }

  /** Tints values of one volume in the slices; undefined: of none. */
  mark(handle: number, values: MarkedValues | undefined): void {
    this.#marked = values && { handle, values };
    this.refresh();
  }

  /** Forgets what was derived: volumes, layers or ranges have changed. */
  refresh(): void {
    this.#list = undefined;
  }

  /**
   * Somebody looked for a brick that is not here: the one that holds all of a volume is asked for from now on, though slices show nothing of it.
   *
   * @param asked called where that is new
   */
  lack(handle: number, key: BrickKey, asked: () => void): undefined {
    const volume = this.source.volumes.get(handle);
    if (!volume || key.level !== coarsest(volume).level || this.#lacking.has(identity(volume))) return;
    this.#lacking.add(identity(volume));
    this.refresh();
    asked();
  }

  /** Learns from a brick; true where that changed a window. */
  learn(brick: Brick): boolean {
    const volume = this.source.volumes.get(brick.volume);
    if (volume?.description.kind !== 'image' || brick.level !== coarsest(volume).level) return false;
    // One time point stands for all: a window that followed each would make a film flicker.
    if (brick.time && this.#histograms.has(identity(volume))) return false;
    const histogram = brickHistogram(brick, volume.description);
    if (!histogram) {
      this.#blank.add(identity(volume));
      return false;
    }
    this.#blank.delete(identity(volume));
    this.#histograms.set(identity(volume), histogram);
    if (brick.lossy) this.#rough.add(identity(volume));
    else this.#rough.delete(identity(volume));
    this.refresh();
    this.#lookForContent(brick, volume);
    return true;
  }

  /** What of a visible image makes no picture, in words: no voxel is a number, or all that are known are one and the same. */
  get remark(): string | undefined {
    for (const { volume, layer, histogram } of this.list) {
      if (!layer.visible || layer.kind !== 'image') continue;
      const { name } = volume.description;
      const range = this.source.ranges(volume.handle).overall;
      if (!histogram && this.#blank.has(identity(volume))) return `${name}: none of its voxels is a finite number, so there is nothing to draw`;
      if (histogram && histogram.min === histogram.max && range && range.min === range.max) return `${name}: all of its voxels that are known are ${histogram.min}, so there is nothing to tell apart`;
    }
    return undefined;
  }

  /** Whether the histogram of a volume is of a preview of 8 bits: the true brick is wanted, whether it is looked at or not. */
  rough(volume: SessionVolume): boolean {
    return this.#rough.has(identity(volume));
  }

  /** Once for each volume: a view that was framed by it does not jump when better bricks come. */
  #lookForContent(brick: Brick, volume: SessionVolume): void {
    const shown = this.of(volume.handle);
    if (!shown || this.#contents.has(identity(volume))) return;
    const [low, high] = shown.settings.window;
    const clear = shown.settings.points.findLast(([, opacity], i, points) => opacity === 0 && points.slice(0, i).every((p) => p[1] === 0));
    const threshold = low + (high - low) * (clear?.[0] ?? 0);
    const content = contentBounds(brick, geometryOf(volume.description), volume.description, threshold);
    if (content) this.#contents.set(identity(volume), content);
    this.refresh();
  }

  #make(): ShownLayer[] {
    const layers = new Map(this.scene.layers().map((layer) => [layer.volumeName, layer]));
    const list = [...this.source.volumes.values()].map((volume): ShownLayer => {
      const stored = layers.get(volume.description.name) ?? this.#default(volume);
      const layer = { ...stored, ...this.#own.get(stored.id) };
      const overall = this.source.ranges(volume.handle).overall;
      const histogram = this.#histograms.get(identity(volume));
      const window = layer.window ?? (layer.kind === 'labels' ? [0, overall?.max ?? 1] : autoWindow(histogram, overall));
      const { id: _id, kind: _kind, volumeName: _name, ...look } = layer;
      return {
        volume,
        layer,
        automatic: layer.window === undefined,
        settings: {
          ...storedLook(volume.description, look),
          window: window as [number, number],
          ...(this.#marked?.handle === volume.handle && { marked: this.#marked.values }),
          // The window is learnt from the brick that holds all: a slice would change its contrast after it is seen.
          ...((this.#lacking.has(identity(volume)) || (layer.kind === 'image' && layer.window === undefined && !histogram)) && { coarseFirst: true }),
        },
        histogram,
        content: this.#contents.get(identity(volume)),
        range: overall ?? histogram ?? { min: window[0]!, max: window[1]! },
      };
    });
    return list.sort((a, b) => a.layer.order - b.layer.order);
  }

  /** A layer for a volume whose own has not come with the scene yet: the picture does not wait for it. */
  #default(volume: SessionVolume): Layer {
    const { name } = volume.description;
    const known = this.#defaults.get(name);
    if (known) return known;
    const doc = new Doc();
    ensureLayer(doc, volume.description);
    const layer = new Scene(doc, this).layers()[0] as Layer;
    doc.destroy();
    this.#defaults.set(name, layer);
    return layer;
  }
}

/** The key of the one brick that holds all of a volume. */
export function coarsest(volume: SessionVolume): BrickKey {
  return { level: levelCount(volume.description.shape) - 1, z: 0, y: 0, x: 0 };
}

/** Where a volume's voxels are. */
export function geometryOf({ shape, voxel_size: voxelSize, origin }: VolumeDescription): VolumeGeometry {
  return { shape, voxelSize, origin };
}

/** The same for the same voxels, whatever handle they came under. */
const identity = ({ handle, description }: SessionVolume) => `${handle} ${description.fingerprint}`;
