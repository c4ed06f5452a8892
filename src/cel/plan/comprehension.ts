import type { Comprehension, Expr } from '../ast.ts';
import { ACCUMULATOR, UNUSED } from '../macros.ts';
import type { Frame } from '../eval/frame.ts';
import { raise } from '../eval/shaped.ts';
import { expanded } from '../syntax/macro-expander.ts';
import type { CelType } from '../types.ts';
import { BOOL, DYN, INT, STRING, listType, mapType, paramOf } from '../types.ts';
import type { Value } from '../values.ts';
import { CelErrorValue, EvalFailure, elementsOf, entriesOf, fail, setProperty } from '../values.ts';
import { rootPlan } from './chain.ts';
import { describing, part } from './coerce.ts';
import { mapEntry } from './index-access.ts';
import { goValueName } from './go-value-name.ts';
import { makeMap } from './literals.ts';
import { showKey } from './show-key.ts';
import { absorbable } from './logic.ts';
import type { Plan } from './plan.ts';
import type { Scope } from './scope.ts';

/** Plans a node; the planner passes itself. */
export type PlanNode = (expr: Expr) => Plan;

type Run = (frame: Frame) => Value;

/**
 * The loop of a comprehension: calls `turn` for each element, with the loop variables bound, until it
 * returns true.
 */
interface Loop {
  readonly each: (frame: Frame, turn: (frame: Frame) => boolean) => void;
  /** Loops over the elements of a list alone: the list, and the place of the element. */
  readonly list?: Run;
  readonly slot: number;
}

