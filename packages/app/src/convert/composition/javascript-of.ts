import type { Call, Expr, Literal, Select } from '@typekro/cel';
import { quoteForAuthor } from '@typekro/sdk/javascript';
import type { Schema } from '@typekro/engine/schema';
import { type Code, memberAccess, templatePart } from './code.ts';

/** Resolves the names that expressions inside a composition use. */
export interface ExpressionScope {
  /** The schema of the spec in the composition. `undefined` when its fields have no types. */
  readonly spec: Schema | undefined;
  /** Returns the resource with an id, if the composition can read it. */
  readonly resource: (id: string) => ReadableResource | undefined;
  /** Returns the variable of a loop, by the name of its iterator. */
  readonly iterator: (name: string) => { readonly variable: string; readonly schema: Schema | undefined } | undefined;
}

/** A resource whose fields have types. */
export interface ReadableResource {
  readonly variable: string;
  /** `undefined` when only its metadata has types. */
  readonly schema: Schema | undefined;
  /** Does a composition read this status field as 0 when the API server omits the field? */
  readonly isCounter: (field: string) => boolean;
}

/** The kind of a value. Values of all kinds except `other` behave in the same way in JavaScript and CEL. */
type ValueKind = 'boolean' | 'integer' | 'other' | 'string';

/** An expression of JavaScript. */
interface Script {
  readonly text: string;
  readonly kind: ValueKind;
  /** The precedence of its outermost operator. 20 for a name, a member or a literal. */
  readonly binds: number;
  /** The test and the two branches of a conditional, if none of them needs parentheses. */
  readonly choice?: readonly [Script, Script, Script];
  /** The parts of a template literal or of a string literal. Absent for other expressions. */
  readonly parts?: readonly (Script | string)[];
  /**
   * True when the expression reads a resource. Such an expression cannot be an operand or a test, because CEL waits for
   * the resource and JavaScript does not.
   */
  readonly reads?: boolean;
  /** The type of the field in its schema, if the expression reads a field. */
  readonly type?: Schema['type'];
  /**
   * True for a counter in the status of a resource. A composition reads the counter as 0 when the API server omits it.
   */
  readonly isCounter?: boolean;
}

/**
 * Converts an expression to JavaScript that a composition translates back to the same CEL. Returns `undefined` when
 * JavaScript cannot express it, or when the behaviour would differ. For example, CEL waits for an absent field, and
 * JavaScript continues.
 */
export function javaScriptOf(expr: Expr, scope: ExpressionScope): Code | undefined {
  const script = new Writer(scope).write(expr);
  return script === undefined ? undefined : codeOf(script);
}

function codeOf({ text: written, binds, choice }: Script): Code {
  if (choice === undefined) return { kind: 'text', text: written, isOperation: binds >= OR && binds < UNARY };
  const [test, yes, no] = choice;
  return { kind: 'choice', test: codeOf(test), yes: codeOf(yes), no: codeOf(no) };
}

const ATOM = 20;
/** The precedence of `!` and of a sign. */
const UNARY = 15;

class Writer {
  readonly #scope: ExpressionScope;

  constructor(scope: ExpressionScope) {
    this.#scope = scope;
  }

  write(expr: Expr): Script | undefined {
    switch (expr.kind) {
      case 'literal':
        return literalOf(expr);
      case 'ident':
      case 'select':
        return this.#read(expr);
      case 'call':
        return this.#call(expr);
      default:
        return undefined;
    }
  }

