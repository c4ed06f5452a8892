import type { ResolvedReference } from '../check/checker.ts';
import type { CallContext, Overload } from '../library.ts';
import type { Frame } from '../eval/frame.ts';
import { raise } from '../eval/shaped.ts';
import { type CelType, DYN, INT, paramOf, sameType } from '../types.ts';
import type { Value } from '../values.ts';
import {
  CelErrorValue,
  EvalFailure,
  boxDouble,
  doubleOf,
  elementsOf,
  fail,
  checkedInt,
  typeNameOf,
} from '../values.ts';
import { receiverMismatch } from '../lib/define.ts';
import { describing, unboxDouble } from './coerce.ts';
import { matches, matchesInside, surelyMatches, toParameter } from './match.ts';
import { type PlannedNode, throwPlanError } from './planned-node.ts';

type Call = (...args: (CallContext | Value)[]) => Value;
type FunctionReference = Extract<ResolvedReference, { kind: 'function' }>;

/**
 * Functions for which the checker's choice of one overload does not limit the choice at run time. Their error messages
 * name the function, but no types.
 */
const VALUE_FUNCTIONS: ReadonlySet<string> = new Set(['size', 'matches', 'type', 'dyn']);

/** Functions that check their arguments themselves. Their error messages do not contain the name of the function. */
const UNGUARDED: ReadonlySet<string> = new Set(['contains', 'endsWith', 'startsWith']);

/** Plans a call of a declared function. `checkedType` is the checker's type of the node. */
export function planCall(
  reference: FunctionReference,
  args: readonly PlannedNode[],
  member: boolean,
  checkedType: CelType,
): PlannedNode {
  const { declaration, overloads } = reference;
  const [first] = args;
  if (declaration.name === 'size' && first?.shape?.kind === 'list') return sizeOfData(first);
  const single = overloads.length === 1 && !VALUE_FUNCTIONS.has(declaration.name) ? overloads[0] : undefined;
  const fitting = overloads.filter((overload) => overload.params.every((type, index) => fits(args[index], type)));
  const [exact] = fitting;
  if (exact !== undefined && fitting.length === 1) {
    if (args.every((arg, index) => fitsInside(arg, exact.params[index] ?? DYN))) {
      return planExact(exact, args, checkedType);
    }
    return {
      ...planDynamic(declaration.name, [exact], args),
      type: exact.result.kind === 'double' ? DYN : resultOf(exact),
    };
  }
  const candidates = single === undefined ? sameForm(declaration.overloads, member, args.length) : [single];
  return planDynamic(declaration.name, candidates, args);
}

/** The size of a list of foreign data. Its elements are not read. */
function sizeOfData({ run }: PlannedNode): PlannedNode {
  return { type: INT, run: (frame) => (run(frame) as readonly Value[]).length };
}

function sameForm(overloads: readonly Overload[], member: boolean, count: number): readonly Overload[] {
  return overloads.filter((overload) => (overload.member === true) === member && overload.params.length === count);
}

function fits(plan: PlannedNode | undefined, type: CelType): boolean {
  return plan !== undefined && surelyMatches(plan.shape === undefined ? plan.type : shapedType(plan), type);
}

/**
 * Are the parts of a list or map known to have the parameter's types? For foreign data (data from outside CEL) the
 * answer is yes, because its parts are checked when they are read.
 */
function fitsInside({ shape, type: known }: PlannedNode, type: CelType): boolean {
  if (shape !== undefined || (type.kind !== 'list' && type.kind !== 'map')) return true;
  return type.params.every((param, index) => surelyMatches(paramOf(known, index), param));
}

/**
 * Returns what is known about the result type of a call if the types inside a list or map argument are unknown. If the
 * result may be an element, the type is `dyn`.
 */
function resultOf({ params, result }: Overload): CelType {
  return params.some((type) => type.kind === 'list' && sameType(paramOf(type, 0), result)) ? DYN : erased(result);
}

function shapedType({ shape, type }: PlannedNode): CelType {
  return shape?.kind === 'object' ? DYN : type;
}

/**
 * The implementation of an overload for these arguments. For constant arguments, the overload may return a specialised
 * implementation, or refuse the call.
 */
function implementation(overload: Overload, args: readonly PlannedNode[]): Call {
  const special = overload.specialize?.(args.map((arg) => arg.constant));
  if (special === undefined) return overload.call as Call;
  return typeof special === 'function' ? (special as Call) : throwPlanError(special.refused);
}

/** Plans a call whose argument types are all known. The overload is chosen here and not at run time. */
function planExact(overload: Overload, args: readonly PlannedNode[], checkedType: CelType): PlannedNode {
  const call = implementation(overload, args);
  const runs = args.map((arg, index) => argument(arg, overload.params[index] ?? DYN));
  const run = args.some((arg) => arg.shape?.kind === 'list')
    ? surfacing(applied(call, runs), args)
    : applied(call, runs);
  const known = args.every((arg) => arg.shape !== undefined || isKnown(arg.type));
  return result(run, overload.result, known ? checkedType : DYN);
}

/** Is every part of the type known? */
function isKnown(type: CelType): boolean {
  return type.kind !== 'dyn' && type.params.every(isKnown);
}

/** Returns a function that evaluates an argument and converts the value to the form of its parameter. */
function argument(plan: PlannedNode, type: CelType): (frame: Frame) => Value {
  if (plan.shape === undefined && plan.type.kind === 'double' && type.kind === 'double') return plan.run;
  const { run } = describing(plan);
  if (type.kind === 'list') return (frame) => toParameter(run(frame), type, frame);
  if (type.kind === 'dyn' || type.kind === 'param') return (frame) => raise(run(frame));
  return run;
}

