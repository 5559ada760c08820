/** How voxels are stored on the wire, in the store and on the GPU. A volume's own dtype is mapped to one of these. */

export const STORED_DTYPES = ['u8', 'u16', 'u32', 'f32', 'points'] as const;
/** `u32` is for labels only, `points` for point clouds, whose bricks are rows; images use the others. */
export type StoredDtype = (typeof STORED_DTYPES)[number];

/** The code of a stored dtype in the frame header. 0 is for frames without voxels. */
export const DTYPE_CODE: Readonly<Record<StoredDtype, number>> = { u8: 1, u16: 2, u32: 3, f32: 4, points: 5 };
/** Those that are numbers of voxels. */
export type VoxelDtype = Exclude<StoredDtype, 'points'>;
/** Bytes of one stored voxel. */
export const ITEM_BYTES: Readonly<Record<VoxelDtype, number>> = { u8: 1, u16: 2, u32: 4, f32: 4 };

/** UNIT_BYTES that a brick of a stored dtype takes in the store. */
export const STORE_UNITS: Readonly<Record<StoredDtype, 1 | 2 | 4>> = { u8: 1, u16: 2, u32: 4, f32: 4, points: 1 };

export type VoxelArray = Uint8Array | Uint16Array | Uint32Array | Float32Array;

/** The stored dtype for a header's code. */
export function dtypeFromCode(code: number): StoredDtype | undefined {
  return STORED_DTYPES.find((dtype) => DTYPE_CODE[dtype] === code);
}
