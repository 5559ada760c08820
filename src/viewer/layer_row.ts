/** One layer in the panel: what it is, and its settings. */

import type { LayerPatch } from '../annotation/model.js';
import { ChannelLine } from './channel_line.js';
import { h, setAttribute, setText } from './dom.js';
import { formatNumber } from './format.js';
import { brickHistogram, mergeHistograms, type Histogram } from './histogram.js';
import { icon, setIcon } from './icons.js';
import { CoarseBricks, type Peek, voxelWeight } from './look/coarse_bricks.js';
import { type Control, folded, slider } from './look/controls.js';
import { LabelFields } from './look/label_fields.js';
import { PointFields } from './look/point_fields.js';
import { PresetPicker } from './look/preset_picker.js';
import { RenderFields } from './look/render_fields.js';
import { ShaderFields, type ShaderReports } from './look/shader_fields.js';
import { TransferFields } from './look/transfer_fields.js';
import { TransformFields } from './look/transform_fields.js';
import type { ShownLayer } from './shown_layers.js';
import { button } from './toolbar.js';

/** What a row asks for. */
export interface LayerActions {
  changed(patch: LayerPatch): void;
  /** Puts the layer over the next one, or under the one before. */
  move(up: boolean): void;
  readonly sources: LayerSources;
}

/** What rows ask about the voxels and the picture. */
export interface LayerSources {
  readonly peek: Peek;
  readonly shaderReport: ShaderReports;
}

type Kind = ShownLayer['layer']['kind'];

export class LayerRow {
  readonly element: HTMLElement;
  readonly #name = h('span', { class: 'voxbeam-layer-name' });
  readonly #kind = h('span', { class: 'voxbeam-chip' });
  readonly #facts = h('p', { class: 'voxbeam-facts' });
  readonly #fields = h('div', { class: 'voxbeam-fields' });
  readonly #eye: HTMLButtonElement;
  readonly #eyeIcon = icon('eye');
  readonly #chevron: HTMLButtonElement;
  readonly #opacity: Control<number>;
  readonly #presets: PresetPicker;
  readonly #transform: TransformFields;
  readonly #transfer: TransferFields;
  readonly #render: RenderFields;
  readonly #labels: LabelFields;
  readonly #shader: ShaderFields;
  readonly #cloud: PointFields;
  readonly #channel: ChannelLine | undefined;
  #bricks: CoarseBricks<Histogram | undefined> | undefined;
  #histogram: Histogram | undefined;
  #shown: ShownLayer | undefined;
  #time = 0;

