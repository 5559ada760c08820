/** What the renderer knows of one volume: where it is, how it is shown, and which of its bricks show nothing. */

import { DEFAULT_LOOK } from '../annotation/look.js';
import type { SessionVolume } from '../session/types.js';
import type { BrickNumbering } from '../volume/brick_key.js';
import { brickCount, type VolumeGeometry } from '../volume/geometry.js';
import { clearTest } from '../volume/opacity.js';
import { BrickRanges, type ValueRange } from '../volume/ranges.js';
import { placementOf, UNPLACED } from '../volume/placement.js';
import { steppedCloseness } from './closeness.js';
import { LabelLookup } from './label_lookup.js';
import { stepFraction } from './source.js';
import { type StorageClass, storageClass, type WindowUniform, windowUniform } from './storage.js';
import { TimeFacet } from './time_facet.js';
import { TRANSFER_ROWS, TRANSFER_SIZE, TransferTexture } from './transfer_function.js';
import type { UserShader } from './user_shader.js';
import type { LayerSettings } from './views.js';

/** One volume. */
export class VolumeState {
  readonly geometry: VolumeGeometry;
  readonly storage: StorageClass;
  readonly transfer = new TransferTexture();
  readonly lookup = new LabelLookup();
  placement = UNPLACED;
  readonly bricks: number;
  settings: LayerSettings;
  #shader: UserShader | undefined;
  #closeness = 1;
  /** The time points that come next. */
  coming: readonly TimeFacet[] = [];
  readonly #facets = new Map<number, TimeFacet>();
  #shown: TimeFacet;
  #look = {};
  #test: ((min: number, max: number) => boolean) | undefined;

