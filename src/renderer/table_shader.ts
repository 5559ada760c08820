/** The part of a shader that reads one page table, and what it reads it with. */

import * as THREE from 'three';
import tableGlsl from './shaders/table.glsl';
import type { Lookup } from './source.js';
import type { TableWindow } from './table_window.js';

/** Windows inside each other at most: 2^31 voxels along an axis need 22. */
const MAX_NEST = 24;

/** Whether a table has windows inside each other: it is read by another shader. */
export const isNested = (window: TableWindow | undefined): boolean => window?.nest !== undefined;

/** GLSL for the table whose names end in `suffix`. */
export function tableShader(suffix: string, nested: boolean): string {
  return `#define NESTED${suffix} ${Number(nested)}\n#define MAX_NEST ${MAX_NEST}\n${tableGlsl.replaceAll('_L', suffix)}`;
}

/** Uniforms of that part, without the suffix. */
export const TABLE_UNIFORMS = ['uNest', 'uNestCenter', 'uNestOrigin', 'uNestSize', 'uWidest'] as const;

/** Their values for a look-up. */
export function tableValues({ window, widest }: Lookup): Partial<Record<(typeof TABLE_UNIFORMS)[number], unknown>> {
  const { nest, origin, size } = window;
  if (!nest) return { uWidest: widest };
  const xyz = ([z, y, x]: readonly [number, number, number]) => [x, y, z] as const;
  const places = Array.from({ length: MAX_NEST }, (_, i) => {
    const from = nest.origins[i] ?? origin;
    const [x, y, z] = xyz(origin.map((n, axis) => n / 2 ** i - (from[axis] as number)) as unknown as typeof from);
    return new THREE.Vector4(x, y, z, 2 ** -i);
  });
  return {
    uNest: places,
    uNestCenter: new THREE.Vector4(...xyz(nest.center), 1 / nest.reach),
    uNestOrigin: new THREE.Vector3(...xyz(origin).map((n) => n % 2 ** 20)),
    uNestSize: new THREE.Vector2(nest.origins.length - 1, size[0]),
  };
}
