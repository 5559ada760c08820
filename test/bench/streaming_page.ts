/** A view that is turned while its volume streams in: what the page's main thread and the pictures make of it. */

import { DEFAULT_LOOK } from '../../src/annotation/look.js';
import { frameBounds, orbit } from '../../src/renderer/camera.js';
import { worldBounds } from '../../src/volume/geometry.js';
import { DEFAULT_OPACITY_POINTS } from '../../src/volume/opacity.js';
import { phantom } from './phantom.js';
import { Shipped } from './shipped.js';

const volume = phantom(512, 'dense');
for (const key of volume.keys()) volume.brick(key); // made before: what is measured is what the page does with them
const settings = { ...DEFAULT_LOOK, window: [0, 65535] as const, colormap: 'viridis', points: DEFAULT_OPACITY_POINTS };
/** Bricks that arrive between two frames, at most: about as many as a session brings. */
const ARRIVE = 6;

/** Times in ms of one turn. */
interface Turn {
  /** Main-thread tasks over 50 ms, which are all that a page is told of. */
  readonly tasks: number[];
  /** The page's part of each frame. */
  readonly frames: number[];
  /** From one picture to the next while the view turns. */
  readonly pictures: number[];
  /** The same while the hand rests and details come. */
  readonly resting: number[];
  /** Part of the resolution along each axis that each picture of the turning view was drawn at. */
  readonly scales: number[];
  /** The same before the first picture; of a turn from nothing. */
  readonly first?: number[];
  /** Bricks that were uploaded. */
  readonly bricks: number;
}

async function turn(shipped: Shipped, seconds: number): Promise<Turn> {
  const start = frameBounds(worldBounds(shipped.geometry), 4 / 3);
  const tasks: number[] = [];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)));
  observer.observe({ type: 'longtask' });
  const frames: number[] = [];
  const [pictures, resting, scales]: number[][] = [[], [], []];
  shipped.renderer.setMoving(true);
  const begun = performance.now();
  const { uploads } = shipped.renderer.report;
  let [count, last] = [shipped.renderer.report.pictures, begun];
  let [moving, turned, at] = [true, 0, begun];
  while (at - begun < 1000 * seconds) {
    shipped.look(orbit(start, turned, 0.2 * Math.sin(turned)));
    frames.push(await shipped.timed(ARRIVE));
    const now = performance.now();
    if (moving) turned += (now - at) / 1000;
    at = now;
    const { pictures: drawn, resolutionScale } = shipped.renderer.report;
    if (drawn > count) {
      (moving ? pictures : resting).push(now - last);
      if (moving) scales.push(resolutionScale);
      [count, last] = [drawn, now];
    }
    // Now and then the hand rests and details stream in.
    const moves = frames.length % 60 < 40;
    if (moves === moving) continue;
    [moving, last] = [moves, now];
    shipped.renderer.setMoving(moving);
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  observer.disconnect();
  return { tasks, frames, pictures, resting, scales, bricks: shipped.renderer.report.uploads - uploads };
}

Object.assign(globalThis, {
  streamingBench: {
    /** A view that is turned from the moment it is there, and the same turn once everything has come. */
    async turns(seconds: number): Promise<{ streaming: Turn; resident: Turn }> {
      const shipped = new Shipped(volume, settings, 800, 600);
      const start = frameBounds(worldBounds(shipped.geometry), 4 / 3);
      shipped.look(start);
      const tasks: number[] = [];
      const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)));
      observer.observe({ type: 'longtask' });
      while (!shipped.renderer.hasPicture) await shipped.step(1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      observer.disconnect();
      const streaming = await turn(shipped, seconds);
      shipped.renderer.setMoving(false);
      for (let t = 0; t < seconds; t += 0.5) {
        shipped.look(orbit(start, t, 0.2 * Math.sin(t)));
        do await shipped.step();
        while (!shipped.renderer.complete);
      }
      const resident = await turn(shipped, seconds);
      shipped.dispose();
      return { streaming: { ...streaming, first: tasks }, resident };
    },
  },
});
