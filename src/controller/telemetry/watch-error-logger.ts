import { apiFailure } from '../../execute/index.ts';
import type { KubeError } from '../../kube/index.ts';
import type { ObjectType } from '../../runtime/index.ts';
import { failureText } from '../../runtime/index.ts';
import type { Logger } from '../logger.ts';

/** Told by `Reachability`, of whatever was asked for: no answer, and credentials that are not taken. */
const TOLD_ELSEWHERE: ReadonlySet<number> = new Set([0, 401]);

/**
 * Writes to the log why definitions, revisions or CRDs cannot be read, once for each reason, and when they can again:
 * nothing is worked on meanwhile, and no object has a condition that would tell.
 */
export class WatchErrorLogger {
  readonly #logger: Logger;
  readonly #told = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** After a watch of a kind came up, or did not, for this reason. */
  looked({ plural, group }: ObjectType, failure: KubeError | undefined): void {
    const kind = `${plural}.${group}`;
    if (failure === undefined) {
      if (this.#told.delete(kind)) this.#logger.log('info', 'the controller can read this kind again', { kind });
      return;
    }
    if (TOLD_ELSEWHERE.has(failure.status)) return;
    const error = failureText(apiFailure(failure, undefined));
    if (this.#told.get(kind) === error) return;
    this.#told.set(kind, error);
    this.#logger.log('warn', 'the controller cannot read a kind that it lives on', { kind, error });
  }
}
