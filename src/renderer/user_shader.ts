/**
 * A user's own `vec4 shade(Sample s)`, read before it is compiled: its uniforms, its names and its loops. Pure. docs/shaders.md is what
 * users are told of it.
 */

/** A number that the shader's user sets by a slider. */
export interface ShaderUniform {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly initial: number;
}

/** A fault, at a line of the user's text, counted from 1. */
export interface ShaderFault {
  readonly line: number;
  readonly message: string;
}

/** A shader that may be compiled. */
export interface UserShader {
  /** The same for the same text. */
  readonly key: string;
  readonly uniforms: readonly ShaderUniform[];
  /** Names that it declares outside of functions. */
  readonly names: readonly string[];
  /** The text without its uniforms, every loop ended by a counter; lines are where they were. */
  readonly body: string;
}

/** Turns of loops at one sample, and along one ray, after which loops end. */
export const MAX_TURNS_OF_SAMPLE = 128;
export const MAX_TURNS_OF_RAY = 16384;
/** Most uniforms of one shader. */
export const MAX_UNIFORMS = 16;

const TYPES = new Set('void float int uint bool vec2 vec3 vec4 ivec2 ivec3 ivec4 uvec2 uvec3 uvec4 bvec2 bvec3 bvec4 mat2 mat3 mat4 Sample'.split(' '));
const RESERVED = new Set('Sample transfer lit labelColor goOn turns turnsInAll main'.split(' '));
const REFUSED: Readonly<Record<string, string>> = {
  '#': 'lines that begin with # are not taken; write a const or a function',
  sampler2D: 'textures cannot be read from here',
  sampler3D: 'textures cannot be read from here',
  layout: 'layout has no meaning here',
  in: 'only a function\'s arguments can be in',
  discard: 'discard would drop the whole ray; return vec4(0.) for nothing',
};

interface Token {
  readonly text: string;
  readonly at: number;
  readonly line: number;
}

/** Reads a shader's text. */
export function readShader(text: string): { shader?: UserShader; uniforms: ShaderUniform[]; errors: ShaderFault[] } {
  const errors: ShaderFault[] = [];
  const plain = withoutComments(text);
  const { uniforms, rest } = takeUniforms(text, plain, errors);
  const tokens = tokensOf(rest);
  for (const [i, { text: word, line }] of tokens.entries()) {
    const reason = REFUSED[word];
    // `in` is a word of argument lists too.
    if (reason && !(word === 'in' && /^[(,]$/.test(tokens[i - 1]?.text ?? ''))) errors.push({ line, message: `${word}: ${reason}` });
    if (word.startsWith('gl_') || word.includes('__')) errors.push({ line, message: `${word}: names of this form belong to the system` });
  }
  const names = topNames(tokens);
  for (const { text: name, line } of names) {
    if (RESERVED.has(name)) errors.push({ line, message: `${name} has a meaning already; choose another name` });
  }
  if (!names.some(({ text: name }) => name === 'shade')) errors.push({ line: 1, message: 'there is no function vec4 shade(Sample s)' });
  const body = guardLoops(rest, tokens, errors);
  if (errors.length > 0) return { uniforms, errors: errors.sort((a, b) => a.line - b.line) };
  return { shader: { key: text, uniforms, names: [...new Set(names.map(({ text: name }) => name))], body }, uniforms, errors };
}

/** The shader's text for layer `n`, its names made its own: two layers may have two functions of one name. */
export function userPart({ names, uniforms, body }: UserShader, n: number): string {
  const own = new Map<string, string>([
    ...names.map((name) => [name, name === 'shade' ? `userShade_${n}` : `user_${n}_${name}`] as const),
    ...uniforms.map(({ name }) => [name, uniformName(n, name)] as const),
    ['transfer', `transfer_${n}`],
    ['lit', `lit_${n}`],
  ]);
  // What stands behind a dot is a part of a vector or a structure.
  const text = body.replace(/(?<![.\w])[A-Za-z_]\w*/g, (word) => own.get(word) ?? word);
  return [...uniforms.map(({ name }) => `uniform float ${uniformName(n, name)};`), '#line 1 1', text, '#line 1 0'].join('\n');
}

/** Name of a user's uniform in the shader. */
export const uniformName = (n: number, name: string): string => `userValue_${n}_${name}`;

/** A uniform's value: what the scene says, or its initial one, within its bounds. */
export function uniformValue({ name, min, max, initial }: ShaderUniform, values: Readonly<Record<string, number>>): number {
  const value = Object.hasOwn(values, name) ? (values[name] as number) : initial;
  return Math.min(Math.max(value, min), max);
}

/** The text with blanks in place of comments: every other character is where it was. */
function withoutComments(text: string): string {
  return text.replace(/\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g, (comment) => comment.replace(/[^\n]/g, ' '));
}

/** Takes declarations `uniform float name; // least greatest initial` out of the text. */
function takeUniforms(text: string, plain: string, errors: ShaderFault[]): { uniforms: ShaderUniform[]; rest: string } {
  const uniforms: ShaderUniform[] = [];
  const lines = text.split('\n');
  const rest = plain.replace(/\buniform\b[^;]*;?/g, (declaration, at: number) => {
    const line = lineAt(plain, at);
    const fail = (message: string) => void errors.push({ line, message });
    const [, name] = /^uniform\s+(?:(?:highp|mediump|lowp)\s+)?float\s+([A-Za-z]\w*)\s*;$/.exec(declaration) ?? [];
    const last = lineAt(plain, at + declaration.length - 1);
    const said = /;\s*\/\/\s*(.*)$/.exec(lines[last - 1] ?? '')?.[1]?.trim() ?? '';
    const numbers = said === '' ? [] : said.split(/[\s,]+/).map(Number).slice(0, 3);
    const [min = 0, max = 1, initial = min] = numbers;
    if (!name) fail('a uniform is declared as: uniform float name; // least greatest initial');
    else if (uniforms.some((u) => u.name === name)) fail(`the uniform ${name} is declared twice`);
    else if (RESERVED.has(name) || name === 'shade' || TYPES.has(name)) fail(`${name} has a meaning already; choose another name`);
    else if (![min, max, initial].every(Number.isFinite) || !(min < max)) {
      fail(`the uniform ${name} needs a least and a greatest value in the comment behind it, such as // 0 1 0.5; there is "${said}"`);
    } else if (uniforms.length === MAX_UNIFORMS) fail(`there are more than ${MAX_UNIFORMS} uniforms`);
    else uniforms.push({ name, min, max, initial: Math.min(Math.max(initial, min), max) });
    return declaration.replace(/[^\n]/g, ' ');
  });
  return { uniforms, rest };
}

const lineAt = (text: string, at: number): number => text.slice(0, at).split('\n').length;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (const { 0: word, index } of text.matchAll(/\n|[A-Za-z_]\w*|\d[\w.]*|\.\d\w*|[^\s\w]/g)) {
    if (word === '\n') line += 1;
    else tokens.push({ text: word, at: index, line });
  }
  return tokens;
}

