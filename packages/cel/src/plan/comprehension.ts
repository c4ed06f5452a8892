import type { Comprehension, Expr } from '../ast.ts';
import type { Frame } from '../eval/frame.ts';
import { ACCUMULATOR, UNUSED } from '../macros.ts';
import { expanded } from '../syntax/macro-expander.ts';
import { BOOL, DYN } from '../types.ts';
import { type Value, CelErrorValue, EvalFailure, fail } from '../values.ts';
import { describing } from './coerce.ts';
import { planCollect, planExistsOne, planTransform, planTransformEntries } from './collect.ts';
import { attempt } from './logic.ts';
import { type Loop, checked, planLoop } from './loop.ts';
import type { PlannedNode } from './planned-node.ts';
import type { PlanScope } from './scope.ts';

/** Plans a node. The planner passes its own method to the code that plans folds. */
export type PlanNode = (expr: Expr) => PlannedNode;

type Run = (frame: Frame) => Value;

/** Plans a fold. The fold of a standard macro becomes a specialised loop. Any other fold is executed step by step. */
export function planComprehension(expr: Comprehension, scope: PlanScope, plan: PlanNode): PlannedNode {
  if (expr.variable === UNUSED) return planBind(expr, scope, plan);
  const range = plan(expr.range);
  const { loop, names } = planLoop(expr, range, scope);
  const form = formOf(expr);
  const inLoop = (node: Expr): PlannedNode => scope.within(names, () => plan(node));
  switch (form.kind) {
    case 'all':
    case 'exists':
      return planQuantifier(loop, inLoop(form.body), form.kind === 'exists');
    case 'one':
      return planExistsOne(loop, inLoop(form.body));
    case 'list':
      return planCollect(loop, form.filter && inLoop(form.filter), inLoop(form.body));
    case 'map':
      return planTransform(loop, form.filter && inLoop(form.filter), inLoop(form.key), inLoop(form.body));
    case 'entries':
      return planTransformEntries(loop, form.filter && inLoop(form.filter), inLoop(form.body));
    case 'fold':
      return planFold(expr, loop, names, scope, plan);
  }
}

type Form =
  | { readonly kind: 'all' | 'exists' | 'one'; readonly body: Expr }
  | { readonly kind: 'list' | 'entries'; readonly filter: Expr | undefined; readonly body: Expr }
  | { readonly kind: 'map'; readonly filter: Expr | undefined; readonly key: Expr; readonly body: Expr }
  | { readonly kind: 'fold' };

/**
 * Recognises the folds of the standard macros. No source text can contain the accumulator's name `@result`, so a fold
 * with this name comes from a macro.
 */
function formOf(expr: Comprehension): Form {
  const fold: Form = { kind: 'fold' };
  if (expr.accumulator !== ACCUMULATOR) return fold;
  const { init, step } = expr;
  if (step.kind !== 'call') return fold;
  const [first, second, third] = step.args;
  if (init.kind === 'literal') {
    if (step.name === '_&&_' && second !== undefined) return { kind: 'all', body: second };
    if (step.name === '_||_' && second !== undefined) return { kind: 'exists', body: second };
    return step.name === '_?_:_' && first !== undefined ? { kind: 'one', body: first } : fold;
  }
  const filtered = step.name === '_?_:_' && second?.kind === 'call' && third !== undefined;
  const inner = filtered ? second : step;
  const filter = filtered ? first : undefined;
  const [, added, value] = inner.args;
  if (inner.name === '_+_' && added?.kind === 'list' && added.elements[0] !== undefined) {
    return { kind: 'list', filter, body: added.elements[0] };
  }
  if (inner.name !== 'cel.@mapInsert' || added === undefined) return fold;
  return value === undefined
    ? { kind: 'entries', filter, body: added }
    : { kind: 'map', filter, key: added, body: value };
}

/**
 * `all` and `exists`. `decisive` is the predicate's result that decides the whole loop: false for `all`, true for
 * `exists`. This result has precedence over errors, as with `&&` and `||`.
 */
function planQuantifier(loop: Loop, { run }: PlannedNode, decisive: boolean): PlannedNode {
  const { list, slot } = loop;
  if (list !== undefined) return { type: BOOL, run: listQuantifier(list, slot, run, decisive) };
  return {
    type: BOOL,
    run: (frame) => {
      let answer: Value | EvalFailure = !decisive;
      loop.each(frame, () => {
        answer = joined(answer, attempt(run, frame), decisive);
        return answer === decisive;
      });
      return answered(answer);
    },
  };
}

