import { type CelType, type Expr, isOptional, namesBoundBy, regexProblem, typeToString, walkAst } from '@typekro/cel';
import { isJsonObject, getOrInsert } from '@typekro/kit/core';
import { type Analysed, rootsOf } from '../analysis.ts';
import { acceptedByKroLoophole, hasBytes } from '../checks/assignability.ts';
import { callsGlobal, callsBeyondStock } from '../expressions/gated-functions.ts';
import type { TypedResource } from '../checks/check-types.ts';
import { type ResourceDraft, type FieldSite, readsAsList } from '../resource-draft.ts';
import type { CompiledExpression } from '../expressions/expression.ts';
import type { Language } from '../expressions/language.ts';
import type { CompileOptions } from '../options.ts';
import type { ProblemLocation, Problems } from '../problems.ts';
import { expectedTypes } from '../walk.ts';

/** Warns of expressions that compile but do not do what they seem to do. */
export function warnExpressions(
  resources: readonly TypedResource[],
  other: readonly CompiledExpression[],
  language: Language,
  options: CompileOptions,
  problems: Problems,
): void {
  const drafts = new Map(resources.map(({ linked }) => [linked.draft.id, linked.draft]));
  const neverIncluded = new Set(
    resources.filter(({ includeWhen }) => includeWhen.some(isNever)).map(({ linked }) => linked.draft.id),
  );
  const warner = new Warner({ drafts, neverIncluded, language, options, problems });
  for (const resource of resources) warner.resource(resource);
  for (const each of other) warner.expression(each);
}

/** The expressions that build a new list or map. */
const BUILDS: ReadonlySet<Expr['kind']> = new Set(['list', 'map', 'struct', 'comprehension', 'macro']);

/** Kinds that replace their pods after any change of the pod template. */
const ROLLING = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

interface WarnerParts {
  readonly drafts: ReadonlyMap<string, ResourceDraft>;
  /** The ids of resources with an `includeWhen` condition that is the constant false. */
  readonly neverIncluded: ReadonlySet<string>;
  readonly language: Language;
  readonly options: CompileOptions;
  readonly problems: Problems;
}

interface ExpressionParts {
  readonly loopVariables: readonly string[];
  readonly beyondStock: readonly string[];
}

const NOTHING: ExpressionParts[] = [];

/**
 * A cache of expressions whose checks reported no warning. An expression has one entry for strings that contain only
 * the expression, and another entry for longer strings, such as `x-${a}`. The cache helps because many resources of a
 * definition have the same expression in the same field.
 */
class SoundExpressions {
  readonly #bare = new WeakSet<Expr>();
  readonly #inText = new WeakSet<Expr>();

  has(found: CompiledExpression): boolean {
    const root = onlyRoot(found);
    return root !== undefined && this.#of(found).has(root);
  }

  add(found: CompiledExpression): void {
    const root = onlyRoot(found);
    if (root !== undefined) this.#of(found).add(root);
  }

  #of({ site }: CompiledExpression): WeakSet<Expr> {
    return site.text.template === undefined ? this.#bare : this.#inText;
  }
}

function onlyRoot(found: CompiledExpression): Expr | undefined {
  const { parts } = found;
  if (parts === undefined) return found.ast.expr;
  return parts.length === 1 ? parts[0]?.ast.expr : undefined;
}

/** The problem of a call that always fails because of its constant argument, with a remedy. */
interface FailingCall {
  readonly message: string;
  readonly hint: string;
}

/**
 * Finds calls of `int` or `uint` with a constant string that is not an integer, and calls of `matches` with a constant
 * pattern that RE2 refuses.
 */
function failingCalls(root: Expr): FailingCall[] {
  const found: FailingCall[] = [];
  walkAst(root, (expr) => {
    if (expr.kind !== 'call') return;
    const argument = expr.args.at(-1);
    if (argument?.kind !== 'literal' || typeof argument.value !== 'string') return;
    if (expr.name === 'matches') found.push(...failingPattern(argument.value));
    else if (expr.target === undefined && (expr.name === 'int' || expr.name === 'uint'))
      found.push(...failingConversion(expr.name, argument.value));
  });
  return found;
}