/** A fold becomes the loop that it stands for; folds of unknown form run as they are written. */
export function planComprehension(expr: Comprehension, scope: Scope, plan: PlanNode): Plan {
  if (expr.variable === UNUSED) return planBind(expr, scope, plan);
  const range = plan(expr.range);
  const { loop, names } = planLoop(expr, range, scope);
  const form = formOf(expr);
  const inLoop = (node: Expr): Plan => scope.within(names, () => plan(node));
  switch (form.kind) {
    case 'all':
    case 'exists':
      return planQuantifier(loop, inLoop(form.body), form.kind === 'exists');
    case 'one':
      return planExistsOne(loop, inLoop(form.body));
    case 'list':
      return planCollect(loop, form.filter && inLoop(form.filter), inLoop(form.body), range);
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

/** Recognises the folds that the standard macros make; only macros can name the accumulator. */
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

function local(slot: number, type: CelType): Plan {
  if (type.kind === 'double') return part((frame) => frame.locals[slot] as Value, type);
  return { type, run: (frame) => frame.locals[slot] as Value };
}

function planLoop(
  { variable, variable2 }: Comprehension,
  range: Plan,
  scope: Scope,
): { loop: Loop; names: (readonly [string, Plan])[] } {
  const first = scope.slot();
  const second = scope.slot();
  const { shape, run } = range;
  if (shape?.kind === 'list') {
    // Foreign data is read through its shape each time it is used.
    const slot = variable2 === undefined ? first : second;
    const element = rootPlan({ local: true, slot, name: variable2 ?? variable }, shape.element?.());
    const loop: Loop = variable2 === undefined ? listLoop(run, first) : indexedLoop(run, first, second);
    if (variable2 === undefined) return { loop, names: [[variable, element]] };
    return {
      loop,
      names: [
        [variable, local(first, INT)],
        [variable2, element],
      ],
    };
  }
  const { run: described } = describing(range);
  const { kind } = range.type;
  if (kind === 'list') {
    const type = paramOf(range.type, 0);
    const list: Run = (frame) => elementsOf(raise(described(frame))) ?? notIterable(described(frame));
    if (variable2 === undefined) return { loop: listLoop(list, first), names: [[variable, local(first, type)]] };
    const loop = indexedLoop(list, first, second);
    return {
      loop,
      names: [
        [variable, local(first, INT)],
        [variable2, local(second, type)],
      ],
    };
  }
  const key = kind === 'map' && shape === undefined ? paramOf(range.type, 0) : shape === undefined ? DYN : STRING;
  const value = kind === 'map' && shape === undefined ? paramOf(range.type, 1) : DYN;
  const loop = anyLoop(described, first, variable2 === undefined ? undefined : second);
  const names: (readonly [string, Plan])[] = [[variable, unraised(first, key)]];
  if (variable2 !== undefined) names.push([variable2, unraised(second, value)]);
  return { loop, names };
}

/** A local that may hold an error that nobody has used yet. */
function unraised(slot: number, type: CelType): Plan {
  return part((frame) => frame.locals[slot] as Value, type);
}

function listLoop(list: Run, slot: number): Loop {
  const each: Loop['each'] = (frame, turn) => {
    const elements = list(frame) as readonly Value[];
    const { locals } = frame;
    for (let index = 0; index < elements.length; index++) {
      frame.charge(1);
      locals[slot] = checked(elements[index] as Value);
      if (turn(frame)) return;
    }
  };
  return { each, list, slot };
}

function indexedLoop(list: Run, indexSlot: number, slot: number): Loop {
  const each: Loop['each'] = (frame, turn) => {
    const elements = list(frame) as readonly Value[];
    const { locals } = frame;
    for (let index = 0; index < elements.length; index++) {
      frame.charge(1);
      locals[indexSlot] = index;
      locals[slot] = checked(elements[index] as Value);
      if (turn(frame)) return;
    }
  };
  return { each, slot };
}

function checked(value: Value): Value {
  return typeof value === 'object' && value instanceof CelErrorValue ? raise(value) : value;
}

/** A range of which only the value tells what it is. */
function anyLoop(range: Run, first: number, second: number | undefined): Loop {
  const each: Loop['each'] = (frame, turn) => {
    const value = raise(range(frame));
    const elements = elementsOf(value);
    const { locals } = frame;
    if (elements !== undefined) {
      for (let index = 0; index < elements.length; index++) {
        const element = elements[index] as Value;
        frame.charge(1);
        locals[first] = second === undefined ? element : index;
        if (second !== undefined) locals[second] = element;
        if (turn(frame)) return;
      }
      return;
    }
    for (const [key, entry] of entriesOf(value) ?? notIterable(value)) {
      frame.charge(1);
      locals[first] = key;
      if (second !== undefined) locals[second] = entry;
      if (turn(frame)) return;
    }
  };
  return { each, slot: first };
}

function notIterable(value: Value): never {
  return fail(`got '${goValueName(value)}', expected iterable type`);
}

/** `all` and `exists`: the decisive answer wins over errors, as in `&&` and `||`. */
function planQuantifier(loop: Loop, { run }: Plan, decisive: boolean): Plan {
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

/** The same over the elements of a list, without a closure per evaluation. */
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

/** The value of a predicate, or the error that it ends with. */
function attempt(run: Run, frame: Frame): Value | EvalFailure {
  try {
    return run(frame);
  } catch (thrown) {
    return absorbable(thrown);
  }
}

/** The answer so far with one more: the first error stays unless the decisive value comes. */
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

function test(run: Run, frame: Frame): boolean {
  const value = run(frame);
  return typeof value === 'boolean' ? value : fail('no such overload');
}

function planExistsOne(loop: Loop, { run }: Plan): Plan {
  return {
    type: BOOL,
    run: (frame) => {
      let count = 0;
      loop.each(frame, () => {
        if (test(run, frame)) count++;
        return false;
      });
      return count === 1;
    },
  };
}

/** `map`, `filter` and `transformList`. */
function planCollect(loop: Loop, filter: Plan | undefined, body: Plan, _range: Plan): Plan {
  const { run, type } = describing(body);
  const keep = filter?.run;
  return {
    type: listType(body.type.kind === 'double' ? body.type : type),
    run: (frame) => {
      const list: Value[] = [];
      if (loop.list !== undefined) {
        const elements = loop.list(frame) as readonly Value[];
        for (let index = 0; index < elements.length; index++) {
          frame.charge(1);
          frame.locals[loop.slot] = checked(elements[index] as Value);
          if (keep === undefined || test(keep, frame)) list.push(run(frame));
        }
        return list;
      }
      loop.each(frame, () => {
        if (keep === undefined || test(keep, frame)) list.push(run(frame));
        return false;
      });
      return list;
    },
  };
}

/** `transformMap`: keys of the range are kept. */
function planTransform(loop: Loop, filter: Plan | undefined, key: Plan, body: Plan): Plan {
  const { run: keyOf } = describing(key);
  const { run, type } = describing(body);
  const keep = filter?.run;
  return {
    type: mapType(key.type, body.type.kind === 'double' ? body.type : type),
    run: (frame) => {
      const entries: [Value, Value][] = [];
      loop.each(frame, () => {
        if (keep === undefined || test(keep, frame)) entries.push([keyOf(frame), run(frame)]);
        return false;
      });
      return makeMap(entries);
    },
  };
}

/** `transformMapEntry`: each turn adds the entries of a map; a key may come once only. */
function planTransformEntries(loop: Loop, filter: Plan | undefined, body: Plan): Plan {
  const { run } = describing(body);
  const keep = filter?.run;
  return {
    type: body.type.kind === 'map' ? body.type : DYN,
    run: (frame) => {
      const entries: (readonly [Value, Value])[] = [];
      let made: Value = {};
      const strings: Record<string, Value> = {};
      let plain = true;
      loop.each(frame, () => {
        if (keep !== undefined && !test(keep, frame)) return false;
        for (const [key, value] of entriesOf(raise(run(frame))) ?? fail('no such overload')) {
          frame.charge(1);
          if (mapEntry(plain ? strings : made, key) !== undefined) {
            return fail(`insert failed: key ${showKey(key)} already exists`);
          }
          entries.push([key, value]);
          if (plain && typeof key === 'string') setProperty(strings, key, value);
          else {
            plain = false;
            made = makeMap(entries);
          }
        }
        return false;
      });
      return plain ? strings : made;
    },
  };
}

/** `cel.bind`: a name for a value. */
/**
 * The bound value is computed when it is first asked for, as in cel-go: an error in a value that nobody uses is no
 * error of the expression.
 */
function planBind(expr: Comprehension, scope: Scope, plan: PlanNode): Plan {
  const value = plan(expr.init);
  const slot = scope.slot();
  const { run } = value;
  const bound = withRun(value, (frame) => {
    const held = frame.locals[slot] as Value;
    return held instanceof CelErrorValue ? computeBound(frame, slot, held, run) : held;
  });
  const body = scope.within([[expr.accumulator, bound]], () => plan(expr.result));
  const { run: inner } = body;
  return withRun(body, (frame) => {
    frame.locals[slot] = PENDING;
    return inner(frame);
  });
}

/** A plan that knows what another one knows of its value, but gets it in its own way. */
function withRun({ type, shape }: Plan, run: Run): Plan {
  return shape === undefined ? { type, run } : { type, shape, run };
}

/** Stands in the slot of a bound variable until its value is asked for. */
const PENDING = new CelErrorValue('not computed');

/** The first use computes the value; an error is kept and raised again by every further use. */
function computeBound(frame: Frame, slot: number, held: CelErrorValue, run: Run): Value {
  if (held !== PENDING) return fail(held.message);
  try {
    return (frame.locals[slot] = run(frame));
  } catch (thrown) {
    if (thrown instanceof EvalFailure && !thrown.fatal) frame.locals[slot] = new CelErrorValue(thrown.message);
    throw thrown;
  }
}

/** Any other fold, as a macro of a library may make it. */
function planFold(
  expr: Comprehension,
  loop: Loop,
  names: readonly (readonly [string, Plan])[],
  scope: Scope,
  plan: PlanNode,
): Plan {
  const slot = scope.slot();
  const { run: init } = describing(plan(expr.init));
  const accumulator: readonly [string, Plan] = [
    expr.accumulator,
    { type: DYN, run: (frame) => frame.locals[slot] as Value },
  ];
  const go = scope.within([accumulator, ...names], () => plan(expandedCondition(expr)));
  const step = describing(scope.within([accumulator, ...names], () => plan(expr.step)));
  const result = scope.within([accumulator], () => plan(expr.result));
  return withRun(result, (frame) => {
    frame.locals[slot] = init(frame);
    loop.each(frame, () => {
      if (go.run(frame) === false) return true;
      frame.locals[slot] = step.run(frame);
      return false;
    });
    return result.run(frame);
  });
}

/** The condition, without the wrapper that makes an error count as true. */
function expandedCondition(expr: Comprehension): Expr {
  const condition = expanded(expr.condition);
  if (condition.kind === 'call' && condition.name === '@not_strictly_false') return condition.args[0] ?? condition;
  return condition;
}
