/**
 * TypeScript to JavaScript for Jest, by swc. In the contexts that Jest runs files in, each look at a global goes through the context: loops over voxels
 * then do little else. So each file begins with constants of the ones that loops use.
 */
import swc from '@swc/jest';

const inner = swc.createTransformer({ jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } });
// On the first line, so that no line has another number.
const begin = (made) => ({ ...made, code: `const { Math, Number } = globalThis; ${made.code}` });

export default {
  ...inner,
  process: (...args) => begin(inner.process(...args)),
  processAsync: async (...args) => begin(await inner.processAsync(...args)),
  getCacheKey: (...args) => `${inner.getCacheKey(...args)}globals`,
};
