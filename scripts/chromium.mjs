// The browser of the checks: the one found on the system, or Debian's package when root may install it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, isRoot, run, say } from './process.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The same picture on every machine: software GL, nothing in the background. */
export const FLAGS = [
  '--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-extensions', '--mute-audio',
  '--disable-background-timer-throttling', '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows',
];
/** For tests, which time nothing: the page around the pictures is put together without the GPU's process, at two thirds of the cost. */
export const TEST_FLAGS = [...FLAGS, '--disable-gpu-compositing'];

const REMEDY = 'apt-get install chromium';

function onPath(path) {
  for (const name of NAMES) {
    for (const folder of (path ?? '').split(':')) {
      if (folder && existsSync(join(folder, name))) return join(folder, name);
    }
  }
  return undefined;
}

/**
 * The path of the Chromium that is here; undefined where there is none and it may be installed. Asked before anything that takes minutes.
 *
 * @throws Failure where there is none and somebody else has to get it
 */
export function chromiumHere({ CHROMIUM: named, PATH } = process.env, mayInstall = isRoot) {
  if (named) {
    if (!existsSync(named)) throw new Failure(`CHROMIUM is ${named}, which is not there. Set it to the path of a Chromium or Chrome.`);
    return named;
  }
  const found = onPath(PATH);
  if (!found && !mayInstall) throw new Failure(`No Chromium found (CHROMIUM, ${NAMES.join(', ')}). Get one with: sudo ${REMEDY}`);
  return found;
}

/** The path of a Chromium, which is installed when there is none and this may be done. */
export async function findChromium() {
  const here = chromiumHere();
  if (here) return here;
  say(`no Chromium found: ${REMEDY}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-q'], { env });
  await run('apt-get', ['install', '-y', '-q', 'chromium'], { env });
  const installed = onPath(process.env.PATH);
  if (!installed) throw new Failure(`${REMEDY} gave no Chromium on the path. Set CHROMIUM to the path of one.`);
  return installed;
}