function failingConversion(call: string, text: string): FailingCall[] {
  if (/^[+-]?\d+$/.test(text)) return [];
  const message = `${call}(${JSON.stringify(text)}) can never return a value: the string is not a number`;
  return [{ message, hint: 'write digits in the quotes, or the number itself' }];
}

function failingPattern(pattern: string): FailingCall[] {
  const problem = regexProblem(pattern);
  if (problem === undefined) return [];
  const message = `matches() takes a regular expression, but ${JSON.stringify(pattern)} is not one: ${problem}`;
  // A common mistake is a shell pattern instead of a regular expression.
  const plain = pattern.replaceAll('*', '');
  const hint =
    plain !== '' && /^[\w*-]+$/.test(pattern)
      ? `write matches("${plain}"), which finds ${plain} anywhere in the string, or "^${plain}" at its beginning`
      : 'correct the pattern; its syntax is that of RE2';
  return [{ message, hint }];
}

/**
 * The type of a Service, if it is certainly not LoadBalancer. Undefined for other kinds, and for a node that does not
 * create the Service. Also undefined if an expression computes the type or the whole spec.
 */
function otherType({ resolved, skeleton, nodeType }: ResourceDraft): string | undefined {
  if (resolved?.type.group !== '' || resolved.type.kind !== 'Service') return undefined;
  if (nodeType !== 'resource' && nodeType !== 'collection') return undefined;
  const { spec = {} } = skeleton;
  if (!isJsonObject(spec)) return undefined;
  const { type = 'ClusterIP' } = spec;
  return typeof type === 'string' && type !== 'LoadBalancer' ? type : undefined;
}

/** Does an expression test whether a field exists? Such an expression also has a value when the field is absent. */
function testsExistence(root: Expr): boolean {
  let tests = false;
  walkAst(root, (expr) => {
    tests ||= (expr.kind === 'select' && expr.test) || (expr.kind === 'select' && expr.optional);
  });
  return tests;
}

/** Is the condition the constant false? */
function isNever({ ast }: CompiledExpression): boolean {
  return ast.expr.kind === 'literal' && ast.expr.value === false;
}

class Warner {
  readonly #drafts: ReadonlyMap<string, ResourceDraft>;
  readonly #neverIncluded: ReadonlySet<string>;
  readonly #language: Language;
  readonly #options: CompileOptions;
  readonly #problems: Problems;
  readonly #parts = new WeakMap<Expr, ExpressionParts>();
  /** Expressions without warnings about their use in a field, by the kind of the resource and the path of the field. */
  readonly #soundFields = new Map<ResourceDraft['resolved'], Map<string, SoundExpressions>>();
  /** Expressions without warnings that do not depend on the field. */
  readonly #sound = new SoundExpressions();

  constructor({ drafts, neverIncluded, language, options, problems }: WarnerParts) {
    this.#drafts = drafts;
    this.#neverIncluded = neverIncluded;
    this.#language = language;
    this.#options = options;
    this.#problems = problems;
  }

  resource({ linked, fields, dimensions, includeWhen, readyWhen }: TypedResource): void {
    const { draft } = linked;
    for (const { path, offset } of draft.unclosed) {
      const message = 'this ${ has no end, so kro treats it as literal text';
      const hint =
        'close it with }; kro recognises only double quotes, so braces and double quotes inside single quotes count, too';
      this.#report('graph/unclosed-expression', message, { path, offset }, hint);
    }
    // Index loop: in unoptimized code for..of allocates at each step.
    for (let index = 0; index < fields.length; index += 1)
      this.#field(draft, fields[index] as CompiledExpression<FieldSite>);
    for (const each of includeWhen) this.#constant(each);
    for (const each of readyWhen) {
      this.#neverReady(draft, each);
      this.#emptyLoadBalancer(each, 'graph/never-ready');
    }
    for (let index = 0; index < fields.length; index += 1) this.expression(fields[index] as CompiledExpression);
    for (const each of [...dimensions, ...includeWhen]) this.expression(each);
  }

  #field(draft: ResourceDraft, field: CompiledExpression<FieldSite>): void {
    // The types in a collection have their own names, so the results for a collection do not hold for other resources
    // of its kind.
    const sound = readsAsList(draft) ? new SoundExpressions() : this.#soundField(draft, field);
    if (sound.has(field)) return;
    const before = this.#problems.size;
    this.#restarts(draft, field);
    this.#replaces(draft, field);
    this.#quantity(draft, field);
    this.#typeHole(draft, field);
    this.#bytes(draft, field);
    if (this.#problems.size === before) sound.add(field);
  }

