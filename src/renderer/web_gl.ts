/** The WebGL 2 context, as everything here is drawn with it. */

import * as THREE from 'three';

/**
 * Makes three's renderer for a canvas.
 *
 * @throws Error where the browser gives no WebGL 2 context
 */
export function makeWebGl(canvas: HTMLCanvasElement): THREE.WebGLRenderer {
  const gl = new THREE.WebGLRenderer({
    canvas,
    antialias: false,
    alpha: false,
    depth: false,
    stencil: false,
    // Views that have not changed are not drawn again, and a screenshot can be taken at any time.
    preserveDrawingBuffer: true,
    powerPreference: 'high-performance',
  });
  gl.autoClear = false;
  gl.outputColorSpace = THREE.LinearSRGBColorSpace; // colours are written as they are
  gl.info.autoReset = false;
  gl.debug.checkShaderErrors = false; // asking waits for the GPU: `shaderProblem` asks when there is time
  gl.extensions.has('EXT_color_buffer_float');
  gl.extensions.has('OES_texture_float_linear');
  return gl;
}
