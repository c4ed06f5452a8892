import { and, not, or } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { phi } from '../value/merge.ts';
import { DEAD } from '../value/symbolic.ts';

/** The way in which a statement ended; a tree when it depends on symbolic conditions. */
export type Completion =
  | { readonly kind: 'normal' }
  | { readonly kind: 'return'; readonly value: unknown }
  | { readonly kind: 'break' | 'continue'; readonly label: string | undefined }
  | { readonly kind: 'dead' }
  | { readonly kind: 'fork'; readonly test: Node; readonly then: Completion; readonly otherwise: Completion };

/** The statement ended and the next one follows. */
export const NORMAL: Completion = { kind: 'normal' };
/** The loop around the statement ends. */
export const LEAVE: Completion = { kind: 'break', label: undefined };
/** The path ended in `throw` under a condition. A precondition of the spec rules out this path. */
export const DEAD_END: Completion = { kind: 'dead' };

/**
 * Joins the completions of the two sides of a condition. A dead side is left out, because a precondition of the spec
 * rules it out.
 */
export function forked(test: Node, then: Completion, otherwise: Completion): Completion {
  if (then.kind === 'dead') return otherwise;
  if (otherwise.kind === 'dead') return then;
  if (then.kind === 'normal' && otherwise.kind === 'normal') return NORMAL;
  return { kind: 'fork', test, then, otherwise };
}

/** The condition under which the statement ends with a wanted completion: `true`, `false`, or a node. */
export function reaches(completion: Completion, wanted: (leaf: Completion) => boolean): boolean | Node {
  if (completion.kind !== 'fork') return wanted(completion);
  const then = reaches(completion.then, wanted);
  const otherwise = reaches(completion.otherwise, wanted);
  if (then === otherwise) return then;
  const { test } = completion;
  if (typeof then === 'boolean' && typeof otherwise === 'boolean') return then ? test : not(test);
  if (then === false) return and(not(test), otherwise as Node);
  if (otherwise === false) return and(test, then as Node);
  if (then === true) return or(test, otherwise as Node);
  if (otherwise === true) return or(not(test), then);
  return or(and(test, then), and(not(test), otherwise));
}

/** The completion with some leaves replaced. */
export function mapLeaves(completion: Completion, replace: (leaf: Completion) => Completion): Completion {
  if (completion.kind !== 'fork') return replace(completion);
  return forked(completion.test, mapLeaves(completion.then, replace), mapLeaves(completion.otherwise, replace));
}

/** The value of a function whose body ended with this completion. */
export function resultOf(completion: Completion): unknown {
  switch (completion.kind) {
    case 'return':
      return completion.value;
    case 'fork':
      return phi(completion.test, resultOf(completion.then), resultOf(completion.otherwise));
    case 'dead':
      return DEAD;
    default:
      return undefined;
  }
}
