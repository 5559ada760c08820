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
