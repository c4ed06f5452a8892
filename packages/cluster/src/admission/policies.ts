import { type JsonObject, type KubeObject, stringifyJson, oncePerObject } from '@typekro/kit/core';
import { listAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { ApiError, forbidden, notFound } from '../errors/api-error.ts';
import { type CompiledExpression, ExpressionCompiler, variablesOf } from '../expressions/cel-compiler.ts';
import type { MatchCondition } from '../expressions/evaluate-expression.ts';
import { bindVariables, conditionsHold, evaluateExpression } from '../expressions/evaluate-expression.ts';
import { shownMessage } from '../crd/rule-limits.ts';
import { type AdmissionAttributes, type AdmissionContext, isNamespaces } from './attributes.ts';
import { compileConditions, expressionData, versionedFor } from './webhook-calls.ts';
import { type PolicyInvocation, policyInvocations } from './policy-dispatch.ts';

interface Validation {
  readonly text: string;
  readonly compiled: CompiledExpression;
  readonly message: string;
  readonly messageExpression: { readonly text: string; readonly compiled: CompiledExpression } | undefined;
  readonly reason: string;
}

interface CompiledPolicy {
  readonly compiler: ExpressionCompiler;
  readonly conditions: readonly MatchCondition[];
  readonly validations: readonly Validation[];
  readonly annotations: readonly {
    readonly key: string;
    readonly text: string;
    readonly compiled: CompiledExpression;
  }[];
}

/** A stored policy never changes, because an update stores a new object. */
const compilePolicy = oncePerObject((policy: KubeObject): CompiledPolicy => {
  const spec = objectAt(policy, 'spec');
  const scope = { hasParams: spec['paramKind'] !== undefined, hasAuthorizer: true };
  const compiler = ExpressionCompiler.for(scope, variablesOf(spec));
  const texts = compiler.forTexts();
  return {
    compiler,
    conditions: compileConditions(ExpressionCompiler.for(scope), objectsAt(spec, 'matchConditions')),
    validations: objectsAt(spec, 'validations').map((validation): Validation => {
      const [text, message] = [textAt(validation, 'expression'), textAt(validation, 'messageExpression')];
      return {
        text,
        compiled: compiler.compile(text),
        message: textAt(validation, 'message'),
        messageExpression: message === '' ? undefined : { text: message, compiled: texts.compile(message) },
        reason: textAt(validation, 'reason'),
      };
    }),
    annotations: objectsAt(spec, 'auditAnnotations').map((annotation) => {
      const text = textAt(annotation, 'valueExpression').trim();
      return { key: textAt(annotation, 'key'), text, compiled: compiler.compile(text) };
    }),
  };
});

/** A failed validation, or an error of an expression. */
interface Violation {
  readonly message: string;
  readonly reason: string;
  /** The index of the validation. */
  readonly index: number;
  /** True for an error of an audit annotation. Such an error denies the request, whatever actions the binding has. */
  readonly isOfAnnotation: boolean;
}

const MAX_ANNOTATION_BYTES = 10 * 1024;

/** Truncates a string to a number of bytes. */
const cutBytes = (text: string, maxBytes: number): string =>
  Buffer.byteLength(text) <= maxBytes ? text : Buffer.from(text).subarray(0, maxBytes).toString('utf8');

function messageOf({ text, message, messageExpression }: Validation, variables: Record<string, unknown>): string {
  if (messageExpression !== undefined) {
    const result = evaluateExpression(messageExpression.compiled, messageExpression.text, variables);
    const own = result.ok ? shownMessage(result.value) : undefined;
    if (own !== undefined) return own;
  }
  return message === '' ? `failed expression: ${text.trim()}` : message.trim();
}

/** Evaluates a policy with one parameter. Calls `annotate` for each audit annotation that has a value. */
function evaluatePolicy(
  context: AdmissionContext,
  { policy, resource, param }: PolicyInvocation,
  attributes: AdmissionAttributes,
  annotate: (key: string, value: string) => void,
): Violation[] {
  const { compiler, conditions, validations, annotations } = compilePolicy(policy);
  const ignoresErrors = isIgnored(policy);
  const more = { params: param, namespaceObject: namespaceOf(context, attributes) };
  const data = expressionData(context, attributes, versionedFor(context, attributes, resource), more);
  const variables = bindVariables(compiler, data);
  const held = conditionsHold(conditions, variables, ignoresErrors);
  if (held === false) return [];
  if (held !== true) return [{ message: held.problem, reason: '', index: 0, isOfAnnotation: false }];
  const found: Violation[] = [];
  for (const [index, validation] of validations.entries()) {
    const result = evaluateExpression(validation.compiled, validation.text, variables);
    if (!result.ok && !ignoresErrors) found.push({ message: result.message, reason: '', index, isOfAnnotation: false });
    if (!result.ok || result.value === true) continue;
    found.push({ message: messageOf(validation, variables), reason: validation.reason, index, isOfAnnotation: false });
  }
  for (const { key, text, compiled } of annotations) {
    const result = evaluateExpression(compiled, text, variables);
    if (!result.ok && !ignoresErrors)
      found.push({ message: result.message, reason: '', index: 0, isOfAnnotation: true });
    const value = result.ok && typeof result.value === 'string' ? result.value.trim() : '';
    if (value !== '') annotate(key, cutBytes(value, MAX_ANNOTATION_BYTES));
  }
  return found;
}

/** Is a request allowed when the policy has an error? */
export const isIgnored = (policy: KubeObject): boolean => textAt(policy, 'spec', 'failurePolicy') === 'Ignore';

/**
 * Returns the namespace of the request in the form for expressions. Returns `null` for a request outside namespaces and
 * for a Namespace.
 */
export function namespaceOf(
  { store }: AdmissionContext,
  { namespace, resource }: AdmissionAttributes,
): JsonObject | null {
  if (namespace === '' || isNamespaces(resource)) return null;
  const found = store.collection('', 'namespaces').get(namespace)?.object;
  if (found === undefined) throw notFound({ group: '', plural: 'namespaces' }, namespace);
  const { metadata, spec, status } = found;
  const { managedFields: _, ...shown } = metadata;
  return {
    metadata: shown as JsonObject,
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status }),
  };
}

