/** The shaders that users have given layers: read, tried, and drawn with only where nothing is wrong with them. */

import type { Fullscreen } from './fullscreen.js';
import { tryShader } from './shader_trial.js';
import { readShader, type ShaderFault, type ShaderUniform } from './user_shader.js';
import type { VolumeState } from './volume_state.js';

/** What became of a layer's shader. */
export interface ShaderReport {
  /** Whether the picture is drawn with it. */
  readonly ok: boolean;
  /** What is wrong, at the lines of its text. */
  readonly errors: readonly ShaderFault[];
  /** The numbers that it can be given; with errors those that could be read. */
  readonly uniforms: readonly ShaderUniform[];
}

/** One for each renderer. */
export class LayerShaders {
  readonly #known = new Map<number, { text: string; name: string; report: ShaderReport }>();

  constructor(readonly screen: Fullscreen) {}

  /**
   * Looks at a layer's shader where it is new. One with an error changes nothing: the layer is drawn as before. None at all ends the last.
   */
  take(volume: VolumeState): void {
    const { shader: text } = volume.settings;
    if (text.trim() === '') {
      this.#known.delete(volume.handle);
      if (volume.shader) volume.shader = undefined;
      return;
    }
    const known = this.#known.get(volume.handle);
    if (known?.text === text) return;
    const read = readShader(text);
    const errors = read.shader ? tryShader(this.screen, read.shader) : read.errors;
    if (read.shader && errors.length === 0) volume.shader = read.shader;
    const report = { ok: errors.length === 0, errors, uniforms: read.uniforms };
    this.#known.set(volume.handle, { text, name: volume.volume.description.name, report });
  }

  /** What became of the shader of a layer that has one. */
  report(handle: number): ShaderReport | undefined {
    return this.#known.get(handle)?.report;
  }

  /** Forgets a volume's. */
  forget(handle: number): void {
    this.#known.delete(handle);
  }

  /** A sentence for the user on the first shader that is not drawn with. */
  get problem(): string | undefined {
    for (const { name, report } of this.#known.values()) {
      const [fault] = report.errors;
      if (fault) return `The shader of ${name} is not used: line ${fault.line}: ${fault.message}`;
    }
    return undefined;
  }
}
