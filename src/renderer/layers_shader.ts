/** Puts the shader of a march through several layers together from its parts. Pure: text in, text out. */

import type { LayerSettings } from './views.js';
import clipGlsl from './shaders/clip.glsl';
import hookGlsl from './shaders/hook.glsl';
import labelsGlsl from './shaders/labels.glsl';
import layerGlsl from './shaders/layer.glsl';
import { ROWS_OF_LAYER, STEP_ROWS } from './layer_transfers.js';
import dvrGlsl from './shaders/layer_dvr.glsl';
import imageGlsl from './shaders/layer_image.glsl';
import isoGlsl from './shaders/layer_iso.glsl';
import layerLabelsGlsl from './shaders/layer_labels.glsl';
import projectionGlsl from './shaders/layer_projection.glsl';
import userGlsl from './shaders/layer_user.glsl';
import logGlsl from './shaders/log_place.glsl';
import headGlsl from './shaders/layers.head.glsl';
import lightGlsl from './shaders/light.glsl';
import shadowGlsl from './shaders/shadow.glsl';
import pieceGlsl from './shaders/transfer_piece.glsl';
import type { StorageClass } from './storage.js';
import { tableShader } from './table_shader.js';
import { userPart, type UserShader } from './user_shader.js';

/** What of a layer decides how its part of the shader reads. */
export interface LayerKind {
  readonly storage: StorageClass;
  readonly mode: LayerSettings['mode'];
  readonly shading: LayerSettings['shading'];
  readonly additive: boolean;
  /** Labels: something is said of single ids; only their rims are shown. */
  readonly lookup: boolean;
  readonly outline: boolean;
  /** Its table has windows inside each other. */
  readonly nested: boolean;
  /** Its window is logarithmic. */
  readonly log: boolean;
  /** Its transfer function has thin peaks or steps: what lies between two samples counts. */
  readonly peaked: boolean;
  /** Rays step over its cells that show nothing. */
  readonly cells: boolean;
  readonly shader?: UserShader | undefined;
}

const PROJECTIONS: readonly LayerKind['mode'][] = ['mip', 'minip', 'mean'];
const SHADINGS: readonly LayerKind['shading'][] = ['none', 'local', 'scattering', 'occlusion'];

/** Whether a layer is one value of each ray, with no depth. */
export const isProjection = ({ storage, mode, shader }: Pick<LayerKind, 'storage' | 'mode' | 'shader'>): boolean =>
  !storage.labels && !shader && PROJECTIONS.includes(mode);

/** The same for the same shader. */
export function layersKey(kinds: readonly LayerKind[], flags: readonly boolean[]): string {
  const one = (k: LayerKind) => [k.storage.name, k.storage.labels ? '' : k.mode, k.shading, k.additive, k.lookup, k.outline, k.nested, k.log, k.peaked, k.cells, k.shader?.key];
  return JSON.stringify([kinds.map(one), flags]);
}

/** Name of the sampler of a storage class's atlas. */
export const atlasName = (storage: StorageClass): string => `uAtlas_${storage.name.replace('/', '_')}`;

/** Name of the sampler of its cells that show nothing. */
export const cellsName = (storage: StorageClass): string => `uClear_${storage.name.replace('/', '_')}`;

/**
 * Whether rays may step over cells of a layer that show nothing. Not where what lies between a sample and the one before it counts, in what is clear too; what a
 * user's shader makes of values is not known.
 */
export const mayHaveCells = ({ storage, mode, peaked, shader }: Pick<LayerKind, 'storage' | 'mode' | 'peaked' | 'shader'>): boolean =>
  !storage.labels && mode === 'dvr' && !peaked && !shader;

/** Whether what a layer adds over a whole step of the march is looked up as it is: where the values between two samples do not count. */
export const stepsWhole = ({ storage, mode, peaked, shader }: Pick<LayerKind, 'storage' | 'mode' | 'peaked' | 'shader'>): boolean =>
  !storage.labels && mode === 'dvr' && !peaked && !shader;

