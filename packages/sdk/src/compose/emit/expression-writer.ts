import { getOrInsert } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';
import { cond } from '../ir/build.ts';
import { fused } from '../ir/fused.ts';
import { celTypeName, sameCelType } from '../ir/cel-type-name.ts';
import { dyn, Lowering } from '../ir/lower.ts';
import type { Node, ObjectLiteral, Variable } from '../ir/node.ts';
import { bodyOf, makeNode, UnknownLength, walk, withArgs } from '../ir/node.ts';
import { celText, quoteCel } from '../ir/to-cel.ts';
import { DYN } from '../ir/types.ts';
import { withOptionalReads } from '../ir/optional-reads.ts';
import { shareParts } from '../ir/share.ts';
import type { Target } from '../public-types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { declaredMemberSchema } from './flows.ts';

const MAX_NODES = 20_000;
const MAX_TEXT_LENGTH = 32_768;
/** kro compiles a string with expressions to one expression, for which CEL has this limit. */
const MAX_JOINED_LENGTH = 100_000;

/** Writes expressions as CEL: lowers them to CEL's types, shares repeated parts, and prints. */
export class ExpressionWriter {
  private readonly lowering = new Lowering((node) => activeTrace().origins.get(node));
  private readonly ids: ReadonlySet<string>;
  private readonly target: Target;
  private readonly loopNames: ReadonlyMap<Variable, string>;
  /** Caches CEL text by expression and schema, because many fields of a graph have the same expression. */
  private readonly written = new Map<Node, Map<Schema | undefined, string>>();
  /** Caches the text of concatenations. The name of a workload, for example, occurs in all its labels. */
  private readonly texts = new Map<Node, string>();

  private readonly expand: (node: Node) => Node;

  /**
   * `ids` are the ids of all resources. `loopNames` are the names of the iterators of the resource whose fields are
   * written. `expand` replaces a read of a resource that became several nodes.
   */
  constructor(
    ids: ReadonlySet<string>,
    target: Target,
    loopNames: ReadonlyMap<Variable, string> = new Map(),
    expand: (node: Node) => Node = (node) => node,
  ) {
    this.ids = ids;
    this.expand = expand;
    this.target = target;
    this.loopNames = loopNames;
  }

  /** The CEL text of an expression for a field with this schema. */
  cel(node: Node, schema?: Schema): string {
    const texts = getOrInsert(this.written, node, () => new Map());
    return getOrInsert(texts, schema, () => this.write(node, schema));
  }

  /** Does the expression contain hand-written CEL that reads the instance or a resource? */
  readsByHand(node: Node): boolean {
    let found = false;
    walk(node, (part) => {
      if (part.kind !== 'raw') return;
      for (const [name] of part.pieces.join(' ').matchAll(/[A-Za-z_]\w*/g))
        if (name === 'schema' || this.ids.has(name)) found = true;
    });
    return found;
  }

  private write(node: Node, schema: Schema | undefined): string {
    const lowered = encoded(structured(this.lowering.lower(fused(this.expand(node))), schema), schema);
    checkVariables(lowered, this.loopNames);
    if (this.target === 'stock') checkStock(lowered);
    const shared = shareParts(withOptionalReads(lowered));
    // `size` counts a part once per occurrence in the text, and each counted node prints at least one character. A
    // large size therefore means a long text.
    if (shared.size > MAX_TEXT_LENGTH) tooLarge(`${shared.size} nodes`);
    const text = celText(shared, this.ids, this.loopNames);
    if (text.length > MAX_TEXT_LENGTH) tooLarge(`${text.length} characters`);
    return text;
  }

  /** The value of a field: a constant, `${…}`, or (for most concatenations) a string that contains `${…}`. */
  field(node: Node, schema?: Schema): string | number | boolean | null {
    if (node.kind === 'lit' && typeof node.value !== 'bigint') {
      return typeof node.value === 'string' ? escapeText(node.value) : node.value;
    }
    return (node.kind === 'concat' ? this.joined(node) : undefined) ?? `\${${this.cel(node, schema)}}`;
  }

  /** A concatenation as a string that contains `${…}`; undefined when a literal part contains `${`. */
  private joined(node: Node): string | undefined {
    let text = this.texts.get(node);
    if (text === undefined) {
      if (node.args.some((part) => part.kind === 'lit' && String(part.value).includes('${'))) return undefined;
      text = '';
      for (const part of node.args) {
        text += part.kind === 'lit' ? String(part.value) : `\${${this.cel(part)}}`;
        if (text.length > MAX_JOINED_LENGTH) tooLarge(`${text.length} characters`);
      }
      this.texts.set(node, text);
    }
    return text;
  }
}

/**
 * Returns the text of a constant field. kro would read `${` as the start of an expression, so a string that contains
 * `${` is written as a CEL literal.
 */
export function escapeText(text: string): string {
  return text.includes('${') ? `\${${quoteCel(text)}}` : text;
}

/** Functions that stock kro has only behind feature gates. */
const GATED: readonly (readonly [RegExp, string, string])[] = [
  [/\bnow\s*\(\s*\)/, 'now()', 'CELNow'],
  [/\bomit\s*\(\s*\)/, 'omit()', 'CELOmitFunction'],
];

