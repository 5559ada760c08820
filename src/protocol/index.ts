export * from './constant.js';
export * from './dtype.js';
export * from './frame.js';
export * from './limits.js';
export * from './messages.js';
export * from './tile_frame.js';
export * from './tiles.js';
export * from './xxh32.js';
