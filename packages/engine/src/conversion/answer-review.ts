import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { asText, listAt, objectAt, textAt } from '@typekro/kit/kubernetes';
import type { Converter } from './converter.ts';
import { ConversionError } from './conversion-rules.ts';

const API_VERSION = 'apiextensions.k8s.io/v1';

/**
 * Answers a ConversionReview: the converted objects in the order of the request, or one failure for the whole review,
 * because an API server accepts no partial result. The function never throws for a malformed review.
 */
export function answerReview(review: JsonValue | undefined, converter: Converter): JsonObject {
  const root = isJsonObject(review) ? review : {};
  const request = objectAt(root, 'request');
  if (asText(root['kind']) !== 'ConversionReview' || asText(root['apiVersion']) !== API_VERSION)
    return refuseReview(review, `the request is not a ConversionReview of ${API_VERSION}`);
  const desired = textAt(request, 'desiredAPIVersion');
  const converted: JsonValue[] = [];
  for (const object of listAt(request, 'objects')) {
    if (!isJsonObject(object)) return refuseReview(review, 'the review has an object that is not a JSON object');
    try {
      // To prune the fields of a former apply, an API server also converts parts of an object. It refuses an answer
      // without metadata, even if the part has none.
      const made: JsonObject = converter.convert(object as KubeObject, desired);
      converted.push({ metadata: {}, ...made });
    } catch (thrown) {
      if (!(thrown instanceof ConversionError)) throw thrown;
      return refuseReview(review, refusalText(object, desired, thrown));
    }
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
  const shown = namespace === '' ? name : `${namespace}/${name}`;
  return `cannot convert ${asText(object['kind'])} ${shown} from ${asText(object['apiVersion'])} to ${desired}: ${message}`;
}
