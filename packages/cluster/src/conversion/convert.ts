import { type JsonObject, type KubeObject, stringifyJson } from '@typekro/kit/core';
import { objectAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { LocalWebhook } from '../cluster-options.ts';
import type { ConversionWebhook } from '../crd/parsed-crd.ts';
import { type ApiError, internalError } from '../errors/api-error.ts';
import { ReviewText } from '../webhooks/review-text.ts';
import { type ServiceAddress, addressOf, CallError, postReview } from '../webhooks/webhook-client.ts';
import {
  type ConversionTask,
  conversionReview,
  InvalidConversion,
  readConversion,
  reviewVersionOf,
} from './conversion-review.ts';

/** The time within which a conversion webhook must respond, in seconds. */
const TIMEOUT_SECONDS = 30;

/** The approximate maximum size of the objects of one review, in bytes. */
const MAX_REVIEW_BYTES = 512 * 1024;

/** The parts of the cluster that conversions use. */
export interface ConversionContext {
  readonly newUid: () => string;
  readonly serviceAddress: ServiceAddress;
  /** The function that answers the reviews of a Service, by `namespace/name`. */
  readonly localWebhook: (key: string) => LocalWebhook | undefined;
}

/**
 * Converts objects of one CRD with the webhook of the CRD. Many objects are split into several reviews.
 *
 * @throws ApiError 500 with an API server's message when the webhook cannot be called, refuses, or returns an invalid
 *   object. A returned object is invalid if its metadata is malformed, or its version is not the target version. It is
 *   also invalid if its kind, name, namespace or uid differs from the original.
 */
export async function convertObjects(
  context: ConversionContext,
  webhook: ConversionWebhook,
  objects: readonly KubeObject[],
  apiVersion: string,
): Promise<KubeObject[]> {
  const converted: KubeObject[] = [];
  for (const review of reviewsOf(objects)) {
    for (const each of await convertReview(context, webhook, review, apiVersion)) converted.push(each);
  }
  return converted;
}

/** Splits the objects into groups of at most about `MAX_REVIEW_BYTES`. */
function* reviewsOf(objects: readonly KubeObject[]): Generator<readonly KubeObject[]> {
  let group: KubeObject[] = [];
  let size = 0;
  for (const object of objects) {
    const { length } = stringifyJson(object);
    if (group.length > 0 && size + length > MAX_REVIEW_BYTES) {
      yield group;
      [group, size] = [[], 0];
    }
    group.push(object);
    size += length;
  }
  if (group.length > 0) yield group;
}

async function convertReview(
  { newUid, serviceAddress, localWebhook }: ConversionContext,
  { clientConfig, reviewVersions }: ConversionWebhook,
  objects: readonly KubeObject[],
  apiVersion: string,
): Promise<KubeObject[]> {
  const reviewVersion = reviewVersionOf(reviewVersions);
  if (reviewVersion === undefined) throw internalError('no supported conversion review versions');
  const task = { reviewVersion, uid: newUid(), objects, apiVersion };
  const service = optionalAt(clientConfig, 'service');
  const local = localWebhook(`${textAt(service, 'namespace')}/${textAt(service, 'name')}`);
  if (local !== undefined) return convertLocally(local, textAt(service, 'path'), task);
  const address = addressOf(clientConfig, TIMEOUT_SECONDS, serviceAddress);
  if (typeof address === 'string') throw conversionError(objects, `failed: ${address}`);
  const review = new ReviewText(conversionReview(task));
  const authority = textAt(clientConfig, 'caBundle');
  try {
    const body = review.withUid(task.uid);
    return readConversion(await postReview(address, body, authority, TIMEOUT_SECONDS), task);
  } catch (thrown) {
    if (thrown instanceof CallError) throw conversionError(objects, `failed: ${thrown.message}`);
    if (thrown instanceof InvalidConversion) throw conversionError(objects, thrown.message);
    throw thrown;
  } finally {
    review.close();
  }
}

/** Converts the objects with a function of this process. As over a connection, it gets a copy of the objects. */
async function convertLocally(local: LocalWebhook, path: string, task: ConversionTask): Promise<KubeObject[]> {
  const review = withRequestUid(structuredClone(conversionReview(task)), task.uid);
  try {
    return readConversion(stringifyJson(await local(path, review)), task);
  } catch (thrown) {
    if (thrown instanceof InvalidConversion) throw conversionError(task.objects, thrown.message);
    throw thrown;
  }
}

const withRequestUid = (review: JsonObject, uid: string): JsonObject => ({
  ...review,
  request: { ...objectAt(review, 'request'), uid },
});

function conversionError([first]: readonly KubeObject[], problem: string): ApiError {
  return internalError(`conversion webhook for ${first?.apiVersion}, Kind=${first?.kind} ${problem}`);
}
