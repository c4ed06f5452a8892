import { compile } from '@typekro/engine/graph';
import { definitionErrors, ruleEvaluator } from '@typekro/cluster/rule-evaluator';
import { type JsonObject, type JsonValue, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { objectAt, objectsAt } from '@typekro/kit/kubernetes';
import { type SchemaInput, createCompositionApi } from '@typekro/sdk/compose';
import { type Schema, builtinSource, StructuralSchema } from '@typekro/engine/schema';

const { kubernetesComposition } = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('no cluster')) });

/** A schema of a library as a composition: the codes of its refusal, or what the comparison needs. */
export type Composed =
  | { readonly codes: readonly string[]; readonly message: string }
  | {
      readonly codes?: undefined;
      readonly instance: (spec: JsonObject) => JsonValue;
      readonly violations: (spec: JsonObject) => readonly string[];
      readonly crd: Schema;
    };

/** Makes a composition of a schema. Errors without a code are thrown. */
export function composed(schema: SchemaInput): Composed {
  try {
    const composition = kubernetesComposition({ name: 'app', spec: schema }, () => ({ ready: true }));
    const definition = composition.toDefinition({ target: 'typekro' });
    const compiled = compile(definition, { sources: builtinSource(), target: 'typekro' });
    if (compiled.graph === undefined) throw new Error('the definition does not compile');
    // Every API server must accept the CustomResourceDefinition.
    const [refusal] = definitionErrors(compiled.graph.instance.crd);
    if (refusal !== undefined) throw new Error(`the API server refuses ${refusal.field}: ${refusal.message}`);
    const [version] = objectsAt(objectAt(compiled.graph.instance.crd, 'spec'), 'versions');
    const spec = objectAt(version ?? {}, 'schema', 'openAPIV3Schema', 'properties', 'spec');
    return {
      instance: (value) => composition.toInstance(value).spec as JsonValue,
      violations: (value) => composition.evaluate(value).violations,
      crd: StructuralSchema.of({ type: 'object', properties: { spec } }),
    };
  } catch (error) {
    const { code, message, diagnostics } = error as Error & {
      code?: string;
      diagnostics?: readonly { code: string }[];
    };
    if (code === undefined) throw error;
    return { codes: (diagnostics ?? [{ code }]).map((each) => each.code), message };
  }
}

/** The spec that an API server stores; undefined if it refuses the spec. */
export function stored(crd: Schema, spec: JsonObject): JsonValue | undefined {
  const { value } = StructuralSchema.prune(crd, StructuralSchema.applyDefaults(crd, { spec: structuredClone(spec) }));
  const errors = StructuralSchema.validate(crd, value, { evaluateRules: ruleEvaluator({})() });
  return errors.length === 0 ? (value as JsonObject)['spec'] : undefined;
}

interface Issue {
  readonly message: string;
  readonly path?: readonly unknown[];
}

interface Result {
  readonly value?: unknown;
  readonly issues?: readonly Issue[];
}

function validate(schema: SchemaInput, value: unknown): Result {
  const standard = (schema as { '~standard': { validate: (value: unknown) => Result | Promise<Result> } })['~standard'];
  let result: Result | Promise<Result>;
  try {
    result = standard.validate(value);
  } catch {
    // A check of the author throws, which refuses the value.
    return { issues: [] };
  }
  if (!(result instanceof Promise)) return result;
  // zod throws for values of an intersection that it cannot merge, and then tries again asynchronously.
  result.catch(() => undefined);
  return { issues: [] };
}

/**
 * The value that the library makes of a spec, without null and undefined members, which are absent in the API. Where
 * the library asks for null or undefined in place of an absent member, it gets them. Undefined for a refused spec.
 */
export function parsed(schema: SchemaInput, spec: JsonObject): JsonValue | undefined {
  const first = validate(schema, structuredClone(spec));
  if (first.issues === undefined) return withoutNull(first.value as JsonValue);
  for (const absent of [null, undefined]) {
    const filled = structuredClone(spec);
    for (const { path = [] } of first.issues) fill(filled, path.map(keyOf), absent);
    const again = validate(schema, filled);
    // A value that the library makes of null or undefined is not a value of an absent member.
    const isAbsent = first.issues.every(({ path = [] }) => isAbsentAt(again.value, path.map(keyOf)));
    if (again.issues === undefined && isAbsent) return withoutNull(again.value as JsonValue);
  }
  return undefined;
}

