import { type JsonObject, type JsonValue, type KubeObject } from '@typekro/kit/core';
import { Conversion } from '@typekro/engine/conversion';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { CRD_KIND } from '../definition/definition-object.ts';
import { conversionsDigest, readConversionPath } from './conversion-address.ts';

/** The maximum number of converters that are kept. A converter takes some hundred kilobytes. */
const MAX_CONVERTERS = 500;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Answers the ConversionReviews of an API server. It has no state but a cache: everything that a conversion needs is in
 * the CRD, so each replica can answer each review. A converter is kept by the digest in the path of the review. If the
 * digest is not that of the live CRD, the API server or this read of the CRD is behind, and the review is refused.
 */
export class ConversionServer {
  readonly #client: Pick<KubernetesApi, 'find'>;
  readonly #converters = new Map<string, NonNullable<ReturnType<typeof Conversion.of>>>();
  /** Running reads of CRDs, so that many reviews at once cause one read. */
  readonly #reads = new Map<string, Promise<KubeObject | undefined>>();

  constructor(client: Pick<KubernetesApi, 'find'>) {
    this.#client = client;
  }

  /** The response to a review. Errors are responses, too; the function throws only for errors of this program. */
  async answer(path: string, review: JsonValue | undefined, signal: AbortSignal): Promise<JsonObject> {
    const named = readConversionPath(path);
    if (named === undefined)
      return Conversion.refuseReview(review, `the path ${path} names no CustomResourceDefinition`);
    const known = this.#converters.get(path);
    if (known !== undefined) return Conversion.answerReview(review, known, nextTurn);
    const found = await this.#read(named.crd, signal);
    if (typeof found === 'string') return Conversion.refuseReview(review, found);
    const converter = found === undefined ? undefined : Conversion.of(found);
    if (found === undefined || converter === undefined)
      return Conversion.refuseReview(review, `the CustomResourceDefinition ${named.crd} has no conversions`);
    if (conversionsDigest(found) !== named.digest)
      return Conversion.refuseReview(review, `the conversions of ${named.crd} have just changed; try again`);
    const [oldest] = this.#converters.keys();
    if (oldest !== undefined && this.#converters.size >= MAX_CONVERTERS) this.#converters.delete(oldest);
    this.#converters.set(path, converter);
    return Conversion.answerReview(review, converter, nextTurn);
  }

  /** The live CRD, or the reason why it cannot be read. */
  async #read(name: string, signal: AbortSignal): Promise<KubeObject | string | undefined> {
    const running = this.#reads.get(name) ?? this.#client.find({ ...CRD_KIND, name }, { signal });
    this.#reads.set(name, running);
    try {
      return await running;
    } catch (thrown) {
      if (thrown instanceof KubeError) return `the CustomResourceDefinition ${name} cannot be read: ${thrown.message}`;
      throw thrown;
    } finally {
      this.#reads.delete(name);
    }
  }
}
