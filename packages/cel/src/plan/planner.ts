import type { Call, Expr, Ident, Select, StructLiteral } from '../ast.ts';
import type { CheckedAst } from '../check/checker.ts';
import type { DeclaredVariable } from '../check/declarations.ts';
import type { Frame } from '../eval/frame.ts';
import { expanded } from '../syntax/macro-expander.ts';
import { DYN, TYPE, isOptional } from '../types.ts';
import { raise } from '../eval/shaped.ts';
import type { Value } from '../values.ts';
import { CelDuration, CelOptional, CelTimestamp, CelTypeValue, OPTIONAL_NONE, fail, isInt } from '../values.ts';
import { planCall, planOptionalFallback } from './calls.ts';
import { rootPlan } from './chain.ts';
import { constantPlan, describing } from './coerce.ts';
import { planComprehension } from './comprehension.ts';
import { planIndex, planOptionalIndex, showKey } from './index-access.ts';
import { type EntryPlan, planList, planLiteral, planMap } from './literals.ts';
import { planConditional, planLogic } from './logic.ts';
import { planOperator } from './plan-operators.ts';
import { type PlannedNode, throwPlanError } from './planned-node.ts';
import { PlanScope } from './scope.ts';
import { optionalField, planHas, planSelect } from './select.ts';
import { shapeOfType } from './type-shape.ts';

/** Turns a checked tree into closures. */
export class Planner {
  readonly #checked: CheckedAst;
  readonly scope = new PlanScope();
  /** Variables that the program reads, in the order of their slots. */
  readonly variables: DeclaredVariable[] = [];

  constructor(checked: CheckedAst) {
    this.#checked = checked;
  }

  /** @throws PlanError when the program is refused. */
  plan = (expr: Expr): PlannedNode => {
    switch (expr.kind) {
      case 'literal':
        return planLiteral(expr);
      case 'ident':
        return this.#ident(expr);
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
      case 'list':
        return planList(expr.elements.map(this.plan), expr.optionals);
      case 'map':
        return planMap(expr.entries.map((entry) => this.#entry(entry)));
      case 'struct':
        return this.#struct(expr);
      case 'comprehension':
        return planComprehension(expr, this.scope, this.plan);
      case 'macro':
        return this.plan(expr.expansion);
    }
  };

  #entry(entry: { key: Expr; value: Expr; optional: boolean }): EntryPlan {
    return { key: this.plan(entry.key), value: this.plan(entry.value), optional: entry.optional };
  }

  #global(id: number): PlannedNode | undefined {
    const reference = this.#checked.reference(id);
    if (reference?.kind !== 'global') return undefined;
    const { global } = reference;
    if (global.kind === 'variable') return this.#variable(global.variable);
    if (this.#checked.declarations.typeNames === 'checkOnly')
      throwPlanError(`reference to undefined type: ${global.name}`);
    return constantPlan(new CelTypeValue(global.name), TYPE);
  }

  #ident(expr: Ident): PlannedNode {
    const global = this.#global(expr.id);
    if (global !== undefined) return global;
    const local = this.scope.find(expr.name);
    // cel-go treats a variable of type `type` as the name of a type.
    const { declarations } = this.#checked;
    const named = declarations.typeNames === 'full' && declarations.lookupGlobal(expr.name)?.kind === 'type';
    if (local !== undefined && !named && this.#checked.typeOf(expr.id).kind === 'type') {
      return throwPlanError(`reference to undefined type: ${expr.name}`);
    }
    return local ?? missingPlan(`no such attribute(s): ${expr.name}`);
  }

