/** Texels from one 3D texture to another of the same format, on the GPU. */

import * as THREE from 'three';

/**
 * Copies a box, layer by layer. The layers are read through a framebuffer and written straight into the texture: three's own `copyTextureToTexture` draws each
 * into a framebuffer, for which drivers end and begin a pass, and software takes three times as long for all of it.
 *
 * @param box texels of `from`
 * @param to where its low corner goes
 */
export function copyTexels(renderer: THREE.WebGLRenderer, from: THREE.Data3DTexture, box: THREE.Box3, into: THREE.Data3DTexture, to: THREE.Vector3): void {
  const gl = renderer.getContext() as WebGL2RenderingContext;
  const { state } = renderer;
  const [source, target] = [from, into].map((texture) => (renderer.properties.get(texture) as { __webglTexture: WebGLTexture }).__webglTexture) as [WebGLTexture, WebGLTexture];
  const { x: width, y: height, z: depth } = box.getSize(new THREE.Vector3());
  const framebuffer = gl.createFramebuffer();
  state.bindFramebuffer(gl.READ_FRAMEBUFFER, framebuffer);
  state.activeTexture(gl.TEXTURE0);
  state.bindTexture(gl.TEXTURE_3D, target);
  for (let z = 0; z < depth; z += 1) {
    gl.framebufferTextureLayer(gl.READ_FRAMEBUFFER, gl.COLOR_ATTACHMENT0, source, 0, box.min.z + z);
    gl.copyTexSubImage3D(gl.TEXTURE_3D, 0, to.x, to.y, to.z + z, box.min.x, box.min.y, width, height);
  }
  state.unbindTexture();
  state.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
  gl.deleteFramebuffer(framebuffer);
}
