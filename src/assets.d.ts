/** What the bundler turns into text. */
declare module '*.css' {
  const text: string;
  export default text;
}
declare module '*.glsl' {
  const text: string;
  export default text;
}
/** The session's worker, bundled to one script by build.mjs. */
declare module 'voxbeam:worker' {
  const source: string;
  export default source;
}
/** The Zstandard decoder of three.js, as base64 of its WebAssembly, taken out of its module by build.mjs. */
declare module 'voxbeam:zstd' {
  const base64: string;
  export default base64;
}
