import type { Checked } from '../api.ts';
import type { Ast, Call, Comprehension, Expr, ListLiteral, MapLiteral, Select, StructLiteral } from '../ast.ts';
import type { FunctionDeclaration, Overload } from '../library.ts';
import { expanded } from '../syntax/macro-expander.ts';
import { ErrorList } from '../syntax/error-list.ts';
import type { CelType } from '../types.ts';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DYN,
  ERROR,
  INT,
  NULL,
  STRING,
  UINT,
  listType,
  mapType,
  optionalType,
  paramOf,
  sameType,
} from '../types.ts';
import type { Declarations, Global } from './declarations.ts';
import { formatArguments, formatType, MAX_TYPE_SIZE, typeSize } from './format-type.ts';
import { Signatures } from './signatures.ts';
import { Substitution, mostGeneral, unwrapOptional } from './substitution.ts';

/** The declaration or type that a name, a call or a message literal refers to. */
export type ResolvedReference =
  | { readonly kind: 'global'; readonly global: Global }
  | {
      readonly kind: 'function';
      readonly declaration: FunctionDeclaration;
      /** The overloads that match the static types of the arguments, in order of declaration. */
      readonly overloads: readonly Overload[];
      /** Is the target of the call (`a.b` in `a.b.f(x)`) a part of the function's name and not a receiver? */
      readonly namespaced: boolean;
    }
  | { readonly kind: 'struct'; readonly name: string };

/** A checked expression with types and references, as the planner reads them. */
export class CheckedAst implements Checked {
  readonly ast: Ast;
  readonly declarations: Declarations;
  readonly #types: (CelType | undefined)[];
  readonly #references: ReadonlyMap<number, ResolvedReference>;

  constructor(
    ast: Ast,
    declarations: Declarations,
    types: (CelType | undefined)[],
    references: ReadonlyMap<number, ResolvedReference>,
  ) {
    this.ast = ast;
    this.declarations = declarations;
    this.#types = types;
    this.#references = references;
  }

  get type(): CelType {
    return this.typeOf(expanded(this.ast.expr).id);
  }

  typeOf(id: number): CelType {
    return this.#types[id] ?? DYN;
  }

  reference(id: number): ResolvedReference | undefined {
    return this.#references.get(id);
  }
}

const LITERAL_TYPES = { bool: BOOL, bytes: BYTES, double: DOUBLE, int: INT, null: NULL, string: STRING, uint: UINT };

/**
 * The maximum length of `#log`. When a macro's expansion contains a node twice, the checker repeats the node's errors,
 * as cel-go does. The log is needed for the repetition. Errors beyond this length are not logged, so they are reported
 * only once.
 */
const MAX_LOGGED_ERRORS = 128;

/** The variables of one scope of a comprehension, with their types. */
type Scope = Map<string, CelType>;

/** Checks one expression, and collects all errors in cel-go's words. */
export class Checker {
  readonly #declarations: Declarations;
  readonly #errors: ErrorList;
  readonly #substitution = new Substitution();
  readonly #signatures = new Signatures();
  readonly #types: (CelType | undefined)[] = [];
  readonly #references = new Map<number, ResolvedReference>();
  /** The open scopes, innermost last. */
  readonly #scopes: Scope[] = [];
  /**
   * The first errors, in order. A macro's expansion may contain a node twice, and cel-go reports the errors of such a
   * node twice. `#reported` therefore has, for each node, the range of log entries that its check added.
   */
  readonly #log: { offset: number; message: string }[] = [];
  readonly #reported = new Map<number, readonly [number, number]>();
  /**
   * Are comparisons of different number types allowed? cel-go refuses them at first, but drops this restriction when it
   * enters the scope of the first comprehension.
   */
  #mixedComparisons = false;

  constructor(text: string, declarations: Declarations) {
    this.#declarations = declarations;
    this.#errors = new ErrorList(text);
  }