/** Like `planQuantifier`, but only for lists. It is faster, because it needs no closure per evaluation. */
function listQuantifier(list: Run, slot: number, run: Run, decisive: boolean): Run {
  return (frame) => {
    const elements = list(frame) as readonly Value[];
    let answer: Value | EvalFailure = !decisive;
    for (let index = 0; index < elements.length; index++) {
      frame.charge(1);
      frame.locals[slot] = checked(elements[index] as Value);
      const value = attempt(run, frame);
      if (value === decisive) return decisive;
      answer = joined(answer, value, decisive);
    }
    return answered(answer);
  };
}

/**
 * Combines the result so far with the value of the next element. A decisive value replaces an error. Any other value
 * does not replace an error.
 */
function joined(answer: Value | EvalFailure, value: Value | EvalFailure, decisive: boolean): Value | EvalFailure {
  if (value === decisive) return decisive;
  if (answer instanceof EvalFailure || value === !decisive) return answer;
  return value instanceof EvalFailure ? value : new EvalFailure('no such overload');
}

function answered(answer: Value | EvalFailure): Value {
  if (!(answer instanceof EvalFailure)) return answer;
  // oxlint-disable-next-line typescript/only-throw-error -- stackless on purpose, see EvalFailure
  throw answer;
}

/**
 * Plans `cel.bind`. The bound value is computed at its first use, as in cel-go. An error in an unused value is
 * therefore not an error of the expression.
 */
function planBind(expr: Comprehension, scope: PlanScope, plan: PlanNode): PlannedNode {
  const value = plan(expr.init);
  const slot = scope.slot();
  const { run } = value;
  const bound = withRun(value, (frame) => {
    const local = frame.locals[slot] as Value;
    return local instanceof CelErrorValue ? computeBound(frame, slot, local, run) : local;
  });
  const body = scope.within([[expr.accumulator, bound]], () => plan(expr.result));
  const { run: inner } = body;
  return withRun(body, (frame) => {
    frame.locals[slot] = PENDING;
    return inner(frame);
  });
}

/** Returns a plan with the type and shape of another plan, but with the given `run`. */
function withRun({ type, shape }: PlannedNode, run: Run): PlannedNode {
  return shape === undefined ? { type, run } : { type, shape, run };
}

/** The content of a bound variable's slot until the value is computed. */
const PENDING = new CelErrorValue('not computed');

/** Computes the value at its first use. An error is stored, and each later use throws it again. */
function computeBound(frame: Frame, slot: number, held: CelErrorValue, run: Run): Value {
  if (held !== PENDING) return fail(held.message);
  try {
    return (frame.locals[slot] = run(frame));
  } catch (thrown) {
    if (thrown instanceof EvalFailure && !thrown.fatal) frame.locals[slot] = new CelErrorValue(thrown.message);
    throw thrown;
  }
}

/** Plans any other fold, such as that of a library's macro. */
function planFold(
  expr: Comprehension,
  loop: Loop,
  names: readonly (readonly [string, PlannedNode])[],
  scope: PlanScope,
  plan: PlanNode,
): PlannedNode {
  const slot = scope.slot();
  const { run: init } = describing(plan(expr.init));
  const accumulator: readonly [string, PlannedNode] = [
    expr.accumulator,
    { type: DYN, run: (frame) => frame.locals[slot] as Value },
  ];
  const loopCondition = scope.within([accumulator, ...names], () => plan(expandedCondition(expr)));
  const step = describing(scope.within([accumulator, ...names], () => plan(expr.step)));
  const result = scope.within([accumulator], () => plan(expr.result));
  return withRun(result, (frame) => {
    frame.locals[slot] = init(frame);
    loop.each(frame, () => {
      if (loopCondition.run(frame) === false) return true;
      frame.locals[slot] = step.run(frame);
      return false;
    });
    return result.run(frame);
  });
}

/** The condition of the fold, without the wrapper that treats an error as true. */
function expandedCondition(expr: Comprehension): Expr {
  const condition = expanded(expr.condition);
  if (condition.kind === 'call' && condition.name === '@not_strictly_false') return condition.args[0] ?? condition;
  return condition;
}
