/** What the passes of slices share: materials by what a layer is and how it looks, and the values of their uniforms. */

import * as THREE from 'three';
import { BRICK_EDGE } from '../protocol/limits.js';
import { hasLabelLook, LABEL_PROBES, restWeight } from './label_lookup.js';
import { labelPaletteTexture } from './label_palette.js';
import { HEAD } from './fullscreen.js';
import labelsGlsl from './shaders/labels.glsl';
import placeGlsl from './shaders/plane_place.glsl';
import lookGlsl from './shaders/slice_look.glsl';
import voxelGlsl from './shaders/voxel.glsl';
import type { StorageClass } from './storage.js';
import { logUniform, TRANSFER_ROWS, transferHead, transferUniforms } from './transfer_function.js';
import type { LayerSettings } from './views.js';
import type { VolumeState } from './volume_state.js';

/** What a slice's look depends on. */
export type SliceLook = Pick<VolumeState, 'transfer' | 'window' | 'raw' | 'settings' | 'lookup'>;

const LOOK_UNIFORMS = ['uOpacity', 'uTransfer', 'uWindow', 'uLog', 'uPalette', 'uLookup', 'uRest', 'uRaw', 'uMarked', 'uMarkColor'] as const;
/** Of a stored integer: what is mixed by hardware is not exact. */
const SLACK = 0.05;

export class SliceMaterials {
  readonly #materials = new Map<string, THREE.RawShaderMaterial>();
  readonly #palette = labelPaletteTexture();

  /**
   * @param vertex, fragment GLSL of one pass; `sliceLook(texel)` stands before the fragment shader
   * @param names uniforms of its own
   * @param space the slice stands in a picture in perspective: `vertex` is that of planes, with their uniforms
   */
  constructor(
    readonly vertex: string,
    readonly fragment: string,
    readonly names: readonly string[],
    readonly space = false,
  ) {}

  /** The material for a layer, its uniforms set. */
  get(storage: StorageClass, look: SliceLook, values: Readonly<Record<string, unknown>>): THREE.RawShaderMaterial {
    const { settings } = look;
    const material = this.#material(storage, settings);
    const lookup = storage.labels ? look.lookup.update(settings) : undefined;
    const all: Record<string, unknown> = {
      ...values,
      uOpacity: settings.opacity,
      uTransfer: look.transfer.texture,
      ...transferUniforms(look.window, settings),
      uPalette: this.#palette,
      uLookup: lookup ?? null,
      uRest: restWeight(settings),
      ...markUniforms(storage, look),
    };
    for (const [name, value] of Object.entries(all)) (material.uniforms[name] as THREE.IUniform).value = value;
    return material;
  }

  dispose(): void {
    for (const material of this.#materials.values()) material.dispose();
    this.#palette.dispose();
  }

  #material(storage: StorageClass, settings: LayerSettings): THREE.RawShaderMaterial {
    const said = storage.labels && hasLabelLook(settings);
    const outline = storage.labels && settings.labelStyle === 'outline';
    const log = !storage.labels && logUniform(settings) !== undefined;
    const marked = !storage.labels && settings.marked !== undefined;
    const key = [storage.name, settings.blend, said, outline, log, marked].join();
    const known = this.#materials.get(key);
    if (known) return known;
    const defines: Record<string, string | number> = { IMAGE_STORAGE: storage.labels ? -1 : storage.code, TRANSFER_ROWS, LABEL_PROBES, BRICK_EDGE: `${BRICK_EDGE}.` };
    if (storage.labels) defines.LABEL_STORAGE = storage.code;
    if (said) defines.LABEL_LOOKUP = 1;
    if (outline) defines.OUTLINE = 1;
    if (marked) defines.MARKED = 1;
    if (this.space) defines.IN_SPACE = 1;
    // Which pixel of the slice is drawn.
    defines.PIXEL = this.space ? 'planePixel()' : 'gl_FragCoord.xy';
    const made = new THREE.RawShaderMaterial({
      glslVersion: THREE.GLSL3,
      vertexShader: HEAD + this.vertex,
      fragmentShader: HEAD + [transferHead(log), storage.labels ? labelsGlsl : voxelGlsl, lookGlsl, this.space ? placeGlsl : '', this.fragment].join('\n'),
      uniforms: Object.fromEntries([...LOOK_UNIFORMS, ...this.names].map((name) => [name, { value: null } as THREE.IUniform])),
      defines,
      depthTest: false,
      depthWrite: false,
      transparent: true,
      blending: THREE.CustomBlending,
      blendSrc: THREE.OneFactor,
      blendDst: settings.blend === 'additive' ? THREE.OneFactor : THREE.OneMinusSrcAlphaFactor,
      side: THREE.DoubleSide,
    });
    this.#materials.set(key, made);
    return made;
  }
}

/** The values that are tinted, in their own numbers. */
function markUniforms({ full }: StorageClass, { raw, settings: { marked } }: SliceLook): Record<string, unknown> {
  if (!marked) return {};
  const slack = full > 1 ? Math.abs(raw.scale / full) * SLACK : 0;
  return {
    uRaw: new THREE.Vector2(raw.scale, raw.offset),
    uMarked: new THREE.Vector2(marked.low - slack, marked.high + slack),
    uMarkColor: new THREE.Vector3(...([1, 3, 5] as const).map((i) => Number.parseInt(marked.color.slice(i, i + 2), 16) / 255)),
  };
}
