/** Users' shaders as they are read: uniforms, names, loops, and what is refused. */

import { expect, test } from '@jest/globals';
import { readShader, uniformValue, userPart } from '../../../src/renderer/user_shader.js';

const SHADE = 'vec4 shade(Sample s) { return vec4(s.value); }';
const errors = (text: string) => readShader(text).errors.map(({ line, message }) => `${line}: ${message}`);
const body = (text: string) => readShader(text).shader?.body;

test('uniforms have their bounds and first value in the comment behind them, and leave their line', () => {
  const { shader, uniforms } = readShader(`uniform float gain; // 0 4 1.5\nuniform float cut;\nuniform highp float deep; // -2, 2\n${SHADE}`);
  expect(uniforms).toEqual([
    { name: 'gain', min: 0, max: 4, initial: 1.5 },
    { name: 'cut', min: 0, max: 1, initial: 0 },
    { name: 'deep', min: -2, max: 2, initial: -2 },
  ]);
  expect(shader?.body.split('\n')).toHaveLength(4);
  expect(shader?.body).not.toContain('uniform');
  expect(uniformValue(uniforms[0]!, { gain: 9 })).toBe(4);
  expect(uniformValue(uniforms[0]!, {})).toBe(1.5);
  expect(uniformValue({ ...uniforms[0]!, name: 'toString' }, {})).toBe(1.5);
});

test('what is wrong with a uniform is said at its line', () => {
  expect(errors(`\nuniform vec3 tint;\n${SHADE}`)).toEqual(['2: a uniform is declared as: uniform float name; // least greatest initial']);
  expect(errors(`uniform float a; // 3 1\n${SHADE}`)[0]).toMatch(/^1: the uniform a needs a least and a greatest value .* "3 1"/);
  expect(errors(`uniform float a; // bright\n${SHADE}`)[0]).toMatch(/^1: .*"bright"/);
  expect(errors(`uniform float a;\nuniform float a;\n${SHADE}`)).toEqual(['2: the uniform a is declared twice']);
  expect(errors(`uniform float transfer;\n${SHADE}`)).toEqual(['1: transfer has a meaning already; choose another name']);
  expect(errors(`${Array.from({ length: 17 }, (_, i) => `uniform float u${i};`).join('\n')}\n${SHADE}`)).toEqual(['17: there are more than 16 uniforms']);
});

test('every loop gets a counter; what is in a comment is none', () => {
  expect(body('vec4 shade(Sample s) { for (int i = 0; i < 8; ++i) {} return vec4(0.); }')).toContain('for (int i = 0; goOn() && (i < 8); ++i)');
  expect(body('vec4 shade(Sample s) { float a = 0.; while (a < f(a)) a += .1; return vec4(a); } // while (true)')).toContain('while (goOn() && (a < f(a))) a += .1;');
  expect(body('vec4 shade(Sample s) { int i = 0; do { ++i; } while (i < 9); return vec4(0.); }')).toContain('do { ++i; } while (goOn() && (i < 9));');
  const nested = body('vec4 shade(Sample s) { for (int i = 0; i < 3; ++i) for (int j = min(i, 2); (j < 4); ++j) while (j > 2) --j; return vec4(0.); }')!;
  expect(nested.match(/goOn\(\)/g)).toHaveLength(3);
});

test('a loop that says itself that it never ends is refused, at its line', () => {
  const never = (loop: string) => errors(`vec4 shade(Sample s) {\n  float a = 0.;\n  ${loop}\n  return vec4(a);\n}`);
  expect(never('for (;;) a += 1.;')).toEqual(['3: this loop never ends by itself: give for a condition that becomes false']);
  expect(never('while (true) { a += 1.; }')).toEqual(['3: this loop never ends by itself: give while a condition that becomes false']);
  expect(never('for (int i = 0; /* i < 9 */ ; ++i) a += 1.;')).toHaveLength(1);
  expect(never('while a < 3. a += 1.;')).toEqual(['3: while needs its condition in brackets']);
  expect(never('for (int i = 0; i < 9) a += 1.;')).toEqual(['3: for needs a beginning, a condition and a step: for (int i = 0; i < 8; ++i)']);
  expect(never('while (a < (3.) a += 1.;')).toHaveLength(1);
});

test('what could reach around the hook is refused', () => {
  expect(errors(`#define FOR for (;;)\n${SHADE}`)[0]).toMatch(/^1: #: lines that begin with # are not taken/);
  expect(errors(`uniform sampler2D t;\n${SHADE}`)).toHaveLength(1);
  expect(errors(`${SHADE}\nfloat f() { return gl_FragCoord.x; }`)).toEqual(['2: gl_FragCoord: names of this form belong to the system']);
  expect(errors('float nothing() { return 1.; }')).toEqual(['1: there is no function vec4 shade(Sample s)']);
  expect(errors(`${SHADE}\nvoid main() {}`)).toEqual(['2: main has a meaning already; choose another name']);
  expect(errors('vec4 shade(Sample s) { discard; }')[0]).toMatch(/^1: discard/);
  expect(errors('')).toHaveLength(1);
});

test('names of two layers do not meet, and parts of vectors keep theirs', () => {
  const { shader } = readShader('uniform float a; // 0 1\nconst float b = 2.;\nfloat r(float x) { return a * x; }\nvec4 shade(Sample s) { vec4 c = transfer(s.value); return vec4(r(c.r), c.a, b, lit(c, s).b); }');
  const text = userPart(shader!, 3);
  expect(text).toContain('uniform float userValue_3_a;');
  expect(text).toContain('const float user_3_b = 2.;');
  expect(text).toContain('float user_3_r(float x) { return userValue_3_a * x; }');
  expect(text).toContain('vec4 userShade_3(Sample s) { vec4 c = transfer_3(s.value); return vec4(user_3_r(c.r), c.a, user_3_b, lit_3(c, s).b); }');
});
