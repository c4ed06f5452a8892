import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { isJsonObject, jsonEquals, oncePerObject } from '@typekro/kit/core';
import { objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { ApiError, forbidden } from '../errors/api-error.ts';
import { type CompiledExpression, ExpressionCompiler, variablesOf } from '../expressions/cel-compiler.ts';
import type { MatchCondition } from '../expressions/evaluate-expression.ts';
import { bindVariables, conditionsHold, evaluateExpression } from '../expressions/evaluate-expression.ts';
import { readConfiguration, readPatch } from '../expressions/mutation-types.ts';
import { checkTyped } from '../fields/check.ts';
import { mergeApplied } from '../fields/merge-applied.ts';
import { TypedError, formOf } from '../fields/typed-walk.ts';
import { applyJsonPatch, JsonPatchError, JsonPatchTestError } from '../patch/json-patch.ts';
import { type BodyType, bodyTypeOf } from '../verbs/body.ts';
import type { AdmissionAttributes, AdmissionContext } from './attributes.ts';
import { compileConditions, expressionData, toRequestVersion, versionedFor } from './webhook-calls.ts';
import { Invocations } from './invocations.ts';
import { isIgnored, namespaceOf, policyName } from './policies.ts';
import { type PolicyInvocation, policyInvocations } from './policy-dispatch.ts';
import type { VersionedObjects } from './review.ts';
import { type Mutation as Mutated, decodeChanged } from './webhooks.ts';
import { type TypeNode, memberNode } from '../types/type-node.ts';

interface Mutation {
  readonly patchType: string;
  readonly text: string;
  readonly compiled: CompiledExpression;
}

interface CompiledPolicy {
  readonly compiler: ExpressionCompiler;
  readonly conditions: readonly MatchCondition[];
  readonly mutations: readonly Mutation[];
}

const compilePolicy = oncePerObject((policy: KubeObject): CompiledPolicy => {
  const spec = objectAt(policy, 'spec');
  const scope = { hasParams: spec['paramKind'] !== undefined, hasAuthorizer: true, hasMutations: true };
  const compiler = ExpressionCompiler.for(scope, variablesOf(spec));
  return {
    compiler,
    conditions: compileConditions(ExpressionCompiler.for(scope), objectsAt(spec, 'matchConditions')),
    mutations: objectsAt(spec, 'mutations').map((mutation): Mutation => {
      const patchType = textAt(mutation, 'patchType');
      const text = textAt(mutation, patchType === 'JSONPatch' ? 'jsonPatch' : 'applyConfiguration', 'expression');
      return { patchType, text, compiled: compiler.compile(text) };
    }),
  };
});

/** The error of a mutation that cannot be made. The failure policy decides whether the request fails. */
class MutationError extends Error {}

/**
 * Returns a key for a policy with its binding and its parameter. The key is the same in both rounds of evaluation (see
 * `Invocations`).
 */
const keyOf = ({ policy, binding, param }: PolicyInvocation): string =>
  [policy, binding, param]
    .map((object) => `${object?.metadata.namespace ?? ''}/${object?.metadata.name ?? ''}`)
    .join(' ');

/**
 * Evaluates the mutating policies that bindings apply to the request, one mutation a step. With `only`, evaluates only
 * the policies with these keys.
 *
 * @throws ApiError 403 for the first problem of a policy whose errors are not ignored.
 */
export function* mutateByPolicies(
  context: AdmissionContext,
  attributes: AdmissionAttributes,
  object: KubeObject,
  only?: ReadonlySet<string>,
): Generator<void, Mutated<KubeObject>, void> {
  const invocations = new Invocations();
  const problems: { readonly name: string; readonly binding: string | undefined; readonly message: string }[] = [];
  let present = object;
  for (const found of policyInvocations(context, 'mutating', attributes)) {
    const add = (message: string) => {
      if (isIgnored(found.policy)) return;
      problems.push({ name: found.policy.metadata.name ?? '', binding: found.binding?.metadata.name, message });
    };
    if ('problem' in found) {
      add(found.problem);
      continue;
    }
    const key = keyOf(found);
    if (only?.has(key) === false) continue;
    const changed = yield* mutateOnce(context, found, { ...attributes, object: present }, present, add);
    const isRepeatable = textAt(found.policy, 'spec', 'reinvocationPolicy') === 'IfNeeded';
    invocations.add(key, changed !== present, isRepeatable);
    present = changed;
  }
  const [first] = problems;
  if (first === undefined) return { object: present, invocations };
  const causes = problems.map(({ name, binding, message }) => ({ message: refusalText(name, binding, message) }));
  const { status } = forbidden(attributes.resource, policyName(attributes), '', causes);
  throw new ApiError({
    code: 403,
    reason: 'Invalid',
    message: refusalText(first.name, first.binding, first.message),
    ...(status.details === undefined ? {} : { details: status.details }),
  });
}

const refusalText = (name: string, binding: string | undefined, message: string): string =>
  binding === undefined
    ? `policy "${name}" denied request: ${message}`
    : `policy '${name}' with binding '${binding}' denied request: ${message}`;

/** Returns the object after all mutations of one policy. Reports and skips a mutation that fails. */
function* mutateOnce(
  context: AdmissionContext,
  { policy, resource, param }: PolicyInvocation,
  attributes: AdmissionAttributes,
  object: KubeObject,
  report: (message: string) => void,
): Generator<void, KubeObject, void> {
  const { compiler, conditions, mutations } = compilePolicy(policy);
  const more = { params: param, namespaceObject: namespaceOf(context, attributes) };
  const variablesFor = (presentAttributes: AdmissionAttributes, versioned: VersionedObjects) =>
    bindVariables(compiler, expressionData(context, presentAttributes, versioned, more));
  const first = variablesFor(attributes, versionedFor(context, attributes, resource));
  const held = conditionsHold(conditions, first, isIgnored(policy));
  if (held === false) return object;
  if (held !== true) {
    report(held.problem);
    return object;
  }
  let present = object;
  for (const mutation of mutations) {
    const presentAttributes = { ...attributes, object: present };
    const versioned = versionedFor(context, presentAttributes, resource);
    try {
      present = mutated(
        context,
        mutation,
        variablesFor(presentAttributes, versioned),
        presentAttributes,
        versioned,
        present,
      );
    } catch (error) {
      if (!(error instanceof MutationError)) throw error;
      report(error.message);
    }
    yield;
  }
  return present;
}

/**
 * Returns the object after one mutation, in the version of the request. Returns the same object when nothing changes.
 */
function mutated(
  context: AdmissionContext,
  mutation: Mutation,
  variables: Record<string, unknown>,
  attributes: AdmissionAttributes,
  versioned: VersionedObjects,
  object: KubeObject,
): KubeObject {
  const result = evaluateExpression(mutation.compiled, mutation.text, variables);
  if (!result.ok) throw new MutationError(result.message);
  const before = versioned.object ?? object;
  const type = versioned.type ?? bodyTypeOf(versioned.resource);
  let after: JsonValue;
  if (mutation.patchType === 'JSONPatch') {
    const patch = readPatch(result.value);
    if (!patch.ok) throw new MutationError(patch.problem);
    after = patchedBy(before, patch.value);
  } else {
    const configuration = readConfiguration(result.value);
    if (!configuration.ok) throw new MutationError(configuration.problem);
    after = appliedTo(type, before, configuration.value);
  }
  const changed = decodeChanged(type, after, (problem) => new MutationError(problem));
  if (jsonEquals(changed, before)) return object;
  return toRequestVersion(context, attributes, versioned, changed);
}

function patchedBy(object: KubeObject, patch: readonly JsonValue[]): JsonValue {
  try {
    return applyJsonPatch(object, patch);
  } catch (thrown) {
    // A failed `test` operation is not an error. The patch then changes nothing.
    if (thrown instanceof JsonPatchTestError) return object;
    if (thrown instanceof JsonPatchError) throw new MutationError(`JSON Patch: ${thrown.message}`);
    throw thrown;
  }
}

/** Merges an apply configuration into the object, like server-side apply without field owners. */
function appliedTo({ apiVersion, kind, node }: BodyType, object: KubeObject, value: JsonObject): JsonValue {
  const configuration = { ...value, apiVersion, kind };
  try {
    checkTyped(node, configuration);
  } catch (thrown) {
    if (!(thrown instanceof TypedError)) throw thrown;
    throw new MutationError(`error applying patch: failed to convert patch object to typed object: ${thrown.message}`);
  }
  const atomics = atomicPaths(node, configuration);
  if (atomics.length > 0) {
    const problem = `may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`;
    throw new MutationError(`error applying patch: invalid ApplyConfiguration: ${problem}`);
  }
  const merged = mergeApplied(node, object, configuration);
  return isJsonObject(merged) ? merged : object;
}

/**
 * Returns the paths of the atomic lists, maps and objects in a value. A merge replaces each of them as a whole, so a
 * policy that sets one part would remove the other parts.
 */
function atomicPaths(node: TypeNode, value: JsonValue, path = ''): string[] {
  if (node.kind === 'any') return [];
  const form = formOf(node, value);
  if (Array.isArray(value) && form.kind === 'list') {
    const own = form.list === 'atomic' ? [path] : [];
    return [...own, ...value.flatMap((element, index) => atomicPaths(form.items, element, `${path}[${index}]`))];
  }
  if (!isJsonObject(value) || (form.kind !== 'object' && form.kind !== 'map')) return [];
  const own = form.atomic === true ? [path] : [];
  const inner = Object.entries(value).flatMap(([key, member]) => {
    const type = memberNode(form, key);
    return type === undefined || member === undefined ? [] : atomicPaths(type, member, `${path}.${key}`);
  });
  return [...own, ...inner];
}
