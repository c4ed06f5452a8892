import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, namespacedName } from '@typekro/kit/core';
import { asText, listAt, objectAt, textAt } from '@typekro/kit/kubernetes';
import { type Converter, MAX_OBJECT_WORK } from './converter.ts';
import { ConversionError } from './conversion-rules.ts';

const API_VERSION = 'apiextensions.k8s.io/v1';

/**
 * The work between two pauses, and the maximum work for one review. An API server waits 30 seconds for a response. The
 * unit is that of `MAX_OBJECT_WORK`.
 */
const [MAX_PART_WORK, MAX_REVIEW_WORK] = [20_000, 40_000_000];
/** The work for an object without any rule. */
const MIN_OBJECT_WORK = 200;

/**
 * Answers a ConversionReview: the converted objects in the order of the request, or one failure for the whole review,
 * because an API server accepts no partial result. The function never throws for a malformed review.
 *
 * @param pause called between parts of the work, each of about ten milliseconds.
 */
export async function answerReview(
  review: JsonValue | undefined,
  converter: Converter,
  pause: () => Promise<void>,
): Promise<JsonObject> {
  const root = isJsonObject(review) ? review : {};
  const request = objectAt(root, 'request');
  if (asText(root['kind']) !== 'ConversionReview' || asText(root['apiVersion']) !== API_VERSION)
    return refuseReview(review, `the request is not a ConversionReview of ${API_VERSION}`);
  const desired = textAt(request, 'desiredAPIVersion');
  const objects = listAt(request, 'objects');
  const converted: JsonValue[] = [];
  let [work, part] = [0, 0];
  for (const object of objects) {
    if (!isJsonObject(object)) return refuseReview(review, 'the review has an object that is not a JSON object');
    const shared = { left: MAX_OBJECT_WORK };
    try {
      // To prune the fields of a former apply, an API server also converts parts of an object. It refuses an answer
      // without metadata, even if the part has none.
      const made: JsonObject = converter.convert(object as KubeObject, desired, shared);
      converted.push({ metadata: {}, ...made });
    } catch (thrown) {
      if (!(thrown instanceof ConversionError)) throw thrown;
      return refuseReview(review, refusalText(object, desired, thrown));
    }
    const done = MIN_OBJECT_WORK + MAX_OBJECT_WORK - shared.left;
    [work, part] = [work + done, part + done];
    if (work > MAX_REVIEW_WORK)
      return refuseReview(
        review,
        `the conversion to ${desired} takes too much work: it was ended after ${converted.length} of ${objects.length} objects. Ask for fewer objects at once (kubectl: --chunk-size), or write simpler rules`,
      );
    if (part < MAX_PART_WORK) continue;
    part = 0;
    await pause();
  }
  return answer(review, { convertedObjects: converted, result: { status: 'Success' } });
}

/** The response that refuses a review. */
export const refuseReview = (review: JsonValue | undefined, message: string): JsonObject =>
  answer(review, { result: { status: 'Failure', message } });

const answer = (review: JsonValue | undefined, response: JsonObject): JsonObject => ({
  apiVersion: API_VERSION,
  kind: 'ConversionReview',
  response: { uid: isJsonObject(review) ? textAt(review, 'request', 'uid') : '', ...response },
});

function refusalText(object: JsonObject, desired: string, { message }: ConversionError): string {
  const [name, namespace] = [textAt(object, 'metadata', 'name'), textAt(object, 'metadata', 'namespace')];
  return `cannot convert ${asText(object['kind'])} ${namespacedName({ name, namespace })} from ${asText(object['apiVersion'])} to ${desired}: ${message}`;
}
