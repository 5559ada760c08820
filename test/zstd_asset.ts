/** The Zstandard decoder, as build.mjs takes it out of three's module. */

import { readFileSync } from 'node:fs';

const text = readFileSync('node_modules/three/examples/jsm/libs/zstddec.module.js', 'utf8');
export default (/"(AGFzbQ[A-Za-z0-9+/=]+)"/.exec(text) as RegExpExecArray)[1] as string;
