import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { goJsonKind, goQuote } from '@typekro/kit/golang';
import { listAt, objectAt, textAt } from '@typekro/kit/kubernetes';
import { tryParseStrictJson } from '../codec/json.ts';
import { userJson } from '../auth/token-documents.ts';
import { ApiError, errorWithCause } from '../errors/api-error.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { ReviewText } from '../webhooks/review-text.ts';
import type { AdmissionAttributes, Kind } from './attributes.ts';

const GROUP = 'admission.k8s.io';

/** A version of AdmissionReview that the server sends. Both versions have the same request. */
export type ReviewVersion = 'v1' | 'v1beta1';

/** Returns the first version in the list that the server can send, or `undefined` when it can send none of them. */
export const reviewVersionIn = (accepted: readonly JsonValue[]): ReviewVersion | undefined =>
  accepted.find((version): version is ReviewVersion => version === 'v1' || version === 'v1beta1');

/** The objects of a request in the version that a webhook or policy requests. */
export type VersionedObjects = Pick<AdmissionAttributes, 'resource' | 'kind' | 'type' | 'object' | 'old'>;

const kindOf = ({ group, version, kind }: Kind): JsonObject => ({ group, version, kind });

const resourceOf = ({ group, version, plural }: ServedResource): JsonObject => ({ group, version, resource: plural });

/** The request of an AdmissionReview, without its objects. Members without a value are absent. */
export function requestFacts(
  attributes: AdmissionAttributes,
  { resource, kind }: VersionedObjects,
  uid: string,
): JsonObject {
  const { subresource, name, namespace } = attributes;
  return {
    uid,
    kind: kindOf(kind),
    resource: resourceOf(resource),
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: kindOf(attributes.kind),
    requestResource: resourceOf(attributes.resource),
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation: attributes.operation,
    userInfo: userJson(attributes.user),
    dryRun: attributes.dryRun,
    options: attributes.options,
  };
}

/** The AdmissionReviews of one request: one for each version of the objects and of the review. */
export class Reviews {
  readonly attributes: AdmissionAttributes;
  readonly #texts = new Map<VersionedObjects, Map<ReviewVersion, ReviewText>>();

  constructor(attributes: AdmissionAttributes) {
    this.attributes = attributes;
  }

  /** Returns the review to send to a webhook. @throws ApiError 429 when too many reviews wait for responses. */
  of(versioned: VersionedObjects, version: ReviewVersion): ReviewText {
    const texts = this.#texts.get(versioned) ?? new Map<ReviewVersion, ReviewText>();
    this.#texts.set(versioned, texts);
    const text = texts.get(version) ?? new ReviewText(reviewOf(this.attributes, versioned, version));
    texts.set(version, text);
    return text;
  }