  #variable(variable: DeclaredVariable): PlannedNode {
    const { name, type, value } = variable;
    if (value !== undefined) return constantPlan(value, DYN);
    let slot = this.variables.findIndex((entry) => entry.name === name);
    if (slot < 0) slot = this.variables.push(variable) - 1;
    const shape = variable.raw === true ? undefined : (variable.shape ?? shapeOfType(type, this.#checked.declarations));
    return rootPlan({ local: false, slot, name }, shape);
  }

  #select(expr: Select): PlannedNode {
    const global = this.#global(expr.id);
    if (global !== undefined) return global;
    const operand = this.plan(expr.operand);
    if (expr.test) {
      return planHas(operand, expr.field, { strict: this.#strict, stored: this.#isStored(expanded(expr.operand)) });
    }
    if (this.#isStoredOptional(expr.operand)) return storedOptional(operand, expr.optional, () => expr.field);
    const optional = expr.optional || isOptional(this.#checked.typeOf(expr.operand.id));
    return optional ? optionalField(operand, expr.field, this.#strict) : planSelect(operand, expr.field);
  }

  get #strict(): boolean {
    return this.#checked.declarations.strictPresence;
  }

  /** Does the expression read a field or element of a container that is not an optional? */
  #isStored(expr: Expr): boolean {
    const from = expr.kind === 'select' && !expr.optional ? expr.operand : undefined;
    const container = expr.kind === 'call' && expr.name === '_[_]' ? expr.args[0] : from;
    return container !== undefined && !isOptional(this.#checked.typeOf(container.id));
  }

  #call(expr: Call): PlannedNode {
    const { name, target, args } = expr;
    const reference = this.#checked.reference(expr.id);
    if (reference?.kind !== 'function') return missingPlan(`no such overload: ${name}`);
    const type = this.#checked.typeOf(expr.id);
    if (target !== undefined && !reference.namespaced) {
      const receiver = this.plan(target);
      const plans = args.map(this.plan);
      const [first] = plans;
      if ((name === 'orValue' || name === 'or') && first !== undefined && plans.length === 1) {
        return planOptionalFallback(name, receiver, first, type);
      }
      return planCall(reference, [receiver, ...plans], true, type);
    }
    const plans = args.map(this.plan);
    return this.#special(expr, plans) ?? planOperator(name, plans) ?? planCall(reference, plans, false, type);
  }

  /**
   * Does the expression read an optional that is stored in a field or element? Parts of such an optional cannot be
   * read.
   */
  #isStoredOptional(expr: Expr): boolean {
    return isOptional(this.#checked.typeOf(expr.id)) && this.#isStored(expanded(expr));
  }

  /** Plans lazy operators and indexing, which are not ordinary function calls. */
  #special({ name, args }: Call, plans: readonly PlannedNode[]): PlannedNode | undefined {
    const [a, b, c] = plans as [PlannedNode, PlannedNode, PlannedNode];
    switch (name) {
      case '_&&_':
        return planLogic(a, b, false);
      case '_||_':
        return planLogic(a, b, true);
      case '_?_:_':
        return planConditional(a, b, c);
      case '_[_]':
        if (this.#isStoredOptional(args[0] as Expr)) return storedOptional(a, false, indexText(b));
        return isOptional(this.#checked.typeOf((args[0] as Expr).id))
          ? planOptionalIndex(a, b, this.#strict)
          : planIndex(a, b);
      case '_[?_]':
        if (this.#isStoredOptional(args[0] as Expr)) return storedOptional(a, true, indexText(b));
        return planOptionalIndex(a, b, this.#strict);
      default:
        return undefined;
    }
  }

  #struct(expr: StructLiteral): PlannedNode {
    const reference = this.#checked.reference(expr.id);
    const name = reference?.kind === 'struct' ? reference.name : expr.name;
    const fields = new Map(expr.fields.map((field) => [field.name, describing(this.plan(field.value))]));
    const numberOf = (frame: Frame, field: string): bigint => {
      const value = raise(fields.get(field)?.run(frame) ?? 0);
      return isInt(value) ? BigInt(value) : fail('no such overload');
    };
    switch (name) {
      case 'google.protobuf.Timestamp':
        return {
          type: this.#checked.typeOf(expr.id),
          run: (frame) => new CelTimestamp(Number(numberOf(frame, 'seconds')), Number(numberOf(frame, 'nanos'))),
        };
      case 'google.protobuf.Duration':
        return {
          type: this.#checked.typeOf(expr.id),
          run: (frame) => longestDuration(numberOf(frame, 'seconds') * 1_000_000_000n + numberOf(frame, 'nanos')),
        };
      case 'google.protobuf.Struct':
        return { type: DYN, run: (frame) => fields.get('fields')?.run(frame) ?? {} };
      case 'google.protobuf.ListValue':
        return { type: DYN, run: (frame) => fields.get('values')?.run(frame) ?? [] };
      default:
        return this.#constructed(expr, name, fields);
    }
  }

  /** Plans a struct literal of a type that a provider declares. */
  #constructed(expr: StructLiteral, name: string, fields: ReadonlyMap<string, PlannedNode>): PlannedNode {
    const construct = this.#checked.declarations.constructorOf(name);
    if (construct === undefined) return { type: DYN, run: () => fail(`unknown type '${name}'`) };
    const optional = new Set(expr.fields.filter((field) => field.optional).map((field) => field.name));
    return {
      type: DYN,
      run(frame) {
        const values = new Map<string, Value>();
        for (const [field, node] of fields) {
          const value = raise(node.run(frame));
          if (!optional.has(field)) values.set(field, value);
          else if (value instanceof CelOptional && value.value !== undefined) values.set(field, value.value);
        }
        return construct(values);
      },
    };
  }
}

/**
 * Converts the nanoseconds of a `google.protobuf.Duration` message to a duration. As in Go, a number beyond int64
 * becomes the longest duration with the same sign.
 */
function longestDuration(nanos: bigint): CelDuration {
  const wrapped = BigInt.asIntN(64, nanos);
  return new CelDuration(wrapped === nanos ? nanos : nanos < 0n ? -(2n ** 63n) : 2n ** 63n - 1n);
}

function indexText(index: PlannedNode): (frame: Frame) => string {
  const { run } = describing(index);
  return (frame) => showKey(run(frame));
}

/** Plans the selection of a part of an optional that is stored in a field or element. Such a part is always missing. */
function storedOptional(operand: PlannedNode, optional: boolean, part: (frame: Frame) => string): PlannedNode {
  const { run } = operand;
  return {
    type: DYN,
    run: (frame) => {
      run(frame);
      const name = part(frame);
      return optional ? OPTIONAL_NONE : fail(`no such key: ${name}`);
    },
  };
}

function missingPlan(message: string): PlannedNode {
  return { type: DYN, run: () => fail(message) };
}