  /** @param channel whether it stands under the heading of an image of several channels */
  constructor(
    readonly actions: LayerActions,
    open: boolean,
    readonly channel = false,
  ) {
    const { changed } = actions;
    this.#eye = button(undefined, 'Show or hide', () => changed({ visible: this.#shown?.layer.visible !== true }), { 'data-action': 'visible' });
    this.#eye.append(this.#eyeIcon);
    this.#chevron = button('chevron', 'Settings', () => this.#open(this.#fields.hasAttribute('hidden')), { class: 'voxbeam-chevron' });
    const move = (words: string, title: string, up: boolean) => {
      const made = button(undefined, title, () => actions.move(up), { 'data-action': up ? 'raise' : 'lower', class: 'voxbeam-order' });
      made.append(words);
      return made;
    };
    this.#opacity = slider('Opacity', { min: 0, max: 1, reset: 1 }, (opacity) => changed({ opacity }));
    this.#presets = new PresetPicker(changed);
    this.#transform = new TransformFields(changed);
    this.#transfer = new TransferFields(changed);
    this.#render = new RenderFields(changed);
    this.#labels = new LabelFields(changed, actions.sources.peek);
    this.#cloud = new PointFields(changed);
    this.#shader = new ShaderFields(changed, actions.sources.shaderReport);
    this.#channel = channel ? new ChannelLine(changed) : undefined;
    this.element = h(
      'div',
      { class: 'voxbeam-layer' },
      h('div', { class: 'voxbeam-row' }, this.#eye, this.#channel?.color, this.#name, channel ? undefined : this.#kind, move('↑', 'Over the next layer', true), move('↓', 'Under the layer before', false), this.#chevron),
      this.#facts,
      this.#channel?.element,
      this.#fields,
    );
    this.#open(open);
  }

  /** By what the row is dragged. */
  get grip(): HTMLElement {
    return this.#name;
  }

  /** @param told what a heading over the row says already */
  show(shown: ShownLayer, time = 0, told = ''): void {
    if (shown === this.#shown && time === this.#time) return;
    this.#time = time;
    if (shown.layer.kind !== this.#shown?.layer.kind) this.#arrange(shown.layer.kind);
    this.#shown = shown;
    const { layer, volume } = shown;
    setText(this.#name, (this.channel && volume.description.channel?.name) || volume.description.name);
    setAttribute(this.#name, 'title', `${volume.description.name}: drag it over or under others`);
    setText(this.#kind, layer.kind);
    const { text, bad } = facts(shown);
    setText(this.#facts, text);
    this.#facts.hidden = text === told;
    this.#channel?.show(shown);
    setAttribute(this.#facts, 'data-tone', bad ? 'bad' : undefined);
    setAttribute(this.element, 'data-visible', String(layer.visible));
    setIcon(this.#eyeIcon, layer.visible ? 'eye' : 'eyeOff');
    setAttribute(this.#eye, 'aria-label', layer.visible ? 'Hide' : 'Show');
    this.#showFields();
  }

  #showFields(): void {
    const shown = this.#shown;
    if (!shown) return;
    const { layer, volume } = shown;
    const open = !this.#fields.hidden;
    this.#opacity.show(layer.opacity);
    this.#presets.show(shown);
    this.#transform.show(layer.transform);
    if (open && layer.kind !== 'points') this.#shader.show(shown);
    if (layer.kind === 'labels') {
      this.#labels.show(shown, open);
      return;
    }
    if (layer.kind === 'image') this.#lookAtBricks(volume, open);
    this.#transfer.show(shown, this.#histogram ?? shown.histogram);
    if (layer.kind === 'points') this.#cloud.show(shown);
    else this.#render.show(layer);
  }

  #lookAtBricks(volume: ShownLayer['volume'], open: boolean): void {
    if (this.#bricks?.volume.description !== volume.description) {
      this.#histogram = undefined;
      const { peek } = this.actions.sources;
      this.#bricks = new CoarseBricks(volume, peek, (brick) => brickHistogram(brick, volume.description), () => this.#refined());
    }
    if (open) this.#bricks.look();
  }

  /** A histogram of finer bricks than the coarsest has come together. */
  #refined(): void {
    const bricks = this.#bricks;
    if (!bricks || !this.#shown) return;
    const parts = bricks.cover().flatMap(({ key, value }) => (value ? [{ histogram: value, weight: voxelWeight(bricks.volume, key.level) }] : []));
    this.#histogram = mergeHistograms(parts);
    this.#transfer.show(this.#shown, this.#histogram);
  }

  /** Labels have neither window nor curve: their values are names. */
  #arrange(kind: Kind): void {
    const label = (text: string) => h('span', { class: 'voxbeam-label', 'aria-hidden': 'true' }, text);
    const own = {
      image: [...this.#transfer.rows, ...this.#render.rows],
      labels: this.#labels.rows,
      points: [...this.#transfer.rows, ...this.#cloud.rows],
    }[kind];
    const rows: readonly (readonly [string, HTMLElement])[] = [['Preset', this.#presets.element], ['Opacity', this.#opacity.element], ...own];
    this.#fields.replaceChildren(
      ...rows.flatMap(([name, field]) => {
        field.classList.toggle('voxbeam-wide', name === '');
        return name === '' ? [field] : [label(name), field];
      }),
      folded('Place in the world', 'transform', this.#transform.element),
      ...(kind === 'points' ? [] : [folded('Shader', 'shader', this.#shader.element)]),
    );
  }

  #open(open: boolean): void {
    this.#fields.hidden = !open;
    this.#chevron.setAttribute('aria-expanded', String(open));
    if (open) this.#showFields();
  }
}

/** Size, type and voxel size in one line, and what there is to say of the volume's state. */
export function facts({ volume: { description, status } }: Pick<ShownLayer, 'volume'>): { text: string; bad: boolean } {
  const { shape, dtype, voxel_size: size, unit, note, points } = description;
  const voxel = size.every((edge) => edge === size[0]) ? formatNumber(size[0]) : size.map((edge) => formatNumber(edge)).join(' × ');
  // The grid of a cloud is its octree's, and tells people nothing.
  const parts = points ? [`${formatNumber(points.count)} points`] : [shape.join(' × '), dtype];
  if (points?.properties.length) parts.push(points.properties.join(', '));
  else if (points) parts.push(...(unit ? [unit] : []));
  else if (unit || voxel !== '1') parts.push(unit ? `${voxel} ${unit}` : `voxel ${voxel}`);
  if (note) parts.push(note);
  const gone = status.producer === 'gone' && !status.complete;
  if (gone) parts.push(`its kernel is gone: shows the ${status.resident} of ${status.total} bricks that are here`);
  else if (status.filling && status.total > 0) parts.push(`loading into the server: ${Math.floor((100 * status.resident) / status.total)} %`);
  if (status.message) parts.push(status.message);
  return { text: parts.join(' · '), bad: gone || Boolean(status.message) };
}
