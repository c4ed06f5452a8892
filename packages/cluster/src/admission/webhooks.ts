import { type JsonValue, type KubeObject, isJsonObject, jsonEquals, stringifyJson } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { listAt, objectAt, textAt } from '@typekro/kit/kubernetes';
import { ApiError, badRequest, errorWithCause } from '../errors/api-error.ts';
import { applyJsonPatch, JsonPatchError, MAX_OPERATIONS } from '../patch/json-patch.ts';
import { DecodeError } from '../types/decode.ts';
import { type BodyType, decodeTyped } from '../verbs/body.ts';
import { strategyFor } from '../verbs/strategy-for.ts';
import type { AdmissionAttributes, AdmissionContext } from './attributes.ts';
import { type Webhook, callFor, patchesNothing, toRequestVersion, webhooksOf } from './webhook-calls.ts';
import { Invocations } from './invocations.ts';
import type { Verdict, VersionedObjects } from './review.ts';
import { callFailure, denial, InvalidAnswer, readAnswer, Reviews, reviewVersionIn } from './review.ts';
import { addressOf, CallError, postReview } from '../webhooks/webhook-client.ts';
import { afterConversions } from '../webhooks/webhook-pending.ts';

/** The error of a failed call, which the failure policy of the webhook can ignore. */
class CallProblem extends Error {}

/** Calls a webhook, and adds its warnings. Throws `ApiError` for a denial, and `CallProblem` for a failed call. */
async function ask(
  { newUid, serviceAddress, audit }: AdmissionContext,
  { name, spec, timeoutSeconds }: Webhook,
  reviews: Reviews,
  versioned: VersionedObjects,
  mutating: boolean,
  warnings: string[],
): Promise<Verdict> {
  if (reviews.attributes.dryRun && !['None', 'NoneOnDryRun'].includes(textAt(spec, 'sideEffects'))) {
    throw badRequest(`admission webhook ${goQuote(name)} does not support dry run`);
  }
  const version = reviewVersionIn(listAt(spec, 'admissionReviewVersions'));
  if (version === undefined) {
    const problem = 'webhook does not accept known AdmissionReview versions (v1, v1beta1)';
    throw new CallProblem(`could not create admission objects: ${problem}`);
  }
  const client = objectAt(spec, 'clientConfig');
  const address = addressOf(client, timeoutSeconds, serviceAddress);
  if (typeof address === 'string') throw new CallProblem(`failed to call webhook: ${address}`);
  const uid = newUid();
  const body = reviews.of(versioned, version).withUid(uid);
  let verdict: Verdict;
  try {
    const text = await postReview(address, body, textAt(client, 'caBundle'), timeoutSeconds);
    verdict = readAnswer(text, uid, mutating, version);
  } catch (thrown) {
    if (thrown instanceof CallError) throw new CallProblem(`failed to call webhook: ${thrown.message}`);
    if (thrown instanceof InvalidAnswer) throw new CallProblem(thrown.message);
    throw thrown;
  }
  for (const [key, value] of Object.entries(verdict.auditAnnotations)) audit?.annotate(`${name}/${key}`, value);
  for (const each of verdict.warnings) warnings.push(each);
  if (!verdict.allowed) throw denial(name, verdict.status);
  return verdict;
}

/**
 * Returns the response of a webhook, or `undefined` when the call failed and the failure policy is `Ignore`. `round` is
 * the round of mutating webhooks, or `undefined` for a validating webhook.
 */
async function askOrIgnore(
  context: AdmissionContext,
  hook: Webhook,
  ...[reviews, versioned, round, warnings]: [Reviews, VersionedObjects, number | undefined, string[]]
): Promise<Verdict | undefined> {
  try {
    return await ask(context, hook, reviews, versioned, round !== undefined, warnings);
  } catch (thrown) {
    if (!(thrown instanceof CallProblem)) throw thrown;
    if (hook.isIgnored) {
      const kind = round === undefined ? 'validating' : 'mutation';
      context.audit?.annotate(`failed-open.${kind}.webhook.admission.k8s.io/${placeOf(hook, round)}`, hook.name);
      return undefined;
    }
    throw callFailure(hook.name, thrown.message);
  }
}

