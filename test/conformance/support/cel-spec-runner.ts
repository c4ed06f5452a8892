import { readFileSync } from 'node:fs';
import { tests } from '@bufbuild/cel-spec/testdata/conformance.js';
import type { CelType, CheckResult, Environment, FunctionDeclaration, Program, Value } from '@typekro/cel';
import { bindings, createEnvironment, encoders, optionalTypes, strings, twoVariableComprehensions, typeToString } from '@typekro/cel';
import { type SpecType, type SpecValue, canonical, specType, specValue } from './cel-spec-values.ts';
import type { TopicResult } from './report.ts';

/** A test vector of cel-spec, in its JSON form. */
interface Vector {
  readonly name: string;
  readonly expr: string;
  readonly container?: string;
  readonly checkOnly?: boolean;
  readonly disableCheck?: boolean;
  readonly typeEnv?: readonly Declaration[];
  readonly bindings?: Readonly<Record<string, { readonly value: SpecValue }>>;
  readonly value?: SpecValue;
  readonly evalError?: unknown;
  readonly typedResult?: { readonly result?: SpecValue; readonly deducedType?: SpecType };
}

interface Declaration {
  readonly name: string;
  readonly ident?: { readonly type?: SpecType };
  readonly function?: {
    readonly overloads?: readonly {
      readonly overloadId: string;
      readonly params?: readonly SpecType[];
      readonly resultType?: SpecType;
      readonly isInstanceFunction?: boolean;
    }[];
  };
}

/** The recorded result of cel-go for a vector. */
interface Recorded {
  readonly suite: string;
  readonly section: string;
  readonly name: string;
  readonly nth?: number;
  readonly check: { readonly ok: boolean; readonly type?: string; readonly error?: string };
  readonly unchecked?: boolean;
  readonly result: 'error' | 'type' | 'value';
  readonly evalError?: string;
}

/** Maps the id of a vector to the reason why its value deviates. */
export type Deviations = Readonly<Record<string, string>>;

interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly { readonly original: object }[];
}

/** Maps `suite/section/name` to its vectors. Several vectors of a section may have the same name. */
function vectors(): ReadonlyMap<string, readonly Vector[]> {
  const found = new Map<string, Vector[]>();
  for (const suite of (tests as unknown as Suite).suites ?? []) {
    for (const section of suite.suites ?? []) {
      for (const { original } of section.tests ?? []) {
        const vector = original as Vector;
        const id = `${suite.name}/${section.name}/${vector.name}`;
        found.set(id, [...(found.get(id) ?? []), vector]);
      }
    }
  }
  return found;
}

function environmentOf(vector: Vector): Environment {
  const variables: Record<string, { type: CelType; raw: true }> = {};
  const functions: FunctionDeclaration[] = [];
  for (const { name, ident, function: declared } of vector.typeEnv ?? []) {
    if (ident !== undefined) variables[name] = { type: specType(ident.type), raw: true };
    if (declared === undefined) continue;
    const overloads = (declared.overloads ?? []).map((overload) => ({
      id: overload.overloadId,
      member: overload.isInstanceFunction === true,
      params: (overload.params ?? []).map(specType),
      result: specType(overload.resultType),
      call: (): Value => null,
    }));
    functions.push({ name, overloads });
  }
  return createEnvironment({
    libraries: [
      twoVariableComprehensions,
      bindings,
      optionalTypes,
      encoders,
      strings,
      { name: 'vector', functions },
    ],
    variables,
    strictPresence: true,
    ...(vector.container === undefined ? {} : { container: vector.container }),
  });
}

/** The difference between the results of this checker and of cel-go's checker. Undefined when they agree. */
function checkDifference(check: CheckResult, recorded: Recorded['check']): string | undefined {
  const got = check.ok ? typeToString(check.type) : check.text.split('\n')[0];
  const expected = recorded.ok ? recorded.type : recorded.error;
  return got === expected ? undefined : `check\n  recorded ${expected}\n  got      ${got}`;
}

function program(environment: Environment, vector: Vector, check: CheckResult): Program | string {
  if (vector.disableCheck !== true) {
    if (!check.ok) return check.text;
    const planned = environment.plan(check.checked);
    return planned.ok ? planned.program : planned.text;
  }
  const parsed = environment.parse(vector.expr);
  if (!parsed.ok) return parsed.text;
  const planned = environment.plan(parsed.ast);
  return planned.ok ? planned.program : planned.text;
}

/** Evaluates a vector. Returns the difference from the expected result, or undefined if there is none. */
function valueDifference(environment: Environment, vector: Vector, check: CheckResult): string | undefined {
  const planned = program(environment, vector, check);
  if (typeof planned === 'string') return vector.evalError === undefined ? `refused: ${planned}` : undefined;
  const data = Object.entries(vector.bindings ?? {}).map(([name, { value }]) => [name, specValue(value)] as const);
  const result = planned.evaluate(new Map<string, unknown>(data));
  if (vector.evalError !== undefined) {
    return result.ok ? `expected an error\n  got      ${canonical(result.value)}` : undefined;
  }
  const wanted = vector.value ?? vector.typedResult?.result ?? { boolValue: true };
  const expected = canonical(specValue(wanted));
  const got = result.ok ? canonical(result.value) : `error: ${result.error.message}`;
  return got === expected ? undefined : `value\n  expected ${expected}\n  got      ${got}`;
}

/**
 * Runs the vectors of cel-spec that have no protobuf messages. Compares the types and errors of the checker with the
 * recorded results of cel-go. Compares each value with the value in its vector. `deviations` are the vectors whose
 * value differs in this implementation. A listed deviation whose vector passes is a failure.
 */
export function runCelSpec(recordings: string, deviations: Deviations): TopicResult[] {
  const all = vectors();
  const topics = new Map<string, { passed: number; failures: { id: string; detail: string }[] }>();
  for (const line of readFileSync(recordings, 'utf8').split('\n')) {
    if (line === '') continue;
    const recorded = JSON.parse(line) as Recorded;
    const id = `${recorded.suite}/${recorded.section}/${recorded.name}`;
    const topic = topics.get(recorded.suite) ?? { passed: 0, failures: [] };
    topics.set(recorded.suite, topic);
    const vector = all.get(id)?.[(recorded.nth ?? 1) - 1];
    const detail = vector === undefined ? 'the vector is not in the package' : difference(vector, recorded, deviations[id]);
    if (detail === undefined) topic.passed++;
    else topic.failures.push({ id, detail: `${vector?.expr ?? ''}\n${detail}` });
  }
  return [...topics].map(([topic, result]) => ({ topic: `cel-spec ${topic}`, ...result }));
}

function difference(vector: Vector, recorded: Recorded, deviation: string | undefined): string | undefined {
  const environment = environmentOf(vector);
  const check = environment.check(vector.expr);
  const found = checkDifference(check, recorded.check);
  if (found !== undefined) return found;
  const missed = recorded.result === 'type' ? deducedDifference(vector, check) : valueDifference(environment, vector, check);
  if (deviation === undefined) return missed;
  return missed === undefined ? `listed as a deviation (${deviation}), but it passes` : undefined;
}

function deducedDifference(vector: Vector, check: CheckResult): string | undefined {
  const expected = typeToString(specType(vector.typedResult?.deducedType));
  const got = check.ok ? typeToString(check.type) : 'refused';
  return got === expected ? undefined : `type\n  expected ${expected}\n  got      ${got}`;
}