  check(ast: Ast): { checked: CheckedAst } | { errors: ErrorList } {
    this.#check(ast.expr);
    if (this.#errors.count > 0) return { errors: this.#errors };
    for (const [id, type] of this.#types.entries()) {
      if (type !== undefined) this.#types[id] = this.#substitution.apply(type, true);
    }
    const checked = new CheckedAst(ast, this.#declarations, this.#types, this.#references);
    return { checked };
  }

  /**
   * Resolves the names and functions of an expression, but gives no node a type. Undeclared names and unsuitable
   * arguments become errors of the evaluation.
   */
  resolve(ast: Ast): CheckedAst {
    this.#check(ast.expr);
    return new CheckedAst(ast, this.#declarations, [], this.#references);
  }

  #error(offset: number, message: string): void {
    this.#errors.add(offset, message);
    if (this.#log.length < MAX_LOGGED_ERRORS) this.#log.push({ offset, message });
  }

  #undeclared(expr: Expr, name: string): void {
    this.#error(expr.at, `undeclared reference to '${name}' (in container '${this.#declarations.container}')`);
  }

  #mismatch(offset: number, expected: CelType, found: CelType): void {
    this.#error(offset, `expected type '${formatType(expected)}' but found '${formatType(found)}'`);
  }

  /** Checks a node and returns its type, which may contain type variables. */
  #check(expr: Expr): CelType {
    const node = expanded(expr);
    const known = this.#types[node.id];
    if (known !== undefined) {
      const range = this.#reported.get(node.id);
      if (range !== undefined) {
        for (const { offset, message } of this.#log.slice(...range)) this.#error(offset, message);
      }
      return known;
    }
    const before = this.#log.length;
    const type = this.#typeOf(node);
    if (this.#log.length > before) this.#reported.set(node.id, [before, this.#log.length]);
    this.#types[node.id] = type;
    if (expr !== node) this.#types[expr.id] = type;
    return type;
  }

  #typeOf(expr: Expr): CelType {
    switch (expr.kind) {
      case 'literal':
        return LITERAL_TYPES[expr.type];
      case 'ident':
        return this.#ident(expr, expr.name);
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'struct':
        return this.#struct(expr);
      case 'comprehension':
        return this.#comprehension(expr);
      case 'macro':
        return this.#check(expr.expansion);
    }
  }

  #local(name: string): CelType | undefined {
    for (let index = this.#scopes.length - 1; index >= 0; index--) {
      const type = (this.#scopes[index] as Scope).get(name);
      if (type !== undefined) return type;
    }
    return undefined;
  }

  #ident(expr: Expr, name: string): CelType {
    const local = this.#local(name);
    if (local !== undefined) return local;
    const global = this.#declarations.lookupGlobal(name);
    if (global === undefined) {
      this.#undeclared(expr, name);
      return ERROR;
    }
    this.#references.set(expr.id, { kind: 'global', global });
    return global.type;
  }

  #select(expr: Select): CelType {
    if (!expr.test && !expr.optional) {
      const name = dottedName(expr);
      if (name !== undefined && (name.startsWith('.') || this.#local(rootOf(name)) === undefined)) {
        const global = this.#declarations.lookupGlobal(name);
        if (global !== undefined) {
          this.#references.set(expr.id, { kind: 'global', global });
          return global.type;
        }
      }
    }
    const type = this.#field(expr);
    return expr.test ? BOOL : this.#substitution.apply(type);
  }