/**
 * Runs a function. If the function fails because an element does not have the shape that its list declares for
 * elements, throws the error about this element instead.
 */
function surfacing(run: (frame: Frame) => Value, args: readonly PlannedNode[]): (frame: Frame) => Value {
  const lists = args.filter((arg) => arg.shape?.kind === 'list').map((arg) => describing(arg).run);
  return (frame) => {
    try {
      return run(frame);
    } catch (thrown) {
      if (thrown instanceof EvalFailure && thrown.message === 'no such overload') {
        for (const list of lists)
          for (const element of elementsOf(list(frame)) ?? []) if (element instanceof CelErrorValue) raise(element);
      }
      throw thrown;
    }
  };
}

function applied(call: Call, runs: readonly ((frame: Frame) => Value)[]): (frame: Frame) => Value {
  const [a, b, c] = runs;
  if (a === undefined) return (frame) => call(frame);
  if (b === undefined) return (frame) => call(a(frame), frame);
  if (c === undefined) return (frame) => call(a(frame), b(frame), frame);
  if (runs.length === 3) return (frame) => call(a(frame), b(frame), c(frame), frame);
  return (frame) => call(...runs.map((run) => run(frame)), frame);
}

/** Plans the result of a call. The value is converted to the form that `PlannedNode` describes for its type. */
function result(run: (frame: Frame) => Value, declared: CelType, known: CelType): PlannedNode {
  switch (declared.kind) {
    case 'double':
      return { type: declared, run };
    case 'param':
      if (known.kind === 'double') return { type: known, run: (frame) => unboxDouble(run(frame)) };
      return { type: known, run: (frame) => raise(run(frame)) };
    case 'list':
      if (paramOf(declared, 0).kind === 'double') {
        return { type: declared, run: (frame) => (run(frame) as readonly Value[]).map(boxed) };
      }
      return { type: known.kind === 'list' ? known : erased(declared), run };
    case 'map':
    case 'opaque':
    case 'type':
      return { type: known.kind === declared.kind ? known : erased(declared), run };
    default:
      return { type: declared, run };
  }
}

/** Returns the type with each type parameter replaced by `dyn`. */
function erased(type: CelType): CelType {
  if (type.kind === 'param') return DYN;
  return type.params.length === 0 ? type : { ...type, params: type.params.map(erased) };
}

function boxed(value: Value): Value {
  if (typeof value === 'bigint') return checkedInt(value);
  return typeof value === 'number' ? boxDouble(value) : value;
}

/** Plans a call whose overload is chosen at run time, by the values. */
function planDynamic(name: string, candidates: readonly Overload[], args: readonly PlannedNode[]): PlannedNode {
  const runs = args.map((arg) => describing(arg).run);
  const options = candidates.map((overload) => ({ overload, call: implementation(overload, args) }));
  const constants = args.map((arg) => arg.constant);
  // A function with its own `mismatch` message checks the elements of its arguments itself, so they are not matched
  // here.
  const suits = candidates[0]?.mismatch === undefined ? matchesInside : matches;
  return {
    type: sharedResult(candidates),
    run: (frame) => {
      const values = runs.map((run) => raise(run(frame)));
      for (const { overload, call } of options) {
        if (!overload.params.every((type, index) => suits(values[index] as Value, type))) continue;
        const converted = values.map((value, index) => toParameter(value, overload.params[index] ?? DYN, frame));
        const value = call(...converted, frame);
        if (overload.result.kind === 'double') return boxed(value);
        if (overload.result.kind === 'list' && paramOf(overload.result, 0).kind === 'double') {
          return (value as readonly Value[]).map(boxed);
        }
        return value;
      }
      if (UNGUARDED.has(name)) return fail('no such overload');
      const mismatch = candidates[0]?.mismatch ?? (VALUE_FUNCTIONS.has(name) ? receiverMismatch(name) : undefined);
      if (mismatch !== undefined) return fail(mismatch(values, constants));
      return fail(`no such overload: ${name}(${values.map(typeNameOf).join(', ')})`);
    },
  };
}

/** Returns the result type if all candidates have the same simple result type; otherwise `dyn`. */
function sharedResult(candidates: readonly Overload[]): CelType {
  const first = candidates[0]?.result ?? DYN;
  const simple = ['bool', 'string', 'int', 'bytes', 'timestamp', 'duration', 'uint'].includes(first.kind);
  return simple && candidates.every((overload) => overload.result.kind === first.kind) ? first : DYN;
}

/** Plans `orValue` or `or`, which evaluate their argument only when the optional is empty. */
export function planOptionalFallback(
  name: string,
  target: PlannedNode,
  fallback: PlannedNode,
  checkedType: CelType,
): PlannedNode {
  const { run } = describing(target);
  const { run: other } = describing(fallback);
  const known = isKnown(target.type) && (isKnown(fallback.type) || fallback.type.kind === checkedType.kind);
  const get = (frame: Frame): Value => {
    const optional = raise(run(frame));
    if (!matches(optional, OPTIONAL)) return fail('no such overload');
    const { value } = optional as { value: Value | undefined } & Value;
    if (name === 'or') return value === undefined ? raise(other(frame)) : optional;
    return value === undefined ? raise(other(frame)) : value;
  };
  if (name === 'orValue' && checkedType.kind === 'double' && known) {
    return { type: checkedType, run: (frame) => doubleOf(get(frame)) ?? fail('no such overload') };
  }
  return { type: known && checkedType.kind !== 'double' ? checkedType : DYN, run: get };
}

const OPTIONAL: CelType = { kind: 'opaque', name: 'optional_type', params: [DYN] };
