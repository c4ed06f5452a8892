import type { Expression } from 'acorn';
import { Refusal } from '../refusal/refusal.ts';
import { truthy } from '../value/ops.ts';
import type { Env } from './env.ts';

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