  /** Must be called after all webhooks have responded. */
  close(): void {
    for (const texts of this.#texts.values()) for (const text of texts.values()) text.close();
  }
}

function reviewOf(attributes: AdmissionAttributes, versioned: VersionedObjects, version: ReviewVersion): JsonObject {
  return {
    kind: 'AdmissionReview',
    apiVersion: `${GROUP}/${version}`,
    request: {
      ...requestFacts(attributes, versioned, ''),
      object: versioned.object ?? null,
      oldObject: versioned.old ?? null,
      ...(attributes.operation === 'CONNECT' ? { options: null } : {}),
    },
  };
}

/** The checked response of a webhook. */
export interface Verdict {
  readonly allowed: boolean;
  readonly status: JsonObject;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
  /** The operations of the JSON patch. Empty when there is no patch. */
  readonly patch: readonly JsonValue[];
}

/** The error for an invalid response. Its message is the reason after `failed calling webhook "…": `. */
export class InvalidAnswer extends Error {}

/**
 * Parses the response of a webhook to the review `uid`. Only mutating webhooks can respond with a patch. A `v1beta1`
 * response can lack the uid and the patch type.
 *
 * @throws InvalidAnswer with the message of an API server.
 */
export function readAnswer(text: string, uid: string, mutating: boolean, version: ReviewVersion): Verdict {
  const answer = tryParseStrictJson(text);
  if (!isJsonObject(answer)) {
    const problem = "couldn't get version/kind; json parse error: the response is not a JSON object";
    throw new InvalidAnswer(`failed to call webhook: ${problem}`);
  }
  const isChecked = version === 'v1';
  const [kind, apiVersion] = [textAt(answer, 'kind'), textAt(answer, 'apiVersion')];
  const isReview = kind === 'AdmissionReview' && apiVersion === `${GROUP}/${version}`;
  if (isChecked && !isReview) {
    const got = `${apiVersion}, Kind=${kind}`;
    throw invalidResponse(`expected webhook response of ${GROUP}/v1, Kind=AdmissionReview, got ${got}`);
  }
  const response = answer['response'];
  const isOther = !isReview && (kind !== '' || apiVersion !== '');
  if (isOther || !isJsonObject(response)) throw invalidResponse('webhook response was absent');
  const answered = textAt(response, 'uid');
  if (isChecked && answered !== uid)
    throw invalidResponse(`expected response.uid=${goQuote(uid)}, got ${goQuote(answered)}`);
  for (const [name, [isRight, type]] of Object.entries(ANSWER_TYPES)) {
    const value = response[name] ?? null;
    if (value === null || isRight(value)) continue;
    const field = `AdmissionResponse.response.${name} of type ${type}`;
    throw new InvalidAnswer(
      `failed to call webhook: json: cannot unmarshal ${goJsonKind(value)} into Go struct field ${field}`,
    );
  }
  return {
    allowed: response['allowed'] === true,
    status: objectAt(response, 'status'),
    warnings: listAt(response, 'warnings').map(String),
    auditAnnotations: stringsIn(objectAt(response, 'auditAnnotations')),
    patch: isChecked ? patchOf(response, mutating) : mutating ? operationsOf(textAt(response, 'patch')) : [],
  };
}

const isText = (value: JsonValue | undefined): boolean => typeof value === 'string' || value === null;

/** The types of the members of a response. JSON with another type does not decode, so the failure policy decides. */
const ANSWER_TYPES: Readonly<Record<string, readonly [(value: JsonValue) => boolean, string]>> = {
  allowed: [(value) => typeof value === 'boolean', 'bool'],
  uid: [isText, 'types.UID'],
  patch: [isText, '[]uint8'],
  patchType: [isText, 'v1.PatchType'],
  status: [isJsonObject, 'v1.Status'],
  warnings: [(value) => Array.isArray(value) && value.every(isText), '[]string'],
  auditAnnotations: [(value) => isJsonObject(value) && Object.values(value).every(isText), 'map[string]string'],
};

const stringsIn = (value: JsonObject): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.keys(value).map((key) => [key, textAt(value, key)]));

const invalidResponse = (problem: string) => new InvalidAnswer(`received invalid webhook response: ${problem}`);

function patchOf(response: JsonObject, mutating: boolean): readonly JsonValue[] {
  const patch = textAt(response, 'patch');
  const type = response['patchType'] ?? undefined;
  if (!mutating) {
    if (patch !== '') throw invalidResponse('validating webhook may not return response.patch');
    if (type !== undefined) throw invalidResponse('validating webhook may not return response.patchType');
    return [];
  }
  if (patch !== '' && type === undefined)
    throw invalidResponse('webhook returned response.patch but not response.patchType');
  if (patch === '' && type !== undefined)
    throw invalidResponse('webhook returned response.patchType but not response.patch');
  if (patch === '') return [];
  if (type === '') throw invalidResponse('webhook returned invalid response.patchType of ""');
  if (type !== 'JSONPatch') throw new InvalidAnswer(`unsupported patch type ${goQuote(String(type))}`);
  return operationsOf(patch);
}

function operationsOf(patch: string): readonly JsonValue[] {
  if (patch === '') return [];
  const operations = tryParseStrictJson(Buffer.from(patch, 'base64').toString('utf8'));
  if (operations === null) return [];
  if (!Array.isArray(operations)) {
    throw new InvalidAnswer('received undecodable patch in webhook response: the patch is not a list of operations');
  }
  return operations;
}

/**
 * Makes the error for a denial by a webhook, from the status in its response. The code of the error is at least 400.
 */
export function denial(name: string, status: JsonObject): ApiError {
  const start = `admission webhook ${goQuote(name)} denied the request`;
  const [message, reason] = [textAt(status, 'message'), textAt(status, 'reason')];
  const why = message === '' ? reason : message;
  const code = typeof status['code'] === 'number' ? status['code'] : 0;
  const details = status['details'];
  return new ApiError({
    code: code >= 400 && code <= 599 ? Math.trunc(code) : 400,
    ...(reason === '' ? {} : { reason }),
    message: why === '' ? `${start} without explanation` : `${start}: ${why}`,
    ...(isJsonObject(details) ? { details } : {}),
    metadata: objectAt(status, 'metadata'),
  });
}

/** Makes the error 500 for a webhook that could not be called, or whose response is invalid. */
export function callFailure(name: string, problem: string): ApiError {
  return errorWithCause(`failed calling webhook ${goQuote(name)}: ${problem}`);
}
