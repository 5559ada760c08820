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

/** The page of this process's test files, which are open all at once, and how many they are. */
let shared;
let users = 0;
/** What may be said on the page's console though it is an error: three.js says so itself where a test takes something away. */
const allowed = [/Context Lost|Context Restored|CONTEXT_LOST/i];

async function makePage() {
  const browser = await openBrowser();
  const page = await browser.newPage({ viewport: { width: 900, height: 700 } });
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || /GL_INVALID|THREE\./.test(message.text())) problems.push(message.text());
  });
  await page.setContent('<!doctype html><body style="margin:0;background:#000"></body>');
  await page.addScriptTag({ content: await script() });
  return { browser, page, problems };
}

/**
 * The page in which `vox` holds everything of renderer_page.ts: one for all test files of a process, so what a file puts beside `vox` has a name of
 * its own. What goes wrong in the page, a shader that does not compile among it, is thrown by the last `close`.
 *
 * @param options.allow what may be said on the console though it is an error
 */
export async function openPage({ allow } = {}) {
  users += 1;
  if (allow) allowed.push(allow);
  shared ??= makePage();
  const { browser, page, problems } = await shared;
  return {
    page,
    async close() {
      users -= 1;
      if (users > 0) return;
      shared = undefined;
      await browser.close();
      const real = problems.filter((text) => !allowed.some((pattern) => pattern.test(text)));
      if (real.length > 0) throw new Error(`the page reported: ${real.join(' | ')}`);
    },
  };
}
