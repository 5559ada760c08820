/** How payloads may travel from the sidecar to a viewer. */

/** What a payload can be compressed with. `raw` is none. */
export const CODECS = ['raw', 'lz4', 'zstd'] as const;
export type Codec = (typeof CODECS)[number];
/** The code of a codec in the frame header. */
export const CODEC_CODE: Readonly<Record<Codec, number>> = { raw: 0, lz4: 1, zstd: 2 };

/** What a viewer may say that it takes, or ask for: `preview` is voxels of 8 bits, compressed, for as long as the true ones are on their way. */
export const WAYS = [...CODECS, 'preview'] as const;
export type Way = (typeof WAYS)[number];

/** The codec of a header's code. */
export function codecFromCode(code: number): Codec | undefined {
  return CODECS[code];
}
