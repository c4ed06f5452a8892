import { backoffMs, RETRY_POLICIES, TypeKroError } from '../core/index.ts';
import type { Clock, KubernetesApi, ResourceType } from '../kube/index.ts';
import { KubeError, pause } from '../kube/index.ts';
import { classify, passes } from '../kubernetes/index.ts';
import type { Logger } from './logger.ts';

/** The parts that the check of a controller's own kinds uses. */
export interface OwnKindsOptions {
  readonly client: Pick<KubernetesApi, 'discovery'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** The kinds of the CRDs that the controller watches itself. */
  readonly kinds: readonly ResourceType[];
  /** Ends the check when the controller stops. */
  readonly signal: AbortSignal;
}

/**
 * Checks that the cluster serves the controller's own kinds. A server that answers with a failure that ends by itself
 * is asked again: a new leader must not end because the server is busy. A server that does not answer at all is an
 * error, because its address may be wrong.
 *
 * @throws TypeKroError `controller/missing-crds` when a kind is missing.
 */
export async function checkOwnKinds({ client, clock, random, logger, kinds, signal }: OwnKindsOptions): Promise<void> {
  for (const type of kinds) {
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        await requireKind(client, type);
        break;
      } catch (thrown) {
        if (!isPassingAnswer(thrown)) throw thrown;
        const waitMs = thrown.retryAfterMs ?? backoffMs(RETRY_POLICIES.watch, failures, random());
        logger.log('warn', 'the API server refuses to describe its kinds', {
          error: thrown.message,
          retryInMs: waitMs,
        });
        await pause(clock, waitMs, signal);
      }
    }
  }
}

async function requireKind(
  { discovery }: OwnKindsOptions['client'],
  { apiVersion, kind }: ResourceType,
): Promise<void> {
  if ((await discovery.resourceOf({ apiVersion, kind })) !== undefined) return;
  throw new TypeKroError(`the cluster has no kind ${kind} of ${apiVersion}`, {
    code: 'controller/missing-crds',
    remedy: 'install them with `typekro install`',
  });
}

/** Has the server answered with a failure that ends by itself? */
function isPassingAnswer(thrown: unknown): thrown is KubeError {
  return thrown instanceof KubeError && thrown.status > 0 && passes(classify(thrown));
}
