/** The renderer as it ships, in a page's animation frames; bricks are served from memory as they are asked for. */

import type { OrbitCamera } from '../../src/renderer/camera.js';
import { VolumeRenderer } from '../../src/renderer/renderer.js';
import type { LayerSettings } from '../../src/renderer/views.js';
import type { Brick, SessionVolume } from '../../src/session/types.js';
import { type BrickKey, keyText, type VolumeGeometry } from '../../src/volume/geometry.js';
import type { BrickRanges } from '../../src/volume/ranges.js';

/** What is shown: a volume whose bricks can be had at once. */
export interface Servable {
  readonly handle: number;
  readonly session: SessionVolume;
  readonly ranges: BrickRanges;
  brick(key: BrickKey): Brick;
}

export class Shipped {
  readonly renderer: VolumeRenderer;
  readonly #here = new Set<string>();
  readonly #canvas = document.createElement('canvas');
  readonly #one = new Uint8Array(4);
  #freed = () => {};

  constructor(
    readonly volume: Servable,
    settings: LayerSettings,
    readonly width: number,
    readonly height: number,
    maxGpuBytes?: number,
  ) {
    this.#canvas.style.cssText = `position:absolute;left:0;top:0;width:${width}px;height:${height}px`;
    document.body.append(this.#canvas);
    this.renderer = new VolumeRenderer(this.#canvas, {
      lookup: (_, key) => (this.#here.has(keyText(key)) ? volume.brick(key) : undefined),
      freed: () => this.#freed(),
      ...(maxGpuBytes ? { maxGpuBytes } : {}),
    });
    this.renderer.setVolume(volume.session, volume.ranges);
    this.renderer.setLayer(volume.handle, settings);
  }

  get geometry(): VolumeGeometry {
    const { shape, voxel_size: voxelSize, origin } = this.volume.session.description;
    return { shape, voxelSize, origin };
  }

  /** Serves what is wanted, at most `most` bricks, and draws; whether there is more to do. */
  async step(most = Number.POSITIVE_INFINITY): Promise<boolean> {
    this.#serve(most);
    return this.renderer.frame(await this.#frame());
  }

  /** The same; milliseconds that the page itself was busy. */
  async timed(most: number): Promise<number> {
    const now = await this.#frame();
    const begun = performance.now();
    this.#serve(most);
    this.renderer.frame(now);
    return performance.now() - begun;
  }

  /** Time of the next frame: the display's, or sooner where the GPU was waited for, as a viewer has it. */
  #frame(): Promise<number> {
    return new Promise((resolve) => {
      const request = requestAnimationFrame(resolve);
      this.#freed = () => {
        cancelAnimationFrame(request);
        resolve(performance.now());
      };
    });
  }

  #serve(most: number): void {
    let served = 0;
    for (const brick of this.renderer.wanted().get(this.volume.handle) ?? []) {
      if (served++ >= most) break;
      this.#here.add(keyText(brick));
      this.renderer.offer(this.volume.brick(brick), () => {});
    }
  }

  look(camera: OrbitCamera): void {
    this.renderer.setViews([{ id: 'v', kind: 'volume', rect: { x: 0, y: 0, width: this.width, height: this.height }, camera }]);
  }

  /** Looks from a camera until there is nothing left to do. */
  async run(camera: OrbitCamera): Promise<void> {
    this.look(camera);
    while (await this.step());
  }

  /** Pictures a second that the GPU has drawn of a camera that moves, and how it drew them. */
  async moving(cameraAt: (t: number) => OrbitCamera, seconds: number): Promise<{ fps: number; scale: number; coarser: number }> {
    this.renderer.setMoving(true);
    for (let i = 10; i > 0; i -= 1) {
      this.look(cameraAt(-0.02 * i));
      await this.step(); // until the resolution has found its place
    }
    const before = this.renderer.report.pictures;
    const begun = performance.now();
    let t = 0;
    do {
      this.look(cameraAt(t));
      await this.step();
      t = (performance.now() - begun) / 1000;
    } while (t < seconds);
    const { pictures, resolutionScale, coarser } = this.renderer.report;
    this.renderer.setMoving(false);
    return { fps: (pictures - before) / t, scale: resolutionScale, coarser };
  }

  /** Milliseconds from the end of a motion, all bricks in memory, until the whole picture stands at full resolution. */
  async still(camera: OrbitCamera): Promise<number> {
    this.renderer.setMoving(true);
    this.look(camera);
    await this.step();
    this.renderer.setMoving(false);
    const begun = performance.now();
    do await this.step();
    while (!this.renderer.settled);
    this.#finish();
    return performance.now() - begun;
  }

  /** Milliseconds of one picture at full resolution of the planned levels, from a camera next to one at which everything has come. */
  async full(near: OrbitCamera, camera: OrbitCamera): Promise<number> {
    await this.run(near);
    this.#finish();
    this.look(camera);
    const begun = performance.now();
    this.renderer.drawNow();
    this.#finish();
    return performance.now() - begun;
  }

  dispose(): void {
    this.renderer.dispose();
    this.#canvas.remove();
  }

  #finish(): void {
    const gl = this.#canvas.getContext('webgl2') as WebGL2RenderingContext;
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, this.#one);
  }
}
