import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CelType, Environment, Value, VariableOptions } from '@typekro/cel';
import { BOOL, ConditionValue, DOUBLE, DYN, INT, RUNTIME_VALUE, STRING, kroEnvironment, listType, mapType, references, toJson, typeNameOf, typeToString } from '@typekro/cel';
import { type JsonObject, type JsonValue, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { type Schema, CelTypes } from '@typekro/engine/schema';
import type { CelResource } from '../../../packages/engine/src/schema/cel-types.ts';
import type { TopicResult } from './report.ts';

/** One recorded evaluation. */
interface RecordedEval {
  readonly vars: string | null;
  readonly ok: boolean;
  readonly type?: string;
  readonly value?: JsonValue;
  readonly phase?: string;
  readonly error?: string;
  readonly pending?: boolean;
}

interface RecordedCase {
  readonly id: string;
  readonly topic: string;
  readonly env: string;
  readonly expr: string;
  readonly check: JsonObject & { readonly ok: boolean };
  readonly refs?: JsonObject;
  readonly evals?: readonly RecordedEval[];
}

interface RecordedEnvironment {
  readonly mode: 'condition' | 'readyWhen' | 'template';
  readonly variables: Readonly<Record<string, { readonly schema?: string; readonly listOf?: string }>>;
  readonly iterators?: Readonly<Record<string, { readonly type?: string; readonly forEach?: string }>>;
}

interface EnvironmentFile {
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly envs: Readonly<Record<string, RecordedEnvironment>>;
  readonly data: Readonly<Record<string, { readonly env: string; readonly vars: JsonObject }>>;
}

const TYPES: Readonly<Record<string, CelType>> = {
  string: STRING,
  int: INT,
  double: DOUBLE,
  bool: BOOL,
  dyn: DYN,
  'list(int)': listType(INT),
  'list(string)': listType(STRING),
  'list(dyn)': listType(DYN),
  'list(double)': listType(DOUBLE),
  'map(string, string)': mapType(STRING, STRING),
  'map(string, int)': mapType(STRING, INT),
  'map(string, dyn)': mapType(STRING, DYN),
};

/** A recorded environment in compiled form. */
interface Built {
  readonly environment: Environment;
  readonly mode: RecordedEnvironment['mode'];
  readonly names: ReadonlySet<string>;
  readonly iterators: ReadonlySet<string>;
}

/** The schema in the form of `Schema`, in which `type` is one string. Replaces a list of types by its first type. */
function normalizedSchema(schema: unknown): Schema {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === 'type' && Array.isArray(value) ? (value[0] as unknown) : value,
  ) as Schema;
}

function build(file: EnvironmentFile, name: string): Built {
  const recorded = file.envs[name] as RecordedEnvironment;
  const resources: Record<string, CelResource> = {};
  for (const [id, { schema, listOf }] of Object.entries(recorded.variables)) {
    resources[id] =
      schema === undefined
        ? { listOf: normalizedSchema(file.schemas[listOf ?? '']) }
        : { schema: normalizedSchema(file.schemas[schema]) };
  }
  const typed = Object.keys(resources).length > 0;
  const { variables, types } = CelTypes.of(resources, { raw: recorded.mode === 'readyWhen' });
  const base = kroEnvironment({ variables, ...(typed ? { types } : {}) });
  const iterators = Object.entries(recorded.iterators ?? {});
  const declared: Record<string, VariableOptions> = {};
  for (const [id, { type, forEach }] of iterators) {
    declared[id] = { type: forEach === undefined ? typeNamed(type ?? 'dyn') : elementOf(base, forEach), raw: true };
  }
  return {
    environment: iterators.length === 0 ? base : base.extend(declared),
    mode: recorded.mode,
    names: new Set([...Object.keys(resources), 'runtime', 'schema', 'each']),
    iterators: new Set(iterators.map(([id]) => id)),
  };
}

function typeNamed(text: string): CelType {
  const type = TYPES[text];
  if (type === undefined) throw new Error(`env.json names a type that the runner does not know: ${text}`);
  return type;
}

function elementOf(environment: Environment, expression: string): CelType {
  const checked = environment.check(expression);
  if (!checked.ok) throw new Error(checked.text);
  return checked.type.params[0] ?? DYN;
}

/** Decodes a recorded value, with the numbers that JSON cannot express. */
function decode(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((entry) => decode(entry) as JsonValue);
  if (!isJsonObject(value)) return value;
  if (typeof value.$int === 'string') return BigInt(value.$int);
  if (typeof value.$double === 'string') return Number(value.$double);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, decode(entry)]));
}

function encode(value: JsonValue | undefined): JsonValue {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return { $int: String(value) };
  if (typeof value === 'number') return encodeNumber(value);
  if (Array.isArray(value)) return value.map(encode);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, encode(entry)]));
}

function encodeNumber(value: number): JsonValue {
  if (Object.is(value, -0)) return { $double: '-0' };
  return Number.isFinite(value) ? value : { $double: String(value) };
}