  /** Converts a name or a chain of fields. Returns `undefined` if a field of the chain can be absent. */
  #read(expr: Expr): Script | undefined {
    const path = pathOf(expr);
    if (path === undefined || path.fields.some(({ optional }) => optional)) return undefined;
    const found = this.#fieldOf(path);
    return found === undefined || !found.isSure ? undefined : found.script;
  }

  #fieldOf({ root, fields }: Path): { readonly script: Script; readonly isSure: boolean } | undefined {
    if (root === 'schema') {
      const [first, ...rest] = fields;
      return first?.name === 'spec' && !first.optional && rest.length > 0
        ? specField(this.#scope.spec, 'spec', rest)
        : undefined;
    }
    const iterator = this.#scope.iterator(root);
    if (iterator !== undefined) {
      const { variable, schema } = iterator;
      if (fields.length > 0) return specField(schema, variable, fields);
      return { script: atom(variable, schema === undefined ? 'other' : kindOf(schema)), isSure: true };
    }
    return resourceField(this.#scope.resource(root), fields);
  }

  #call(expr: Call): Script | undefined {
    const { name, args, target } = expr;
    if (name === 'orValue' && target !== undefined && args.length === 1) return this.#orValue(target, args[0] as Expr);
    if (target !== undefined) return undefined;
    if (name === 'string') {
      const of = this.write(args[0] as Expr);
      if (of === undefined || (of.kind !== 'integer' && of.kind !== 'string')) return undefined;
      return textOf([of]);
    }
    if (name === '_?_:_') return this.#conditional(args);
    if (name === '!_') {
      const of = this.write(args[0] as Expr);
      return of?.kind === 'boolean' ? { ...of, text: `!${within(of, UNARY)}`, binds: UNARY } : undefined;
    }
    return this.#operator(name, args);
  }

  /** Writes `a.?b.orValue(c)` as `a.b ?? c`. */
  #orValue(target: Expr, fallback: Expr): Script | undefined {
    const path = pathOf(target);
    const other = this.write(fallback) ?? this.#wholeLiteral(fallback);
    if (path === undefined || other === undefined || !path.fields.some(({ optional }) => optional)) return undefined;
    const found = this.#fieldOf(path);
    if (found === undefined || found.script.kind !== other.kind) return undefined;
    if (other.kind === 'other' && (other.type === undefined || found.script.type !== other.type)) return undefined;
    const { script } = found;
    if (script.isCounter === true) return other.text === '0' ? { ...script, reads: false } : undefined;
    const reads = script.reads === true;
    // A composition makes every field after an optional field optional, too.
    if (reads && !isOptionalToTheEnd(path)) return undefined;
    return { text: `${script.text} ?? ${within(other, 8)}`, kind: other.kind, binds: 4, ...(reads && { reads }) };
  }

  /** Converts an empty map, or a list of literals. Both can be the default of an optional field. */
  #wholeLiteral(expr: Expr): Script | undefined {
    if (expr.kind === 'map') return expr.entries.length === 0 ? { ...atom('{}', 'other'), type: 'object' } : undefined;
    if (expr.kind !== 'list' || expr.optionals.size > 0) return undefined;
    const elements = expr.elements.map((each) => (each.kind === 'literal' ? literalOf(each) : undefined));
    if (!elements.every((each) => each !== undefined)) return undefined;
    return { ...atom(`[${elements.map(({ text }) => text).join(', ')}]`, 'other'), type: 'array' };
  }

  #conditional(args: readonly Expr[]): Script | undefined {
    const [test, yes, no] = args.map((each) => this.write(each));
    if (test === undefined || yes === undefined || no === undefined) return undefined;
    if (test.kind !== 'boolean' || test.reads === true || yes.kind !== no.kind || yes.kind === 'other')
      return undefined;
    const reads = yes.reads === true || no.reads === true;
    return {
      text: `${within(test, 5)} ? ${within(yes, 3)} : ${within(no, 2)}`,
      kind: yes.kind,
      binds: 2,
      ...(test.binds > 4 && yes.binds > 2 && { choice: [test, yes, no] as const }),
      ...(reads && { reads }),
    };
  }

  #operator(name: string, args: readonly Expr[]): Script | undefined {
    const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
    const [a, b] = args.map((each) => this.write(each));
    if (a === undefined || b === undefined || a.kind !== b.kind) return undefined;
    if (name === '_+_' && a.kind === 'string') return textOf([...(a.parts ?? [a]), ...(b.parts ?? [b])]);
    if (operator === undefined || !operator.of.includes(a.kind)) return undefined;
    if (a.reads === true || b.reads === true) return undefined;
    const { word, binds, gives } = operator;
    // The code format requires parentheses around `&&` inside `||`.
    const side = (of: Script, binding: number) => within(of, binds === OR && of.binds === OR + 1 ? ATOM : binding);
    return { text: `${side(a, binds)} ${word} ${side(b, binds + 1)}`, kind: gives ?? a.kind, binds };
  }
}

interface Operator {
  readonly word: string;
  readonly binds: number;
  /** The allowed kinds of the operands. */
  readonly of: readonly ValueKind[];
  /** The kind of the result, if it differs from the kind of the operands. */
  readonly gives?: ValueKind;
}

/** The precedence of `||`. The precedence of `&&` is higher by one. */
const OR = 6;

const compared = (word: string): Operator => ({ word, binds: 10, of: ['integer'], gives: 'boolean' });

const OPERATORS: Readonly<Record<string, Operator>> = {
  '_&&_': { word: '&&', binds: OR + 1, of: ['boolean'] },
  '_||_': { word: '||', binds: OR, of: ['boolean'] },
  '_==_': { word: '===', binds: 9, of: ['boolean', 'integer', 'string'], gives: 'boolean' },
  '_!=_': { word: '!==', binds: 9, of: ['boolean', 'integer', 'string'], gives: 'boolean' },
  '_<_': compared('<'),
  '_<=_': compared('<='),
  '_>_': compared('>'),
  '_>=_': compared('>='),
  '_+_': { word: '+', binds: 12, of: ['integer'] },
  '_-_': { word: '-', binds: 12, of: ['integer'] },
  '_*_': { word: '*', binds: 13, of: ['integer'] },
};

const within = (of: Script, binds: number): string => (of.binds < binds ? `(${of.text})` : of.text);

const atom = (value: string, kind: ValueKind, reads = false): Script => ({
  text: value,
  kind,
  binds: ATOM,
  ...(reads && { reads }),
});

function literalOf({ type, value }: Literal): Script | undefined {
  if (typeof value === 'string') return { ...atom(quoteForAuthor(value), 'string'), parts: [value] };
  if (typeof value === 'boolean') return atom(String(value), 'boolean');
  if (type !== 'int' || !Number.isSafeInteger(Number(value))) return undefined;
  return { ...atom(String(value), 'integer'), ...(Number(value) < 0 && { binds: UNARY }) };
}

