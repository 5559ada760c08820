// A hundred thousand points and ten thousand boxes: added by Python, opened in the page, one of them moved; and how soon a stroke of the brush is seen.
import { Browser, sleep } from '../../scripts/cdp.mjs';
import { median, pythonSession, quantile, row } from './support.mjs';

const RUNS = 5;
const [POINTS, BOXES] = [100_000, 10_000];
const STEPS = 40;
const VIEW = '.voxbeam[data-settled]';

/** Runs in the page before its own script: notes when the canvas over the picture was last filled with more marks, until the picture has settled. */
function watch(marked) {
  window.voxbeamSeen = {};
  const seen = window.voxbeamSeen;
  const share = () => {
    const canvas = document.querySelector('.voxbeam-overlay');
    if (!canvas?.width) return 0;
    const { data } = canvas.getContext('2d', { willReadFrequently: true }).getImageData(0, 0, canvas.width, canvas.height);
    let painted = 0;
    for (let i = 3; i < data.length; i += 4 * 97) painted += data[i] > 20 ? 1 : 0;
    return painted / (data.length / (4 * 97));
  };
  const look = () => {
    const view = document.querySelector('.voxbeam');
    if (view?.dataset.firstPicture) seen.first ??= Number(view.dataset.firstPicture) - performance.timeOrigin;
    const now = marked ? share() : 0;
    if (now > 1.02 * (seen.share ?? 0)) {
      seen.share = now;
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        seen.marks = performance.now();
      };
      channel.port2.postMessage(0);
    }
    if (!seen.first || (marked && view?.dataset.settled !== 'true')) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

const settled = (tab) => tab.waitFor(`document.querySelector('${VIEW}')?.dataset.settled === 'true'`);

/** Milliseconds from the address to the first picture, and to all marks. */
async function open(browser, url, marked) {
  const tab = await browser.newPage({ width: 1280, height: 800 });
  await tab.send('Page.addScriptToEvaluateOnNewDocument', { source: `(${watch})(${marked})` });
  await tab.goto(url);
  await settled(tab);
  const seen = await tab.evaluate('window.voxbeamSeen');
  if (marked && !(seen.share > 0.2)) throw new Error(`the marks are not seen: ${seen.share} of the picture`);
  return { tab, seen };
}

/** The middle of the first of four views. */
const middle = (tab) => tab.evaluate(() => {
  const { x, y, width, height } = document.querySelector('.voxbeam-canvas').getBoundingClientRect();
  return [x + width / 4, y + height / 4];
});

/** Of each move of the pointer: from its event to the end of the frame that it led to; and after how many frames `seen(x, y)`. */
function listen(seen) {
  window.voxbeamMoves = [];
  addEventListener('pointermove', ({ timeStamp, clientX, clientY }) => {
    const began = performance.now();
    let frames = 0;
    const frame = () => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        frames += 1;
        const now = performance.now();
        if (!seen || frames > 9 || seen(clientX, clientY)) window.voxbeamMoves.push({ work: now - began, late: now - timeStamp, frames });
        else frame();
      };
      channel.port2.postMessage(0);
    });
    frame();
  }, { capture: true });
}

/** Whether the canvas over the picture has paint at a place of the page. */
function painted(x, y) {
  const canvas = document.querySelector('.voxbeam-overlay');
  const { left, top, width } = canvas.getBoundingClientRect();
  const ratio = canvas.width / width;
  return canvas.getContext('2d').getImageData((x - left) * ratio, (y - top) * ratio, 1, 1).data[3] > 20;
}

/** What the page's main thread computed so far, in ms. */
async function computed(tab) {
  const { metrics } = await tab.send('Performance.getMetrics');
  return 1000 * metrics.find(({ name }) => name === 'ThreadTime').value;
}

/** Drags from a place in steps, each once the page is done with the one before; the moves, and what the main thread computed for each in ms. */
async function drag(tab, [x, y], step) {
  await tab.evaluate('window.voxbeamMoves.length = 0');
  await tab.mouse('mouseMoved', x, y);
  await tab.waitFor('window.voxbeamMoves.length > 0', undefined, { every: 5 });
  await tab.mouse('mousePressed', x, y, { buttons: 1 });
  await sleep(800);
  await tab.evaluate('window.voxbeamMoves.length = 0');
  await tab.send('Performance.enable', { timeDomain: 'threadTicks' });
  const before = await computed(tab);
  for (let i = 1; i <= STEPS; i += 1) {
    await tab.mouse('mouseMoved', x + i * step[0], y + i * step[1], { buttons: 1 });
    await tab.waitFor(`window.voxbeamMoves.length >= ${i}`, undefined, { every: 5 });
  }
  const cpu = ((await computed(tab)) - before) / STEPS;
  await tab.mouse('mouseReleased', x + STEPS * step[0], y + STEPS * step[1]);
  return { moves: await tab.evaluate('window.voxbeamMoves'), cpu };
}

