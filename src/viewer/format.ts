/** Numbers and sizes as people read them. Pure. */

/** A value with as many digits as tell it from its neighbours, never more than fit. */
export function formatNumber(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : value > 0 ? '∞' : '−∞';
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return minus(String(value));
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return minus(value.toExponential(Math.max(0, digits - 2)));
  return minus(String(Number(value.toPrecision(digits))));
}

/** Coordinates with one digit more than the voxel size needs. */
export function formatCoordinates(coords: readonly number[], voxelSize: number): string {
  const decimals = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(voxelSize))));
  return coords.map((value) => minus(trimZero(value.toFixed(decimals)))).join(', ');
}

/** Bytes in the unit that leaves at most three digits before the point. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1 brick`, `2 bricks`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

const minus = (text: string) => text.replaceAll('-', '−');
const trimZero = (text: string) => (/^-0\.?0*$/.test(text) ? text.slice(1) : text);
