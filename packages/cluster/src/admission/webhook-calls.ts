import { type JsonObject, type KubeObject, oncePerObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { authorize } from '../auth/authorizer.ts';
import { forbidden } from '../errors/api-error.ts';
import { AuthorizerValue, ResourceCheck } from '../expressions/authorizer-library.ts';
import { ExpressionCompiler } from '../expressions/cel-compiler.ts';
import { requestBudget } from '../crd/rule-limits.ts';
import type { ExpressionData, MatchCondition } from '../expressions/evaluate-expression.ts';
import { bindVariables, conditionsHold } from '../expressions/evaluate-expression.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { Conversions } from '../store/stored.ts';
import { bodyTypeOf } from '../verbs/body.ts';
import type { AdmissionAttributes, AdmissionContext } from './attributes.ts';
import { ADMISSION_GROUP } from './admission-gate.ts';
import { matchedResource, namespaceSelected, objectSelected } from './rule-matches.ts';
import { type VersionedObjects, requestFacts } from './review.ts';

/** A webhook in a webhook configuration. */
export interface Webhook {
  /**
   * The name of the configuration, a slash, and the name of the webhook. The key is unique among all mutating webhooks,
   * and among all validating webhooks.
   */
  readonly key: string;
  readonly name: string;
  /** The name of the configuration. */
  readonly configuration: string;
  /** The index among the webhooks of all configurations. */
  readonly index: number;
  readonly spec: JsonObject;
  readonly isIgnored: boolean;
  readonly timeoutSeconds: number;
}

const DEFAULT_TIMEOUT_SECONDS = 10;

/**
 * Returns the webhooks of all configurations. The configurations are sorted by name, and the webhooks of each
 * configuration keep their order.
 */
export function webhooksOf(
  { store }: Pick<AdmissionContext, 'store'>,
  plural: 'mutatingwebhookconfigurations' | 'validatingwebhookconfigurations',
): Webhook[] {
  return store
    .collection(ADMISSION_GROUP, plural)
    .all()
    .flatMap(({ object }) =>
      objectsAt(object, 'webhooks').map((spec) => ({ spec, configuration: object.metadata.name ?? '' })),
    )
    .map(({ spec, configuration }, index): Webhook => {
      const name = textAt(spec, 'name');
      return {
        key: `${configuration}/${name}`,
        name,
        configuration,
        index,
        spec,
        isIgnored: textAt(spec, 'failurePolicy') === 'Ignore',
        timeoutSeconds: numberAt(spec, 'timeoutSeconds') ?? DEFAULT_TIMEOUT_SECONDS,
      };
    });
}

/** The compiled conditions of a webhook. A stored webhook never changes, because an update stores a new object. */
const conditionsOf = oncePerObject((spec: JsonObject) => {
  const compiler = ExpressionCompiler.for({ hasParams: false, hasAuthorizer: true });
  return { compiler, conditions: compileConditions(compiler, objectsAt(spec, 'matchConditions')) };
});

/** Compiles the match conditions of a webhook or policy. */
export const compileConditions = (compiler: ExpressionCompiler, conditions: readonly JsonObject[]): MatchCondition[] =>
  conditions.map((condition) => {
    const expression = textAt(condition, 'expression');
    return { name: textAt(condition, 'name'), expression, compiled: compiler.compile(expression) };
  });

/** Converts the object to another version of its resource. */
function convert(
  object: KubeObject | undefined,
  from: ServedResource,
  to: ServedResource,
  conversions: Conversions | undefined,
): KubeObject | undefined {
  return object === undefined || from === to ? object : from.convert(object, to, conversions);
}

/** The objects of requests by version: all webhooks and policies of a version share them. */
const versionsOf = oncePerObject((_: AdmissionAttributes) => new Map<ServedResource, VersionedObjects>());

/** Returns the objects of a request in a version of its resource. */
export function versionedFor(
  context: Pick<AdmissionContext, 'conversions'>,
  attributes: AdmissionAttributes,
  resource: ServedResource,
): VersionedObjects {
  const known = versionsOf(attributes).get(resource) ?? converted(context, attributes, resource);
  versionsOf(attributes).set(resource, known);
  return known;
}

function converted(
  { conversions }: Pick<AdmissionContext, 'conversions'>,
  attributes: AdmissionAttributes,
  resource: ServedResource,
): VersionedObjects {
  const { resource: own, kind, type, object, old } = attributes;
  if (isInRequestVersion(attributes, resource)) return { resource, kind, type, object, old };
  return {
    resource,
    kind: resource,
    type: bodyTypeOf(resource),
    object: convert(object, own, resource, conversions),
    old: convert(old, own, resource, conversions),
  };
}

/**
 * Can webhooks that request this version of the resource get the objects without conversion? A Scale is the same for
 * all versions of the scaled resource.
 */
const isInRequestVersion = ({ resource: own, kind }: AdmissionAttributes, resource: ServedResource): boolean =>
  resource === own || kind.kind !== own.kind;

/** Converts an object from a version of the resource to the version of the request. */
export const toRequestVersion = (
  { conversions }: Pick<AdmissionContext, 'conversions'>,
  attributes: AdmissionAttributes,
  { resource }: VersionedObjects,
  object: KubeObject,
): KubeObject =>
  isInRequestVersion(attributes, resource) ? object : resource.convert(object, attributes.resource, conversions);

/** Returns the variables for expressions about a request. */
export function expressionData(
  { store, allowsAll }: Pick<AdmissionContext, 'allowsAll' | 'store'>,
  attributes: AdmissionAttributes,
  versioned: VersionedObjects,
  more: Partial<Pick<ExpressionData, 'namespaceObject' | 'params'>> = {},
): ExpressionData {
  const authorizer = new AuthorizerValue(attributes.user, (user, action) =>
    authorize({ store, allowsAll }, user, action),
  );
  const { resource, subresource, namespace, name } = attributes;
  const facts = { group: resource.group, resource: resource.plural, subresource, namespace, name };
  const { uid: _, ...request } = requestFacts(attributes, versioned, '');
  return {
    object: versioned.object ?? null,
    oldObject: versioned.old ?? null,
    request,
    namespaceObject: null,
    params: null,
    ...more,
    authorizer,
    requestResource: new ResourceCheck(authorizer, facts),
    total: requestBudget(attributes),
  };
}

/**
 * Returns the objects for a webhook, or `undefined` when the webhook is not called for the request.
 *
 * @throws ApiError 403 when a match condition fails and the failure policy is not `Ignore`, and 404 when the namespace
 *   is missing.
 */
export function callFor(
  context: AdmissionContext,
  { spec, isIgnored }: Webhook,
  attributes: AdmissionAttributes,
): VersionedObjects | undefined {
  if (!objectSelected(objectAt(spec, 'objectSelector'), attributes)) return undefined;
  const policy = textAt(spec, 'matchPolicy');
  const resource = matchedResource(objectsAt(spec, 'rules'), policy, attributes, context.registry.all());
  if (resource === undefined) return undefined;
  if (!namespaceSelected(objectAt(spec, 'namespaceSelector'), attributes, context.store)) return undefined;
  const versioned = versionedFor(context, attributes, resource);
  const { compiler, conditions } = conditionsOf(spec);
  if (conditions.length === 0) return versioned;
  const variables = bindVariables(compiler, expressionData(context, attributes, versioned));
  const held = conditionsHold(conditions, variables, isIgnored);
  if (typeof held === 'boolean') return held ? versioned : undefined;
  throw forbidden(attributes.resource, attributes.name, held.problem);
}

/** Returns the message for a webhook that patches a request without an object. */
export const patchesNothing = (name: string): string =>
  `admission webhook ${goQuote(name)} attempted to modify the object, which is not supported for this operation`;
