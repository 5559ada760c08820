/** What the renderer knows of one volume: where it is, how it is shown, and which of its bricks show nothing. */

import { DEFAULT_LOOK } from '../annotation/look.js';
import type { SessionVolume } from '../session/types.js';
import { BrickNumbering } from '../volume/brick_key.js';
import { brickCount, type VolumeGeometry } from '../volume/geometry.js';
import { isClear } from '../volume/opacity.js';
import type { BrickRanges, ValueRange } from '../volume/ranges.js';
import { placementOf, UNPLACED } from '../volume/placement.js';
import { LabelLookup } from './label_lookup.js';
import { stepFraction } from './source.js';
import { type StorageClass, storageClass, windowUniform } from './storage.js';
import { TRANSFER_ROWS, TRANSFER_SIZE, TransferTexture } from './transfer_function.js';
import type { UserShader } from './user_shader.js';
import type { LayerSettings } from './views.js';

/** One volume. */
export class VolumeState {
  readonly geometry: VolumeGeometry;
  readonly numbering: BrickNumbering;
  readonly storage: StorageClass;
  readonly transfer = new TransferTexture();
  readonly lookup = new LabelLookup();
  placement = UNPLACED;
  readonly bricks: number;
  settings: LayerSettings;
  /** Rises when what is empty may have changed. */
  version = 0;
  #shader: UserShader | undefined;
  readonly #empty = new Map<number, boolean>();
  readonly #bare = new Map<number, boolean>();
  #rangesVersion = -1;

  constructor(
    readonly volume: SessionVolume,
    readonly ranges: BrickRanges,
  ) {
    const { description } = volume;
    this.geometry = { shape: description.shape, voxelSize: description.voxel_size, origin: description.origin };
    this.numbering = new BrickNumbering(description.shape);
    this.storage = storageClass(description.kind, description.stored);
    this.bricks = brickCount(description.shape);
    this.settings = {
      ...DEFAULT_LOOK,
      window: description.display.window ?? [ranges.overall?.min ?? 0, ranges.overall?.max ?? 1],
      colormap: description.display.colormap ?? (description.kind === 'labels' ? 'labels' : 'gray'),
    };
  }

  get handle(): number {
    return this.volume.handle;
  }

  get isImage(): boolean {
    return !this.storage.labels;
  }

  /** Takes new settings. */
  set(settings: LayerSettings): void {
    if (JSON.stringify(settings.transform) !== JSON.stringify(this.settings.transform)) this.placement = placementOf(settings.transform);
    this.settings = settings;
    this.#forget();
  }

  /** The user's shader that is drawn with: the last one that could be. */
  get shader(): UserShader | undefined {
    return this.#shader;
  }

  set shader(shader: UserShader | undefined) {
    this.#shader = shader;
    this.#forget();
  }

  /** Looks whether the table of ranges has grown. */
  refresh(): void {
    if (this.ranges.version === this.#rangesVersion) return;
    this.#rangesVersion = this.ranges.version;
    this.#forget();
  }

  /** Brings the transfer function's texture up to date. */
  updateTransfer(): void {
    if (this.isImage) this.transfer.update(this.settings, stepFraction(this.geometry), Math.min(this.numbering.levels, TRANSFER_ROWS));
  }

  /** From a texel's number to a place in the window. */
  get window(): { scale: number; offset: number } {
    const { scale, offset } = this.volume.description;
    return windowUniform(this.storage, scale, offset, this.settings.window);
  }

  /** From a texel's number to the voxels' own value. */
  get raw(): { scale: number; offset: number } {
    const { scale, offset } = this.volume.description;
    return { scale: (this.storage.full || 1) * scale, offset };
  }

  /** Whether a brick shows nothing in a perspective view; while its range is not known it may show something. */
  readonly isEmpty = (level: number, z: number, y: number, x: number): boolean => {
    const number = this.numbering.pack(level, z, y, x);
    const known = this.#empty.get(number);
    if (known !== undefined) return known;
    const empty = this.#isClear(this.ranges.get({ level, z, y, x }));
    this.#empty.set(number, empty);
    return empty;
  };

  /** Whether neither a brick nor anything finer inside it shows anything. Where that is not known, the brick's own mean decides. */
  readonly isBare = (level: number, z: number, y: number, x: number): boolean => {
    if (!this.isEmpty(level, z, y, x)) return false;
    const number = this.numbering.pack(level, z, y, x);
    const known = this.#bare.get(number);
    if (known !== undefined) return known;
    const range = level > 0 ? this.ranges.subtree({ level, z, y, x }) : undefined;
    const bare = range === undefined || this.#isClear(range);
    this.#bare.set(number, bare);
    return bare;
  };

  dispose(): void {
    this.transfer.dispose();
    this.lookup.dispose();
  }

  #isClear(range: ValueRange | undefined): boolean {
    if (range === undefined) return false;
    if (!this.isImage) return range.max <= 0;
    // What a user's shader makes of values is not known.
    if (this.shader) return range.min > range.max;
    // The shader reads opacities between texels: a point's slope begins up to one texel early.
    return isClear(this.settings, range, 1 / (TRANSFER_SIZE - 1));
  }

  #forget(): void {
    this.#empty.clear();
    this.#bare.clear();
    this.version += 1;
  }
}

/** Whether two descriptions are of the same voxels at the same place; names, notes and displays may differ. */
export function sameVoxels(a: SessionVolume['description'], b: SessionVolume['description']): boolean {
  const text = (d: SessionVolume['description']) =>
    JSON.stringify([d.fingerprint, d.kind, d.stored, d.shape, d.voxel_size, d.origin, d.scale, d.offset]);
  return text(a) === text(b);
}
