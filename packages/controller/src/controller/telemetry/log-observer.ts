import { apiFailure } from '../../execute/index.ts';
import { type JsonObject, TypeKroError } from '@typekro/kit/core';
import { KubeError } from '@typekro/kube';
import { textAt } from '@typekro/kit/kubernetes';
import { Failure, readConditions } from '@typekro/engine/runtime';
import type { WrittenStatus } from '../definition/definition-status.ts';
import type { DefinitionObject } from '../definition/definition-object.ts';
import type { Logger } from '../logger.ts';
import type { ChildWritten, ControllerListener, PassFailed } from '../controller-event.ts';

function summaryOf(status: JsonObject): { readonly reason?: string; readonly message?: string } {
  return readConditions(status['conditions']).find(({ type }) => type === 'Ready') ?? {};
}

/** Logs the events of the controller that an operator needs. */
export class LogObserver {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Writes a log entry for each event that an operator needs to know. */
  readonly listen: ControllerListener = (event) => {
    switch (event.kind) {
      case 'definition-changed':
        return this.#definitionChanged(event.definition, event.status);
      case 'revision-issued':
        return this.#logger.log('info', 'issued a revision', {
          definition: event.definition.name,
          revision: event.revision,
          reason: event.reason,
        });
      case 'definition-released':
        return this.#logger.log('info', 'released a deleted definition', {
          definition: event.definition.name,
          orphans: event.orphans,
        });
      case 'child-written':
        return this.#childWritten(event);
      case 'pass-failed':
        return this.#passFailed(event);
      default:
        return;
    }
  };

  #definitionChanged(definition: DefinitionObject, status: WrittenStatus): void {
    const { state } = status;
    const from = textAt(definition.status, 'state');
    // The condition `Ready` repeats the reason and the message of the worst condition, which say why the definition is
    // not active.
    const { reason, message } = summaryOf(status);
    if (from === state && (state === 'Active' || message === summaryOf(definition.status).message)) return;
    const why = state === 'Active' ? {} : { reason, why: message };
    this.#logger.log('info', from === state ? 'definition is still not active' : 'definition changed state', {
      definition: definition.name,
      from,
      to: state,
      ...why,
    });
  }

  /** Logs only with level `debug`, because a large instance has thousands of children. */
  #childWritten({ step: { instance }, action: { nodeId, target }, outcome }: ChildWritten): void {
    const { name = '', namespace } = instance.metadata;
    const child = { node: nodeId, kind: target.type.kind, name: target.name };
    this.#logger.log('debug', 'wrote a child', { instance: name, namespace, ...child, outcome });
  }

  #passFailed({ work, error, retryInMs, failures }: PassFailed): void {
    const { message, code } = TypeKroError.from(error, { code: 'controller/unexpected' });
    const text = error instanceof KubeError ? Failure.text(apiFailure(error, undefined)) : message;
    const stack = error instanceof TypeKroError || !(error instanceof Error) ? {} : { stack: error.stack };
    this.#logger.log('warn', 'a pass failed', { ...work, error: text, code, retryInMs, failures, ...stack });
  }
}