/** Returns the round and the index of a call for the keys of audit annotations. */
const placeOf = ({ index }: Webhook, round = 0): string => `round_${round}_index_${index}`;

/** A webhook, and the objects for its review. */
export interface Call {
  readonly hook: Webhook;
  readonly versioned: VersionedObjects;
}

/** Finds the validating webhooks that must be called for a request, step by step. Throws `ApiError`. */
export function* validatingCalls(
  context: AdmissionContext,
  attributes: AdmissionAttributes,
): Generator<void, Call[], void> {
  const calls: Call[] = [];
  for (const hook of webhooksOf(context, 'validatingwebhookconfigurations')) {
    const versioned = callFor(context, hook, attributes);
    if (versioned !== undefined) calls.push({ hook, versioned });
    yield;
  }
  return calls;
}

/**
 * Calls all webhooks concurrently. After all calls have ended, throws the first error in the order of `calls`: the
 * refusal of a webhook, or a failed call that is not ignored.
 */
export async function validateByWebhooks(
  context: AdmissionContext,
  attributes: AdmissionAttributes,
  calls: readonly Call[],
  warnings: string[],
): Promise<void> {
  const own = calls.map((): string[] => []);
  const reviews = new Reviews(attributes);
  const answers = calls.map(({ hook, versioned }, index) =>
    askOrIgnore(context, hook, reviews, versioned, undefined, own[index] ?? []),
  );
  const results = await Promise.allSettled(answers);
  reviews.close();
  for (const each of own.flat()) warnings.push(each);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Returns the mutating webhooks. With `only`, returns only webhooks with these keys. */
const mutatingHooks = (context: AdmissionContext, only: ReadonlySet<string> | undefined): Webhook[] =>
  webhooksOf(context, 'mutatingwebhookconfigurations').filter(({ key }) => only?.has(key) !== false);

/**
 * Must a mutating webhook be called for the request? Considers one webhook a step; with `only`, only webhooks with these
 * keys. Throws `ApiError`.
 */
export function* isMutated(
  context: AdmissionContext,
  attributes: AdmissionAttributes,
  only: ReadonlySet<string> | undefined,
): Generator<void, boolean, void> {
  for (const hook of mutatingHooks(context, only)) {
    if (callFor(context, hook, attributes) !== undefined) return true;
    yield;
  }
  return false;
}

/** The object after a round of mutating webhooks or policies, or `undefined` for a request without an object. */
export interface Mutation<Changed = KubeObject | undefined> {
  readonly object: Changed;
  readonly invocations: Invocations;
}

/** Calls the mutating webhooks one after another. With `only`, calls only the webhooks with these keys. */
export async function mutateByWebhooks(
  context: AdmissionContext,
  attributes: AdmissionAttributes,
  warnings: string[],
  only: ReadonlySet<string> | undefined,
): Promise<Mutation> {
  const invocations = new Invocations();
  let present = attributes;
  for (const hook of mutatingHooks(context, only)) {
    // Waits here for conversion webhooks. If the whole round ran again instead, it would call its earlier webhooks
    // twice.
    const before = present;
    const versioned = await afterConversions(() => callFor(context, hook, before));
    if (versioned === undefined) continue;
    const round = only === undefined ? 0 : 1;
    const reviews = new Reviews(before);
    const asked = askOrIgnore(context, hook, reviews, versioned, round, warnings).finally(() => reviews.close());
    const verdict = await asked.catch((thrown: unknown) => {
      auditMutation(context, hook, round);
      throw thrown;
    });
    const object =
      verdict === undefined
        ? before.object
        : await afterConversions(() => patchedBy(context, hook, versioned, verdict.patch, before));
    auditMutation(context, hook, round, object === before.object ? undefined : (verdict?.patch ?? []));
    invocations.add(hook.key, object !== before.object, textAt(hook.spec, 'reinvocationPolicy') === 'IfNeeded');
    present = { ...before, object };
  }
  return { object: present.object, invocations };
}

/** Adds the call of a mutating webhook to the audit events, and its patch to those that include the object. */
function auditMutation({ audit }: AdmissionContext, hook: Webhook, round: number, patch?: readonly JsonValue[]): void {
  const { configuration, name: webhook } = hook;
  const call = { configuration, webhook };
  const place = `webhook.admission.k8s.io/${placeOf(hook, round)}`;
  audit?.annotate(`mutation.${place}`, stringifyJson({ ...call, mutated: patch !== undefined }));
  if (patch === undefined) return;
  audit?.annotate(`patch.${place}`, stringifyJson({ ...call, patch: [...patch], patchType: 'JSONPatch' }), 'Request');
}

/**
 * Applies the patch of a webhook, and converts the result to the version of the request. Returns the object of the
 * request when nothing changes.
 *
 * @throws ApiError 500 for a patch that cannot be applied, or that changes a field which webhooks must not change.
 */
function patchedBy(
  context: AdmissionContext,
  { name }: Webhook,
  versioned: VersionedObjects,
  patch: readonly JsonValue[],
  attributes: AdmissionAttributes,
): KubeObject | undefined {
  if (patch.length === 0) return attributes.object;
  const { type, object } = versioned;
  if (object === undefined) throw errorWithCause(patchesNothing(name));
  if (patch.length > MAX_OPERATIONS) {
    throw errorWithCause(
      `the patch of admission webhook ${goQuote(name)} has ${patch.length} operations; ${MAX_OPERATIONS} are allowed`,
    );
  }
  const changed = decodePatched(name, object, type, applied(object, patch));
  if (jsonEquals(changed, object)) return attributes.object;
  return toRequestVersion(context, attributes, versioned, changed);
}

function applied(object: KubeObject, patch: readonly JsonValue[]): JsonValue {
  try {
    return applyJsonPatch(object, patch);
  } catch (thrown) {
    if (thrown instanceof JsonPatchError) throw errorWithCause(`jsonpatch does not apply: ${thrown.message}`);
    throw thrown;
  }
}

function decodePatched(name: string, before: KubeObject, type: BodyType | undefined, value: JsonValue): KubeObject {
  if (!isJsonObject(value))
    throw errorWithCause(`admission webhook ${goQuote(name)} replaced the object by another value`);
  const [kind, apiVersion] = [textAt(value, 'kind'), textAt(value, 'apiVersion')];
  if (kind !== before.kind || apiVersion !== before.apiVersion) {
    throw errorWithCause(
      `admission webhook ${goQuote(name)} changed the type of the object from ${before.apiVersion}, Kind=${before.kind} to ${apiVersion}, Kind=${kind}`,
    );
  }
  return decodeChanged(type, value, errorWithCause);
}

/**
 * Decodes an object that a webhook or a policy has changed, and sets its defaults. `refuse` makes the error. Returns
 * the value unchanged when `type` is undefined.
 */
export function decodeChanged(
  type: BodyType | undefined,
  value: JsonValue,
  refuse: (problem: string) => Error,
): KubeObject {
  if (!isJsonObject(value)) throw refuse('the object was replaced by another value');
  if (type === undefined) return value as KubeObject;
  try {
    const typed = { ...value, kind: type.kind, apiVersion: type.apiVersion };
    const decoded = decodeTyped(typed, type).value as KubeObject;
    const { managedFields } = objectAt(value, 'metadata');
    if (Array.isArray(managedFields)) decoded.metadata.managedFields = managedFields;
    if (type.resource !== undefined) strategyFor(type.resource).defaults?.(decoded);
    return decoded;
  } catch (thrown) {
    if (thrown instanceof DecodeError || thrown instanceof ApiError) throw refuse(thrown.message);
    throw thrown;
  }
}
