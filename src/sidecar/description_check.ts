/** What of a volume's description the schema cannot say. */

import type { VolumeDescription } from '../protocol/index.js';
import { brickCount } from '../volume/geometry.js';

/** Why a description cannot be served and what to do, or undefined when it can. */
export function refusal(description: VolumeDescription): { message: string; remedy: string } | undefined {
  const { name, kind, stored, shape, scale, offset, times, points, editable } = description;
  if (editable) return { message: `volume "${name}" is declared as editable`, remedy: 'make editable labels with LABELS: the sidecar holds them' };
  const cloud = [kind === 'points', stored === 'points', points !== undefined];
  if (new Set(cloud).size > 1) {
    return {
      message: `volume "${name}": kind ${kind}, stored as ${stored}, ${points ? 'with' : 'without'} points`,
      remedy: 'a point cloud has kind points, is stored as points and describes its points; nothing else does',
    };
  }
  if (stored === 'u32' && kind === 'image') {
    return { message: `volume "${name}": images are not stored as u32`, remedy: 'store images as u8, u16 or f32; u32 is for labels' };
  }
  if (stored === 'f32' && kind === 'labels') {
    return { message: `volume "${name}": labels are not stored as f32`, remedy: 'convert the labels to an integer dtype' };
  }
  if (kind === 'labels' && (scale !== 1 || offset !== 0)) {
    return { message: `volume "${name}": labels with scale ${scale} and offset ${offset}`, remedy: 'labels have scale 1 and offset 0' };
  }
  if (scale === 0) return { message: `volume "${name}": scale 0`, remedy: 'give a scale that is not 0' };
  const bricks = brickCount(shape, times?.count);
  if (!Number.isSafeInteger(bricks)) {
    return { message: `volume "${name}": shape ${shape.join(' × ')}${times ? ` and ${times.count} time points` : ''} has ${bricks} bricks`, remedy: 'show a part of it, or a smaller volume' };
  }
  return undefined;
}
