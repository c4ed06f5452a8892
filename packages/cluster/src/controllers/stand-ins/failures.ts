import type { KubeObject } from '@typekro/kit/core';
import type { StandInFailure, StandInMatch } from '../../stand-in.ts';
import { simulated } from '../pods/simulated-pods.ts';

/**
 * Parses a failure from the string `Reason` or `Reason: message`. Without a message, the default message says that the
 * failure is simulated.
 */
export function standInFailure(text: string): StandInFailure {
  const colon = text.indexOf(':');
  const reason = (colon < 0 ? text : text.slice(0, colon)).trim();
  const message = colon < 0 ? '' : text.slice(colon + 1).trim();
  return { reason, message: message === '' ? `simulated: ${reason}` : message };
}

interface Rule {
  readonly match: StandInMatch;
  readonly failure: StandInFailure;
}

/**
 * The simulated failures that annotations and the rules of a test cause. An annotation takes precedence over rules, and
 * a newer rule over an older one.
 */
export class StandInFailures {
  readonly #rules = new Set<Rule>();
  /** Called after each change of the rules. */
  onChange: () => void = () => {};

  /** Adds a rule. Returns the function that removes it. */
  add(match: StandInMatch, failure: string | StandInFailure): () => void {
    const rule = { match, failure: typeof failure === 'string' ? standInFailure(failure) : failure };
    this.#rules.add(rule);
    this.onChange();
    return () => {
      if (this.#rules.delete(rule)) this.onChange();
    };
  }

  /**
   * The failure with which the work on an object must end; `undefined` when no annotation or rule matches the object.
   */
  find(object: KubeObject): StandInFailure | undefined {
    const annotation = simulated(object, 'failure');
    if (annotation !== undefined) return standInFailure(annotation);
    return [...this.#rules].findLast(({ match }) => matches(match, object))?.failure;
  }
}

function matches({ kind, namespace, name }: StandInMatch, object: KubeObject): boolean {
  return (
    (kind === undefined || kind === object.kind) &&
    (namespace === undefined || namespace === (object.metadata.namespace ?? '')) &&
    (name === undefined || name === object.metadata.name)
  );
}
