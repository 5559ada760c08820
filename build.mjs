// Bundles what runs outside JupyterLab's own build: the widget, the viewer page, the sidecar and the scheduler.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const outdir = 'python-bridge/voxbeam/static';
const production = process.env.NODE_ENV !== 'development';
const shared = { bundle: true, format: 'esm', minify: production, outdir, legalComments: 'none', logLevel: 'warning' };
const text = { '.css': 'text', '.glsl': 'text', '.html': 'text' };

/** The Zstandard decoder out of three's module, which keeps it to itself and would fetch it from a URL that pages may not fetch from. */
export const zstdSource = {
  name: 'zstd-source',
  setup(b) {
    b.onResolve({ filter: /^voxbeam:zstd$/ }, () => ({ path: 'zstd', namespace: 'zstd-source' }));
    b.onLoad({ filter: /.*/, namespace: 'zstd-source' }, async () => {
      const path = 'node_modules/three/examples/jsm/libs/zstddec.module.js';
      const contents = /"(AGFzbQ[A-Za-z0-9+/=]+)"/.exec(await readFile(path, 'utf8'))?.[1];
      if (!contents) throw new Error(`${path} holds no WebAssembly as expected: look at where the decoder is again`);
      return { contents, loader: 'text' };
    });
  },
};
/** The session's worker, one script. */
async function buildWorker() {
  const { outputFiles } = await build({
    ...shared, entryPoints: ['src/session/worker.ts'], format: 'iife', platform: 'browser', target: 'es2022', write: false, plugins: [zstdSource],
  });
  return outputFiles[0].text;
}

/** The session's worker as a string inside the bundle that starts it: a page served by others has no URL for it. */
export const workerSource = {
  name: 'worker-source',
  setup(b) {
    b.onResolve({ filter: /^voxbeam:worker$/ }, () => ({ path: 'worker', namespace: 'worker-source' }));
    b.onLoad({ filter: /.*/, namespace: 'worker-source' }, async () => ({ contents: await buildWorker(), loader: 'text' }));
  },
};
/**
 * JupyterLab has a Yjs of its own, and Yjs complains on the console about a second one in a page. Ours never meets its documents:
 * it goes by another name.
 */
const ownYjs = {
  name: 'own-yjs',
  setup(b) {
    b.onLoad({ filter: /[\\/]yjs[\\/]dist[\\/]yjs\.mjs$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source.replace("'__ $YJS$ __'", "'__ $YJS of voxbeam$ __'");
      if (contents === source) throw new Error(`${path} does not name itself as expected: look at the guard against a second Yjs again`);
      return { contents, loader: 'js' };
    });
  },
};
const browser = {
  ...shared, platform: 'browser', target: 'es2022', loader: text, plugins: [workerSource, zstdSource, ownYjs],
  define: { 'define.amd': 'false', 'process.env.NODE_ENV': '"production"' },
};
/**
 * CommonJS: Node reads every export of what a module imports, and of `node:http` one is a getter that brings a whole fetch; so
 * modules start 30 ms later.
 */
const node = {
  ...shared, format: 'cjs', platform: 'node', target: 'node20', outExtension: { '.js': '.cjs' }, loader: text,
  external: ['bufferutil', 'utf-8-validate'],
  define: { 'import.meta.url': '__url' },
  banner: { js: "const __url=require('node:url').pathToFileURL(__filename).href;" },
};

/** A script's hash as `fetch` takes it. */
const integrityOf = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`;

async function main() {
  await mkdir(outdir, { recursive: true });
  const worker = await buildWorker();
  await writeFile(`${outdir}/worker.js`, worker);
  const define = { ...browser.define, WORKER_INTEGRITY: JSON.stringify(integrityOf(worker)) };
  await Promise.all([
    build({ ...browser, define, entryPoints: { widget: 'src/widget/index.ts', viewer: 'src/viewer/page.ts' } }),
    build({ ...browser, entryPoints: { movie: 'src/viewer/movie_encoder.ts' } }), // a tenth of the viewer, for when a movie is made
    build({ ...node, entryPoints: { sidecar: 'src/sidecar/main.ts', scheduler: 'src/scheduler/main.ts' } }),
  ]);
  // The widget's loader fetches the module from the instance and accepts these bytes only.
  const widget = JSON.stringify(integrityOf(await readFile(`${outdir}/widget.js`)));
  await build({ ...browser, entryPoints: { loader: 'src/widget/loader.ts' }, define: { ...define, WIDGET_INTEGRITY: widget } });
  await writeFile(`${outdir}/page.html`, await readFile('src/viewer/page.html'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
