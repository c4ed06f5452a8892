import { backoffMs, RETRY_POLICIES, TypeKroError } from '@typekro/kit/core';
import { type Clock, type KubernetesApi, type ResourceType, isAborted, KubeError, pause } from '@typekro/kube';
import { classify, passes } from '@typekro/kit/kubernetes';
import type { Logger } from './logger.ts';

/** The parts that the check of a controller's own kinds uses. */
export interface OwnKindsOptions {
  readonly client: Pick<KubernetesApi, 'discovery'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** The kinds of the CRDs that the controller watches itself. */
  readonly kinds: readonly ResourceType[];
  /**
   * Has the server responded to any request? If so, its address is right, and a request without a response is repeated.
   */
  readonly isReached: () => boolean;
  /** Called with a description of what the check waits for, before each attempt and after each failure. */
  readonly onWait: (waitsFor: string) => void;
  /** Ends the check when the controller stops. */
  readonly signal: AbortSignal;
}

/**
 * Checks that the cluster serves the controller's own kinds. Settles without an error when the signal aborts.
 *
 * When the server responds with a transient failure, the check repeats the request: a new leader must not end because
 * the server is busy. Once the server has been reached, the check also repeats a request without a response, such as
 * one whose connection was reset. A server that has never responded is an error, because its address may be wrong.
 *
 * @throws TypeKroError `controller/missing-crds` when a kind is missing.
 * @throws KubeError when the server refuses the request, or was never reached.
 */
export async function checkOwnKinds(options: OwnKindsOptions): Promise<void> {
  const { clock, random, signal, onWait } = options;
  for (const type of options.kinds) {
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        onWait(waitText(type));
        await requireKind(options, type);
        break;
      } catch (thrown) {
        if (signal.aborted && isAborted(thrown)) return;
        if (!isPassing(thrown, options)) throw thrown;
        onWait(waitText(type, thrown));
        const policy = thrown.status > 0 ? RETRY_POLICIES.watch : RETRY_POLICIES.unreachableWatch;
        const waitMs = thrown.retryAfterMs ?? backoffMs(policy, failures, random());
        logRefusal(options, thrown, waitMs);
        await pause(clock, waitMs, signal);
      }
    }
  }
}

async function requireKind({ client, signal }: OwnKindsOptions, { apiVersion, kind }: ResourceType): Promise<void> {
  if ((await client.discovery.resourceOf({ apiVersion, kind }, { signal })) !== undefined) return;
  throw new TypeKroError(`the cluster has no kind ${kind} of ${apiVersion}`, {
    code: 'controller/missing-crds',
    remedy: 'install the missing kinds with `typekro install`',
  });
}

/**
 * May the check repeat the request? True for a transient failure that the server reported, or that happened after the
 * server was reached.
 */
function isPassing(thrown: unknown, { isReached }: OwnKindsOptions): thrown is KubeError {
  return thrown instanceof KubeError && passes(classify(thrown)) && (thrown.status > 0 || isReached());
}

function waitText({ apiVersion, kind }: ResourceType, failure?: KubeError): string {
  const text = `the API server has not said whether it has the kind ${kind} of ${apiVersion}`;
  if (failure === undefined) return text;
  return `${text}: it ${failure.status > 0 ? `responds with ${failure.status}` : 'does not respond'}`;
}

/** Logs a failure that the server reported in a response. `Reachability` logs requests without a response. */
function logRefusal({ logger }: OwnKindsOptions, { status, message }: KubeError, retryInMs: number): void {
  if (status === 0) return;
  logger.log('warn', 'the API server refuses to describe its kinds', { error: message, retryInMs });
}
