// What the browser tests share: a JupyterLab and a scheduler, driven by Playwright on the system's Chromium.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { chromium } from 'playwright-core';
import { TEST_FLAGS, findChromium } from '../../scripts/chromium.mjs';
import { startLab } from '../../scripts/lab.mjs';
import { closeNotebook, emptyNotebook, fillNotebook, kernelRun, notebookOf, openAnother, openNotebook, runCell } from '../../scripts/notebook_page.mjs';
import { root } from '../../scripts/process.mjs';
import { startScheduler } from '../../scripts/scheduler.mjs';

export const VIEW = '.jp-OutputArea .voxbeam[data-settled]';
export const out = join(root, 'out');

/** How long a test waits for what should come at once: long enough for a machine that is ten times slower and busy. */
export const PATIENCE_MS = 120_000;

/** A small volume with something in every part of it: a bright ball off the centre, so that a flip or a swap of axes shows. */
export const BALL = `
import numpy as np
z, y, x = np.mgrid[0:80, 0:96, 0:112]
volume = (60000 * np.exp(-((z - 30) ** 2 + (y - 48) ** 2 + (x - 70) ** 2) / 900)).astype("uint16")
`;

/** Waits until `test` gives something true, and gives it. */
export async function eventually(what, test, { timeout = PATIENCE_MS, every = 100 } = {}) {
  const until = Date.now() + timeout;
  let last;
  while (Date.now() < until) {
    last = await test();
    if (last) return last;
    await new Promise((resolve) => setTimeout(resolve, every));
  }
  throw new Error(`${what}: not within ${timeout / 1000} s; last seen: ${JSON.stringify(last)}`);
}

/** Waits until what `read` gives is what is expected, or matches it where that is a pattern; where it never does, both are shown. */
export async function becomes(what, read, expected, { timeout = PATIENCE_MS, every = 50 } = {}) {
  const fits = (value) => (expected instanceof RegExp ? expected.test(String(value)) : isDeepStrictEqual(value, expected));
  const until = Date.now() + timeout;
  let last = await read();
  while (!fits(last) && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, every));
    last = await read();
  }
  if (!fits(last)) (expected instanceof RegExp ? assert.match : assert.deepEqual)(last, expected, `${what}: not within ${timeout / 1000} s; last seen: ${JSON.stringify(last)}`);
}

/** Waits until the page has drawn all that was done to it before: what a viewer says of itself, and its panels, are of its last frame. */
export const drawn = (frame, selector = VIEW) => frame.locator(selector).first().evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

/** A headless Chromium whose pages are as patient as the tests. */
export async function openBrowser(options = {}) {
  const browser = await chromium.launch({ executablePath: await findChromium(), args: TEST_FLAGS, timeout: PATIENCE_MS, ...options });
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (...args) => {
    const context = await newContext(...args);
    context.setDefaultTimeout(PATIENCE_MS);
    return context;
  };
  return browser;
}

/** A JupyterLab on a folder of its own with notebooks of the test's cells, a browser, and (on request) a scheduler. Test files in one process share one. */
export class Workplace {
  /** A page that shows JupyterLab and no notebook. */
  #left;

  /** The one of this process's test files that ask for nothing special, and how many of them have it. */
  static #common;
  static #users = 0;

  static async open(options = {}) {
    if (Object.keys(options).length > 0) return Workplace.#make(options);
    Workplace.#common ??= Workplace.#make(options);
    const place = await Workplace.#common;
    Workplace.#users += 1;
    return place;
  }

