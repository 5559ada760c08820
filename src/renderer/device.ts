/** What the graphics device cannot do, and a sentence about it. */

import type * as THREE from 'three';
import { STORED_EDGE } from '../protocol/limits.js';

/** What a device can do of what the renderer would like. */
export interface Device {
  /** Slots that a 3D texture can hold along an edge. */
  readonly edgeSlots: number;
  /** Whether floats are filtered; else their nearest voxel is shown. */
  readonly floatLinear: boolean;
  /** Whether pictures can be collected in half floats; else in bytes. */
  readonly halfTargets: boolean;
}

/** Names of devices that are programs on the processor. */
const PROGRAMS = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Whether a program on the processor draws in place of a GPU, as far as the browser says. */
export function drawsOnProcessor(gl: WebGL2RenderingContext): boolean {
  const more = gl.getExtension('WEBGL_debug_renderer_info');
  return PROGRAMS.test(String(gl.getParameter(more ? more.UNMASKED_RENDERER_WEBGL : gl.RENDERER)));
}

/** Asks the device, and turns on what it has. */
export function deviceOf({ extensions, getContext }: Pick<THREE.WebGLRenderer, 'extensions' | 'getContext'>): Device {
  const gl = getContext() as WebGL2RenderingContext;
  return {
    edgeSlots: Math.floor((gl.getParameter(gl.MAX_3D_TEXTURE_SIZE) as number) / STORED_EDGE),
    floatLinear: extensions.has('OES_texture_float_linear'),
    halfTargets: extensions.has('EXT_color_buffer_float') || extensions.has('EXT_color_buffer_half_float'),
  };
}

/**
 * What of it is seen, in a sentence for people; undefined where nothing is.
 *
 * @param floats whether floats are shown
 * @param slots bricks that the budget would hold in one texture
 */
export function deviceWords({ edgeSlots, floatLinear, halfTargets }: Device, floats: boolean, slots: number): string | undefined {
  const words: string[] = [];
  if (floats && !floatLinear) words.push('does not smooth floating values: each voxel is a block');
  if (!halfTargets) words.push('collects still pictures in 8 bits: faint steps of brightness may be seen');
  if (edgeSlots ** 3 < slots) words.push(`has 3D textures for ${edgeSlots ** 3} bricks at most: large volumes stay coarser`);
  return words.length > 0 ? `This graphics device ${words.join('; it ')}` : undefined;
}
