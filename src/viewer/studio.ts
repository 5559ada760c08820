/** Where pictures and movies are made: from the keyboard, from dialogs, and from Python. */

import { Capture, type CaptureHost } from './capture.js';
import { Dialog } from './dialog.js';
import type { MenuItem } from './instruments/menu.js';
import { makeMovie, MOVIE_FORMATS, type MovieCode, type MovieFormat, type MovieKind, type MovieOptions } from './movie.js';
import { download, encodePng, pictureName } from './screenshot.js';
import type { Size, ViewStore } from './view_state.js';

export interface StudioHost extends CaptureHost {
  readonly store: ViewStore;
  /** The element that dialogs stand in. */
  readonly root: HTMLElement;
  volumeName(): string;
  /** Time points of the volume with the most. */
  times(): number;
  tell(message: string): void;
  loadCode?: ((name: 'movie.js') => Promise<unknown>) | undefined;
}

/** Pictures and movies of one viewer. */
export class Studio {
  readonly #capture: Capture;
  readonly #ending = new AbortController();
  #dialog: Dialog | undefined;

  constructor(readonly host: StudioHost) {
    this.#capture = new Capture(host);
  }

  /** The picture with its marks as a PNG: as it is now, or drawn anew at a size with all that it should show. */
  async picture(size?: Size, signal: AbortSignal = this.#ending.signal): Promise<Blob> {
    const { host } = this;
    const problem = host.problem();
    if (problem) throw new Error(problem);
    if (size) return this.#capture.at(size, signal, async (shoot) => encodePng(await shoot()));
    const { picture, overlay } = host.drawNow();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [picture.width, picture.height];
    const context = canvas.getContext('2d');
    if (!context) throw new Error('the browser gives no 2D canvas for the picture');
    for (const layer of [picture, overlay]) if (layer.width > 0 && layer.height > 0) context.drawImage(layer, 0, 0, canvas.width, canvas.height);
    return encodePng(canvas);
  }

  /** A movie as a file of its format. */
  movie(options: MovieOptions, signal: AbortSignal = this.#ending.signal, progress: (done: number, of: number) => void = () => undefined): Promise<Blob> {
    const { host } = this;
    const problem = host.problem();
    if (problem) return Promise.reject(new Error(problem));
    const code = async () => {
      if (!host.loadCode) throw new Error('this page cannot load what encodes movies');
      return (await host.loadCode('movie.js')) as MovieCode;
    };
    return makeMovie(options, { capture: this.#capture, store: host.store, code, times: host.times() }, signal, progress);
  }

  /** Saves the picture as it is. */
  async save(): Promise<void> {
    try {
      download(await this.picture(), pictureName(this.host.volumeName(), new Date()));
    } catch (error) {
      this.host.tell(`The picture could not be saved: ${(error as Error).message}`);
    }
  }

  /** Asks for the size of a picture, and saves it. */
  openPicture(): void {
    const { width, height } = this.host.size();
    this.#open(
      new Dialog('Save a picture', [
        { name: 'width', label: 'Width in pixels', kind: 'number', value: Math.round(2 * width), min: 16 },
        { name: 'height', label: 'Height in pixels', kind: 'number', value: Math.round(2 * height), min: 16 },
      ], async (values, signal) => {
        const picture = await this.picture({ width: Number(values.width), height: Number(values.height) }, signal);
        download(picture, pictureName(this.host.volumeName(), new Date()));
      }),
    );
  }

  /** Asks what movie to make, makes it, and saves it. */
  openMovie(): void {
    const { width, height } = this.host.size();
    this.#open(
      new Dialog('Make a movie', [
        { name: 'kind', label: 'Movie', kind: 'choice', value: 'turntable', choices: { turntable: 'the view turns', ...(this.host.times() > 1 && { time: 'all time points' }) } },
        { name: 'seconds', label: 'Seconds', kind: 'number', value: 6, min: 0 },
        { name: 'fps', label: 'Frames a second', kind: 'number', value: 24, min: 1 },
        { name: 'degrees', label: 'Degrees it turns', kind: 'number', value: 360 },
        { name: 'width', label: 'Width in pixels', kind: 'number', value: Math.round(width), min: 16 },
        { name: 'height', label: 'Height in pixels', kind: 'number', value: Math.round(height), min: 16 },
        { name: 'format', label: 'File', kind: 'choice', value: 'webm', choices: Object.fromEntries(MOVIE_FORMATS.map((format) => [format, format])) },
      ], async ({ kind, format, ...values }, signal, progress) => {
        const numbers = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)])) as unknown as Omit<MovieOptions, 'kind' | 'format'>;
        const movie = await this.movie({ ...numbers, kind: kind as MovieKind, format: format as MovieFormat }, signal, progress);
        download(movie, pictureName(this.host.volumeName(), new Date(), format));
      }),
    );
  }

  /** What the menu offers. */
  menu(): MenuItem[][] {
    return [
      [
        { name: 'picture', words: 'Save a picture of any size', key: 'shift s', run: () => this.openPicture() },
        { name: 'movie', words: 'Make a movie', key: 'o', run: () => this.openMovie() },
      ],
    ];
  }

  dispose(): void {
    this.#dialog?.close();
    this.#ending.abort(new Error('the viewer was closed'));
  }

  #open(dialog: Dialog): void {
    this.#dialog?.close();
    this.#dialog = dialog;
    this.host.root.append(dialog.element);
    dialog.focus();
  }
}
