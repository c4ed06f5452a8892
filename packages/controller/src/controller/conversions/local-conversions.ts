import type { JsonObject } from '@typekro/kit/core';
import { Conversion } from '@typekro/engine/conversion';
import type { KubernetesApi } from '@typekro/kube';
import { type ConversionAddress, conversionService } from './conversion-address.ts';
import { ConversionServer } from './conversion-server.ts';

/**
 * Conversions for an embedded cluster in the same process, which calls a function in place of a Service. The function
 * is the one that a controller in a cluster serves over HTTPS.
 */
export class LocalConversions {
  /** The Service, as `namespace/name`. */
  static readonly SERVICE = 'kro-system/typekro-conversions';
  /** The option `conversions` of the controller. */
  readonly address: ConversionAddress = conversionService(LocalConversions.SERVICE);
  /** The option `webhookServices` of the cluster. */
  readonly services: Readonly<Record<string, (path: string, review: JsonObject) => Promise<JsonObject>>> = {
    [LocalConversions.SERVICE]: async (path, review) =>
      this.#server === undefined
        ? Conversion.refuseReview(review, 'the controller has not started yet')
        : this.#server.answer(path, review, this.#ended.signal),
  };
  readonly #ended = new AbortController();
  #server: ConversionServer | undefined;

  /** Reads CRDs with this client from now on. */
  connect(client: Pick<KubernetesApi, 'find'>): void {
    this.#server = new ConversionServer(client);
  }

  /** Aborts running reads. */
  close(): void {
    this.#ended.abort();
  }
}
