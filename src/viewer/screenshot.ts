/** The picture with its marks and scale bars, as a PNG. */

/** Draws the overlay over the renderer's picture. */
export async function composePicture(picture: Blob, overlay: HTMLCanvasElement): Promise<Blob> {
  const image = await createImageBitmap(picture);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext('2d');
  if (!context) throw new Error('the browser gives no 2D canvas for the picture');
  context.drawImage(image, 0, 0);
  image.close();
  if (overlay.width > 0 && overlay.height > 0) context.drawImage(overlay, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the browser could not encode the picture'))), 'image/png');
  });
}

/** Lets the browser save a file. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the file after the click returns.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A name for a picture taken now, such as `brain 2026-01-31 12.00.00.png`. */
export function pictureName(volume: string, now: Date): string {
  const safe = volume.replace(/[^\p{L}\p{N} _.-]+/gu, '_').replace(/^[.\s]+/, '').slice(0, 60) || 'voxbeam';
  return `${safe} ${now.toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.')}.png`;
}
