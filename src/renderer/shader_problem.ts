/**
 * Whether this browser took every shader. Asked once for each, when the GPU has nothing else to do, for the answer waits for it: what was
 * linked is known to the page by then, why not is not.
 */

import type * as THREE from 'three';

const asked = new WeakMap<WebGLProgram, string | undefined>();

/** A sentence on the first shader that could not be built; undefined where all were. */
export function shaderProblem(renderer: THREE.WebGLRenderer): string | undefined {
  const gl = renderer.getContext();
  for (const { program } of renderer.info.programs ?? []) {
    const built = program as WebGLProgram;
    if (!asked.has(built)) {
      const linked = gl.getProgramParameter(built, gl.LINK_STATUS) as boolean;
      asked.set(built, linked ? undefined : `This browser's graphics refused a shader: ${reasonOf(gl, built)}. Update the browser or its driver.`);
    }
    const problem = asked.get(built);
    if (problem) return problem;
  }
  return undefined;
}

const reasonOf = (gl: WebGLRenderingContext | WebGL2RenderingContext, built: WebGLProgram) => gl.getProgramInfoLog(built)?.trim() || 'no reason given';
