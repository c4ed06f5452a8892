import type { CallExpression, Expression } from 'acorn';
import { callMethod } from '../library/methods.ts';
import { getMember } from '../library/member.ts';
import { refuse } from '../refusal/refusal.ts';
import { bool, truthy } from '../value/ops.ts';
import { argumentsOf, sourceTextOf } from './call-expression.ts';
import { callValue } from './call-value.ts';
import { type Env, atNode } from './env.ts';
import { evaluateObject, privateMember, propertyKey } from './evaluate-member.ts';
import { cond, FALSE, TRUE } from '../ir/build.ts';
import { type Node, isLiteral } from '../ir/node.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { resolveMerged } from '../value/merge.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Phi, Sym, testedPresence } from '../value/symbolic.ts';
import { choose } from './branches.ts';

/** The value of a chain that stopped. The rest of the chain is not evaluated. */
export const STOPPED = Symbol('chain stopped');

/** Is the value `undefined` or null? */
export const isNullish = (value: unknown): boolean => {
  const found = resolveMerged(value);
  return found === undefined || found === null;
};

/**
 * Conditional values that are `undefined` only where their chain stopped. The rest of the chain may read their members,
 * and stops where they are `undefined`.
 */
const stopping = new WeakSet<Phi>();

/** Adds a value to `stopping`. */
export function stopsWithChain(value: unknown): unknown {
  const inner = symbolic(value);
  if (inner instanceof Phi) stopping.add(inner);
  return value;
}

/** Applies the rest of a chain to each side of a conditional value. The chain stops at a missing side. */
export function overPhi(object: unknown, optional: boolean, apply: (side: unknown) => unknown): unknown {
  const inner = symbolic(resolveMerged(object));
  if (!(inner instanceof Phi) || !(optional || stopping.has(inner))) return apply(object);
  const continues: [Node, Node] = [FALSE(), FALSE()];
  const side = (value: unknown, which: 0 | 1) => () => {
    if (isNullish(value)) return undefined;
    const found = overPhi(resolveMerged(value), optional, apply);
    if (found === STOPPED) return undefined;
    const own = symbolic(found);
    continues[which] = (own instanceof Sym ? own.absence?.chain : undefined) ?? TRUE();
    return found;
  };
  const result = choose(inner.test, side(inner.then, 0), side(inner.otherwise, 1));
  if (continues.every((each) => isLiteral(each, false))) return STOPPED;
  const made = symbolic(stopsWithChain(result));
  if (!(made instanceof Sym) || made.absence === undefined || continues.every((each) => isLiteral(each, true)))
    return result;
  // Where the object is missing, the chain stops. The rest of the chain may therefore read members of the result.
  const presentWhen = cond(inner.test, ...continues);
  const has = activeTrace().facts.simplify(presentWhen);
  const absence =
    made.absence.has === presentWhen ? { ...made.absence, has, chain: has } : { ...made.absence, chain: has };
  return wrap(new Sym(made.node, { absence, waits: made.waits, label: made.label }));
}

/**
 * The value of a whole chain: `undefined` where the chain stopped. Outside the chain, each read of a member of this
 * value is checked again.
 */
export function endChain(value: unknown): unknown {
  if (value === STOPPED) return undefined;
  const found = resolveMerged(value);
  const inner = symbolic(found);
  // The chain ends here, so the result is copied to a value that is not in `stopping`.
  if (inner instanceof Phi && stopping.has(inner)) return wrap(new Phi(inner.test, inner.then, inner.otherwise));
  if (!(inner instanceof Sym) || inner.absence?.chain === undefined) return found;
  const { chain: _, ...absence } = inner.absence;
  return wrap(
    new Sym(inner.node, {
      absence,
      waits: inner.waits,
      label: inner.label,
      ...(inner.resource && { resource: inner.resource }),
    }),
  );
}

/**
 * Evaluates an element of an optional chain such as `spec.a?.b`. The result is `STOPPED` when the object is known to be
 * missing. When the schema allows the field to be missing, the result is a `Sym` with an `Absence`. `library/member.ts`
 * makes the expression of the field, and the condition under which the field is present.
 */
export function evaluateChain(node: Expression, env: Env): unknown {
  if (node.type === 'MemberExpression') {
    const object = node.object.type === 'Super' ? evaluateObject(node.object, env) : chainObject(node.object, env);
    if (object === STOPPED || (node.optional && isNullish(object))) return STOPPED;
    if (node.property.type === 'PrivateIdentifier') return privateMember(object, node.property.name, env);
    const key = propertyKey(node, env);
    return overPhi(object, node.optional, (side) => getMember(side, key, node.optional));
  }
  if (node.type === 'CallExpression') return chainCall(node, env);
  return env.interpreter.evaluate(node, env);
}

function chainObject(node: Expression, env: Env): unknown {
  const inChain = node.type === 'MemberExpression' || node.type === 'CallExpression';
  return inChain
    ? atNode(env.unit, node, () => resolveKeepingChain(evaluateChain(node, env)))
    : env.interpreter.evaluate(node, env);
}

const resolveKeepingChain = (value: unknown): unknown => (value === STOPPED ? value : resolveMerged(value));

function chainCall(node: CallExpression, env: Env): unknown {
  const callee = node.callee;
  if (callee.type === 'MemberExpression') {
    const object =
      callee.object.type === 'Super' ? evaluateObject(callee.object, env) : chainObject(callee.object, env);
    if (object === STOPPED || (callee.optional && isNullish(object))) return STOPPED;
    if (callee.property.type === 'PrivateIdentifier') {
      const fn = privateMember(object, callee.property.name, env);
      if (node.optional && isNullish(fn)) return STOPPED;
      return callValue(env.interpreter, fn, object, argumentsOf(node.arguments, env), sourceTextOf(callee, env));
    }
    const key = propertyKey(callee, env);
    if (typeof key === 'string' && node.optional) {
      const fn = getMember(object, key, callee.optional);
      if (isNullish(fn)) return STOPPED;
    }
    return callOptional(object, key, callee.optional, () => argumentsOf(node.arguments, env));
  }
  if (callee.type === 'Super') return refuse('this', '`super` cannot be called');
  const fn = chainObject(callee, env);
  if (fn === STOPPED || (node.optional && isNullish(fn))) return STOPPED;
  return overPhi(fn, node.optional, (side) =>
    callValue(env.interpreter, side, undefined, argumentsOf(node.arguments, env), sourceTextOf(callee, env)),
  );
}

/**
 * Evaluates `object?.method(args)`. Where the object is missing, the method is not called and the result is
 * `undefined`.
 */
function callOptional(object: unknown, key: string | symbol | Sym, optional: boolean, args: () => unknown[]): unknown {
  const value = resolveMerged(object);
  const inner = symbolic(value);
  if (inner instanceof Phi) return overPhi(value, optional, (side) => callMethod(side, key, args()));
  const doubt = inner?.absence;
  if (doubt === undefined || (!optional && doubt.chain === undefined)) return callMethod(value, key, args());
  const presentWhen = optional ? testedPresence(doubt) : doubt.has;
  const result = choose(
    truthy(bool(presentWhen)),
    () => callMethod(resolveMerged(value), key, args()),
    () => undefined,
  );
  const made = symbolic(stopsWithChain(result));
  if (!(made instanceof Sym) || made.absence === undefined) return result;
  // Where the call is skipped, the rest of the chain is skipped, too: `tag?.trim().length`.
  const absence = { ...made.absence, chain: presentWhen };
  return wrap(new Sym(made.node, { absence, waits: made.waits, label: made.label }));
}
