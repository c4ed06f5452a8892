import { performance } from 'node:perf_hooks';
import { kroEnvironment, toJson, unparse, type Ast, type Environment, type Program } from '@typekro/cel';
import { generateExpression, RESULT_TYPES, VARIABLES } from './cel-generator.ts';
import { corpus, mutate } from './cel-mutator.ts';
import { pick, type Choices } from './choices.ts';
import { hostileValue, type Alarm } from './hostile-data.ts';

/** A method to generate an expression. */
export interface FuzzKind {
  readonly name: string;
  readonly expression: (choices: Choices) => string;
}

let recorded: readonly string[] | undefined;

/** Methods to generate expressions, from well-formed expressions to noise. */
export const CEL_KINDS: readonly FuzzKind[] = [
  { name: 'typed grammar', expression: (choices) => generateExpression(choices, pick(choices, RESULT_TYPES)) },
  { name: 'mutated recordings', expression: (choices) => mutate(choices, (recorded ??= corpus())) },
  { name: 'noise', expression: noise },
];

/** Random characters. Characters with a meaning in CEL are frequent. */
function noise(choices: Choices): string {
  const alphabet = 'abx01."\'`()[]{}?:,+-*/%!&|=<>_@#\\ \n\t🙂é\u0000\ud800\ufeff';
  const characters = Array.from(alphabet);
  return Array.from({ length: choices.below(60) }, () => pick(choices, characters)).join('');
}

/**
 * The time limit for all stages of one expression, in milliseconds. It is checked after each stage, and is high because
 * a machine may be busy.
 */
const MAX_RUN_MS = 10_000;
/**
 * The budget of an evaluation, in work units. Nearly all generated expressions need less. An expression that exceeds
 * the budget fails, and this failure is no defect.
 */
const BUDGET = 300_000;

/** An environment with the generator's variables. */
export function fuzzEnvironment(): Environment {
  return kroEnvironment({ variables: VARIABLES, features: { now: true, math: true, sets: true } });
}

const ORDINARY: Readonly<Record<string, unknown>> = {
  i: 3,
  u: 7,
  d: 2.5,
  b: true,
  s: 'a,b,c',
  bs: 'YQ==',
  ts: '2026-01-01T00:00:00Z',
  dur: '90s',
  li: [3, 1, 2],
  ls: ['b', 'a'],
  ld: [1, 'a', null, [2], { a: 1 }],
  ms: { a: 'x', b: 'y' },
  mi: { a: 1, b: 2 },
  md: { a: 1, b: [1, { name: 'n' }], name: null },
  x: { a: { b: [1, 2] }, items: [{ name: 'p' }] },
  y: 'text',
};

/** Parses, checks and evaluates the expression. Returns the first defect of the engine, or undefined. */
export function examine(environment: Environment, text: string, choices: Choices): string | undefined {
  try {
    return examineStages(environment, text, choices);
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}

function examineStages(environment: Environment, text: string, choices: Choices): string | undefined {
  const began = performance.now();
  const slow = (stage: string): string | undefined =>
    performance.now() - began > MAX_RUN_MS ? `${stage} took ${Math.round(performance.now() - began)} ms` : undefined;
  const parsed = environment.parse(text);
  if (!parsed.ok) return parsed.text === '' ? 'refused without a reason' : slow('parsing');
  const roundTrip = examineRoundTrip(environment, parsed.ast) ?? slow('unparsing');
  if (roundTrip !== undefined) return roundTrip;
  const compiled = environment.compile(text);
  if (!compiled.ok) return compiled.text === '' ? 'refused without a reason' : slow('checking');
  return examineProgram(compiled.program, choices) ?? slow('evaluating');
}

/**
 * The text that `unparse` returns must parse to the same tree, and `unparse` must return the same text for this tree.
 */
function examineRoundTrip(environment: Environment, ast: Ast): string | undefined {
  const text = unparse(ast);
  const again = environment.parse(text);
  if (!again.ok) return `unparsed to ${JSON.stringify(text)}, which is refused: ${again.text}`;
  if (shapeOf(again.ast.expr) !== shapeOf(ast.expr))
    return `unparsed to ${JSON.stringify(text)}, which means something else`;
  return unparse(again.ast) === text ? undefined : `unparsed to ${JSON.stringify(text)} first and otherwise then`;
}

/** The tree as a string, without ids and positions. */
export function shapeOf(node: unknown): string {
  return JSON.stringify(node, (key, value: unknown) => {
    if (key === 'id' || key === 'start' || key === 'end' || key === 'at') return undefined;
    if (key === 'quoted') return undefined;
    // Omits a macro's expansion, because its call determines it. The expansion shares nodes with the call, so the
    // output would double at each level.
    if (key === 'expansion') return undefined;
    if (typeof value === 'bigint') return `bigint ${value}`;
    if (typeof value === 'number' && !Number.isFinite(value)) return `number ${value}`;
    if (Object.is(value, -0)) return 'number -0';
    if (value instanceof Set) return [...(value as Set<unknown>)];
    if (value instanceof Uint8Array) return [...value];
    return value;
  });
}

function examineProgram(program: Program, choices: Choices): string | undefined {
  const alarm: Alarm = { events: [] };
  const hostile: Record<string, unknown> = {};
  for (const name of Object.keys(VARIABLES)) hostile[name] = hostileValue(choices, alarm);
  for (const variables of [ORDINARY, hostile, {}]) {
    const result = program.evaluate(variables, { budget: BUDGET, now: 1_767_225_600_000 });
    if (!result.ok) {
      if (typeof result.error.message !== 'string' || result.error.message === '') return 'failed without a reason';
      continue;
    }
    const json = toJson(result.value);
    if (!json.ok && typeof json.error !== 'string') return `the conversion failed without a reason`;
  }
  return alarm.events.length > 0 ? `hostile data noticed: ${alarm.events.join('; ')}` : undefined;
}