/** Names of functions, constants, variables and structures outside of braces. */
function topNames(tokens: readonly Token[]): Token[] {
  const names: Token[] = [];
  let depth = 0;
  let structured = false;
  for (let i = 0; i < tokens.length; i += 1) {
    const { text } = tokens[i] as Token;
    if (text === '{' || text === '(' || text === '[') depth += 1;
    if (text === '}' || text === ')' || text === ']') depth -= 1;
    if (depth > 0) continue;
    if (text === 'struct') structured = true;
    const next = tokens[i + 1]?.text ?? '';
    const before = tokens[i - 1]?.text ?? '';
    if (!/^[A-Za-z_]/.test(text) || TYPES.has(text) || text === 'const' || text === 'struct') continue;
    // A name is declared where a type, a structure's name or a comma stands before it.
    if (structured && before === 'struct') names.push(tokens[i] as Token);
    else if (/^[(=;,[]$/.test(next) && (/^[A-Za-z_]\w*$/.test(before) || before === ',' || before === '}' || before === ']')) names.push(tokens[i] as Token);
  }
  return names;
}

/** Puts a counter into the condition of every loop. A loop that has no condition, or one that is always true, is refused. */
function guardLoops(text: string, tokens: readonly Token[], errors: ShaderFault[]): string {
  const edits: { at: number; put: string }[] = [];
  tokens.forEach(({ text: word, line }, i) => {
    if (word !== 'for' && word !== 'while') return;
    const open = i + 1;
    const close = closing(tokens, open);
    if (tokens[open]?.text !== '(' || close === undefined) {
      errors.push({ line, message: `${word} needs its condition in brackets` });
      return;
    }
    const parts = tokens.slice(open + 1, close);
    let [from, to] = [open + 1, close];
    if (word === 'for') {
      const ends = splits(parts);
      if (ends.length !== 2) {
        errors.push({ line, message: 'for needs a beginning, a condition and a step: for (int i = 0; i < 8; ++i)' });
        return;
      }
      [from, to] = [open + 2 + (ends[0] as number), open + 1 + (ends[1] as number)];
    }
    const condition = tokens.slice(from, to).map((t) => t.text).join('');
    if (condition === '' || condition === 'true' || condition === '!false' || condition === '1==1') {
      errors.push({ line, message: `this loop never ends by itself: give ${word} a condition that becomes false` });
      return;
    }
    edits.push({ at: (tokens[from] as Token).at, put: 'goOn() && (' }, { at: (tokens[to] as Token).at, put: ')' });
  });
  edits.sort((a, b) => b.at - a.at);
  return edits.reduce((out, { at, put }) => out.slice(0, at) + put + out.slice(at), text);
}

function closing(tokens: readonly Token[], open: number): number | undefined {
  let depth = 0;
  for (let i = open; i < tokens.length; i += 1) {
    if (tokens[i]?.text === '(') depth += 1;
    else if (tokens[i]?.text === ')') depth -= 1;
    if (depth === 0) return i;
  }
  return undefined;
}

/** Places of the semicolons outside of brackets. */
function splits(tokens: readonly Token[]): number[] {
  let depth = 0;
  return tokens.flatMap(({ text }, i) => {
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    return text === ';' && depth === 0 ? [i] : [];
  });
}
