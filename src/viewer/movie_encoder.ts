/** Encodes pictures to a movie file. A module of its own that is loaded when the first movie is made: it is a tenth of the viewer. */

import { BufferTarget, CanvasSource, getFirstEncodableVideoCodec, Mp4OutputFormat, Output, QUALITY_HIGH, type VideoCodec, WebMOutputFormat } from 'mediabunny';
import type { MovieCode, MovieFormat } from './movie.js';

const CODECS: Readonly<Record<MovieFormat, readonly VideoCodec[]>> = { webm: ['vp9', 'vp8', 'av1'], mp4: ['avc', 'vp9', 'av1'] };
/** Seconds between pictures that stand for themselves, so that players can jump. */
const KEY_SECONDS = 2;

/**
 * Begins a movie.
 *
 * @throws Error where the browser encodes no codec of the format at this size
 */
export const startMovie: MovieCode['startMovie'] = async ({ width, height, fps, format }) => {
  const codec = await getFirstEncodableVideoCodec([...CODECS[format]], { width, height, quality: QUALITY_HIGH });
  if (!codec) throw new Error(`this browser encodes no ${format} movie of ${width} x ${height} pixels: try the other format or a smaller size`);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d');
  if (!context) throw new Error('the browser gives no 2D canvas for the movie');
  const target = new BufferTarget();
  const made = format === 'webm' ? new WebMOutputFormat() : new Mp4OutputFormat();
  const output = new Output({ format: made, target });
  const source = new CanvasSource(canvas, { codec, quality: QUALITY_HIGH, keyFrameInterval: KEY_SECONDS });
  output.addVideoTrack(source, { frameRate: fps });
  await output.start();
  let frames = 0;
  return {
    async add(picture) {
      context.drawImage(picture, 0, 0);
      await source.add(frames / fps, 1 / fps);
      frames += 1;
    },
    async finish() {
      await output.finalize();
      if (!target.buffer) throw new Error('the movie came to nothing');
      return new Blob([target.buffer], { type: made.mimeType });
    },
    cancel: () => output.cancel(),
  };
};
