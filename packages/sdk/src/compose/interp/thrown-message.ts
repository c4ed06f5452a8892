import { DeadEnd } from './env.ts';
import type { Node } from '../ir/node.ts';
import { scriptOf } from '../ir/script.ts';
import { placedFailure, Refusal } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { textNode } from '../value/ops.ts';
import { hasTokens, symbolic } from '../value/proxy.ts';

/** The message of a thrown value. In place of each value that is not known, it names the value. */
export interface ThrownMessage {
  readonly text: string;
  /** Is each part of the message known while the graph is built? */
  readonly isKnown: boolean;
}

/**
 * The message of a value that the author throws. Users of the instance read the message. The message therefore names
 * fields as the instance does, for example `spec.replicas`.
 */
export function thrownMessage(value: unknown): ThrownMessage {
  const text = textNode(value instanceof Error ? value.message : value);
  const parts = text.kind === 'concat' ? text.args : [text];
  const nameOf = (node: Node) => scriptOf(node, 'spec') ?? '…';
  const shown = parts.map((part) =>
    part.kind === 'lit' ? String(part.value) : nameOf(part.kind === 'tostr' ? part.args[0] : part),
  );
  return { text: shown.join(''), isKnown: text.kind === 'lit' };
}

/**
 * The refusal of an exception that a composition throws without a condition, if its message depends on the instance;
 * undefined for any other exception.
 */
export function alwaysThrown(error: unknown): Refusal | undefined {
  if (error instanceof DeadEnd) {
    // Every path ends in a throw, and the last one has the message of the last precondition.
    const { message = '', site } = activeTrace().validations.at(-1) ?? {};
    const failure = throwsAlways(message);
    failure.site = site;
    return failure;
  }
  const isOwn =
    error instanceof Error
      ? typeof error.message !== 'string' || hasTokens(error.message)
      : symbolic(error) !== undefined;
  if (!isOwn) return undefined;
  const { text } = thrownMessage(error);
  const failure = placedFailure(throwsAlways(text), error);
  // The message of the exception cannot be printed.
  failure.cause = undefined;
  return failure;
}

const throwsAlways = (text: string): Refusal =>
  new Refusal(
    'user-error',
    `the composition throws for every instance: ${text}`,
    'throw under a condition on the spec, which becomes a rule for the spec, or leave the throw out',
  );
