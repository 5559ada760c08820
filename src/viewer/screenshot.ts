/** Pictures as files. */

/** A canvas as a PNG. */
export function encodePng(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const failed = () => reject(new Error(`the browser could not encode a picture of ${canvas.width} x ${canvas.height} pixels`));
    canvas.toBlob((blob) => (blob ? resolve(blob) : failed()), 'image/png');
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

/** A name for what is made now, such as `brain 2026-01-31 12.00.00.png`. */
export function pictureName(volume: string, now: Date, ending = 'png'): string {
  const safe = volume.replace(/[^\p{L}\p{N} _.-]+/gu, '_').replace(/^[.\s]+/, '').slice(0, 60) || 'voxbeam';
  return `${safe} ${now.toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.')}.${ending}`;
}