interface Denial {
  readonly policy: string;
  /** `undefined` for an error in the policy itself. */
  readonly binding: string | undefined;
  readonly message: string;
  readonly reason: string;
}

/**
 * Evaluates the validating policies that bindings apply to the request, each with one parameter a step. Adds a warning
 * for each violation under a binding with the action `Warn`.
 *
 * @throws ApiError for the first denial, in the order of the names of policies, then of bindings.
 */
export function* validateByPolicies(
  context: AdmissionContext,
  attributes: AdmissionAttributes,
  warnings: string[],
): Generator<void, void, void> {
  const denials: Denial[] = [];
  const annotations = new PolicyAnnotations();
  for (const found of policyInvocations(context, 'validating', attributes)) {
    const policy = found.policy.metadata.name ?? '';
    const binding = found.binding?.metadata.name;
    if ('problem' in found) {
      if (!isIgnored(found.policy)) denials.push({ policy, binding, message: found.problem, reason: '' });
      continue;
    }
    const actions = listAt(found.binding, 'spec', 'validationActions');
    const annotate = (key: string, value: string) => annotations.add(`${policy}/${key}`, value);
    for (const { message, reason, index, isOfAnnotation } of evaluatePolicy(context, found, attributes, annotate)) {
      if (!isOfAnnotation && actions.includes('Audit')) {
        const failure = {
          message,
          policy,
          binding: binding ?? '',
          expressionIndex: index,
          validationActions: [...actions],
        };
        context.audit?.annotate('validation.policy.admission.k8s.io/validation_failure', stringifyJson([failure]));
      }
      if (isOfAnnotation || actions.includes('Deny')) denials.push({ policy, binding, message, reason });
      if (isOfAnnotation || !actions.includes('Warn')) continue;
      warnings.push(
        `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${message}`,
      );
    }
    yield;
  }
  annotations.publish(context);
  const [first] = denials;
  if (first !== undefined) throw refusal(attributes, first);
}

/**
 * The audit annotations of the policies. If several bindings produce different values for the same annotation, the
 * annotation lists all values.
 */
class PolicyAnnotations {
  readonly #values = new Map<string, Set<string>>();

  add(key: string, value: string): void {
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, new Set([value]));
    else values.add(value);
  }

  publish({ audit }: AdmissionContext): void {
    for (const [key, values] of this.#values) audit?.annotate(key, [...values].join(', '));
  }
}

/** The status codes of the reasons that a validation can have. */
const CODES: Readonly<Record<string, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};

function refusal(attributes: AdmissionAttributes, { policy, binding, message, reason }: Denial): ApiError {
  const source = `ValidatingAdmissionPolicy '${policy}'${binding === undefined ? '' : ` with binding '${binding}'`}`;
  const text = `${source} denied request: ${message}`;
  const { status } = forbidden(attributes.resource, policyName(attributes), text, [{ message: text }]);
  const shown = reason === '' ? 'Invalid' : reason;
  return new ApiError({
    code: CODES[shown] ?? 422,
    reason: shown,
    message: status.message ?? text,
    ...(status.details === undefined ? {} : { details: status.details }),
  });
}

/**
 * Returns the name in the message of a refusal. For a create whose name is not generated yet, returns the prefix of the
 * name.
 */
export function policyName({ name, object }: AdmissionAttributes): string {
  const { metadata } = object ?? {};
  return name || metadata?.name || metadata?.generateName || 'Unknown';
}
