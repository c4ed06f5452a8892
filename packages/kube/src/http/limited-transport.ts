import { KubeError } from '../kube-error.ts';
import type { Clock, Transport } from '../kube-api.ts';

/**
 * A transport that ends a request if its response does not begin in time. The client does not retry such a request,
 * because the next attempt would wait as long again.
 *
 * @param server is named in the error
 * @throws KubeError `kube/no-answer` with the status 0, from `request`.
 */
export function limitedTransport(transport: Transport, server: string, limitMs: number, clock: Clock): Transport {
  return {
    async request(request) {
      const limit = new AbortController();
      const timer = clock.setTimer(limitMs, () => limit.abort());
      // After the response has begun, the signal of the caller can still end the body.
      const signal = request.signal === undefined ? limit.signal : AbortSignal.any([request.signal, limit.signal]);
      try {
        return await transport.request({ ...request, signal });
      } catch (thrown) {
        if (!limit.signal.aborted) throw thrown;
        throw new KubeError(
          `the API server at ${server} did not respond to ${request.method} ${request.path} within ${limitMs / 1000} s`,
          { status: 0, reason: 'NoAnswer', cause: thrown },
        );
      } finally {
        timer.cancel();
      }
    },
    close: () => transport.close(),
  };
}
