import { literal } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { FollowUp, isStackOverflow, Refusal, thrownInBranch } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { mergeValues, phi } from '../value/merge.ts';
import { DEAD } from '../value/symbolic.ts';
import { type Completion, DEAD_END, forked, NORMAL } from './completion.ts';
import { type Env, DeadEnd } from './env.ts';
import type { Expression } from 'acorn';
import { truthy } from '../value/ops.ts';

/** Runs `work`. Returns `dead` when the code of the composition that `work` runs ends in `throw`. */
export function unlessDead<T>(work: () => T, dead: T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DeadEnd) return dead;
    if (error instanceof Refusal || isStackOverflow(error)) throw error;
    // An error after a refusal may be a consequence of the refusal, because values may be missing.
    if (activeTrace().errors.length > 0) throw new FollowUp();
    throw thrownInBranch(error);
  }
}

/** Evaluates one side or, under a symbolic test, both. */
export function choose(test: boolean | Node, then: () => unknown, otherwise: () => unknown): unknown {
  if (typeof test === 'boolean') return test ? then() : otherwise();
  const [a, b] = activeTrace().fork(
    test,
    () => unlessDead(then, DEAD),
    () => unlessDead(otherwise, DEAD),
    (result) => result === DEAD,
    mergeValues,
  );
  if (a === DEAD && b === DEAD) throw new DeadEnd();
  return phi(test, a, b);
}

/** Executes one side or, under a symbolic test, both. */
export function branch(test: boolean | Node, then: () => Completion, otherwise: () => Completion): Completion {
  if (typeof test === 'boolean') return test ? then() : otherwise();
  const [a, b] = activeTrace().fork<Completion>(
    test,
    () => unlessDead(then, DEAD_END),
    () => unlessDead(otherwise, DEAD_END),
    (result) => result.kind === 'dead',
    mergeValues,
  );
  if (a.kind === 'dead' && b.kind === 'dead') return DEAD_END;
  return forked(test, a, b);
}

/** Runs `work` under the condition `test`. */
export function when(test: boolean | Node, work: () => Completion): Completion {
  return branch(test, work, () => NORMAL);
}

/** A truth value as a node. */
export function asNode(test: boolean | Node): Node {
  return typeof test === 'boolean' ? literal(test) : test;
}

/** The truth value of a test. When the test assigns to a read-only value, the refusal suggests `===`. */
export function testOf(node: Expression, env: Env): ReturnType<typeof truthy> {
  if (node.type !== 'AssignmentExpression' || node.operator !== '=') return truthy(env.interpreter.evaluate(node, env));
  try {
    return truthy(env.interpreter.evaluate(node, env));
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'read-only') throw error;
    const meant = new Refusal('read-only', `${error.message}: this test assigns with =`, 'write === to compare');
    meant.site = error.site;
    throw meant;
  }
}