/** Refuses hand-written calls of functions that stock kro has only behind feature gates. */
function checkStock(node: Node): void {
  walk(node, (part) => {
    if (part.kind !== 'raw') return;
    const text = part.pieces.join(' ');
    for (const [pattern, name, gate] of GATED) {
      if (!pattern.test(text)) continue;
      refuse(
        'stock',
        `${name} needs the feature gate ${gate}, which stock kro has switched off`,
        `use toYaml({ target: 'typekro' }), or leave ${name} out`,
      );
    }
  });
}

/** Refuses variables that must not remain in an expression. */
function checkVariables(node: Node, loops: ReadonlyMap<Variable, string>): void {
  let count = 0;
  walk(node, (part) => {
    count++;
    if (part.kind !== 'var') return;
    const of = part.variable;
    if (of instanceof UnknownLength) {
      refuse(
        'loop-carried',
        `${of.name} is not known: the list has conditional elements, or is changed in a loop over a symbolic list`,
        'read the length of the finished list',
      );
    }
    if (of.role === 'accumulator') {
      refuse(
        'loop-carried',
        `${of.name} depends on its own earlier value in a loop over a symbolic list`,
        'sums, string joins, counts, min/max, any/all, push and first match are supported',
      );
    }
    if (of.role === 'element') {
      refuse(
        'no-cel',
        `${of.name} is one object of a collection here, but the graph cannot refer to a single object of a collection`,
        'read the collection after the loop, or put the value into the list',
      );
    }
    if (of.role === 'loop' && !loops.has(of) && !isBound(node, of)) {
      refuse('no-cel', `${of.name} is used outside its loop`, 'collect the values in a list');
    }
  });
  if (count > MAX_NODES) tooLarge(`${count} nodes`);
}

function tooLarge(size: string): never {
  return refuse('too-large', `an expression has grown to ${size}`, 'split it, or move the decision into the spec');
}

/** Is the variable bound by a macro of the expression? */
function isBound(root: Node, of: Variable): boolean {
  let bound = false;
  walk(root, (node) => {
    if (node.kind === 'macro' && node.vars.includes(of)) bound = true;
  });
  return bound;
}

/**
 * Adapts an object literal to a field whose schema is a struct. kro refuses such a literal when all its values have one
 * type. The function therefore wraps the first required value in `dyn`, or the whole literal when no value is required.
 * Adapts the elements of lists and the branches of conditionals in the same way, so that their types agree.
 */
function structured(node: Node, schema: Schema | undefined): Node {
  switch (node.kind) {
    case 'object':
      return structuredObject(node, schema);
    case 'list':
    case 'append': {
      const inner = node.kind === 'list' ? schema?.items : schema;
      const args = node.args.map((arg) => structured(arg, inner));
      const [first, ...others] = args.map(celTypeName);
      if (node.kind === 'append' && first !== undefined && !others.every((name) => sameCelType(name, first))) {
        return makeNode({ kind: 'append', args: args.map(dyn), type: node.type });
      }
      return withArgs(node, args);
    }
    case 'cond': {
      const [test, a, b] = node.args;
      const [x, y] = [structured(a, schema), structured(b, schema)];
      return x === a && y === b ? node : cond(test, x, y);
    }
    case 'macro': {
      if (node.name !== 'map' && node.name !== 'bind') return node;
      const body = structured(bodyOf(node), node.name === 'map' ? schema?.items : schema);
      return withArgs(node, [...node.args.slice(0, -1), body]);
    }
    case 'call':
      if (node.name !== 'optional.of') return node;
      return withArgs(
        node,
        node.args.map((arg) => structured(arg, schema)),
      );
    default:
      return node;
  }
}

/**
 * Does the object literal certainly have a `dyn` value, or values of several CEL types? The type of such a literal is
 * `map(dyn)`. Only the outer types of the values are compared, so two lists have the same type. Objects with a schema
 * and object literals also have the same type.
 */
function isMixed(node: Node): boolean {
  const values = node.args.filter((_, position) => position % 2 === 1);
  const kinds = values.map((value) => /^(?:optional\()?(\w+)/.exec(celTypeName(value))?.[1]?.replace('object', 'map'));
  return kinds.includes('dyn') || new Set(kinds).size > 1;
}

/**
 * Wraps a base64 string, or a map of such strings, in `dyn(…)` where the schema has bytes, because kro accepts no
 * string there.
 */
function encoded(node: Node, schema: Schema | undefined): Node {
  const values = schema?.additionalProperties;
  const isBytes = schema?.format === 'byte' && celTypeName(node) === 'string';
  const isMapOfBytes = typeof values === 'object' && values.format === 'byte';
  return (isBytes || isMapOfBytes) && node.kind !== 'dyn' ? makeNode({ kind: 'dyn', args: [node], type: DYN }) : node;
}

function structuredObject(node: ObjectLiteral, schema: Schema | undefined): Node {
  const args = node.args.map((arg, position) => {
    if (position % 2 === 0) return arg;
    const key = node.args[position - 1];
    return structured(arg, key?.kind === 'lit' ? declaredMemberSchema(schema, String(key.value)) : undefined);
  });
  const result = withArgs(node, args);
  const isMap = typeof schema?.additionalProperties === 'object' && schema.properties === undefined;
  const type = celTypeName(result);
  if (schema === undefined || isMap || args.length === 0 || (type === 'map(dyn)' && isMixed(result))) return result;
  const position = node.flags.indexOf('');
  if (position < 0) return dyn(result);
  return withArgs(
    node,
    args.map((arg, at) => (at === position * 2 + 1 ? dyn(arg) : arg)),
  );
}
