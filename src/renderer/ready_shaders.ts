/**
 * Which shaders can be drawn with at once. A new one is compiled beside everything else; the first question about it waits for all that
 * the GPU was given before, so it is asked when the GPU has nothing in hand. Until then draws with it are left out, and nothing waits.
 */

import type * as THREE from 'three';

/** The part of three's programs that is used. */
interface Program {
  /** Whether it is compiled; true at once where the device cannot tell. */
  isReady(): boolean;
  /** Asks for all of its uniforms, once. */
  getUniforms(): unknown;
}

/** A shader that is being compiled. */
interface Coming {
  readonly program: Program;
  /** Behind the order to compile it: all that can be known where the device tells no more. */
  readonly ordered: WebGLSync | null;
}

/** The shaders of one WebGL context. */
export class ReadyShaders {
  readonly #known = new WeakSet<Program>();
  readonly #coming = new Map<THREE.Material, Coming>();
  readonly #gl: WebGL2RenderingContext;

  constructor(readonly renderer: THREE.WebGLRenderer) {
    this.#gl = renderer.getContext() as WebGL2RenderingContext;
  }

  /** Whether the mesh of a scene can be drawn without waiting; where not, its shader is compiled from now on. */
  has(scene: THREE.Scene, mesh: THREE.Mesh, camera: THREE.Camera): boolean {
    const material = mesh.material as THREE.Material;
    const program = this.#programOf(material);
    if (program && this.#known.has(program)) return true;
    if (program && this.#coming.get(material)?.program === program) return false;
    this.renderer.compile(scene, camera);
    const made = this.#programOf(material);
    if (!made || this.#known.has(made)) return true;
    const ordered = this.#gl.fenceSync(this.#gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    this.#gl.flush(); // else the order would lie in the page until something is drawn
    this.#coming.set(material, { program: made, ordered });
    return false;
  }

  /** Whether one is compiled and only waits for `takeUp`. */
  get due(): boolean {
    for (const [material, coming] of this.#coming) if (this.#isCurrent(material, coming) && this.#isReady(coming)) return true;
    return false;
  }

  /** Takes up one that was compiled meanwhile: on a busy machine even an answer at once takes a while. To be called when the GPU has nothing in hand. */
  takeUp(): void {
    for (const [material, coming] of this.#coming) {
      const current = this.#isCurrent(material, coming);
      if (current && !this.#isReady(coming)) continue;
      this.#coming.delete(material);
      this.#gl.deleteSync(coming.ordered);
      if (!current) continue;
      coming.program.getUniforms();
      this.#known.add(coming.program);
      return;
    }
  }

  /** False after a lost context, and of what nobody uses any more. */
  #isCurrent(material: THREE.Material, { program }: Coming): boolean {
    return this.#programOf(material) === program;
  }

  #isReady({ program, ordered }: Coming): boolean {
    return (!ordered || this.#gl.getSyncParameter(ordered, this.#gl.SYNC_STATUS) === this.#gl.SIGNALED) && program.isReady();
  }

  #programOf(material: THREE.Material): Program | undefined {
    return (this.renderer.properties.get(material) as { currentProgram?: Program }).currentProgram;
  }
}