  /** @param rangesAt gives the ranges of other time points than the first */
  constructor(
    readonly volume: SessionVolume,
    readonly ranges: BrickRanges,
    readonly rangesAt?: (time: number) => BrickRanges,
  ) {
    const { description } = volume;
    this.geometry = { shape: description.shape, voxelSize: description.voxel_size, origin: description.origin };
    this.#shown = this.facet(0);
    this.storage = storageClass(description.kind, description.stored);
    this.bricks = brickCount(description.shape, description.times?.count);
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

  /** Looks whether the tables of ranges of the time points in use have grown; true where one has. */
  refresh(): boolean {
    let grown = false;
    for (const facet of this.#facets.values()) grown = facet.refresh() || grown;
    return grown;
  }

  /** Changes with everything that decides what shows nothing. */
  get look(): unknown {
    return this.#look;
  }

  /** Whether voxels whose stored numbers lie between these show nothing. */
  isClear(low: number, high: number): boolean {
    const { scale, offset } = this.volume.description;
    const [a, b] = [low * scale + offset, high * scale + offset];
    return this.#clearTest(Math.min(a, b), Math.max(a, b));
  }

  /**
   * Brings the transfer function's texture up to date.
   *
   * @param closeness of the camera; undefined: as before, for what is drawn without opacities of steps
   */
  updateTransfer(closeness?: number): void {
    if (closeness !== undefined) this.#closeness = steppedCloseness(closeness);
    const fraction = stepFraction(this.geometry) * this.#closeness;
    if (this.isImage) this.transfer.update(this.settings, fraction, Math.min(this.numbering.levels, TRANSFER_ROWS));
  }

  /** From a texel's number to a place in the window. */
  get window(): WindowUniform {
    const { scale, offset } = this.volume.description;
    return windowUniform(this.storage, scale, offset, this.settings.window);
  }

  /** From a texel's number, times the window's power, to the voxels' own value. */
  get raw(): { scale: number; offset: number } {
    const { scale, offset } = this.volume.description;
    return { scale: ((this.storage.full || 1) * scale) / this.window.power, offset };
  }

  /** The time point it shows, of those it has. */
  get time(): number {
    return this.#shown.time;
  }

  get numbering(): BrickNumbering {
    return this.#shown.numbering;
  }

  /** At the time point it shows. */
  get shown(): TimeFacet {
    return this.#shown;
  }

  get isEmpty(): TimeFacet['isEmpty'] {
    return this.#shown.isEmpty;
  }

  /** Of the time points it has the one nearest to `time`. */
  timeNear(time: number): number {
    return Math.min(Math.max(Math.floor(time), 0), (this.volume.description.times?.count ?? 1) - 1);
  }

  /** The volume at a time point. Those that are neither shown nor come next are forgotten with the next change of these. */
  facet(time: number): TimeFacet {
    const known = this.#facets.get(time);
    if (known) return known;
    const ranges = time === 0 ? this.ranges : (this.rangesAt?.(time) ?? new BrickRanges(this.geometry.shape));
    const { shape } = this.geometry;
    const made = new TimeFacet(shape, time, ranges, (range) => this.#isClear(range), (range) => this.#worth(range), exactSteps(this.volume.description));
    this.#facets.set(time, made);
    return made;
  }

  /** Shows another time point from now on. */
  show(time: number): void {
    this.#shown = this.facet(time);
  }

  /** Says which time points come next; true where that is new. */
  expect(times: readonly number[]): boolean {
    if (times.length === this.coming.length && this.coming.every(({ time }, i) => time === times[i])) return false;
    this.coming = times.map((time) => this.facet(time));
    for (const [time, facet] of this.#facets) if (facet !== this.#shown && !this.coming.includes(facet)) this.#facets.delete(time);
    return true;
  }

  dispose(): void {
    this.transfer.dispose();
    this.lookup.dispose();
  }

  #isClear(range: ValueRange | undefined): boolean {
    return range !== undefined && this.#clearTest(range.min, range.max);
  }

  /** Whether values in a range show nothing, as the layer is now. */
  get #clearTest(): (min: number, max: number) => boolean {
    this.#test ??= this.#makeTest();
    return this.#test;
  }

  #makeTest(): (min: number, max: number) => boolean {
    if (!this.isImage) return (_, max) => max <= 0;
    // What a user's shader makes of values is not known.
    if (this.shader) return (min, max) => min > max;
    // The shader reads opacities between texels: a point's slope begins up to one texel early.
    return clearTest(this.settings, 1 / (TRANSFER_SIZE - 1));
  }

  /** Part of the window between the values of a range. */
  #worth({ min, max }: ValueRange): number {
    const [low, high] = this.settings.window;
    if (!this.isImage || this.shader || this.settings.log || !(high > low)) return 1;
    return (Math.min(max, high) - Math.max(min, low)) / (high - low);
  }

  #forget(): void {
    this.#look = {};
    this.#test = undefined;
    for (const facet of this.#facets.values()) facet.forget();
  }
}

/** Numbers that a single-precision float tells apart. */
const EXACT = 2 ** 23;

/** The least and the largest value of an image whose ranges tell each of its values: not of floats, which may hide some that are not numbers. */
function exactSteps({ kind, stored, scale, offset }: SessionVolume['description']): ValueRange | undefined {
  const top = stored === 'u8' ? 255 : stored === 'u16' ? 65535 : undefined;
  if (kind !== 'image' || top === undefined || Math.abs(offset) + Math.abs(top * scale) > EXACT * Math.abs(scale)) return undefined;
  const [a, b] = [Math.fround(offset), Math.fround(top * scale + offset)];
  return { min: Math.min(a, b), max: Math.max(a, b) };
}

/** Whether two descriptions are of the same voxels at the same place; names, notes and displays may differ. */
export function sameVoxels(a: SessionVolume['description'], b: SessionVolume['description']): boolean {
  const text = (d: SessionVolume['description']) =>
    JSON.stringify([d.fingerprint, d.kind, d.stored, d.shape, d.voxel_size, d.origin, d.scale, d.offset]);
  return text(a) === text(b);
}