  static async #make({ scheduler = false, env = {}, settings = {}, bin, launch = {} }) {
    const place = new Workplace();
    try {
      await mkdir(out, { recursive: true });
      place.folder = await mkdtemp(join(tmpdir(), 'voxbeam-test-'));
      const all = { ...env };
      if (scheduler) {
        place.scheduler = await startScheduler({ bin, port: 0, env });
        all.VOXBEAM_SCHEDULER = place.scheduler.address;
      }
      place.lab = await startLab({ folder: place.folder, env: all, settings, bin });
      place.browser = await openBrowser(launch);
      return place;
    } catch (error) {
      await place.close();
      throw error;
    }
  }

  /**
   * A notebook of these cells, opened, its kernel idle: in the page that was left last, or in one of its own. `page.leave()` is for its end;
   * `page.leave({ keep: true })` is for that of one whose kernel is as good as new once its widgets, its instance and its names are gone: the
   * next notebook has it.
   */
  async notebook(cells, { name = `test-${Math.random().toString(36).slice(2, 8)}.ipynb`, viewport = { width: 1280, height: 1000 } } = {}) {
    const text = typeof cells === 'string' ? cells : notebookOf(cells);
    const left = this.#left;
    this.#left = undefined;
    const page = left ?? (await this.browser.newPage({ viewport }));
    page.said = [];
    if (left) await page.setViewportSize(viewport);
    if (left?.kept) {
      await fillNotebook(page, text);
      return page;
    }
    await writeFile(join(this.folder, name), text);
    page.notebook = name;
    if (left) {
      await openAnother(page, name);
      return page;
    }
    page.on('console', (message) => page.said.push(`${message.type()} ${message.text()}`));
    page.on('pageerror', (error) => page.said.push(`thrown ${error.message}`));
    page.leave = (options) => this.#leave(page, options);
    await openNotebook(page, this.lab, name);
    return page;
  }

  /** The notebook goes with its kernel, or what was made there, its views, their code and what they kept in the browser; the page stays for the next one. */
  async #leave(page, { keep = false } = {}) {
    await this.#left?.close();
    this.#left = page;
    page.kept = keep && (await emptyNotebook(page));
    if (!page.kept) await closeNotebook(page);
    // Files are let go of by the workers of the views, which end in their own time.
    await eventually('what was kept is removed', () => page.evaluate(async () => {
      for (const key of Object.getOwnPropertySymbols(globalThis)) if (key.description.startsWith('voxbeam')) globalThis[key] = undefined;
      for (const key of Object.keys(localStorage)) if (key.startsWith('voxbeam')) localStorage.removeItem(key);
      const folder = await navigator.storage.getDirectory();
      try {
        for await (const entry of folder.keys()) await folder.removeEntry(entry, { recursive: true });
        return true;
      } catch {
        return false;
      }
    }));
  }

  async close() {
    if ((await Workplace.#common?.catch(() => undefined)) === this) {
      Workplace.#users -= 1;
      if (Workplace.#users > 0) return;
      Workplace.#common = undefined;
    }
    await this.browser?.close();
    await this.lab?.close();
    await this.scheduler?.close();
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }
}

/** Runs cells in order; the first that fails ends the test with what it says. */
export async function runCells(page, indices) {
  for (const index of indices) {
    const { error } = await runCell(page, index);
    if (error) throw new Error(`cell ${index}: ${error}`);
  }
}

/** Waits until a viewer shows everything it wants after all that was done to it before; gives its data attributes. */
export async function settled(frame, selector = VIEW, { timeout = PATIENCE_MS, nth = 0 } = {}) {
  const view = frame.locator(selector).nth(nth);
  await view.waitFor({ state: 'attached', timeout });
  await drawn(frame, selector); // until its next frame it says of itself what was true before
  const seen = await eventually(
    'data-settled',
    async () => {
      const data = await view.evaluate((element) => ({ ...element.dataset, footer: element.querySelector('.voxbeam-footer')?.textContent }));
      if (data.error) throw new Error(`the viewer says: ${data.error} ${data.footer}`);
      return data.settled === 'true' && data.firstPicture ? data : undefined;
    },
    { timeout },
  );
  return seen;
}

/** Python in the kernel whose last printed line is JSON. */
export const kernelJson = async (page, code) => JSON.parse((await kernelRun(page, code)).trim().split('\n').at(-1));

/** The voxel under a pixel, as a view's footer says it; it says nothing once the pointer has left the picture. */
export async function voxelAt(page, view, pixel) {
  const said = () => view.locator('[data-footer="cursor"]').textContent();
  await page.mouse.move(1, 1);
  await becomes('nothing is under the pointer', said, '');
  await page.mouse.move(...pixel);
  await becomes('the voxel under the pointer', said, /^voxel \d/);
  return (await said()).match(/\d+/g).slice(0, 3).map(Number);
}

/**
 * How many colours a rectangle of the page holds, and the share of its pixels that differ from the commonest one. An empty canvas
 * has one colour; a picture has many.
 */
export async function pictureOf(page, locator) {
  const png = await locator.screenshot();
  return page.evaluate(async (base64) => {
    const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob();
    const bitmap = await createImageBitmap(blob);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const counts = new Map();
    for (let i = 0; i < data.length; i += 4) {
      const colour = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
    const most = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
    return { colours: counts.size, drawn: 1 - most[1] / (data.length / 4), background: most[0] };
  }, png.toString('base64'));
}