/** What Python says once it has gone on. */
function next(kernel) {
  kernel.send({});
  return kernel.receive();
}

/** Drags the point in the middle. */
async function moved(tab) {
  await settled(tab);
  await tab.evaluate(`(${listen})()`);
  const at = await middle(tab);
  await tab.mouse('mouseMoved', ...at);
  await sleep(300);
  return drag(tab, at, [2, -1.5]);
}

/** Paints on the labels that Python made. */
async function stroke(tab) {
  await settled(tab);
  const at = await middle(tab);
  await tab.evaluate(`document.querySelector('.voxbeam').focus()`);
  for (const type of ['keyDown', 'keyUp']) await tab.send('Input.dispatchKeyEvent', { type, key: 'z', text: type === 'keyDown' ? 'z' : undefined });
  await tab.waitFor(`document.querySelector('[data-label="1"]')`);
  await sleep(500);
  await settled(tab);
  await tab.evaluate(`(${listen})(${painted})`);
  return drag(tab, [at[0] - 60, at[1] - 40], [2.5, 0.5]);
}

/** @param runs how often what Python does and the opening are measured */
export async function run(runs = RUNS) {
  const kernel = pythonSession('many_marks.py', [runs, POINTS, BOXES]);
  const browser = await Browser.launch();
  try {
    const { empty, add, kept, bare, read, update, clear, point, dab } = await kernel.receive();
    const first = await open(browser, empty, false);
    const alone = await moved(first.tab);
    await first.tab.close();
    const { tab: bareTab } = await open(browser, (await next(kernel)).url, false);
    const { moves: strokes } = await stroke(bareTab);
    await bareTab.close();
    let { url, seed: before } = await next(kernel);
    const seen = [];
    let drags;
    for (let i = 0; i <= runs; i += 1) {
      const { tab, seen: one } = await open(browser, url, true);
      if (i > 0) seen.push(one);
      if (i === runs) drags = await moved(tab);
      const told = await next(kernel);
      url = told.url;
      if (i === runs && String(told.seed) === String(before)) throw new Error(`the point was not moved: it is at ${before}`);
      await tab.close();
    }
    const works = drags.moves.map(({ work }) => work);
    return [
      row('a point is moved in one kernel, on disk first: heard in another, p95', quantile(point, 0.95) * 1000, 'ms', { limit: ['<=', 30] }),
      row('brush dab of 33³ in one kernel: heard in another, p95', quantile(dab, 0.95) * 1000, 'ms', { limit: ['<=', 60] }),
      row(`${POINTS + BOXES} annotations: added by Python (reference: as many bare texts in a document)`, median(add), 's', { reference: median(bare) }),
      row('the same: from then until they are on disk', median(kept), 's'),
      row('the same: read by Python when all are new', median(read), 's'),
      row('the same: one is moved by Python', median(update) * 1000, 'ms', { limit: ['<=', 16] }),
      row('the same: all are removed by Python', median(clear), 's'),
      row('the same: from the address of the page to all marks drawn', median(seen.map(({ marks }) => marks)), 'ms', { limit: ['<=', 2000] }),
      row('the same, from the first picture on', median(seen.map(({ marks, first: picture }) => marks - picture)), 'ms'),
      row('the same: one is dragged, the page’s part of a step, median', median(works), 'ms', { limit: ['<=', 16] }),
      row('the same, p95', quantile(works, 0.95), 'ms', { limit: ['<=', 16] }),
      row('the same: main thread’s computing a step (reference: the same drag of the only annotation there is)', drags.cpu, 'ms', { reference: alone.cpu, limit: ['<=', 1.5] }),
      row('a stroke of the brush: frames until it is seen under the pointer, most of 40 steps', Math.max(...strokes.map(({ frames }) => frames)), 'frames', { limit: ['<=', 2] }),
      row('the same, from the pointer’s event to the end of that frame, p95', quantile(strokes.map(({ late }) => late), 0.95), 'ms'),
    ];
  } finally {
    await browser.close();
    await kernel.close();
  }
}
