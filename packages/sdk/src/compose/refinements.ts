import type { Diagnostic } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';
import type { SchemaCheck } from '../notations/library-type.ts';
import { schemaChecks } from '../notations/json-schema-nodes.ts';
import { fieldRules } from './emit/field-rules.ts';
import { callClosure } from './interp/functions.ts';
import { outerClosure } from './interp/outside-functions.ts';
import { treeInterpreter } from './interp/tree-interpreter.ts';
import { siteOf } from './interp/env.ts';
import { diagnosticOf } from './refusal/diagnostics.ts';
import { Refusal, refuse, refusalOf } from './refusal/refusal.ts';
import { unusableSchema } from './schemas.ts';
import { parseFunction } from './source/parse-function.ts';
import { activeTrace } from './trace/current-trace.ts';
import type { Closure } from './value/closure.ts';

/** A step from a schema to a part of it: the name of a field, `[]` for the items of a list, `.*` for the values of a map. */
type Step = string;

interface PlacedCheck {
  readonly path: readonly Step[];
  readonly check: SchemaCheck;
  /** The reason why no rule can express the check; undefined if a rule may. */
  readonly problem: string | undefined;
}

const MAX_DEPTH = 100;

/** The checks of a schema and of its parts, with their places. */
function* checksIn(schema: Schema, path: readonly Step[] = [], isAlternative = false): Iterable<PlacedCheck> {
  if (path.length > MAX_DEPTH) return;
  const { properties, items, additionalProperties, anyOf = [] } = schema;
  const isOpen = schema.type === 'object' && properties === undefined && typeof additionalProperties !== 'object';
  const problem = isAlternative ? OF_ALTERNATIVE : isOpen ? OF_OPEN_OBJECT : undefined;
  for (const check of schemaChecks(schema)) yield { path, check, problem };
  for (const [name, member] of Object.entries(properties ?? {}))
    yield* checksIn(member, [...path, name], isAlternative);
  if (items !== undefined) yield* checksIn(items, [...path, '[]'], isAlternative);
  if (typeof additionalProperties === 'object') yield* checksIn(additionalProperties, [...path, '.*'], isAlternative);
  for (const branch of anyOf) yield* checksIn(branch, path, true);
}

const OF_ALTERNATIVE = 'it checks one alternative of a union';
const OF_OPEN_OBJECT = 'the schema of the object has no fields that a rule could read';

/**
 * Traces the checks that the author of a spec's schema wrote as functions (`refine`, `narrow`, `check`). Each check
 * becomes a precondition of the spec, like a `throw` in the composition. A check of an absent value holds.
 *
 * @throws CompositionError `schema/transform` with all checks that cannot be translated.
 */
export function addRefinements(schema: Schema, spec: unknown): void {
  const problems: Diagnostic[] = [];
  for (const placed of checksIn(schema)) {
    const refusal = traceCheck(placed, spec);
    if (refusal !== undefined) problems.push(problemOf(placed, refusal));
  }
  if (problems.length > 0) throw unusableSchema('spec', problems);
}

function traceCheck({ path, check, problem }: PlacedCheck, spec: unknown): Refusal | undefined {
  const trace = activeTrace();
  const known = trace.validations.length;
  const errors = trace.errors.length;
  const place = fieldOf(path);
  const message = check.message ?? `${place} does not satisfy its schema`;
  const closure = closureOfCheck(path, check, message);
  const own = outerClosure(check.test);
  const site = own === undefined ? undefined : siteOf(own.unit, own.node);
  try {
    trace.isCheck = true;
    if (problem !== undefined) refuse('types', problem, 'declare the fields, or check the whole field');
    callClosure(treeInterpreter, closure, { value: undefined, known: true }, [spec]);
    const [noted] = trace.errors.splice(errors);
    if (noted !== undefined) throw noted;
    const added = trace.validations.splice(known).map((validation) => ({ ...validation, site }));
    fieldRules(added, 'typekro', new Set());
    trace.validations.push(...added);
    return undefined;
  } catch (error) {
    // What fails after a mistake is only its consequence.
    const [mistake] = trace.errors.splice(errors);
    trace.validations.splice(known);
    // The closure throws without a condition if the schema alone decides that the check fails.
    const isNever = error instanceof Error && error.message === message;
    const refusal =
      mistake ??
      (isNever
        ? new Refusal('types', `it refuses all values that the field can have here: ${message}`, CORRECT_CHECK)
        : refusalOf(error));
    if (refusal.site?.locate(refusal.site.start) === undefined) refusal.site = site;
    return refusal;
  } finally {
    trace.isCheck = false;
  }
}

const CORRECT_CHECK = 'correct the check, or the types that it reads';

/** The diagnostic of a check that cannot become a rule. */
function problemOf({ path }: PlacedCheck, refusal: Refusal): Diagnostic {
  const { hint, source, ...found } = diagnosticOf(refusal);
  const place = fieldOf(path);
  if (source?.file?.includes('/node_modules/') === true) {
    return {
      ...found,
      code: 'schema/transform',
      message: `${place}: the library checks the value with a function of its own, which cannot become a rule`,
      path: place,
      hint: 'write the check as a pattern, or as a function of your own',
    };
  }
  return {
    ...found,
    ...(source === undefined ? {} : { source }),
    code: 'schema/transform',
    message: `${place}: a check of the schema cannot become a rule: ${refusal.message}`,
    path: place,
    hint: hint ?? 'write the check with plain functions of the value',
  };
}

const fieldOf = (path: readonly Step[]): string =>
  path.reduce((place, step) => (step === '[]' || step === '.*' ? place + step : `${place}.${step}`), 'spec');

/** The function `(spec) => { if (!(…check(spec.a.b)…)) throw … }` as a closure of the interpreter. */
function closureOfCheck(path: readonly Step[], { test }: SchemaCheck, message: string): Closure {
  const condition = conditionOf('spec', path, 0);
  const text = `(spec) => { if (!(${condition})) throw new Error(message); }`;
  const { node, shift } = parseFunction(text);
  const values: Readonly<Record<string, unknown>> = { check: test, message };
  return {
    node,
    scope: undefined,
    unit: {
      text,
      shift,
      lookup: (name) => (Object.hasOwn(values, name) ? { value: values[name] } : undefined),
      locate: () => undefined,
    },
    self: { value: undefined, known: true },
  };
}

/** The condition in JavaScript that a value, or each of its parts at the path, is absent or passes the check. */
function conditionOf(value: string, path: readonly Step[], level: number): string {
  const [step, ...rest] = path;
  if (step === undefined)
    return level === 0 && value === 'spec' ? `check(${value})` : `${value} == null || check(${value})`;
  if (step !== '[]' && step !== '.*') return conditionOf(`${value}?.[${JSON.stringify(step)}]`, rest, level);
  const item = `item${level}`;
  const items = step === '[]' ? value : `Object.values(${value})`;
  return `${value} == null || ${items}.every((${item}) => ${conditionOf(item, rest, level + 1)})`;
}
