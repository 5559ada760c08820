/** Dark or light: as asked for, as JupyterLab is set, or as the system prefers; followed when it changes. */

export type ThemeChoice = 'auto' | 'dark' | 'light';
export type Theme = 'dark' | 'light';

/** Colour behind the volumes, as the shell's `--vb-bg`. */
export const BACKGROUND: Readonly<Record<Theme, readonly [number, number, number]>> = {
  dark: [0x14 / 255, 0x16 / 255, 0x1a / 255],
  light: [1, 1, 1],
};

/** Keeps `data-theme` of the root, and `data-host` where a JupyterLab page gives the colours. */
export class ThemeWatch {
  #theme: Theme | undefined;
  readonly #observer: MutationObserver;
  readonly #media: MediaQueryList | undefined;

  /** @param changed called at once, and after each change */
  constructor(
    readonly root: HTMLElement,
    readonly choice: ThemeChoice,
    readonly changed: (theme: Theme) => void,
  ) {
    const owner = root.ownerDocument;
    this.#media = owner.defaultView?.matchMedia?.('(prefers-color-scheme: dark)');
    this.#media?.addEventListener('change', this.#update);
    this.#observer = new MutationObserver(this.#update);
    this.#observer.observe(owner.body, { attributes: true, attributeFilter: ['data-jp-theme-light', 'class'] });
    this.#update();
  }

  get theme(): Theme {
    return this.#theme ?? 'dark';
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#media?.removeEventListener('change', this.#update);
  }

  readonly #update = (): void => {
    const { body } = this.root.ownerDocument;
    const jupyter = this.choice === 'auto' && body.dataset.jpThemeLight !== undefined;
    const theme = this.choice === 'auto' ? hostTheme(body, this.#media?.matches ?? true) : this.choice;
    if (jupyter) this.root.dataset.host = 'jupyter';
    else delete this.root.dataset.host;
    if (theme === this.#theme) return;
    this.#theme = theme;
    this.root.dataset.theme = theme;
    this.changed(theme);
  };
}

/** The theme of the page around: JupyterLab and VS Code say theirs on the body. */
function hostTheme(body: HTMLElement, prefersDark: boolean): Theme {
  const light = body.dataset.jpThemeLight;
  if (light !== undefined) return light === 'true' ? 'light' : 'dark';
  if (body.classList.contains('vscode-light')) return 'light';
  if (body.classList.contains('vscode-dark') || prefersDark) return 'dark';
  return 'light';
}
