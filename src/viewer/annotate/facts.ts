/** What is said of an annotation: where it is, how large, who made it. Pure. */

import { centreOf, vertexCount } from '../../annotation/forms.js';
import { isPath, isTurned } from '../../annotation/kinds.js';
import type { Annotation, PropValue } from '../../annotation/model.js';
import { pathLength, polygonArea } from '../../annotation/paths.js';
import { partsOf } from '../../annotation/turned.js';
import { type VolumeGeometry, worldToVoxel } from '../../volume/geometry.js';
import { formatCoordinates, formatNumber } from '../format.js';

/** Made once: to make one takes a millisecond, and a drag tells the time sixty times a second. */
const TIMES = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' });

/** In what places are told. */
export interface Measure {
  readonly unit: string;
  /** Edge of a voxel along world x, y, z. */
  readonly voxel: readonly [number, number, number];
  readonly grid: VolumeGeometry | undefined;
}

/** Words and values, in the order they are read. */
export function factsOf(annotation: Annotation, { unit, voxel, grid }: Measure): readonly (readonly [string, string])[] {
  const centre = centreOf(annotation);
  const long = (value: number) => `${formatNumber(value)}${unit && ` ${unit}`}`;
  const facts: [string, string][] = [[annotation.kind === 'point' ? 'Place' : 'Centre', `${formatCoordinates(centre, Math.min(...voxel))}${unit && ` ${unit}`}`]];
  if (grid) facts.push(['Voxel z, y, x', worldToVoxel(grid, centre).map((v) => formatNumber(Number(v.toFixed(1)))).join(', ')]);
  if (annotation.kind === 'box') {
    const edges = ([0, 1, 2] as const).map((i) => annotation.coords[(i + 3) as 3] - annotation.coords[i]);
    facts.push(['Edges', edges.map((edge) => formatNumber(edge)).join(' × ') + (unit && ` ${unit}`)]);
  } else if (isTurned(annotation)) {
    const { half } = partsOf(annotation.coords);
    facts.push([annotation.kind === 'ellipsoid' ? 'Diameters' : 'Edges', half.map((r) => formatNumber(2 * r)).join(' × ') + (unit && ` ${unit}`)]);
    if (annotation.kind === 'ellipsoid') facts.push(['Volume', `${formatNumber((4 / 3) * Math.PI * half[0] * half[1] * half[2])}${unit && ` ${unit}³`}`]);
  } else if (isPath(annotation)) {
    const closed = annotation.kind === 'polygon';
    facts.push([closed ? 'Outline' : 'Length', long(pathLength(annotation.coords, closed))]);
    if (closed) facts.push(['Area', `${formatNumber(polygonArea(annotation.coords))}${unit && ` ${unit}²`}`]);
    if (annotation.kind !== 'line') facts.push(['Points', String(vertexCount(annotation.coords))]);
  }
  facts.push(['By', [annotation.author, timeWords(annotation.created)].filter((words) => words).join(', ')]);
  const later = annotation.modified !== annotation.created;
  if (later) facts.push(['Changed', [annotation.modifiedBy, timeWords(annotation.modified)].filter((words) => words).join(', ')]);
  return facts;
}

/** A time as it is read where the viewer is; what is none stays as it is. */
function timeWords(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : TIMES.format(time);
}

/** A field's value as it is typed: a number, true or false, or words; words in quotes stay words. */
export function parseValue(text: string): PropValue {
  const trimmed = text.trim();
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  if (trimmed !== '' && Number.isFinite(Number(trimmed))) return Number(trimmed);
  const quoted = /^"(.*)"$/s.exec(trimmed);
  return quoted ? (quoted[1] as string) : text;
}

/** The text from which `parseValue` makes the value again. */
export function valueText(value: PropValue): string {
  if (typeof value !== 'string') return String(value);
  return parseValue(value) === value ? value : `"${value}"`;
}
