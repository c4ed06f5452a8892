import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, setOwn } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { objectAt, textAt } from '@typekro/kit/kubernetes';
import { toJsonText, tryParseStrictJson } from '../codec/json.ts';
import { validateAnnotations, validateLabels } from '../kinds/metadata.ts';
import { Problems } from '../errors/field-problems.ts';

/** The versions of ConversionReview that the cluster supports. */
const REVIEW_VERSIONS: ReadonlySet<string> = new Set(['v1', 'v1beta1']);

/**
 * The error for a webhook response that cannot be used. Its message continues the text `conversion webhook for KIND `.
 */
export class InvalidConversion extends Error {}

/** The objects that a webhook converts, and their target version. */
export interface ConversionTask {
  /** The version of the ConversionReview: `v1` or `v1beta1`. */
  readonly reviewVersion: string;
  readonly uid: string;
  readonly objects: readonly KubeObject[];
  /** The version of the converted objects, as `group/version`. */
  readonly apiVersion: string;
}

/** The first of the webhook's review versions that the cluster supports; `undefined` when it supports none of them. */
export const reviewVersionOf = (versions: readonly string[]): string | undefined =>
  versions.find((version) => REVIEW_VERSIONS.has(version));

/** The ConversionReview that is sent to a webhook, with an empty uid. As with a real API server, the review has an empty `response`. */
export function conversionReview({ reviewVersion, objects, apiVersion }: Omit<ConversionTask, 'uid'>): JsonObject {
  return {
    kind: 'ConversionReview',
    apiVersion: `apiextensions.k8s.io/${reviewVersion}`,
    request: { uid: '', desiredAPIVersion: apiVersion, objects: [...objects] },
    response: { uid: '', convertedObjects: null, result: { metadata: {} } },
  };
}

/**
 * Parses the response of a webhook. The converted objects keep the metadata of the originals, except for labels and
 * annotations.
 *
 * @throws InvalidConversion with an API server's message.
 */
export function readConversion(text: string, task: ConversionTask): KubeObject[] {
  const response = responseOf(text, task);
  const converted = Array.isArray(response['convertedObjects']) ? response['convertedObjects'] : [];
  const { objects, apiVersion } = task;
  if (converted.length !== objects.length)
    throw new InvalidConversion(`returned ${converted.length} objects, expected ${objects.length}`);
  return objects.map((original, index) => checkedObject(original, converted[index] ?? null, index, apiVersion));
}

function responseOf(text: string, { reviewVersion, uid }: ConversionTask): JsonObject {
  const review = tryParseStrictJson(text);
  if (!isJsonObject(review)) {
    throw failed("couldn't get version/kind; json parse error: the response is not a JSON object");
  }
  const expected = `apiextensions.k8s.io/${reviewVersion}`;
  const [kind, apiVersion] = [textAt(review, 'kind'), textAt(review, 'apiVersion')];
  // A v1beta1 response may omit the kind and the uid.
  const isChecked = reviewVersion !== 'v1beta1';
  if (isChecked && (kind !== 'ConversionReview' || apiVersion !== expected)) {
    const got = `${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${kind}`;
    throw failed(`expected webhook response of ${expected}, Kind=ConversionReview, got ${got}`);
  }
  const response = review['response'];
  if (!isJsonObject(response)) throw failed('no response provided');
  const answered = textAt(response, 'uid');
  if (isChecked && answered !== uid) throw failed(`expected response.uid=${goQuote(uid)}, got ${goQuote(answered)}`);
  const status = textAt(response, 'result', 'status');
  if (status === 'Success') return response;
  const message = textAt(response, 'result', 'message');
  throw failed(message === '' ? `response.result.status was '${status}', not 'Success'` : message);
}

const failed = (problem: string) => new InvalidConversion(`failed: ${problem}`);

function checkedObject(original: KubeObject, converted: JsonValue, index: number, apiVersion: string): KubeObject {
  const at = `returned invalid object at index ${index}: `;
  if (!isJsonObject(converted)) throw new InvalidConversion(`${at}unexpected end of JSON input`);
  const kind = textAt(converted, 'kind');
  if (kind === '') throw new InvalidConversion(`${at}Object 'Kind' is missing in '${toJsonText(converted)}'`);
  const received = textAt(converted, 'apiVersion');
  if (received !== apiVersion) {
    throw new InvalidConversion(`${at}invalid groupVersion (expected ${apiVersion}, received ${received})`);
  }
  if (kind !== original.kind) {
    throw new InvalidConversion(`${at}invalid kind (expected ${original.kind}, received ${kind})`);
  }
  for (const [field, word] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [before, after] = [textAt(original, 'metadata', field), textAt(converted, 'metadata', field)];
    if (before !== after)
      throw new InvalidConversion(`returned invalid object: must have the same ${word}: ${before} != ${after}`);
  }
  return { ...converted, metadata: restoredMetadata(original, converted) } as KubeObject;
}

/** Returns the original's metadata with the converted object's labels and annotations. */
function restoredMetadata(original: KubeObject, converted: JsonObject): JsonObject {
  const before: Partial<KubeObject['metadata']> = objectAt(original, 'metadata');
  const invalid = (problem: string) => new InvalidConversion(`returned invalid metadata: ${problem}`);
  const sent = converted['metadata'];
  if (sent === undefined) throw invalid('missing metadata in converted object');
  if (!isJsonObject(sent)) throw invalid(`invalid metadata of type ${goType(sent)} in converted object`);
  const metadata: JsonObject = { ...(before as JsonObject) };
  for (const field of ['labels', 'annotations'] as const) {
    const texts = sent[field] ?? null;
    if (texts === null) {
      delete metadata[field];
      continue;
    }
    if (!isJsonObject(texts)) throw invalid(`invalid metadata.${field} of type ${goType(texts)} in converted object`);
    const values: Record<string, string> = {};
    for (const [key, value] of Object.entries(texts)) {
      if (typeof value !== 'string')
        throw invalid(
          `metadata.${field}[${key}] must be a string, but is ${goType(value ?? null)} in converted object`,
        );
      setOwn(values, key, value);
    }
    if (isChanged(before[field] ?? {}, values)) checkTexts(field, values, invalid);
    metadata[field] = values;
  }
  return metadata;
}

function isChanged(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(after);
  return (
    Object.keys(before).length !== keys.length ||
    keys.some((key) => !Object.hasOwn(before, key) || before[key] !== after[key])
  );
}

function checkTexts(
  field: 'labels' | 'annotations',
  texts: Readonly<Record<string, string>>,
  invalid: (problem: string) => Error,
): void {
  const problems = new Problems();
  if (field === 'labels') validateLabels(problems.field('metadata.labels', texts));
  else validateAnnotations(problems.field('metadata.annotation', texts));
  const shown = [...new Set(problems.map((problem) => `${problem.field}: ${problem.message}`))];
  if (shown.length > 0) throw invalid(shown.length === 1 ? (shown[0] ?? '') : `[${shown.join(', ')}]`);
}

/** The name of the Go type into which Go decodes a JSON value. */
function goType(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return typeof value === 'bigint' || Number.isSafeInteger(value) ? 'int64' : 'float64';
}
