// Opens a page with the renderer, its test volumes and the bare march in a headless Chromium, for the tests beside this file.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { openBrowser } from './support.mjs';

let bundled;

/** The page's script, bundled once a process. */
async function script() {
  bundled ??= build({
    entryPoints: [fileURLToPath(new URL('renderer_page.ts', import.meta.url))],
    bundle: true, format: 'iife', platform: 'browser', target: 'es2022', write: false, logLevel: 'warning',
    loader: { '.glsl': 'text' },
  });
  return (await bundled).outputFiles[0].text;
}

/** The browser of this process's pages, and how many they are: those of several test files may be open at once. */
let browser;
let pages = 0;

/**
 * A page in which `vox` holds everything of renderer_page.ts. What goes wrong in the page, a shader that does not compile among
 * it, is thrown by `close`.
 */
export async function openPage({ width = 900, height = 700, deviceScaleFactor = 1 } = {}) {
  pages += 1;
  browser ??= openBrowser();
  const page = await (await browser).newPage({ viewport: { width, height }, deviceScaleFactor });
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || /GL_INVALID|THREE\./.test(message.text())) problems.push(message.text());
  });
  await page.setContent('<!doctype html><body style="margin:0;background:#000"></body>');
  await page.addScriptTag({ content: await script() });
  return {
    page,
    problems,
    async close() {
      await page.context().close();
      pages -= 1;
      if (pages === 0) {
        await (await browser).close();
        browser = undefined;
      }
      const real = this.problems.filter((text) => !/Context Lost|Context Restored|CONTEXT_LOST/i.test(text));
      if (real.length > 0) throw new Error(`the page reported: ${real.join(' | ')}`);
    },
  };
}