  #soundField({ resolved }: ResourceDraft, { site }: CompiledExpression<FieldSite>): SoundExpressions {
    const paths = getOrInsert(this.#soundFields, resolved, () => new Map());
    return getOrInsert(paths, site.pathText, () => new SoundExpressions());
  }

  /** Warns of problems of an expression that do not depend on its site. */
  expression(found: CompiledExpression): void {
    if (this.#sound.has(found)) return;
    const before = this.#problems.size;
    this.#anywhere(found);
    if (this.#problems.size === before) this.#sound.add(found);
  }

  #anywhere(found: CompiledExpression): void {
    const parts = this.#remarkableParts(found);
    this.#hidden(found, parts);
    this.#added(found);
    if (parts.length > 0 && (this.#options.target ?? 'stock') === 'stock') {
      for (const call of new Set(parts.flatMap(({ beyondStock }) => beyondStock))) {
        const message = `stock kro refuses ${call}: it lacks the function, or has it behind a feature gate that is off`;
        this.#warn(
          'graph/stock-function',
          message,
          placeOf(found),
          'compile for the target typekro, or remove the function',
        );
      }
    }
    const never = found.reads.find(({ id }) => this.#neverIncluded.has(id));
    if (never !== undefined) {
      const message = `${never.id} is never included, so this never has a value`;
      this.#warn('graph/never-available', message, placeOf(found), `change the includeWhen of ${never.id}`);
    }
    for (const { message, hint } of rootsOf(found).flatMap(failingCalls))
      this.#warn('graph/never-available', message, placeOf(found), hint);
    this.#emptyLoadBalancer(found, 'graph/never-available');
    for (const { id, steps } of found.reads) {
      const draft = this.#drafts.get(id);
      const { group, kind } = draft?.resolved?.type ?? {};
      if (group !== '' || kind !== 'Secret' || steps[0] !== 'stringData') continue;
      const message = `${id}.stringData is never present: the API server accepts the field and does not return it`;
      this.#warn(
        'graph/never-available',
        message,
        placeOf(found),
        'read data instead: string(…) makes text of its bytes',
      );
    }
  }

  /** Warns of an expression that reads `status.loadBalancer` of a Service whose type is not LoadBalancer. */
  #emptyLoadBalancer(found: CompiledExpression, code: string): void {
    const read = found.reads.find(({ id, steps }) => {
      const draft = this.#drafts.get(id);
      if (draft === undefined || steps[0] !== 'status' || steps[1] !== 'loadBalancer') return false;
      return otherType(draft) !== undefined;
    });
    const draft = this.#drafts.get(read?.id ?? '');
    if (read === undefined || draft === undefined || rootsOf(found).some(testsExistence)) return;
    const message = `${read.id}.status.loadBalancer stays empty: only a Service of type LoadBalancer gets an address there, and this one is of type ${otherType(draft) ?? ''}`;
    const instead = code === 'graph/never-ready' ? 'remove this condition' : `read ${read.id}.spec.clusterIP instead`;
    this.#warn(code, message, placeOf(found), `set spec.type: LoadBalancer in ${read.id}, or ${instead}`);
  }

