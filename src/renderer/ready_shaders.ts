/**
 * Which shaders can be drawn with at once. A new one is compiled beside everything else; the first question about it waits for all that
 * the GPU was given before, so it is asked when the GPU has nothing in hand. Until then draws with it are left out, and nothing waits.
 */

import type * as THREE from 'three';

/** The part of three's programs that is used. */
interface Program {
  /** Whether it is compiled; true at once where the browser cannot tell. */
  isReady(): boolean;
  /** Asks for all of its uniforms, once. */
  getUniforms(): unknown;
}

/** The shaders of one WebGL context. */
export class ReadyShaders {
  readonly #known = new WeakSet<Program>();
  readonly #coming = new Map<THREE.Material, Program>();

  constructor(readonly renderer: THREE.WebGLRenderer) {}

  /** Whether the mesh of a scene can be drawn without waiting; where not, its shader is compiled from now on. */
  has(scene: THREE.Scene, mesh: THREE.Mesh, camera: THREE.Camera): boolean {
    const material = mesh.material as THREE.Material;
    const program = this.#programOf(material);
    if (program && this.#known.has(program)) return true;
    if (program && this.#coming.get(material) === program) return false;
    this.renderer.compile(scene, camera);
    this.renderer.getContext().flush(); // else it would lie in the page until something is drawn
    const made = this.#programOf(material);
    if (!made || this.#known.has(made)) return true;
    this.#coming.set(material, made);
    return false;
  }

  /** Whether one is compiled and only waits for `takeUp`. */
  get due(): boolean {
    for (const [material, program] of this.#coming) if (this.#isCurrent(material, program) && program.isReady()) return true;
    return false;
  }

  /** Takes up what was compiled meanwhile. To be called when the GPU has nothing in hand: it would be waited for. */
  takeUp(): void {
    for (const [material, program] of this.#coming) {
      const current = this.#isCurrent(material, program);
      if (current && !program.isReady()) continue;
      this.#coming.delete(material);
      if (!current) continue;
      program.getUniforms();
      this.#known.add(program);
    }
  }

  /** False after a lost context, and of what nobody uses any more. */
  #isCurrent(material: THREE.Material, program: Program): boolean {
    return this.#programOf(material) === program;
  }

  #programOf(material: THREE.Material): Program | undefined {
    return (this.renderer.properties.get(material) as { currentProgram?: Program }).currentProgram;
  }
}
