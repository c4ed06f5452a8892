import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject, jsonEquals, stringifyJson } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';
import { listAt, objectAt, textAt } from '../../kubernetes/index.ts';
import { ApiError, badRequest } from '../errors/status.ts';
import { readEntries } from '../fields/entries.ts';
import { applyJsonPatch, JsonPatchError } from '../patch/json-patch.ts';
import type { ServedResource } from '../registry/resource.ts';
import { DecodeError } from '../types/decode.ts';
import { strategyFor } from '../verbs/strategy-for.ts';
import { redecode } from '../verbs/write.ts';
import type { AdmissionAttributes, AdmissionContext } from './attributes.ts';
import type { Webhook } from './hooks.ts';
import { callFor, patchesNothing, webhooksOf } from './hooks.ts';
import type { Verdict, VersionedObjects } from './review.ts';
import { callFailure, denial, failure, InvalidAnswer, readAnswer, reviewOf } from './review.ts';
import { addressOf, CallError, postReview } from './webhook-client.ts';

/** A problem of a call, which the failure policy of the webhook may ignore. */
class CallProblem extends Error {}

/** Asks a webhook. Adds its warnings. Throws `ApiError` for a denial, `CallProblem` for a failed call. */
async function ask(
  { newUid, options }: AdmissionContext,
  { name, spec, timeoutSeconds }: Webhook,
  attributes: AdmissionAttributes,
  versioned: VersionedObjects,
  mutating: boolean,
  warnings: string[],
): Promise<Verdict> {
  if (attributes.dryRun && !['None', 'NoneOnDryRun'].includes(textAt(spec, 'sideEffects'))) {
    throw badRequest(`admission webhook ${goQuote(name)} does not support dry run`);
  }
  if (!listAt(spec, 'admissionReviewVersions').includes('v1')) {
    const problem = 'webhook does not accept known AdmissionReview versions (v1)';
    throw new CallProblem(`could not create admission objects: ${problem}`);
  }
  const client = objectAt(spec, 'clientConfig');
  const address = addressOf(client, timeoutSeconds, options.webhookServices ?? {});
  if (typeof address === 'string') throw new CallProblem(`failed to call webhook: ${address}`);
  const uid = newUid();
  const body = stringifyJson(reviewOf(attributes, versioned, uid));
  let verdict: Verdict;
  try {
    verdict = readAnswer(await postReview(address, body, textAt(client, 'caBundle'), timeoutSeconds), uid, mutating);
  } catch (thrown) {
    if (thrown instanceof CallError) throw new CallProblem(`failed to call webhook: ${thrown.message}`);
    if (thrown instanceof InvalidAnswer) throw new CallProblem(thrown.message);
    throw thrown;
  }
  warnings.push(...verdict.warnings);
  if (!verdict.allowed) throw denial(name, verdict.status);
  return verdict;
}

/** The answer of a webhook; `undefined` when the call failed and the failure policy ignores that. */
async function askOrIgnore(
  context: AdmissionContext,
  hook: Webhook,
  ...[attributes, versioned, mutating, warnings]: [AdmissionAttributes, VersionedObjects, boolean, string[]]
): Promise<Verdict | undefined> {
  try {
    return await ask(context, hook, attributes, versioned, mutating, warnings);
  } catch (thrown) {
    if (!(thrown instanceof CallProblem)) throw thrown;
    if (hook.isIgnored) return undefined;
    throw callFailure(hook.name, thrown.message);
  }
}

/** A webhook with the objects that it gets. */
interface Call {
  readonly hook: Webhook;
  readonly versioned: VersionedObjects;
}

/** The validating webhooks that are called for a request. Throws `ApiError`. */
export function validatingCalls(context: AdmissionContext, attributes: AdmissionAttributes): Call[] {
  return webhooksOf(context, 'validatingwebhookconfigurations').flatMap((hook): Call[] => {
    const versioned = callFor(context, hook, attributes);
    return versioned === undefined ? [] : [{ hook, versioned }];
  });
}

