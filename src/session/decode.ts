/** Coded frames as what they stand for. */

import { type Decoders, decodePayload, LZ4_ONLY, restoreFrame } from '../protocol/coded_frame.js';
import { CODECS, type Way } from '../protocol/codec.js';
import { dtypeFromCode, type VoxelDtype } from '../protocol/dtype.js';
import { Flag, type FrameHeader, FrameType } from '../protocol/frame.js';
import { STORED_TILE_TEXELS, STORED_VOXELS } from '../protocol/limits.js';
import { decodePreview } from '../protocol/preview8.js';
import type { FrameBody } from './frame_check.js';
import { zstdDecode } from './zstd.js';

const DECODERS: Decoders = { ...LZ4_ONLY, zstd: zstdDecode };

/** How a frame travelled, what its payload was before, and how long making it that again took. */
export interface Travelled {
  readonly way: Way;
  readonly bytes: number;
  readonly ms: number;
}

/** A frame without its coding: its header and message, or of a preview its voxels. */
export type Uncoded = { travelled: Travelled } & ({ header: FrameHeader; message: ArrayBuffer; body?: never } | { body: FrameBody });

/**
 * Decodes the checked payload of a coded frame.
 *
 * @throws FrameError 4400 where it is damaged, or not what its header says
 */
export function uncoded(header: FrameHeader, payload: Uint8Array): Uncoded {
  const began = performance.now();
  const lossy = (header.flags & Flag.LOSSY) !== 0;
  const made = lossy ? { body: previewOf(header, payload) } : restoreFrame(header, payload, DECODERS);
  const way = lossy ? 'preview' : (CODECS[header.coding?.codec ?? 0] ?? 'raw');
  return { ...made, travelled: { way, bytes: header.coding?.bytes ?? 0, ms: performance.now() - began } };
}

function previewOf(header: FrameHeader, payload: Uint8Array): FrameBody {
  const dtype = dtypeFromCode(header.dtype) as VoxelDtype;
  const kind = header.type === FrameType.BRICK ? 'brick' : 'tile';
  const count = kind === 'brick' ? STORED_VOXELS : STORED_TILE_TEXELS;
  return { kind, dtype, voxels: decodePreview(decodePayload(header, payload, DECODERS), dtype, count), lossy: true };
}