  /**
   * Of the parts of an expression, those with loop variables, or with calls that stock kro lacks. Most expressions have
   * none.
   */
  #remarkableParts(found: CompiledExpression): readonly ExpressionParts[] {
    let remarkable: ExpressionParts[] = NOTHING;
    for (const root of rootsOf(found)) {
      const parts = this.#partsOf(root);
      if (parts.loopVariables.length + parts.beyondStock.length > 0) remarkable = [...remarkable, parts];
    }
    return remarkable;
  }

  /** The loops and calls of a syntax tree. They are cached, because many sites may have the same tree. */
  #partsOf(root: Expr): ExpressionParts {
    return getOrInsert(this.#parts, root, () => ({
      loopVariables: loopVariables(root),
      beyondStock: callsBeyondStock(root, (name) => this.#drafts.has(name)),
    }));
  }

  #warn(code: string, message: string, place: ProblemLocation, hint?: string): void {
    this.#problems.warn({ code, message, place, hint });
  }

  #restarts(draft: ResourceDraft, field: CompiledExpression<FieldSite>): void {
    const { steps } = field.site;
    if (draft.resolved?.type.group !== 'apps' || !ROLLING.has(draft.resolved.type.kind)) return;
    if (steps[0] !== 'spec' || steps[1] !== 'template') return;
    const status = field.reads.find(({ id, steps: read }) => read[0] === 'status' && this.#drafts.has(id));
    const cause = status === undefined ? undefined : `${status.id}.status`;
    const reason = rootsOf(field).some((root) => callsGlobal(root, 'now')) ? 'now()' : cause;
    if (reason === undefined) return;
    const message = `this field of the pod template depends on ${reason}: each change of it restarts the pods`;
    const hint = 'to wait for another resource, use readyWhen on it and read a field that does not change';
    this.#warn('graph/restarts-pods', message, placeOf(field), hint);
  }

  /**
   * Warns of a field of bytes. The type check accepts bytes for a field of base64 text, and the value then has no JSON
   * form. A whole map of a live object has one, because the object has the base64 text.
   */
  #bytes({ nodeType }: ResourceDraft, field: CompiledExpression<FieldSite>): void {
    const { type, ast, site } = field;
    const isBytes = type.kind === 'bytes' || (isOptional(type) && type.params[0]?.kind === 'bytes');
    if (nodeType === 'def' || site.text.template !== undefined) return;
    if (!isBytes && !(BUILDS.has(ast.expr.kind) && hasBytes(type))) return;
    const message = `the value has the type ${typeToString(type)}; JSON has no bytes, so each instance fails here`;
    const hint =
      'if the bytes are text, write string(…) around them in a field that takes plain text (stringData of a Secret); or copy all of data with one expression';
    this.#warn('graph/field-bytes', message, placeOf(field), hint);
  }

  /**
   * Warns of a name or namespace that reads a `resourceVersion`. Each write of the object that is read changes the
   * name, so the controller replaces this object.
   */
  #replaces({ nodeType }: ResourceDraft, field: CompiledExpression<FieldSite>): void {
    const [first, part] = field.site.steps;
    if (nodeType !== 'resource' && nodeType !== 'collection') return;
    if (first !== 'metadata' || (part !== 'name' && part !== 'namespace')) return;
    const read = field.reads.find(({ steps }) => steps[0] === 'metadata' && steps[1] === 'resourceVersion');
    if (read === undefined) return;
    const owner = read.id === 'schema' ? 'the instance' : read.id;
    const message = `this ${part} depends on the resourceVersion of ${owner}: each write of ${owner}, also of its status, replaces the object`;
    const hint = `read ${read.id}.metadata.uid, which never changes, or ${read.id}.metadata.generation, which a write of the status does not change`;
    this.#warn('graph/changing-identity', message, placeOf(field), hint);
  }

  #quantity(draft: ResourceDraft, field: CompiledExpression<FieldSite>): void {
    const { resolved } = draft;
    if (resolved === undefined || !isConcatenation(field)) return;
    const schema = this.#language.fieldSchema(draft.id, field.site.pathText);
    const types = schema === undefined ? [] : (expectedTypes(schema) ?? []);
    if (types.length !== 2 || !types.includes('string') || !types.includes('number')) return;
    const message = 'this string becomes a quantity, and its parts may join to a wrong amount: 0.5 and 00m make 0.500m';
    this.#warn('graph/quantity-concatenation', message, placeOf(field), 'use a separate field for the whole quantity');
  }

  /**
   * Reports a value that kro's comparison of types accepts, although the API server refuses it or drops a part of it.
   */
  #typeHole(draft: ResourceDraft, field: CompiledExpression<FieldSite>): void {
    const expected = this.#language.fieldType(draft.id, field.site.pathText);
    if (expected === undefined) return;
    if (acceptedByKroLoophole(field.type, expected)) {
      const [got, want] = [typeToString(field.type), typeToString(expected)];
      const message = `kro takes ${got} here, but the field is ${describe(expected, want)}: the API server will refuse the object`;
      this.#report('graph/type-hole', message, placeOf(field));
      return;
    }
    for (const [key, place] of extraKeys(field, expected, this.#language)) {
      const message = `the field has no member "${key}"; kro does not notice, and the API server drops it`;
      this.#report('graph/unknown-member', message, place);
    }
  }

  /** Reports a problem that kro's checks miss. The report is a warning, or an error when `strict` is set. */
  #report(code: string, message: string, place: ProblemLocation, hint?: string): void {
    if (this.#options.strict === true) this.#problems.error({ phase: 'beyond', code, message, place, hint });
    else this.#warn(code, message, place, hint);
  }

  /**
   * Reports a loop variable with the id of a resource or the name `schema`. In kro, the variable hides the resource or
   * `schema` in the whole loop, including its list. Neither the variable nor the hidden name then has a value.
   */
  #hidden(found: CompiledExpression, parts: readonly ExpressionParts[]): void {
    const hides = parts
      .flatMap(({ loopVariables: names }) => names)
      .find((name) => name === 'schema' || this.#drafts.has(name));
    if (hides === undefined) return;
    const message = `the variable "${hides}" of this loop hides the node or schema of the same name, also in the list of the loop`;
    this.#report('graph/hidden-name', message, placeOf(found), 'give the variable another name');
  }

  /**
   * Reports a string such as `${a}${b}` whose parts are numbers or lists. kro evaluates it as `(a) + (b)`, which adds
   * them instead of concatenating their string forms.
   */
  #added(found: CompiledExpression): void {
    const { kind } = found.type;
    if (found.site.text.template === undefined || kind === 'string' || kind === 'dyn') return;
    const message = `the parts of this string are added, not concatenated: the result is ${typeToString(found.type)}`;
    this.#report('graph/added-values', message, placeOf(found), 'write string(…) around each part');
  }

  #constant(found: CompiledExpression): void {
    if (!isNever(found)) return;
    this.#warn(
      'graph/never-available',
      'this resource is never included',
      placeOf(found),
      'remove the resource or the condition',
    );
  }

  #neverReady(draft: ResourceDraft, found: CompiledExpression): void {
    if (draft.nodeType !== 'externalCollection' || found.ids.length === 0) return;
    const message =
      'kro evaluates this condition for each object without the list: the node is never ready while an object matches the selector';
    this.#warn('graph/never-ready', message, placeOf(found), 'check the objects where they are used');
  }
}

