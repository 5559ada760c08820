// npm run gallery: makes the pictures of docs/gallery.md. `npm run gallery -- time brain/mip` makes those of a group, or a single one.
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { FLAGS, findChromium } from './chromium.mjs';
import { palettePng } from './palette_png.mjs';
import { command, end, environment, Failure, python, root, say } from './process.mjs';

const GROUPS = ['brain', 'phantom', 'cells', 'galaxy', 'exabyte', 'time', 'learning', 'annotation', 'painting'];
const MAX_BYTES = 60_000;
const MAX_PAGE_BYTES = 110_000;
/** From this width on the panel stands beside the views. */
const WIDE = 720;
const ROOT = '.voxbeam[data-settled]';
const folder = join(root, 'docs', 'gallery');

/** The volumes of a group, held by Python: `scenes`, and `stage(name)`, which gives { url, bookmark }. */
async function openGroup(group) {
  const child = spawn(python, ['-u', fileURLToPath(new URL('gallery_scenes.py', import.meta.url)), group], { stdio: ['pipe', 'pipe', 'inherit'], env: environment() });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Failure(`the scenes of ${group} ended`);
    return JSON.parse(value);
  };
  const stage = (name) => {
    child.stdin.write(`${name}\n`);
    return next();
  };
  const close = async () => {
    child.stdin.end();
    await end(child, 10_000);
  };
  try {
    return { scenes: await next(), stage, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Waits until all that is looked at is drawn; what the footer says is part of the failure. */
async function settled(page, timeout = 600_000) {
  await page.waitForTimeout(400); // what was asked for is noticed
  await page.waitForFunction((css) => {
    const data = document.querySelector(css)?.dataset;
    if (data?.error) throw new Error(data.error);
    return data?.settled === 'true' && data.firstPicture;
  }, ROOT, { timeout, polling: 100 }).catch(async (error) => {
    throw new Failure(`${error.message.split('\n')[0]} ${await page.locator('.voxbeam-footer').textContent()}`);
  });
}

/** Goes to the bookmark by the list in the panel, as a user would. */
async function goTo(page, bookmark) {
  await page.locator(ROOT).focus();
  await page.keyboard.press('k');
  await page.locator(`[data-bookmark="${bookmark}"] [data-action="go"]`).click();
}

/** The pixels of a screenshot, by an empty page: the viewer's own may not fetch such an address. */
const decoded = (blank, png) =>
  blank.evaluate(async (base64) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const { width, height, data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    return { width, height, data: [...data] };
  }, png.toString('base64'));

async function shoot(browser, blank, scene, { url, bookmark }) {
  const [wide, high] = scene.size;
  const [width, height] = scene.page ?? [wide, high + 80];
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scene.theme, reducedMotion: 'reduce' });
  try {
    await page.goto(url);
    await page.waitForSelector(`${ROOT}[data-first-picture]`, { timeout: 120_000 });
    await goTo(page, bookmark);
    const stage = page.locator('.voxbeam-stage');
    // Over a narrow page the panel lies upon the views.
    if (width < WIDE && (await page.locator('.voxbeam-panel').isVisible())) await page.keyboard.press('l');
    if (!scene.page) {
      const box = await stage.boundingBox();
      await page.setViewportSize({ width: width + wide - Math.round(box.width), height: height + high - Math.round(box.height) });
    }
    await settled(page);
    await page.locator(ROOT).focus();
    for (const key of scene.keys) await page.keyboard.press(key);
    await page.locator('.voxbeam-panel').evaluate((panel, section) => {
      panel.scrollTo(0, 0);
      if (section) panel.scrollTo(0, panel.querySelector(`[aria-label="${section}"]`).offsetTop - panel.offsetTop);
    }, scene.section);
    await page.mouse.move(0, 0);
    await page.evaluate(() => document.activeElement?.blur()); // no ring around what has the focus
    await settled(page);
    await page.waitForTimeout(2500); // a still picture is the mean of several passes
    const png = await (scene.page ? page.screenshot() : stage.screenshot());
    const pixels = await decoded(blank, png);
    for (const colours of [256, 160, 96, 64]) {
      const small = palettePng(pixels, colours);
      if (small.length > (scene.page ? MAX_PAGE_BYTES : MAX_BYTES) && colours > 64) continue;
      await writeFile(join(folder, `${scene.name}.png`), small);
      return { bytes: small.length, colours };
    }
  } finally {
    await page.close();
  }
}

async function main() {
  const words = process.argv.slice(2);
  let failed = 0;
  await mkdir(folder, { recursive: true });
  const browser = await chromium.launch({ executablePath: await findChromium(), args: FLAGS });
  try {
    const blank = await browser.newPage();
    for (const name of GROUPS) {
      if (words.length > 0 && !words.some((word) => word.split('/')[0] === name)) continue;
      const group = await openGroup(name);
      try {
        for (const scene of group.scenes) {
          if (words.length > 0 && !words.includes(name) && !words.includes(`${name}/${scene.name}`)) continue;
          const began = Date.now();
          const made = await shoot(browser, blank, scene, await group.stage(scene.name)).catch((error) => {
            failed += 1;
            say(`${scene.name.padEnd(20)} was not made: ${error.message}`);
          });
          if (!made) continue;
          const { bytes, colours } = made;
          say(`${scene.name.padEnd(20)} ${(bytes / 1000).toFixed(0).padStart(4)} kB, ${colours} colours, ${((Date.now() - began) / 1000).toFixed(1)} s`);
        }
      } finally {
        await group.close();
      }
    }
  } finally {
    await browser.close();
  }
  return failed === 0 ? 0 : 1;
}

await command(main);
