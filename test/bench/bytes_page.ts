/** What views fetch until they are settled, beside the least they could. */

import { frameBounds } from '../../src/renderer/camera.js';
import { STORED_VOXELS } from '../../src/protocol/limits.js';
import { worldBounds } from '../../src/volume/geometry.js';
import { DEFAULT_OPACITY_POINTS } from '../../src/volume/opacity.js';
import { LazyVolume } from '../browser/renderer_lazy.js';
import { Stage } from '../browser/renderer_page.js';
import { leastBricks } from './least_bricks.js';
import { type Kind, phantom } from './phantom.js';

const SIZE = [800, 600] as const;
const rect = { x: 0, y: 0, width: SIZE[0], height: SIZE[1] };
/** A brick's voxels, and the header of its frame. */
const BRICK_BYTES = 2 * STORED_VOXELS + 64;

Object.assign(globalThis, {
  bytesBench: {
    /** Bytes that settle each of several views of a phantom from nothing, and the least. */
    async views(n: number, kind: Kind): Promise<{ fetched: number; least: number }[]> {
      const volume = phantom(n, kind);
      const fit = frameBounds(worldBounds({ shape: volume.shape, voxelSize: [1, 1, 1], origin: [0, 0, 0] }), SIZE[0] / SIZE[1]);
      const out: { fetched: number; least: number }[] = [];
      for (const [zoom, yaw, pitch] of [[1, 0, 0], [0.6, 0.8, 0.3], [0.35, 2.4, -0.4], [2, 1.3, 0.2]] as const) {
        const camera = { ...fit, distance: fit.distance * zoom, yaw: fit.yaw + yaw, pitch: fit.pitch + pitch };
        const stage = new Stage(...SIZE, { passes: 1 });
        stage.add(volume);
        stage.views({ id: 'v', kind: 'volume', rect, camera });
        await stage.settle(64, 200_000);
        const clear = (level: number, z: number, y: number, x: number) => {
          const range = volume.ranges.get({ level, z, y, x });
          // Opacity begins at a fixed share of the window.
          return range !== undefined && range.max <= (DEFAULT_OPACITY_POINTS[1] as readonly [number, number])[0] * 65535;
        };
        out.push({ fetched: stage.offered * BRICK_BYTES, least: leastBricks(volume.shape, camera, SIZE, clear) * BRICK_BYTES });
        stage.dispose();
      }
      return out;
    },
    /** All bytes that are sent for a slice across 2048³ voxels, `voxels` of them in a pixel, until it is settled. */
    async slice(voxels: number): Promise<number> {
      const n = 2048;
      const volume = new LazyVolume(1, [n, n, n], { at: (z, y, x) => 20000 + ((z ^ y ^ x) & 255) * 100 });
      const stage = new Stage(...SIZE, {});
      stage.add(volume, { window: [0, 65535], colormap: 'gray' });
      stage.views({ id: 's', kind: 'slice', rect, axis: 0, position: 1000, center: [n / 2, n / 2], pixelSize: voxels });
      await stage.settle(64, 200_000);
      const bytes = stage.tileBytes + stage.offered * BRICK_BYTES;
      stage.dispose();
      return bytes;
    },
  },
});
