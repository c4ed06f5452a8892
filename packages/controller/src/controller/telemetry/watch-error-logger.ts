import { apiFailure } from '../../execute/index.ts';
import type { KubeError } from '@typekro/kube';
import { type ObjectType, Failure } from '@typekro/engine/runtime';
import type { Logger } from '../logger.ts';

/** Statuses that `Reachability` logs for all requests: no response, and refused credentials. */
const LOGGED_ELSEWHERE: ReadonlySet<number> = new Set([0, 401]);

/**
 * Logs the reason why one of the controller's own kinds (definitions, revisions, CRDs, Graphs) cannot be read: once for
 * each reason. Also logs the recovery. Before the first list of these kinds, the controller does no work and writes no
 * status, so only the log has the reason.
 */
export class WatchErrorLogger {
  readonly #logger: Logger;
  readonly #logged = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Handles the state of a watch. `failure` is `undefined` while the watch works. */
  handleState({ plural, group }: ObjectType, failure: KubeError | undefined): void {
    const kind = `${plural}.${group}`;
    if (failure === undefined) {
      if (this.#logged.delete(kind)) this.#logger.log('info', 'the controller can read this kind again', { kind });
      return;
    }
    if (LOGGED_ELSEWHERE.has(failure.status)) return;
    const error = Failure.text(apiFailure(failure, undefined));
    if (this.#logged.get(kind) === error) return;
    this.#logged.set(kind, error);
    this.#logger.log('warn', 'the controller cannot read a kind that it requires', { kind, error });
  }
}
