export * from './dtype.js';
export * from './frame.js';
export * from './limits.js';
export * from './messages.js';
export * from './xxh32.js';
