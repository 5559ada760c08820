/** A dialog over the viewer: a few fields, a button that starts something, its progress, and a way to cancel it. */

import { h, setText } from './dom.js';

export type DialogField = { readonly name: string; readonly label: string } & (
  | { readonly kind: 'number'; readonly value: number; readonly min?: number }
  | { readonly kind: 'choice'; readonly value: string; readonly choices: Readonly<Record<string, string>> }
);

/** What the dialog starts; it closes once that is done, and says why where it fails. */
export type DialogJob = (values: Record<string, string>, signal: AbortSignal, progress: (done: number, of: number) => void) => Promise<void>;

export class Dialog {
  readonly element: HTMLElement;
  readonly #form: HTMLFormElement;
  readonly #fields = new Map<string, HTMLInputElement | HTMLSelectElement>();
  readonly #words = h('p', { class: 'voxbeam-dialog-words', role: 'status' });
  readonly #bar = h('progress', { max: 1, value: 0, 'aria-label': 'Progress' });
  readonly #start = h('button', { type: 'submit', class: 'voxbeam-words' }, 'Start');
  #running: AbortController | undefined;

  constructor(
    title: string,
    fields: readonly DialogField[],
    readonly job: DialogJob,
  ) {
    const rows = fields.map((field) => {
      const element = makeField(field);
      this.#fields.set(field.name, element);
      return h('label', {}, h('span', {}, field.label), element);
    });
    const cancel = h('button', { type: 'button', class: 'voxbeam-words', on: { click: () => this.close() } }, 'Cancel');
    this.#bar.hidden = true;
    this.#form = h(
      'form',
      { class: 'voxbeam-dialog-form', novalidate: true, on: { submit: this.#submit } },
      h('h2', {}, title),
      ...rows,
      this.#bar,
      this.#words,
      h('div', { class: 'voxbeam-buttons' }, this.#start, cancel),
    );
    this.element = h('div', { class: 'voxbeam-dialog', role: 'dialog', 'aria-modal': 'true', 'aria-label': title, on: { keydown: this.#key } }, this.#form);
  }

  focus(): void {
    ([...this.#fields.values()][0] ?? this.#start).focus();
  }

  /** Takes the dialog away and cancels what it started. */
  close(): void {
    this.#running?.abort(new Error('cancelled'));
    const root = this.element.parentElement;
    this.element.remove();
    root?.focus();
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    if (!this.#running) void this.#run();
  };

  async #run(): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    const values = Object.fromEntries([...this.#fields].map(([name, field]) => [name, field.value]));
    this.#busy(true);
    setText(this.#words, 'Waiting for the picture …');
    try {
      await this.job(values, running.signal, (done, of) => {
        this.#bar.value = done / of;
        setText(this.#words, `${done} of ${of} frames`);
      });
      this.#running = undefined;
      this.close();
    } catch (error) {
      setText(this.#words, (error as Error).message);
    } finally {
      this.#running = undefined;
      this.#busy(false);
    }
  }

  #busy(busy: boolean): void {
    this.#bar.hidden = !busy;
    this.#start.disabled = busy;
    for (const field of this.#fields.values()) field.disabled = busy;
  }

  /** Keys are the dialog's: what is typed here is no command. */
  readonly #key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.close();
    event.stopPropagation();
  };
}

function makeField(field: DialogField): HTMLInputElement | HTMLSelectElement {
  if (field.kind === 'number') return h('input', { type: 'number', name: field.name, value: field.value, step: 'any', min: field.min });
  return h(
    'select',
    { name: field.name },
    ...Object.entries(field.choices).map(([value, words]) => h('option', { value, selected: value === field.value }, words)),
  );
}