/** The parts of the fragment shader for layers from the lowest to the highest. */
export function layersShader(kinds: readonly LayerKind[]): string[] {
  const numbers = kinds.map((_, i) => i);
  const atlases = [...new Set(kinds.map(({ storage }) => atlasName(storage)))];
  const hooked = kinds.some(({ shader }) => shader);
  const lit = kinds.some(({ shading, storage }) => SHADINGS.indexOf(shading) > 1 && !storage.labels);
  return [
    kinds.some(({ lookup }) => lookup) ? '#define LABEL_LOOKUP' : '',
    logGlsl,
    headGlsl,
    pieceGlsl,
    lightGlsl,
    clipGlsl,
    hooked || kinds.some(({ storage }) => storage.labels) ? labelsGlsl : '',
    hooked ? `${hookGlsl}\nuint labelAt(vec3 w);` : '',
    ...atlases.map((name) => `uniform sampler3D ${name};`),
    ...new Set(kinds.filter(({ cells }) => cells).map(({ storage }) => `uniform sampler3D ${cellsName(storage)};`)),
    ...kinds.map((kind, n) => layerPart(kind, n, kinds.length)),
    hooked ? labelAtPart(kinds) : '',
    lit ? solidPart(kinds) + shadowGlsl : 'vec2 lightAt(vec3 w, float near, int shading) {\n  return vec2(1.);\n}',
    mainPart(kinds, numbers),
  ];
}

/** One layer's part: its number in place of L. */
function layerPart(kind: LayerKind, n: number, count: number): string {
  const { storage, mode, shading, additive, lookup, outline, peaked, shader } = kind;
  const defines: Record<string, string | number> = {
    ROW: ROWS_OF_LAYER * n,
    STEPS: ROWS_OF_LAYER * count + STEP_ROWS * n,
    ADDITIVE: Number(additive),
    STORAGE: storage.labels ? -1 : storage.code,
    LABELS: Number(storage.labels),
    SHADING: SHADINGS.indexOf(shading),
    PROJECTION: PROJECTIONS.indexOf(mode),
    LOOKUP: Number(lookup),
    OUTLINE: Number(outline),
    PEAKED: Number(peaked),
    ID: `labelId${storage.code}`,
    ATLAS: atlasName(storage),
    CELLS: Number(kind.cells),
    CLEAR: cellsName(storage),
  };
  const how = isProjection(kind) ? projectionGlsl : mode === 'iso' ? isoGlsl : dvrGlsl;
  const parts = storage.labels ? [layerGlsl, layerLabelsGlsl] : [layerGlsl, imageGlsl, shader ? dvrGlsl : how];
  let text = numbered(parts.join('\n'), n);
  if (shader) {
    // The plain step stays for what it says of solid stuff; the user's takes its place in the march.
    text = text.replace(`void step_${n}(`, `void plainStep_${n}(`);
    text += numbered(userGlsl, n).replace(`USER_${n}`, () => userPart(shader, n));
  }
  text = tableShader(`_${n}`, kind.nested) + text;
  const place = `#define PLACE_${n}(t) ${kind.log ? `logPlace(t, uLog_${n})` : '(t)'}\n`;
  return `${place}${Object.entries(defines).map(([name, value]) => `#define ${name}_${n} ${value}`).join('\n')}\n${text}`;
}

const numbered = (text: string, n: number): string => text.replace(/_L\b/g, `_${n}`);

function labelAtPart(kinds: readonly LayerKind[]): string {
  const found = kinds.map(({ storage }, n) => (storage.labels ? `  id = idAt_${n}(uEye_${n} + uCells_${n} * w);\n  if (id != 0u) return id;\n` : ''));
  return `uint labelAt(vec3 w) {\n  uint id = 0u;\n${found.reverse().join('')}  return id;\n}`;
}