/** Joins parts to a template literal. Adjacent strings become one part. */
function textOf(given: readonly (Script | string)[]): Script {
  const parts: (Script | string)[] = [];
  for (const part of given) {
    const last = parts.at(-1);
    if (typeof part === 'string' && typeof last === 'string') parts[parts.length - 1] = last + part;
    else if (part !== '') parts.push(part);
  }
  const [only] = parts;
  if (parts.length === 0) return atom(quoteForAuthor(''), 'string');
  if (parts.length === 1 && typeof only === 'string') return { ...atom(quoteForAuthor(only), 'string'), parts };
  if (parts.length === 1 && typeof only === 'object' && only.kind === 'string') return { ...only, parts };
  const inner = parts.map((part) => (typeof part === 'string' ? templatePart(part) : `\${${part.text}}`)).join('');
  const reads = parts.some((part) => typeof part === 'object' && part.reads === true);
  return { ...atom(`\`${inner}\``, 'string', reads), parts };
}

/** A chain of fields. */
interface Path {
  readonly root: string;
  readonly fields: readonly { readonly name: string; readonly optional: boolean }[];
}

function pathOf(expr: Expr): Path | undefined {
  const fields: { name: string; optional: boolean }[] = [];
  let at = expr;
  while (at.kind === 'select' && !at.test) {
    fields.unshift({ name: at.field, optional: (at satisfies Select).optional });
    at = at.operand;
  }
  return at.kind === 'ident' ? { root: at.name, fields } : undefined;
}

/**
 * Converts the read of a field of the spec, or of an element of one of its lists. After the first field that can be
 * absent, JavaScript reads all fields with `?.`. The CEL expression must use optional selections (`.?`) at the same
 * positions.
 */
function specField(
  schema: Schema | undefined,
  from: string,
  fields: Path['fields'],
): { readonly script: Script; readonly isSure: boolean } | undefined {
  let at = schema;
  let written = from;
  let isSure = true;
  let isOptional = false;
  for (const { name, optional } of fields) {
    const { properties, required = [] } = at ?? {};
    const field = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (field === undefined || field.nullable === true) return undefined;
    isOptional ||= optional;
    // Before the first `.?`, CEL waits for an absent field.
    if (!isSure && !isOptional) return undefined;
    written += isSure ? memberAccess(name) : `?.${memberAccess(name).replace(/^\./, '')}`;
    if (!required.includes(name) && field.default === undefined) isSure = false;
    if (!isSure && !isOptional && name !== fields.at(-1)?.name) return undefined;
    at = field;
  }
  const type = at?.['x-kubernetes-int-or-string'] === true ? undefined : at?.type;
  return { script: { ...atom(written, at === undefined ? 'other' : kindOf(at)), ...(type && { type }) }, isSure };
}

/** Are all fields after the first optional one optional, too? */
function isOptionalToTheEnd({ fields }: Path): boolean {
  const first = fields.findIndex(({ optional }) => optional);
  return fields.slice(first).every(({ optional }) => optional);
}

/** Converts the read of a field of a resource whose kind has a schema. */
function resourceField(
  resource: ReadableResource | undefined,
  fields: Path['fields'],
): { readonly script: Script; readonly isSure: boolean } | undefined {
  if (resource === undefined) return undefined;
  const { variable, schema, isCounter } = resource;
  const [first, second] = fields;
  if (first === undefined || second === undefined) return undefined;
  if (first.name === 'metadata') {
    const isText = fields.length === 2 && (second.name === 'name' || second.name === 'namespace');
    return isText ? { script: atom(`${variable}.metadata.${second.name}`, 'string', true), isSure: true } : undefined;
  }
  const isCounted = first.name === 'status' && fields.length === 2 && isCounter(second.name);
  let at: Schema | undefined = schema;
  for (const { name } of fields) {
    const properties: Schema['properties'] = at?.properties;
    at = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
    // CEL reads a time as a timestamp, whose string form differs from the string in the template.
    if (at === undefined || TIMES.has(at.format ?? '')) return undefined;
  }
  if (at === undefined) return undefined;
  // `a.?b.?c` becomes `a.b?.c`: CEL marks the field that can be absent with `?`, and JavaScript marks the access that
  // follows it.
  const written = fields.map(({ name }, index) => {
    const member = memberAccess(name);
    return fields[index - 1]?.optional === true ? `?.${member.replace(/^\./, '')}` : member;
  });
  const script = atom(`${variable}${written.join('')}`, kindOf(at), true);
  return { script: isCounted ? { ...script, isCounter: true } : script, isSure: !isCounted };
}

const TIMES: ReadonlySet<string> = new Set(['date-time', 'micro-time', 'duration']);

function kindOf(schema: Schema): ValueKind {
  if (schema['x-kubernetes-int-or-string'] === true) return 'other';
  return schema.type === 'string' || schema.type === 'integer' || schema.type === 'boolean' ? schema.type : 'other';
}