function isAbsentAt(value: unknown, path: readonly PropertyKey[]): boolean {
  const found = path.reduce((part, step) => (part as Record<PropertyKey, unknown> | undefined)?.[step], value);
  return found === undefined || found === null;
}

const keyOf = (step: unknown): PropertyKey =>
  typeof step === 'object' && step !== null ? (step as { key: PropertyKey }).key : (step as PropertyKey);

function fill(root: JsonObject, path: readonly PropertyKey[], value: unknown): void {
  let parent: unknown = root;
  for (const step of path.slice(0, -1)) parent = (parent as Record<PropertyKey, unknown> | undefined)?.[step];
  const name = path.at(-1);
  if (name !== undefined && isJsonObject(parent) && !Object.hasOwn(parent, name))
    Object.defineProperty(parent, name, { value, enumerable: true, writable: true, configurable: true });
}

/** A value as an API server sees it: without null members. */
function withoutNull(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNull);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNull(member as JsonValue)]));
}

/**
 * Compares a schema with its library for one spec. Returns the difference in words, or undefined if there is none:
 *
 * - `toInstance` accepts exactly the specs that the library accepts, and its spec is the library's value. `evaluate`
 *   finds no violations for these specs.
 * - The API server accepts each value that the library makes.
 * - What the API server stores is the value that the library makes of the spec, if it accepts the spec, and a value that
 *   the library accepts and does not change.
 */
export function difference(
  schema: SchemaInput,
  { instance, violations, crd }: Composed & { codes?: undefined },
  spec: JsonObject,
) {
  const shown = JSON.stringify(spec);
  const wanted = parsed(schema, spec);
  let made: JsonValue | undefined;
  let refusal = '';
  try {
    made = withoutNull(instance(structuredClone(spec)));
  } catch (error) {
    refusal = (error as Error).message;
  }
  if (LOUD.test(refusal)) return undefined;
  if (!jsonEquals(kept(crd, wanted), kept(crd, made)))
    return `${shown}: the library makes ${JSON.stringify(wanted)}, toInstance ${JSON.stringify(made) ?? refusal}`;
  const broken = made === undefined ? [] : violations(structuredClone(spec));
  if (broken.length > 0) return `${shown}: the library accepts it, evaluate finds ${broken.join()}`;
  if (wanted !== undefined && !jsonEquals(stored(crd, wanted as JsonObject), kept(crd, wanted)))
    return `${shown}: the library makes ${JSON.stringify(wanted)}, which the API server refuses or changes`;
  const value = stored(crd, spec);
  if (value === undefined) return undefined;
  const kubernetes = withoutNull(value);
  if (wanted !== undefined && !jsonEquals(kept(crd, wanted), kubernetes))
    return `${shown}: the library makes ${JSON.stringify(wanted)}, the API server stores ${JSON.stringify(kubernetes)}`;
  const read = parsed(schema, kubernetes as JsonObject);
  return jsonEquals(kept(crd, read), kubernetes)
    ? undefined
    : `${shown}: the API server stores ${JSON.stringify(kubernetes)}, of which the library makes ${JSON.stringify(read)}`;
}

/**
 * Refusals of values that a library accepts. They are not silent: integers beyond 64 bits, neighbours of a multiple, and
 * lists as objects in arktype.
 */
const LOUD =
  /\d{16}: failed rule: self % |(?:\de\+\d+|\d{20}|\d\.0{12,}\d) is written where a whole number is expected|a list is written where an object is expected/;

/** The declared members of a value. Some libraries keep other members, and the API server drops them. */
const kept = (crd: Schema, value: JsonValue | undefined): JsonValue | undefined =>
  value === undefined
    ? undefined
    : (StructuralSchema.prune(crd, { spec: structuredClone(value) }).value as JsonObject)['spec'];
