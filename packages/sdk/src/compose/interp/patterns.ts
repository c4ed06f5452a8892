import type { ArrayPattern, AssignmentPattern, ObjectPattern, Pattern } from 'acorn';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { getMember } from '../library/member.ts';
import { memberKeyOf } from '../library/key.ts';
import { restOf } from '../library/objects.ts';
import { patternElements } from '../library/spread.ts';
import { equals, truthy } from '../value/ops.ts';
import { resolveMerged } from '../value/merge.ts';
import { symbolic } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { choose } from './branches.ts';
import { type BindingMode, type Env, atNode, writeName } from './env.ts';
import { assignMember } from './assign.ts';
import { evaluateNamed, nameOfTarget } from './functions.ts';

/** Binds a pattern to a value: declares its names, or assigns its targets. */
export function bindPattern(pattern: Pattern, value: unknown, env: Env, mode: BindingMode): void {
  switch (pattern.type) {
    case 'Identifier':
      return bindName(pattern.name, value, env, mode);
    case 'MemberExpression':
      return assignMember(pattern, value, env);
    case 'AssignmentPattern':
      return bindPattern(pattern.left, orDefault(value, pattern, env), env, mode);
    case 'ObjectPattern':
      return atNode(env.unit, pattern, () => bindObject(pattern, value, env, mode));
    case 'ArrayPattern':
      return atNode(env.unit, pattern, () => bindArray(pattern, value, env, mode));
    case 'RestElement':
      return bindPattern(pattern.argument, value, env, mode);
  }
}

function bindName(name: string, value: unknown, env: Env, mode: BindingMode): void {
  if (mode === 'assign') return writeName(env, name, value);
  const binding = mode === 'var' ? env.scope.find(name) : env.scope.names.get(name);
  if (binding === undefined) throw new Error(`${name} was not declared`);
  const inner = symbolic(value);
  if (inner instanceof Sym && inner.resource?.explicitId === false) inner.resource.label ??= name;
  activeTrace().recordUndo(binding);
  binding.value = value;
  binding.initialised = true;
}

/** The value, or the default where it is `undefined`. */
function orDefault(value: unknown, { left, right }: AssignmentPattern, env: Env): unknown {
  const missing = truthy(equals(value, undefined, false));
  return choose(
    missing,
    () => evaluateNamed(right, nameOfTarget(left), env),
    () => resolveMerged(value),
  );
}

function bindObject(pattern: ObjectPattern, raw: unknown, env: Env, mode: BindingMode): void {
  const value = resolveMerged(raw);
  if (value === undefined || value === null)
    throw new TypeError(`Cannot destructure '${String(value)}' as it is ${String(value)}.`);
  const taken: string[] = [];
  for (const property of pattern.properties) {
    if (property.type === 'RestElement') {
      bindPattern(property.argument, restOf(value, taken), env, mode);
      continue;
    }
    const key = property.computed
      ? memberKeyOf(env.interpreter.evaluate(property.key, env))
      : property.key.type === 'Identifier'
        ? property.key.name
        : memberKeyOf((property.key as { value: unknown }).value);
    if (typeof key !== 'string')
      refuse('no-cel', 'a computed key of a destructuring pattern is symbolic', 'read it with obj[key]');
    taken.push(key);
    bindPattern(property.value, getMember(value, key), env, mode);
  }
}

function bindArray(pattern: ArrayPattern, value: unknown, env: Env, mode: BindingMode): void {
  const hasRest = pattern.elements.at(-1)?.type === 'RestElement';
  const items = patternElements(value, hasRest ? Infinity : pattern.elements.length);
  pattern.elements.forEach((element, index) => {
    if (element === null) return;
    if (element.type === 'RestElement') bindPattern(element.argument, items.rest(index), env, mode);
    else bindPattern(element, items.at(index), env, mode);
  });
}
