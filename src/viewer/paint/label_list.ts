/** The labels that can be painted: number, colour, name, and how much of each there is. */

import type { LabelCounts } from '../../session/label_edits.js';
import { setTyped, typedField } from '../annotate/mark_details.js';
import { h, setAttribute, setText } from '../dom.js';
import { formatNumber } from '../format.js';
import { ownColors, withClass, withColor } from '../look/label_edits.js';
import type { PaintTool } from './paint_tool.js';

/** Rows that there are at least, and at most. */
const LEAST = 4;
const MOST = 64;

/** Labels of the list: the first ones, those that mean something or are there, and the one that is painted. Pure. */
export function listedLabels(classes: Readonly<Record<string, unknown>>, counts: LabelCounts | undefined, painted: number): number[] {
  const known = new Set([...Array.from({ length: LEAST }, (_, i) => i + 1), ...Object.keys(classes).map(Number), ...(counts?.keys() ?? [])]);
  const first = [...known].filter((label) => Number.isSafeInteger(label) && label > 0).sort((a, b) => a - b).slice(0, MOST);
  return painted > 0 && !first.includes(painted) ? [...first, painted] : first;
}

/** Words of an amount: voxels, and the volume that they are where lengths have a unit. */
export function amountWords(voxels: number, voxelSize: readonly number[], unit: string): string {
  if (voxels === 0) return '';
  const volume = voxels * voxelSize.reduce((product, edge) => product * edge, 1);
  return `${formatNumber(voxels, 3)} voxels${unit ? `, ${formatNumber(volume, 3)} ${unit}³` : ''}`;
}

interface Row {
  readonly element: HTMLElement;
  readonly color: HTMLInputElement;
  readonly choose: HTMLButtonElement;
  readonly amount: HTMLElement;
}

export class LabelList {
  readonly element: HTMLElement;
  readonly #rows = new Map<number, Row>();
  readonly #list = h('div', { role: 'list', class: 'voxbeam-label-list' });
  readonly #name: HTMLInputElement;
  readonly #facts = h('p', { class: 'voxbeam-said', role: 'status' });

  constructor(
    readonly tool: PaintTool,
    readonly choose: (label: number) => void,
  ) {
    this.#name = typedField('Name of the label that is painted', 'What the label that is painted means; everybody sees it', 'label-name', (name) => {
      this.#setClass(this.tool.state?.label ?? 0, { name: name.trim() });
    });
    this.#name.placeholder = 'what it means';
    this.element = h('div', { class: 'voxbeam-labels', role: 'group', 'aria-label': 'Labels' }, this.#list, this.#name, this.#facts);
  }

  show(counts: LabelCounts | undefined): void {
    const { state, layer, target } = this.tool;
    if (!state) return;
    const classes = layer?.classes ?? {};
    const labels = listedLabels(classes, counts, state.label);
    for (const [label, { element }] of this.#rows) {
      if (labels.includes(label)) continue;
      element.remove();
      this.#rows.delete(label);
    }
    const mayEdit = this.tool.host.mayEdit();
    for (const [i, label] of labels.entries()) {
      let row = this.#rows.get(label);
      if (!row) {
        row = this.#make(label);
        this.#rows.set(label, row);
      }
      if (this.#list.children[i] !== row.element) this.#list.insertBefore(row.element, this.#list.children[i] ?? null);
      const name = classes[String(label)]?.name ?? '';
      const color = this.tool.colorOf(label).toLowerCase();
      if (row.color.value !== color) row.color.value = color;
      row.color.disabled = !mayEdit;
      setText(row.choose, name || `Label ${label}`);
      setAttribute(row.choose, 'aria-pressed', String(state.label === label));
      const voxels = counts?.get(label) ?? 0;
      setText(row.amount, voxels > 0 ? formatNumber(voxels, 3) : '');
      setAttribute(row.amount, 'title', target && amountWords(voxels, target.description.voxel_size, target.description.unit));
    }
    setTyped(this.#name, classes[String(state.label)]?.name ?? '');
    this.#name.readOnly = !mayEdit || state.label === 0;
    const own = target && amountWords(counts?.get(state.label) ?? 0, target.description.voxel_size, target.description.unit);
    setText(this.#facts, own ?? '');
  }

  #make(label: number): Row {
    const color: HTMLInputElement = h('input', {
      type: 'color', title: `Colour of label ${label}`, 'aria-label': `Colour of label ${label}`, on: { input: () => this.#setClass(label, { color: color.value }) },
    });
    const choose = h('button', {
      type: 'button', class: 'voxbeam-mark-name', title: label < 10 ? `Paint label ${label} (${label})` : `Paint label ${label}`, 'data-label': label, on: { click: () => this.choose(label) },
    });
    const amount = h('span', { class: 'voxbeam-amount' });
    const element = h('div', { class: 'voxbeam-group-row', role: 'listitem' }, h('kbd', {}, String(label)), color, choose, amount);
    return { element, color, choose, amount };
  }

  #setClass(label: number, patch: { name?: string; color?: string }): void {
    const { layer, host } = this.tool;
    if (!layer || label === 0 || !host.mayEdit()) return;
    const labelColors = patch.color === undefined ? {} : { labelColors: withColor(ownColors(layer), String(label), undefined) };
    host.scene.setLayer(layer.id, { classes: withClass(layer.classes, String(label), patch), ...labelColors });
  }
}