/** Removes the token lists from syntax errors. The comparison ignores only these lists. */
function withoutTokenLists(text: string): string {
  return text.replaceAll(/expecting \{[^\n]*\}/g, 'expecting {…}');
}

function conditionJson(value: Value): JsonValue | undefined {
  if (value instanceof ConditionValue) return { $condition: { ...value.fields } };
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const list = value.map((entry: Value) => (entry instanceof ConditionValue ? { $condition: { ...entry.fields } } : undefined));
  return list.every((entry) => entry !== undefined) ? (list) : undefined;
}

/** Runs recorded cases and compares all their recorded results. */
class Runner {
  readonly #file: EnvironmentFile;
  readonly #built = new Map<string, Built>();

  constructor(file: EnvironmentFile) {
    this.#file = file;
  }

  #environment(name: string): Built {
    let built = this.#built.get(name);
    if (built === undefined) {
      built = build(this.#file, name);
      this.#built.set(name, built);
    }
    return built;
  }

  /** The differences between the recorded and the actual results of a case. Empty when all results agree. */
  differences(recorded: RecordedCase): string[] {
    const built = this.#environment(recorded.env);
    const found: string[] = [];
    const compare = (what: string, expected: JsonValue | undefined, got: JsonValue | undefined): void => {
      if (!jsonEquals(expected, got)) found.push(`${what}\n  recorded ${text(expected)}\n  got      ${text(got)}`);
    };
    const { check, program } = this.#check(built.environment, recorded.expr);
    compare('check', normalized(recorded.check), normalized(check));
    if (recorded.refs !== undefined) compare('refs', recorded.refs, this.#references(built, recorded.expr));
    if (program === undefined) return found;
    for (const evaluation of recorded.evals ?? []) {
      const { vars, ...expected } = evaluation;
      const got = this.#evaluate(built, program, vars);
      compare(`eval ${vars ?? ''}`, expected, got);
    }
    return found;
  }

  #check(environment: Environment, expression: string) {
    const result = environment.compile(expression);
    if (!result.ok) return { check: { ok: false, phase: result.phase, error: result.text }, program: undefined };
    return { check: { ok: true, type: typeToString(result.type) }, program: result.program };
  }

  #references({ environment, mode, names, iterators }: Built, expression: string): JsonObject | undefined {
    const parsed = environment.parse(expression);
    if (!parsed.ok) return undefined;
    const found = references(parsed.ast, {
      variables: names,
      isFunction: (name) => environment.isFunction(name),
      iterators,
      place: mode === 'template' ? 'template' : 'restricted',
    });
    return { ids: [...found.ids], deps: [...found.deps], paths: [...found.paths], ...(found.error === undefined ? {} : { error: found.error }) };
  }

  #evaluate(
    { mode }: Built,
    program: { evaluate: Extract<ReturnType<Environment['compile']>, { ok: true }>['program']['evaluate'] },
    vars: string | null,
  ): JsonObject {
    const data = vars === null ? {} : (decode(this.#file.data[vars]?.vars) as JsonObject);
    const bound: Record<string, unknown> = { ...data, ...(mode === 'condition' ? { runtime: RUNTIME_VALUE } : {}) };
    const result = program.evaluate(bound);
    if (!result.ok) {
      const { message, pending } = result.error;
      return { ok: false, phase: 'eval', error: message, ...(pending ? { pending } : {}) };
    }
    const condition = conditionJson(result.value);
    if (condition !== undefined) return { ok: true, type: typeNameOf(result.value), value: condition };
    const json = toJson(result.value, { omit: { $omit: true } });
    const type = typeNameOf(result.value);
    if (!json.ok) return { ok: false, type, phase: 'convert', error: json.error };
    return { ok: true, type, value: encode(json.value) };
  }
}

function normalized(check: JsonObject): JsonObject {
  return typeof check.error === 'string' ? { ...check, error: withoutTokenLists(check.error) } : check;
}

function text(value: JsonValue | undefined): string {
  return value === undefined
    ? 'nothing'
    : JSON.stringify(value, (_key, entry: unknown) => (typeof entry === 'bigint' ? `${entry}n` : entry));
}

/** Runs the recordings of a folder. The folder has a file `env.json` and files `<topic>.jsonl`. */
export function runCelRecordings(directory: string): TopicResult[] {
  const runner = new Runner(JSON.parse(readFileSync(join(directory, 'env.json'), 'utf8')) as EnvironmentFile);
  const results: TopicResult[] = [];
  for (const name of readdirSync(directory).filter((entry) => entry.endsWith('.jsonl')).sort()) {
    const lines = readFileSync(join(directory, name), 'utf8').split('\n').filter((line) => line !== '');
    const failures: { id: string; detail: string }[] = [];
    for (const line of lines) {
      const recorded = JSON.parse(line) as RecordedCase;
      const differences = runner.differences(recorded);
      if (differences.length > 0) {
        failures.push({ id: recorded.id, detail: [recorded.expr, ...differences].join('\n') });
      }
    }
    results.push({ topic: name.replace(/\.jsonl$/, ''), passed: lines.length - failures.length, failures });
  }
  return results;
}
