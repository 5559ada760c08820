/** One layer in the panel: what it is, and its settings. */

import type { LayerPatch } from '../annotation/model.js';
import { ColormapSelect } from './colormap_select.js';
import { h, setAttribute, setText } from './dom.js';
import { formatNumber } from './format.js';
import { icon, setIcon } from './icons.js';
import { OpacityEditor } from './opacity_editor.js';
import { RangeSlider } from './range_slider.js';
import type { ShownLayer } from './shown_layers.js';
import { button } from './toolbar.js';

export class LayerRow {
  readonly element: HTMLElement;
  readonly #name = h('span', { class: 'voxbeam-layer-name' });
  readonly #kind = h('span', { class: 'voxbeam-chip' });
  readonly #facts = h('p', { class: 'voxbeam-facts' });
  readonly #fields = h('div', { class: 'voxbeam-fields' });
  readonly #eye: HTMLButtonElement;
  readonly #eyeIcon = icon('eye');
  readonly #chevron: HTMLButtonElement;
  readonly #opacity: HTMLInputElement;
  readonly #auto: HTMLButtonElement;
  readonly #modes: Readonly<Record<'dvr' | 'mip', HTMLButtonElement>>;
  readonly #window: RangeSlider;
  readonly #colormap: ColormapSelect;
  readonly #points: OpacityEditor;
  #shown: ShownLayer | undefined;

  constructor(
    readonly changed: (patch: LayerPatch) => void,
    open: boolean,
  ) {
    this.#eye = button(undefined, 'Show or hide', () => changed({ visible: this.#shown?.layer.visible !== true }), { 'data-action': 'visible' });
    this.#eye.append(this.#eyeIcon);
    this.#chevron = button('chevron', 'Settings', () => this.#open(this.#fields.hasAttribute('hidden')), { class: 'voxbeam-chevron' });
    this.#opacity = h('input', {
      type: 'range', min: 0, max: 1, step: 0.01, 'aria-label': 'Opacity', title: 'Opacity',
      on: { input: () => changed({ opacity: Number(this.#opacity.value) }) },
    });
    this.#auto = button(undefined, 'Window from the values', () => changed({ window: undefined }), { 'data-action': 'auto' });
    this.#auto.append('Auto');
    this.#window = new RangeSlider('Window', (window) => changed({ window }), this.#auto);
    this.#colormap = new ColormapSelect((colormap) => changed({ colormap }));
    this.#points = new OpacityEditor((points) => changed({ points }));
    const mode = (name: 'dvr' | 'mip', label: string, title: string) => {
      const made = button(undefined, title, () => changed({ mode: name }), { 'data-mode': name });
      made.append(label);
      return made;
    };
    this.#modes = { dvr: mode('dvr', 'Volume', 'Direct volume rendering'), mip: mode('mip', 'Maximum', 'Maximum intensity projection') };
    this.element = h(
      'div',
      { class: 'voxbeam-layer' },
      h('div', { class: 'voxbeam-row' }, this.#eye, this.#name, this.#kind, this.#chevron),
      this.#facts,
      this.#fields,
    );
    this.#open(open);
  }

  show(shown: ShownLayer): void {
    if (shown === this.#shown) return;
    if (shown.layer.kind !== this.#shown?.layer.kind) this.#arrange(shown.layer.kind);
    this.#shown = shown;
    const { layer, volume, settings, range } = shown;
    setText(this.#name, volume.description.name);
    setAttribute(this.#name, 'title', volume.description.name);
    setText(this.#kind, layer.kind);
    const { text, bad } = facts(shown);
    setText(this.#facts, text);
    setAttribute(this.#facts, 'data-tone', bad ? 'bad' : undefined);
    setAttribute(this.element, 'data-visible', String(layer.visible));
    setIcon(this.#eyeIcon, layer.visible ? 'eye' : 'eyeOff');
    setAttribute(this.#eye, 'aria-label', layer.visible ? 'Hide' : 'Show');
    if (document.activeElement !== this.#opacity) this.#opacity.value = String(layer.opacity);
    if (layer.kind === 'labels') return;
    this.#window.show(settings.window, [range.min, range.max]);
    setAttribute(this.#auto, 'aria-pressed', String(shown.automatic));
    this.#colormap.show(layer.colormap);
    this.#points.show(layer.points, shown.histogram, settings.window);
    for (const [name, element] of Object.entries(this.#modes)) setAttribute(element, 'aria-pressed', String(name === layer.mode));
  }

  /** Labels have neither window nor curve: their values are names. */
  #arrange(kind: ShownLayer['layer']['kind']): void {
    const label = (text: string) => h('span', { class: 'voxbeam-label', 'aria-hidden': 'true' }, text);
    const rows: [string, Element][] = [['Opacity', this.#opacity]];
    if (kind === 'image') {
      const modes = h('div', { class: 'voxbeam-switch', role: 'group', 'aria-label': 'Rendering' }, this.#modes.dvr, this.#modes.mip);
      rows.unshift(['Colours', this.#colormap.element], ['Window', this.#window.element]);
      rows.push(['Curve', this.#points.element], ['3D', modes]);
    }
    this.#fields.replaceChildren(...rows.flatMap(([name, field]) => [label(name), field]));
  }

  #open(open: boolean): void {
    this.#fields.hidden = !open;
    this.#chevron.setAttribute('aria-expanded', String(open));
  }
}

/** Size, type and voxel size in one line, and what there is to say of the volume's state. */
export function facts({ volume: { description, status } }: Pick<ShownLayer, 'volume'>): { text: string; bad: boolean } {
  const { shape, dtype, voxel_size: size, unit, note } = description;
  const voxel = size.every((edge) => edge === size[0]) ? formatNumber(size[0]) : size.map((edge) => formatNumber(edge)).join(' × ');
  const parts = [shape.join(' × '), dtype];
  if (unit || voxel !== '1') parts.push(unit ? `${voxel} ${unit}` : `voxel ${voxel}`);
  if (note) parts.push(note);
  const gone = status.producer === 'gone' && !status.complete;
  if (gone) parts.push(`its kernel is gone: shows the ${status.resident} of ${status.total} bricks that are here`);
  else if (status.filling && status.total > 0) parts.push(`loading into the server: ${Math.floor((100 * status.resident) / status.total)} %`);
  if (status.message) parts.push(status.message);
  return { text: parts.join(' · '), bad: gone || Boolean(status.message) };
}
