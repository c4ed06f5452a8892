import { KubeError } from './error.ts';
import type { Clock, Transport } from './types.ts';

/**
 * A transport that gives up a request whose answer does not begin in time. The client does not repeat such a request:
 * the next try would wait as long again.
 *
 * @param server is named in the error
 * @throws KubeError `kube/no-answer` with the status 0, from `request`.
 */
export function limitedTransport(transport: Transport, server: string, limitMs: number, clock: Clock): Transport {
  return {
    async request(request) {
      const limit = new AbortController();
      const timer = clock.setTimer(limitMs, () => limit.abort());
      // The signal of the caller also ends a body that is read later.
      const signal = request.signal === undefined ? limit.signal : AbortSignal.any([request.signal, limit.signal]);
      try {
        return await transport.request({ ...request, signal });
      } catch (thrown) {
        if (!limit.signal.aborted) throw thrown;
        throw new KubeError(
          `the API server at ${server} has not answered ${request.method} ${request.path} within ${limitMs / 1000} s`,
          { status: 0, reason: 'NoAnswer', cause: thrown },
        );
      } finally {
        timer.cancel();
      }
    },
    close: () => transport.close(),
  };
}
