import { TypeKroError } from '../../core/index.ts';
import type { DefinitionStatus } from '../definition/definition-status.ts';
import type { Definition } from '../definition/definition.ts';
import type { Logger } from '../logger.ts';
import type { ControllerObserver } from '../observer.ts';
import type { WorkKey } from '../queue/work-queue.ts';

/** Writes to the log what an operator wants to find there later. */
export class LogTeller implements Partial<ControllerObserver> {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  definitionChanged(definition: Definition, { state }: DefinitionStatus): void {
    const from = definition.status['state'];
    if (from === state) return;
    this.#logger.log('info', 'definition changed state', { definition: definition.name, from: from ?? '', to: state });
  }

  revisionIssued(definition: Definition, revision: number, reason: string): void {
    this.#logger.log('info', 'issued a revision', { definition: definition.name, revision, reason });
  }

  definitionReleased(definition: Definition, orphans: number): void {
    this.#logger.log('info', 'let a deleted definition go', { definition: definition.name, orphans });
  }

  passFailed(work: WorkKey, error: unknown, retryInMs: number, failures: number): void {
    const { message, code } = TypeKroError.from(error, { code: 'controller/unexpected' });
    const stack = error instanceof TypeKroError || !(error instanceof Error) ? {} : { stack: error.stack };
    this.#logger.log('warn', 'a pass failed', { ...work, error: message, code, retryInMs, failures, ...stack });
  }
}
