import { literal, not } from '../ir/build.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { phi, resolveMerged } from '../value/merge.ts';
import { equals, truthy } from '../value/ops.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { DEAD, Phi, Sym } from '../value/symbolic.ts';
import { choose } from './branches.ts';

/**
 * Evaluates `&&`, `||` and `??`. When the test of the left side is known, the right side is evaluated only if
 * JavaScript would evaluate it. When the test is symbolic, both sides are evaluated. The result is one expression if
 * CEL can express it, and otherwise a `Phi` with the test, which `emit/emit-template.ts` writes as CEL. For
 * `spec.a?.b ?? 'x'` the test is `spec.a?.b == null`. This test follows from the `Absence` of the left side (made in
 * `library/member-access.ts`); `ir/optional-reads.ts` writes the result with `.?` and `orValue`.
 */
export function logicalOperation(operator: string, left: unknown, right: () => unknown): unknown {
  if (operator === '??') {
    const missing = truthy(equals(left, null, true));
    return choose(missing, right, () => resolveMerged(left));
  }
  const test = truthy(left);
  if (operator === '&&') return choose(test, right, () => falsy(left));
  return choose(test, () => resolveMerged(left), right);
}

/** The value of `left` when it is falsy. */
function falsy(left: unknown): unknown {
  const value = falsySide(left);
  return value === DEAD ? undefined : value;
}

/**
 * The value of `left` when it is falsy, also for conditional values. Returns DEAD for an object, a function or a
 * resource, which are never falsy. Returns a truthy constant as it is: no branch of the result uses the constant.
 */
function falsySide(left: unknown): unknown {
  const value = resolveMerged(left);
  const inner = symbolic(value);
  if (inner instanceof Phi) {
    const trace = activeTrace();
    const then = trace.under(inner.test, () => falsySide(inner.then));
    const otherwise = trace.under(not(inner.test), () => falsySide(inner.otherwise));
    return then === DEAD && otherwise === DEAD ? DEAD : phi(inner.test, then, otherwise);
  }
  if (inner === undefined)
    return (typeof value === 'object' && value !== null) || typeof value === 'function' ? DEAD : value;
  if (inner.resource !== undefined) return DEAD;
  const empty = emptyOf(inner);
  if (empty === NO_CONSTANT) return value;
  if (inner.absence === undefined) return empty;
  // A falsy value with an absence has two possible states: it is absent, or it is present and equal to `empty`.
  const absence = { has: inner.absence.has, plain: false, waits: false };
  return wrap(new Sym(literal(empty as string), { absence, label: inner.label }));
}

const NO_CONSTANT = Symbol('none');

function emptyOf(value: Sym): unknown {
  switch (value.type.kind) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'number':
      return 0;
    case 'dyn':
    case 'null':
      return NO_CONSTANT;
    default:
      return undefined;
  }
}
