import { runInThisContext } from 'node:vm';
import { CompositionError } from '@typekro/sdk/compose';
import { compare, INPUTS, instantiate, runNatively } from '../property/compose/differential.ts';
import { compareConditional } from '../property/compose/conditional.ts';
import { conditionalSource, conditionalStatements } from '../property/compose/conditional-program.ts';
import { makeProgram } from '../property/compose/program.ts';
import { seededChoices } from './choices.ts';

/** Unusual statements, expressions and names to insert into programs. */
const PIECES = [
  'null',
  'undefined',
  'NaN',
  '-0',
  '[]',
  '{}',
  'this',
  'arguments',
  'new Map([[s.name, 1]])',
  'new Set(s.tags)',
  'Symbol("x")',
  '10n',
  '/a+/g',
  '(() => s)()',
  '(function* () { yield 1; })()',
  '(async () => 1)()',
  'class A { x = s.n }',
  'Object.freeze(s)',
  's.__proto__',
  's.constructor',
  's["toString"]()',
  'Reflect.ownKeys(s)',
  'JSON.parse(JSON.stringify(s))',
  'structuredClone(s)',
  'eval("1")',
  'delete s.name',
  's.name = "x"',
  's.n++',
  'for (;;) break;',
  'while (s.flag) { break }',
  'throw s',
  'try { throw s.name } catch (e) { e.x } finally { s.n }',
  'label: for (const x of s.tags) continue label;',
  'switch (s.n) { default: case 1: break; }',
  'with_ = 1',
  'void s.name',
  'typeof missing',
  'missing',
  '...s.tags',
  '`${s.tags}`',
  's?.["tags"]?.[0]?.length',
  's.tags.at(-1)',
  's.items.map((x, i, all) => all)',
  's.tags.length = 0',
  's.nums.sort()',
  'String.raw`${s.name}`',
  'import.meta',
  'new Proxy(s, {})',
  'Object.defineProperty({}, s.name, { get() { return 1 } })',
  'Array(s.n)',
  'parseInt(s.name, 36)',
  '((a = s.n, ...b) => b.length + a)(1, 2)',
  'new Date(s.name)',
] as const;

const TOKENS = /\s+|[A-Za-z_$][\w$]*|\d+|`|"[^"\n]*"|'[^'\n]*'|=>|\?\?|\?\.|&&|\|\||[=!]==?|[-+*/%<>]=?|[^\s]/g;

/** A generated program with random changes of its source. Most results are valid programs. */
export function fuzzedSource(seed: number): string {
  const choices = seededChoices(seed);
  const tokens: string[] = [...(makeProgram(1 + (seed % 500)).source.match(TOKENS) ?? [])];
  const changes = 1 + choices.below(3);
  for (let change = 0; change < changes; change++) {
    const at = choices.below(tokens.length);
    const other = tokens[choices.below(tokens.length)] ?? '';
    const piece = PIECES[choices.below(PIECES.length)] ?? '';
    switch (choices.below(5)) {
      case 0:
        tokens.splice(at, 1);
        break;
      case 1:
        tokens.splice(at, 1, other);
        break;
      case 2:
        tokens.splice(at, 0, other);
        break;
      case 3:
        tokens.splice(at, 1, ` ${piece} `);
        break;
      default: {
        const end = tokens.indexOf(';', at);
        tokens.splice(end < 0 ? at : end + 1, 0, `\n${piece};\n`);
      }
    }
  }
  return tokens.join('');
}

/**
 * The defect that a source reveals. A defect is a graph that differs from the result in JavaScript, or an exception
 * that is neither a refusal nor thrown by the program in JavaScript. Undefined when there is no defect.
 */
export function problemOf(source: string): string | undefined {
  const native = nativeRuns(source);
  if (native === undefined) return undefined;
  try {
    const verdict = compare(source);
    // A random change can remove the loop variable from the name of a collection. The compiler correctly refuses this
    // definition.
    return verdict.kind === 'differs' && !verdict.text.includes('[graph/identity]') ? verdict.text : undefined;
  } catch (error) {
    if (error instanceof CompositionError || native === 0) return undefined;
    return error instanceof Error ? error.stack : String(error);
  }
}

/** A program with conditional resources that read each other. */
export const conditionalSourceOf = (seed: number): string => conditionalSource(conditionalStatements(seed));

/**
 * The difference between the resources of a program in JavaScript and in its graph. The program has conditional
 * resources. Undefined when the resources are equal, or when the program is refused.
 */
export function conditionalProblem(source: string): string | undefined {
  const verdict = compareConditional(source);
  return verdict.kind === 'differs' ? verdict.text : undefined;
}

const MAX_RUN_MS = 500;

/**
 * The number of specs for which the program returns. Undefined when the source is not a program, or runs longer than
 * the time limit.
 */
function nativeRuns(source: string): number | undefined {
  let runs = 0;
  Object.assign(globalThis, {
    typekroFuzz() {
      for (const given of INPUTS) if (runNatively(source, given) !== undefined) runs += 1;
    },
  });
  try {
    // The source may evaluate to something other than a function.
    if (typeof instantiate(source) !== 'function') return undefined;
    runInThisContext('typekroFuzz()', { timeout: MAX_RUN_MS });
    return runs;
  } catch {
    return undefined;
  }
}