/** Density over a world length of everything that casts shadows. */
function solidPart(kinds: readonly LayerKind[]): string {
  const one = (kind: LayerKind, n: number): string => {
    if (isProjection(kind)) return '';
    const add = kind.storage.labels ? `sum += solid_${n}(ID_${n}(texel));` : `{ t = place_${n}(texel); if (t != NOTHING) sum += solid_${n}(t); }`;
    return `  if (find_${n}(uEye_${n} + uCells_${n} * w, texel, size)) ${add}\n`;
  };
  return `float solidAt(vec3 w) {\n  vec4 texel;\n  float size, t;\n  float sum = 0.;\n${kinds.map(one).join('')}  return sum;\n}\n`;
}

function mainPart(kinds: readonly LayerKind[], numbers: readonly number[]): string {
  const each = (text: string, which = numbers): string => which.map((n) => numbered(text, n)).join('\n');
  const deep = numbers.filter((n) => !isProjection(kinds[n] as LayerKind));
  const shine = deep.filter((n) => (kinds[n] as LayerKind).additive);
  const flat = numbers.filter((n) => !deep.includes(n));
  const full = deep.length > 0 && deep.length === shine.length && flat.length === 0 ? `min(${minOf(shine.map((n) => `own_${n}`))}, 1.)` : 'acc.a';
  const bodies = [...numbers].reverse();
  const loop = (which: string, steps: string): string => `
      for (int i = 0; i < int(${which}); ++i) {
        float ds = float(i) * dt;
        vec3 w = ray * (s + ds);
        float len = dt;
#if defined(DEPTH)
        // The last step before what is solid is as long as the way to there.
        if (s + ds + dt >= solid) len = solid - s - ds + uStart * uStep;
#endif
${steps}
        past = dt;
      }`;
  const asked = each('        if (shows_L) step_L(w, ds, len);', bodies);
  // Where all of them show, none is asked whether it does; only where a step is short enough for that to be felt, for it stands in the shader twice.
  const short = numbers.length > 1 && kinds.every((kind) => stepsWhole(kind) && kind.shading === 'none');
  const march = short
    ? `      bool every = ${numbers.map((n) => `shows_${n}`).join(' && ')};${loop('every ? n : 0.', each('        step_L(w, ds, len);', bodies))}${loop('every ? 0. : n', asked)}`
    : loop('n', asked).slice(1);
  return `
void main() {
  vec2 ndc = (gl_FragCoord.xy - uViewport.xy) * uViewport.zw - 1.;
  ray = normalize(uForward + ndc.x * uRight + ndc.y * uUp);
  float s = FAR;
  float end = -FAR;
${each('  begin_L();\n  s = min(s, in_L);\n  end = max(end, out_L);')}
  s = max(s, 0.);
#if defined(CLIPPED)
  clipRay(ray, s, end);
#endif
#if defined(CUT)
  s = max(s, cutRay(ray));
#endif
#if defined(DEPTH)
  float solid = depthAt((ndc + 1.) * .5);
  end = min(end, solid);
#endif
  s += uStart * uStep;
  acc = vec4(0.);
  glow = vec3(0.);
  past = 0.;
  // Each turn ends at the next face of a brick of some layer, and is a step long at least.
  for (int g = 0; g < MAX_TURNS && s < end; ++g) {
    float pace = FAR;
    float next = end;
${each('    next = min(next, enter_L(s, pace));')}
    bool shows = ${numbers.map((n) => `shows_${n}`).join(' || ')};
    float dt = uStep * (pace < FAR ? pace : 1.);
    whole = dt;
    stride = min(int(log2(min(pace, 65536.)) + .5), ${STEP_ROWS - 1});
    float n = max(1., ceil((next - s) / dt));
    if (shows) {
      n = min(n, 1024.);
${each('      had_L = had_L && shows_L;')}
${march}
    } else {
${each('      had_L = false;')}
    }
    s += n * dt;
    if (${full} > .99) break;
  }
  float clear = 1. - acc.a;
${each('  clear *= 1. - own_L;', shine)}
  vec4 under = vec4(0.);
${each('  project_L(under);', flat)}
  color = min(vec4(acc.rgb + glow + clear * under.rgb, 1. - clear * (1. - under.a)), 1.);
}`;
}

const minOf = (names: readonly string[]): string => names.reduce((all, name) => `min(${all}, ${name})`);