/** Asks all webhooks at once. Throws the refusal of the first one, in their order, after all have answered. */
export async function validateByWebhooks(
  context: AdmissionContext,
  attributes: AdmissionAttributes,
  calls: readonly Call[],
  warnings: string[],
): Promise<void> {
  const own = calls.map((): string[] => []);
  const asked = calls.map(({ hook, versioned }, index) =>
    askOrIgnore(context, hook, attributes, versioned, false, own[index] ?? []),
  );
  const results = await Promise.allSettled(asked);
  warnings.push(...own.flat());
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Is a mutating webhook called for the request? Throws `ApiError`. */
export const isMutated = (context: AdmissionContext, attributes: AdmissionAttributes): boolean =>
  webhooksOf(context, 'mutatingwebhookconfigurations').some((hook) => callFor(context, hook, attributes) !== undefined);

/**
 * The object after all mutating webhooks, one after another. When one changes the object, the earlier webhooks that ask
 * for it are called once more.
 */
export async function mutateByWebhooks(
  context: AdmissionContext,
  attributes: AdmissionAttributes,
  warnings: string[],
): Promise<KubeObject | undefined> {
  const hooks = webhooksOf(context, 'mutatingwebhookconfigurations');
  const earlier = new Set<string>();
  const again = new Set<string>();
  let present = attributes;
  const call = async (hook: Webhook) => {
    const versioned = callFor(context, hook, present);
    if (versioned === undefined) return false;
    const verdict = await askOrIgnore(context, hook, present, versioned, true, warnings);
    const object =
      verdict === undefined ? present.object : patchedBy(hook, versioned, verdict.patch, present, warnings);
    const isChanged = object !== present.object;
    present = { ...present, object };
    if (isChanged) for (const key of earlier) again.add(key);
    if (isChanged) earlier.clear();
    if (textAt(hook.spec, 'reinvocationPolicy') === 'IfNeeded') earlier.add(hook.key);
    return true;
  };
  for (const hook of hooks) await call(hook);
  const second = hooks.filter(({ key }) => again.has(key));
  for (const hook of second) await call(hook);
  return present.object;
}

/** The maximum number of operations of a patch, as for the patches of clients. */
const MAX_OPERATIONS = 10_000;

/**
 * The object after the patch of a webhook, in the version of the request; the same object when nothing changes.
 *
 * @throws ApiError 500 for a patch that cannot be applied or that changes what no webhook may change.
 */
function patchedBy(
  { name }: Webhook,
  { resource, object }: VersionedObjects,
  patch: readonly JsonValue[],
  attributes: AdmissionAttributes,
  warnings: string[],
): KubeObject | undefined {
  if (patch.length === 0) return attributes.object;
  if (object === undefined) throw failure(patchesNothing(name));
  if (patch.length > MAX_OPERATIONS) {
    throw failure(
      `the patch of admission webhook ${goQuote(name)} has ${patch.length} operations; ${MAX_OPERATIONS} are allowed`,
    );
  }
  const changed = decodePatched(name, resource, applied(object, patch));
  const kept = withValidOwners(object, changed, warnings);
  if (jsonEquals(kept as unknown as JsonValue, object as unknown as JsonValue)) return attributes.object;
  const own = attributes.resource;
  return resource === own ? kept : own.fromStorage(resource.toStorage(kept));
}

function applied(object: KubeObject, patch: readonly JsonValue[]): JsonValue {
  try {
    return applyJsonPatch(object as unknown as JsonObject, patch);
  } catch (thrown) {
    if (thrown instanceof JsonPatchError) throw failure(`jsonpatch does not apply: ${thrown.message}`);
    throw thrown;
  }
}

function decodePatched(name: string, resource: ServedResource, value: JsonValue): KubeObject {
  if (!isJsonObject(value)) throw failure(`admission webhook ${goQuote(name)} replaced the object by another value`);
  const [kind, apiVersion] = [textAt(value, 'kind'), textAt(value, 'apiVersion')];
  if (kind !== resource.kind || apiVersion !== resource.apiVersion) {
    throw failure(
      `admission webhook ${goQuote(name)} changed the type of the object from ${resource.apiVersion}, Kind=${resource.kind} to ${apiVersion}, Kind=${kind}`,
    );
  }
  return decodeChanged(resource, value, failure);
}

/** Decodes an object that a webhook or a policy has changed, and sets its defaults. `refuse` makes the error. */
export function decodeChanged(
  resource: ServedResource,
  value: JsonValue,
  refuse: (problem: string) => Error,
): KubeObject {
  if (!isJsonObject(value)) throw refuse('the object was replaced by another value');
  try {
    const decoded = redecode(resource, value).value;
    const { managedFields } = objectAt(value, 'metadata');
    if (Array.isArray(managedFields)) decoded.metadata.managedFields = managedFields;
    strategyFor(resource).defaults?.(decoded);
    return decoded;
  } catch (thrown) {
    if (thrown instanceof DecodeError || thrown instanceof ApiError) throw refuse(thrown.message);
    throw thrown;
  }
}

/** The changed object with the owners of fields of the object before, when the patch made the owners unreadable. */
function withValidOwners(before: KubeObject, changed: KubeObject, warnings: string[]): KubeObject {
  if (readEntries(changed.metadata.managedFields) !== undefined) return changed;
  const { managedFields: _, ...metadata } = changed.metadata;
  const { managedFields } = before.metadata;
  warnings.push(
    '.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests',
  );
  return { ...changed, metadata: { ...metadata, ...(managedFields === undefined ? {} : { managedFields }) } };
}