  #field(expr: Select): CelType {
    const operand = this.#substitution.apply(this.#check(expr.operand));
    const { type: target, optional } = unwrapOptional(operand);
    let result: CelType = ERROR;
    switch (target.kind) {
      case 'map':
        result = paramOf(target, 1);
        break;
      case 'struct':
        result = this.#fieldType(expr.at, target.name, expr.field) ?? ERROR;
        break;
      case 'param':
        this.#substitution.isAssignable(DYN, target);
        result = DYN;
        break;
      default:
        if (target.kind !== 'dyn' && target.kind !== 'error') {
          this.#error(expr.at, `type '${formatType(target)}' does not support field selection`);
        }
        result = DYN;
    }
    return optional || expr.optional ? optionalType(result) : result;
  }

  #fieldType(offset: number, struct: string, field: string): CelType | undefined {
    const type = this.#declarations.fieldOf(struct, field);
    if (type === undefined) {
      const known = this.#declarations.hasFields(struct);
      this.#error(offset, known ? `undefined field '${field}'` : `unexpected failed resolution of '${struct}'`);
    }
    return type;
  }

  #call(expr: Call): CelType {
    const args = expr.args.map((arg) => this.#check(arg));
    const prefix = expr.target === undefined ? undefined : dottedName(expr.target);
    const qualified = prefix === undefined ? undefined : this.#declarations.lookupFunction(`${prefix}.${expr.name}`);
    if (qualified !== undefined) return this.#overload(expr, qualified, args, false, true);
    const targets = expr.target === undefined ? [] : [this.#check(expr.target)];
    const declaration = this.#declarations.lookupFunction(expr.name);
    if (declaration === undefined) {
      this.#undeclared(expr, expr.name);
      return ERROR;
    }
    return this.#overload(expr, declaration, [...targets, ...args], expr.target !== undefined, false);
  }

  #overload(
    expr: Call,
    declaration: FunctionDeclaration,
    args: readonly CelType[],
    member: boolean,
    namespaced: boolean,
  ): CelType {
    const overloads: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of declaration.overloads) {
      if ((overload.member === true) !== member) continue;
      if (declaration.name === '_&&_' || declaration.name === '_||_')
        return this.#logic(expr, declaration, overload, args);
      if (!this.#mixedComparisons && this.#signatures.isMixedComparison(declaration.name, overload)) continue;
      const { params, result: declared } = this.#signatures.instantiate(overload, this.#substitution);
      if (!this.#substitution.areAssignable(args, params)) continue;
      overloads.push(overload);
      const type = this.#substitution.apply(declared);
      if (result === undefined) result = type;
      else if (result.kind !== 'dyn' && !sameType(type, result)) result = DYN;
    }
    if (result === undefined) {
      const types = args.map((type) => this.#substitution.apply(type, true));
      const applied = formatArguments(types, member);
      this.#error(expr.at, `found no matching overload for '${declaration.name}' applied to '${applied}'`);
      this.#references.set(expr.id, { kind: 'function', declaration, overloads: [], namespaced });
      return ERROR;
    }
    this.#references.set(expr.id, { kind: 'function', declaration, overloads, namespaced });
    return result;
  }

  /** Checks `&&` or `||`. Each operand that cannot be a bool has an error at its own position. */
  #logic(expr: Call, declaration: FunctionDeclaration, overload: Overload, args: readonly CelType[]): CelType {
    let fits = true;
    for (const [index, type] of args.entries()) {
      if (this.#substitution.isAssignable(type, BOOL)) continue;
      this.#mismatch((expr.args[index] as Expr).at, BOOL, type);
      fits = false;
    }
    this.#references.set(expr.id, { kind: 'function', declaration, overloads: [overload], namespaced: false });
    return fits ? BOOL : ERROR;
  }

  /** The type of an element that is written as `?e`: the type of the value in the optional `e`. */
  #optionalElement(expr: Expr, type: CelType): CelType {
    const unwrapped = unwrapOptional(type);
    if (!unwrapped.optional && type.kind !== 'dyn') this.#mismatch(expr.at, optionalType(type), type);
    return unwrapped.type;
  }

  /**
   * Returns the common type of the elements of a literal up to `expr`. `previous` is the common type of the elements
   * before `expr`, and `current` is the type of `expr`.
   */
  #join(expr: Expr, previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    if (this.#substitution.isAssignable(previous, current)) return mostGeneral(previous, current);
    if (!this.#declarations.homogeneousLiterals) return DYN;
    this.#mismatch(expr.at, previous, current);
    return ERROR;
  }

  #list(expr: ListLiteral): CelType {
    let element: CelType | undefined;
    for (const [index, item] of expr.elements.entries()) {
      const type = this.#check(item);
      element = this.#join(item, element, expr.optionals.has(index) ? this.#optionalElement(item, type) : type);
    }
    return listType(element ?? this.#substitution.variable());
  }

  #map(expr: MapLiteral): CelType {
    let key: CelType | undefined;
    let value: CelType | undefined;
    for (const entry of expr.entries) {
      key = this.#join(entry.key, key, this.#check(entry.key));
      const type = this.#check(entry.value);
      value = this.#join(entry.value, value, entry.optional ? this.#optionalElement(entry.value, type) : type);
    }
    const type = mapType(key ?? this.#substitution.variable(), value ?? this.#substitution.variable());
    if (typeSize(type) <= MAX_TYPE_SIZE) return type;
    // In nested bindings of maps such as `{a: a}`, each binding doubles the size of the type. A check visits every part
    // of a type, so without a limit its time would be exponential.
    this.#error(expr.at, 'the type of the map is too large');
    return ERROR;
  }

  #struct(expr: StructLiteral): CelType {
    const found = this.#declarations.lookupStruct(expr.name);
    if (found === undefined) {
      this.#undeclared(expr, expr.name);
      return ERROR;
    }
    this.#references.set(expr.id, { kind: 'struct', name: found.name });
    let { type } = found;
    if (!isMessage(type)) {
      this.#error(expr.at, `'${type.name}' is not a message type`);
      type = ERROR;
    }
    for (const field of expr.fields) {
      const value = this.#check(field.value);
      const declared = this.#fieldType(field.at, found.name, field.name) ?? ERROR;
      const given = field.optional ? this.#optionalElement(field.value, value) : value;
      if (this.#substitution.isAssignable(declared, given)) continue;
      const types = `'${formatType(declared)}' but provided type is '${formatType(given)}'`;
      this.#error(field.at, `expected type of field '${field.name}' is ${types}`);
    }
    return type;
  }

  #comprehension(expr: Comprehension): CelType {
    this.#check(expr.range);
    const accumulator = this.#check(expr.init);
    const range = this.#substitution.apply(this.#types[expanded(expr.range).id] as CelType);
    this.#scopes.push(new Map([[expr.accumulator, accumulator]]));
    this.#mixedComparisons = true;
    const { first, second } = this.#loopTypes(expr, range);
    const loop: Scope = new Map([[expr.variable, first]]);
    if (expr.variable2 !== undefined) loop.set(expr.variable2, second);
    this.#scopes.push(loop);
    this.#assert(expr.condition, BOOL);
    this.#assert(expr.step, accumulator);
    this.#scopes.pop();
    const result = this.#check(expr.result);
    this.#scopes.pop();
    return this.#substitution.apply(result);
  }

  #assert(expr: Expr, type: CelType): void {
    const found = this.#check(expr);
    if (!this.#substitution.isAssignable(type, found)) this.#mismatch(expr.at, type, found);
  }

  #loopTypes(expr: Comprehension, range: CelType): { first: CelType; second: CelType } {
    const two = expr.variable2 !== undefined;
    switch (range.kind) {
      case 'list':
        return two ? { first: INT, second: paramOf(range, 0) } : { first: paramOf(range, 0), second: DYN };
      case 'map':
        return { first: paramOf(range, 0), second: paramOf(range, 1) };
      case 'dyn':
      case 'error':
      case 'param':
        this.#substitution.isAssignable(DYN, range);
        return { first: DYN, second: DYN };
      default: {
        const allowed = '(must be list, map, or dynamic)';
        const type = formatType(range);
        this.#error(expr.range.at, `expression of type '${type}' cannot be range of a comprehension ${allowed}`);
        return { first: ERROR, second: ERROR };
      }
    }
  }
}

/**
 * Does the checker accept a literal `Name{…}` of this type? As in cel-go, the names `list`, `map` and `null_type` are
 * accepted; the evaluation of such a literal fails.
 */
function isMessage(type: CelType): boolean {
  return ['struct', 'timestamp', 'duration', 'list', 'map', 'null', 'dyn'].includes(type.kind);
}

/** Returns `a.b.c` as one name; undefined when the expression has parts other than names and dots. */
export function dottedName(expr: Expr): string | undefined {
  const fields: string[] = [];
  let node = expr;
  while (node.kind === 'select') {
    if (node.test || node.optional) return undefined;
    fields.push(node.field);
    node = node.operand;
  }
  return node.kind === 'ident' ? [node.name, ...fields.reverse()].join('.') : undefined;
}

function rootOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
}