function placeOf(found: Analysed): ProblemLocation {
  return { path: found.site.path, offset: found.site.text.toOriginal(0) };
}

function describe(type: CelType, text: string): string {
  return type.kind === 'struct' ? 'an object' : text;
}

/** Names that the loops and bindings of an expression introduce. */
function loopVariables(root: Expr): string[] {
  const names: string[] = [];
  walkAst(root, (expr) => {
    if (expr.kind === 'macro') names.push(...namesBoundBy(expr));
  });
  return names;
}

/** Is the expression a concatenation of constant and computed strings? */
function isConcatenation(found: CompiledExpression): boolean {
  const { parts = [] } = found.site.text;
  return parts.some(({ kind }) => kind === 'text') || rootsOf(found).some(isAdded);
}

/** Is an expression a sum with a string literal, such as `"a" + x`? */
function isAdded(expr: Expr): boolean {
  if (expr.kind !== 'call' || expr.name !== '_+_') return false;
  return expr.args.some((part) => (part.kind === 'literal' && part.type === 'string') || isAdded(part));
}

/** The literal keys of a map literal that are not fields of the expected object. */
function extraKeys(
  field: CompiledExpression<FieldSite>,
  expected: CelType,
  language: Language,
): [string, ProblemLocation][] {
  const [expr] = rootsOf(field);
  if (expr?.kind !== 'map' || expected.kind !== 'struct' || language.types.findType(expected.name) === undefined)
    return [];
  const known = language.types.fieldNames(expected.name);
  if (known.length === 0) return [];
  return expr.entries.flatMap(({ key }): [string, ProblemLocation][] => {
    if (key.kind !== 'literal' || typeof key.value !== 'string') return [];
    if (language.types.findField(expected.name, key.value) !== undefined || /\W|__/.test(key.value)) return [];
    const { path } = field.site;
    return [[key.value, { path, offset: field.site.text.toOriginal(key.start) }]];
  });
}
