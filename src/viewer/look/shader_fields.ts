/** A layer's own shader: its text with the numbers of its lines, what is wrong at which of them, and sliders for its uniforms. */

import type { Layer, LayerPatch } from '../../annotation/model.js';
import { readShader, type ShaderFault, type ShaderUniform, uniformValue } from '../../renderer/user_shader.js';
import { h } from '../dom.js';
import { wordButton } from '../instruments/fields.js';
import type { ShownLayer } from '../shown_layers.js';
import { type Control, slider } from './controls.js';

/** What became of a layer's shader when it was compiled and tried. */
export type ShaderReports = (volume: number) => { readonly ok: boolean; readonly errors: readonly ShaderFault[] } | undefined;

/** What the panel offers to begin with: what is even fades, what changes stays. */
export const EXAMPLE = `uniform float edge; // 0 0.5 0.1

vec4 shade(Sample s) {
  vec4 c = transfer(s.value);
  c.a *= smoothstep(0., edge, length(s.gradient));
  return lit(c, s);
}
`;

export class ShaderFields {
  readonly element: HTMLElement;
  readonly #text: HTMLTextAreaElement;
  readonly #lines = h('pre', { class: 'voxbeam-line-numbers', 'aria-hidden': 'true' });
  readonly #faults = h('ul', { class: 'voxbeam-faults', role: 'status', 'aria-label': 'Errors of the shader' });
  readonly #sliders = h('div', { class: 'voxbeam-uniforms' });
  #controls: readonly { readonly uniform: ShaderUniform; readonly control: Control<number> }[] = [];
  #layer: Layer | undefined;
  /** The text that is in the scene, as it was shown last. */
  #known = '';
  #uniformsKey = '';

  constructor(
    readonly changed: (patch: LayerPatch) => void,
    readonly reports: ShaderReports,
  ) {
    this.#text = h('textarea', {
      spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', rows: 8, wrap: 'off', 'aria-label': 'Shader, GLSL', placeholder: 'vec4 shade(Sample s) { … }',
      title: 'vec4 shade(Sample s) in GLSL; ctrl enter applies it',
      on: {
        input: () => this.#number([]),
        scroll: () => {
          this.#lines.scrollTop = this.#text.scrollTop;
        },
        keydown: (event: KeyboardEvent) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#apply();
          else if (event.key !== 'Escape') event.stopPropagation();
        },
      },
    });
    this.element = h(
      'div',
      { class: 'voxbeam-shader' },
      h('div', { class: 'voxbeam-code' }, this.#lines, this.#text),
      h(
        'div',
        { class: 'voxbeam-buttons' },
        wordButton('Apply', 'Draw with this shader (ctrl enter)', () => this.#apply(), { 'data-action': 'apply-shader' }),
        wordButton('Remove', 'Draw without a shader', () => this.#remove(), { 'data-action': 'remove-shader' }),
        wordButton('Example', 'Put an example here, without applying it', () => this.#write(EXAMPLE), { 'data-action': 'shader-example' }),
      ),
      this.#faults,
      this.#sliders,
    );
    this.#number([]);
  }

  show({ layer, volume }: ShownLayer): void {
    this.#layer = layer;
    // What is being written stays until it is applied, whatever others apply meanwhile.
    if (layer.shader !== this.#known && (this.#text.value === this.#known || this.#text.value === layer.shader)) this.#text.value = layer.shader;
    this.#known = layer.shader;
    const read = layer.shader.trim() === '' ? undefined : readShader(layer.shader);
    this.#showSliders(layer, read?.shader?.uniforms ?? []);
    const faults = read ? (this.reports(volume.handle)?.errors ?? read.errors) : [];
    // Lines are those of the text that was applied: beside another one they would mislead.
    this.#number(this.#text.value === layer.shader ? faults : []);
  }

  #apply(): void {
    this.changed({ shader: this.#text.value });
  }

  #remove(): void {
    this.#known = this.#text.value;
    this.changed({ shader: '', uniforms: {} });
  }

  #write(text: string): void {
    this.#text.value = text;
    this.#number([]);
    this.#text.focus();
  }

  #number(faults: readonly ShaderFault[]): void {
    const bad = new Set(faults.map(({ line }) => line));
    const count = this.#text.value.split('\n').length;
    this.#lines.replaceChildren(...Array.from({ length: count }, (_, i) => h('span', { 'data-bad': bad.has(i + 1) }, `${i + 1}\n`)));
    this.#faults.replaceChildren(
      ...faults.map(({ line, message }) => h('li', {}, h('button', { type: 'button', title: `Go to line ${line}`, 'data-line': line, on: { click: () => this.#goTo(line) } }, `line ${line}: ${message}`))),
    );
  }

  #goTo(line: number): void {
    const lines = this.#text.value.split('\n');
    const from = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    this.#text.focus();
    this.#text.setSelectionRange(from, from + (lines[line - 1]?.length ?? 0));
  }

  #showSliders(layer: Layer, uniforms: readonly ShaderUniform[]): void {
    const key = JSON.stringify(uniforms);
    if (key !== this.#uniformsKey) {
      this.#uniformsKey = key;
      this.#controls = uniforms.map((uniform) => {
        const { name, min, max, initial } = uniform;
        const set = (value: number) => this.changed({ uniforms: { ...this.#layer?.uniforms, [name]: Number(value.toPrecision(6)) } });
        return { uniform, control: slider(`Shader's ${name}`, { min, max, step: (max - min) / 200, reset: initial }, set) };
      });
      this.#sliders.replaceChildren(...this.#controls.flatMap(({ uniform, control }) => [h('span', { class: 'voxbeam-label', title: uniform.name }, uniform.name), control.element]));
    }
    for (const { uniform, control } of this.#controls) control.show(uniformValue(uniform, layer.uniforms));
  }
}
