/** For tests that bundle code of the browser themselves: the Zstandard decoder, as build.mjs has it. */

import type { Plugin } from 'esbuild';
import base64 from './zstd_asset.js';

export const zstdSource: Plugin = {
  name: 'zstd-source',
  setup(b) {
    b.onResolve({ filter: /^voxbeam:zstd$/ }, () => ({ path: 'zstd', namespace: 'zstd-source' }));
    b.onLoad({ filter: /.*/, namespace: 'zstd-source' }, () => ({ contents: base64, loader: 'text' }));
  },
};
