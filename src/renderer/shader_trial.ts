/**
 * Tries a user's shader on the GPU before any picture is drawn with it: it is compiled alone, and run at a few samples to see whether its
 * loops end.
 */

import * as THREE from 'three';
import { type Fullscreen, HEAD, shaderMaterial } from './fullscreen.js';
import hookGlsl from './shaders/hook.glsl';
import labelsGlsl from './shaders/labels.glsl';
import { MAX_TURNS_OF_RAY, MAX_TURNS_OF_SAMPLE, type ShaderFault, uniformName, type UserShader, userPart } from './user_shader.js';

const EDGE = 8;
const DEFINES = { MAX_TURNS_OF_SAMPLE, MAX_TURNS_OF_RAY };

const BEFORE = `
out vec4 color;
vec4 transfer_0(float value) { return vec4(value, 1. - value, .5, value); }
vec4 lit_0(vec4 c, Sample s) { return vec4(c.rgb * (.5 + .5 * clamp(s.gradient.x, 0., 1.)), c.a); }
`;

/** Samples from all over: values and gradients from none to much, places in a volume, labels. */
const AFTER = `
void main() {
  int i = int(gl_FragCoord.x) + ${EDGE} * int(gl_FragCoord.y);
  float t = float(i) / ${EDGE * EDGE - 1}.;
  Sample s;
  s.value = fract(t * 7.) * 1.2 - .1;
  s.raw = s.value * 1000.;
  s.gradient = vec3(t - .5, .2 * t, -t) * (i % 3 == 0 ? 0. : 1.);
  s.position = vec3(t, 2. * t, -3. * t) * 100.;
  s.voxel = vec3(i, 2 * i, i / 2);
  s.label = i % 4 == 0 ? 0u : uint(i * 977);
  turns = 0;
  vec4 c = checked(userShade_0(s));
  color = vec4(turns > MAX_TURNS_OF_SAMPLE ? 1. : 0., c.a, c.r, 1.);
}`;

/** What is wrong with a shader, at the lines of its text; nothing where it may be drawn with. */
export function tryShader(screen: Fullscreen, shader: UserShader): ShaderFault[] {
  const gl = screen.renderer.getContext() as WebGL2RenderingContext;
  if (gl.isContextLost()) return [];
  const parts = [labelsGlsl, hookGlsl, BEFORE, userPart(shader, 0), AFTER];
  const faults = compile(gl, parts);
  if (faults.length > 0) return faults;
  return endless(screen, shader, parts) ? [{ line: loopLine(shader), message: `a loop turned more than ${MAX_TURNS_OF_SAMPLE} times at one sample: bound it` }] : [];
}

/** Errors of the compiler; those in what is ours, which no user could mend, are given at line 1. */
function compile(gl: WebGL2RenderingContext, parts: readonly string[]): ShaderFault[] {
  const defines = Object.entries(DEFINES).map(([name, value]) => `#define ${name} ${value}\n`);
  const shader = gl.createShader(gl.FRAGMENT_SHADER);
  if (!shader) return [];
  gl.shaderSource(shader, `#version 300 es\n${defines.join('')}${HEAD}${parts.join('\n')}`);
  gl.compileShader(shader);
  const built = gl.getShaderParameter(shader, gl.COMPILE_STATUS) as boolean;
  const log = gl.getShaderInfoLog(shader) ?? '';
  gl.deleteShader(shader);
  return built || gl.isContextLost() ? [] : faultsIn(log);
}

/** The faults that a compiler's log names: `ERROR: 1:7: 'x' : undeclared identifier`. Text 1 is the user's. */
export function faultsIn(log: string): ShaderFault[] {
  const faults: ShaderFault[] = [];
  for (const [, text, line, message] of log.matchAll(/ERROR:\s*(\d+):(\d+):\s*([^\n]*)/g)) {
    const fault = { line: text === '1' ? Number(line) : 1, message: readable(message as string) };
    if (!faults.some((f) => f.line === fault.line && f.message === fault.message)) faults.push(fault);
  }
  return faults.length > 0 ? faults : [{ line: 1, message: readable(log.replace(/^ERROR:\s*/, '').replace(/\0/g, '')) || 'the browser refused the shader and gave no reason' }];
}

/** Names as the user wrote them. */
const readable = (message: string): string =>
  message
    .replace(/\buserShade_\d+/g, 'shade')
    .replace(/\b(transfer|lit)_\d+\b/g, '$1')
    .replace(/\buser(?:Value)?_\d+_(\w+)/g, '$1')
    .trim();

function loopLine({ body }: UserShader): number {
  const at = body.search(/\b(?:for|while|do)\b/);
  return at < 0 ? 1 : body.slice(0, at).split('\n').length;
}

function endless(screen: Fullscreen, shader: UserShader, parts: readonly string[]): boolean {
  if (!/\bgoOn\(\)/.test(shader.body)) return false;
  const target = new THREE.WebGLRenderTarget(EDGE, EDGE, { depthBuffer: false });
  const palette = new THREE.DataTexture(new Uint8Array(4), 1, 1);
  palette.needsUpdate = true;
  const uniforms: Record<string, THREE.IUniform> = { uPalette: { value: palette } };
  for (const { name, initial } of shader.uniforms) uniforms[uniformName(0, name)] = { value: initial };
  const material = shaderMaterial(parts, uniforms, 'replace', DEFINES);
  screen.draw(material, { x: 0, y: 0, width: EDGE, height: EDGE }, target);
  const bytes = new Uint8Array(4 * EDGE * EDGE);
  screen.renderer.readRenderTargetPixels(target, 0, 0, EDGE, EDGE, bytes);
  for (const made of [target, palette, material]) made.dispose();
  return bytes.some((byte, i) => i % 4 === 0 && byte > 127);
}
