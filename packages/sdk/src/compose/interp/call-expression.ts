import type { AnyNode, CallExpression, Expression, SpreadElement } from 'acorn';
import { callMethod } from '../library/methods.ts';
import { spreadItems } from '../library/spread.ts';
import { refuse } from '../refusal/refusal.ts';
import { resolveMerged } from '../value/merge.ts';
import { callValue } from './call-value.ts';
import { type Env, refuseUnmade } from './env.ts';
import { evaluateObject, privateMember, propertyKey } from './evaluate-member.ts';

/** A call: the function, and the arguments. */
type Call = Pick<CallExpression, 'callee' | 'arguments'>;

/** Evaluates `f(…)` and `object.method(…)` outside an optional chain. `first` are values before the arguments. */
export function callExpression({ callee, arguments: nodes }: Call, env: Env, first: readonly unknown[] = []): unknown {
  if (callee.type === 'MemberExpression') {
    const object = evaluateObject(callee.object, env);
    if (callee.property.type === 'PrivateIdentifier') {
      const fn = privateMember(object, callee.property.name, env);
      return resolveMerged(
        callValue(env.interpreter, fn, object, argumentsOf(nodes, env, first), sourceTextOf(callee, env)),
      );
    }
    const key = propertyKey(callee, env);
    return resolveMerged(callMethod(object, key, argumentsOf(nodes, env, first)));
  }
  if (callee.type === 'Super') return refuse('this', '`super` cannot be called');
  const fn = env.interpreter.evaluate(callee, env);
  if (callee.type === 'Identifier' && callee.name === 'eval' && isEval(fn)) {
    refuse('unsupported', 'eval inside a composition', 'write the code itself');
  }
  if (fn === undefined && callee.type === 'Identifier' && env.scope.find(callee.name) === undefined)
    refuseUnmade(callee.name);
  return resolveMerged(
    callValue(env.interpreter, fn, undefined, argumentsOf(nodes, env, first), sourceTextOf(callee, env)),
  );
}

/**
 * Evaluates the arguments of a call, and adds them to the values of `first`. A spread argument is expanded to its
 * elements.
 */
export function argumentsOf(
  nodes: readonly (Expression | SpreadElement)[],
  env: Env,
  first: readonly unknown[] = [],
): unknown[] {
  const args = [...first];
  for (const node of nodes) {
    if (node.type === 'SpreadElement')
      for (const item of spreadItems(env.interpreter.evaluate(node.argument, env))) args.push(item);
    else args.push(env.interpreter.evaluate(node, env));
  }
  return args;
}

/** Is the function the global `eval`? The tracer cannot follow the code that `eval` runs. */
function isEval(fn: unknown): boolean {
  return fn === Reflect.get(globalThis, 'eval');
}

/** The source text of a node, for messages. */
export function sourceTextOf(node: AnyNode, env: Env): string {
  const text = env.unit.text.slice(node.start - env.unit.shift, node.end - env.unit.shift);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
