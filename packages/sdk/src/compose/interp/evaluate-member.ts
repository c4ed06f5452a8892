import type { Expression, MemberExpression, Super } from 'acorn';
import { readKeyOf } from '../library/key.ts';
import { getMember } from '../library/member.ts';
import { refuse } from '../refusal/refusal.ts';
import { resolveMerged } from '../value/merge.ts';
import { labelOf, symbolic } from '../value/proxy.ts';
import type { Sym } from '../value/symbolic.ts';
import type { Env } from './env.ts';

/** Evaluates `object.key` or `object[key]` outside an optional chain. */
export function evaluateMember(node: MemberExpression, env: Env): unknown {
  const object = evaluateObject(node.object, env);
  if (node.property.type === 'PrivateIdentifier') return privateMember(object, node.property.name, env);
  if (object === undefined && !node.optional) refuseOuterWithoutValue(node.object, env);
  return getMember(object, propertyKey(node, env));
}

/** Refuses an outer variable that has no value yet. Most often, this variable is the composition itself. */
function refuseOuterWithoutValue(node: Expression | Super, env: Env): void {
  if (node.type !== 'Identifier' || node.name === 'undefined' || env.scope.find(node.name) !== undefined) return;
  refuse(
    'unknown-name',
    `${node.name} has no value while the composition is traced`,
    `assign a value above the composition; a composition cannot read itself, so take what it needs from its resources`,
  );
}

/**
 * Reads `object.#name`. Only the code around the function can read a private name. Therefore the transform attaches a
 * reader for the name.
 */
export function privateMember(raw: unknown, name: string, env: Env): unknown {
  const found = env.unit.lookup(`#${name}`);
  if (found === undefined || !('value' in found)) {
    return refuse(
      'this',
      `#${name} cannot be read`,
      'copy what is needed into a const first, or run with the typekro transform',
    );
  }
  const object = resolveMerged(raw);
  const inner = symbolic(object);
  // Values of the graph have no private members. JavaScript also throws for the read of a missing private member.
  if (inner !== undefined) throw new TypeError(`Cannot read private member #${name} from ${labelOf(inner)}`);
  return (found.value as (of: unknown) => unknown)(object);
}

/**
 * The object of a member or call.
 *
 * @throws Refusal for `super`.
 */
export function evaluateObject(node: Expression | Super, env: Env): unknown {
  if (node.type === 'Super') return refuse('this', '`super` cannot be read', 'copy what is needed into a const first');
  return env.interpreter.evaluate(node, env);
}

/** The key of a member: a name, a symbol, or an expression. */
export function propertyKey(node: MemberExpression, env: Env): string | symbol | Sym {
  if (node.computed) return readKeyOf(env.interpreter.evaluate(node.property as Expression, env));
  if (node.property.type === 'Identifier') return node.property.name;
  return refuse('unsupported', 'a private name cannot be traced', 'copy what is needed into a const first');
}
