/** New labels of what is shown. */

import type { PaintHost } from './paint_tool.js';

/** Makes labels of the first image, all empty, under a name that is free. */
export function makeLabels({ session, tell, refresh }: PaintHost): void {
  const all = [...session.volumes.values()];
  const image = all.find(({ description }) => description.kind === 'image');
  if (!image) {
    tell('There is no image to make labels of');
    return;
  }
  const { shape, voxel_size, origin, unit } = image.description;
  let name = 'labels';
  for (let i = 2; all.some(({ description }) => description.name === name); i += 1) name = `labels ${i}`;
  const request = { name, shape: [...shape], voxel_size: [...voxel_size], origin: [...origin], unit, dtype: 'u8' } as Parameters<typeof session.labels.make>[0];
  session.labels.make(request).then(() => refresh(), (error: Error) => tell(error.message));
}
