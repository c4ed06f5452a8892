import type { Expr, MapEntry, StructField } from '../ast.ts';
import type { AstBuilder } from './builder.ts';
import { MAX_DEPTH, operatorName } from './fast-parser.ts';
import { type Token, T } from './lexer.ts';
import { type ParseTreeNode, GiveUp } from './recovering-parser.ts';

type Part = Token | ParseTreeNode;

const isNode = (part: Part | undefined): part is ParseTreeNode => part !== undefined && 'rule' in part;

function nodes(node: ParseTreeNode | undefined, name: string): ParseTreeNode[] {
  return (node?.parts.get(name) ?? []).filter(isNode);
}

function tokens(node: ParseTreeNode | undefined, name: string): Token[] {
  return (node?.parts.get(name) ?? []).filter((part): part is Token => !isNode(part));
}

const nodeAt = (node: ParseTreeNode | undefined, name: string): ParseTreeNode | undefined => nodes(node, name)[0];
const tokenAt = (node: ParseTreeNode | undefined, name: string): Token | undefined => tokens(node, name)[0];

/**
 * Builds the syntax tree from a parse tree. After a syntax error, parts of the parse tree may be missing. Reports the
 * errors that the grammar cannot express: reserved names, invalid literals, wrong uses of macros.
 */
export class TreeVisitor {
  readonly #builder: AstBuilder;
  #depth = 0;

  constructor(builder: AstBuilder) {
    this.#builder = builder;
  }

  /** @throws GiveUp when the tree is too deep. */
  visit(tree: ParseTreeNode | undefined): Expr {
    const node = unnest(tree);
    if (node === undefined) return this.#builder.missing(0);
    switch (node.rule) {
      case 'expr':
        return this.#deeper(() => this.#conditional(node));
      case 'or':
        return this.#chain('_||_', node);
      case 'and':
        return this.#chain('_&&_', node);
      case 'relation':
      case 'calc':
        return this.#deeper(() => this.#binary(node));
      case 'unary':
        return this.#unary(node);
      case 'member':
        return this.#deeper(() => this.#member(node));
      case 'primary':
        return this.#primary(node);
      case 'literal':
        return this.#literal(node);
      default:
        return this.#builder.missing(node.start.start);
    }
  }

  #deeper(build: () => Expr): Expr {
    if (++this.#depth > MAX_DEPTH) {
      // oxlint-disable-next-line typescript/only-throw-error -- control flow inside the parser, never seen outside
      throw new GiveUp('max recursion depth exceeded');
    }
    const expr = build();
    this.#depth--;
    return expr;
  }

  #conditional(node: ParseTreeNode): Expr {
    const condition = this.visit(nodeAt(node, 'e'));
    const op = tokenAt(node, 'op') as Token;
    const then = this.visit(nodeAt(node, 'then'));
    const otherwise = this.visit(nodeAt(node, 'else'));
    return this.#builder.operator('_?_:_', op, [condition, then, otherwise], condition.start, otherwise.end);
  }

  #chain(name: string, node: ParseTreeNode): Expr {
    const terms = nodes(node, 'terms');
    const operators = tokens(node, 'ops');
    const first = this.visit(terms[0]);
    const built = [first];
    for (let index = 0; index < operators.length; index++) {
      const term = terms[index + 1];
      if (term === undefined) {
        return this.#builder.error(node.start.start, `unexpected character, wanted '${name.replaceAll('_', '')}'`);
      }
      built.push(this.visit(term));
    }
    return this.#builder.balanced(name, built, operators);
  }

  #binary(node: ParseTreeNode): Expr {
    const op = tokenAt(node, 'op');
    const name = op === undefined ? undefined : operatorName(op.type);
    if (op === undefined || name === undefined) return this.#builder.error(node.start.start, 'operator not found');
    const left = this.visit(nodeAt(node, 'left'));
    const right = this.visit(nodeAt(node, 'right'));
    return this.#builder.binary(name, op, left, right);
  }

  #unary(node: ParseTreeNode): Expr {
    const operand = nodeAt(node, 'e');
    const operators = tokens(node, 'ops');
    const [first] = operators;
    if (operand === undefined || first === undefined) return this.#builder.missing(node.start.start);
    const expr = this.visit(operand);
    if (operators.length % 2 === 0) return expr;
    return this.#builder.operator(node.label === 'not' ? '!_' : '-_', first, [expr], first.start, expr.end);
  }

  #member(node: ParseTreeNode): Expr {
    const operand = this.visit(nodeAt(node, 'left'));
    const end = tokenAt(node, 'close')?.end ?? operand.end;
    if (node.label === 'select') return this.#select(node, operand);
    if (node.label === 'memberCall') {
      const id = tokenAt(node, 'id');
      if (id === undefined) return this.#builder.missing(node.start.start);
      return this.#builder.memberCall(operand, id, tokenAt(node, 'open') ?? id, this.#args(node), end);
    }
    const op = tokenAt(node, 'op');
    if (op === undefined) return this.#builder.missing(node.start.start);
    const index = this.visit(nodeAt(node, 'index'));
    const name = tokenAt(node, 'opt') === undefined ? '_[_]' : '_[?_]';
    return this.#builder.operator(name, op, [operand, index], operand.start, end);
  }

  #select(node: ParseTreeNode, operand: Expr): Expr {
    const op = tokenAt(node, 'op');
    const name = nodeAt(node, 'id');
    if (op === undefined || name === undefined) return this.#builder.missing(node.start.start);
    const id = tokenAt(name, 'id');
    if (name.label === undefined || id === undefined) {
      return this.#builder.error(name.start.start, 'unsupported ident kind');
    }
    return this.#builder.select(operand, op, id, tokenAt(node, 'opt') !== undefined);
  }

  #args(node: ParseTreeNode): Expr[] {
    return nodes(nodeAt(node, 'args'), 'e').map((arg) => this.visit(arg));
  }

  #primary(node: ParseTreeNode): Expr {
    const dot = tokenAt(node, 'dot');
    const id = tokenAt(node, 'id');
    const op = tokenAt(node, 'op') ?? node.start;
    const end = tokenAt(node, 'close')?.end ?? op.end;
    switch (node.label) {
      case 'ident':
        return id === undefined ? this.#builder.missing(node.start.start) : this.#builder.ident(dot, id);
      case 'globalCall':
        if (id === undefined) return this.#builder.missing(node.start.start);
        return this.#builder.globalCall(dot, id, op, this.#args(node), end);
      case 'list':
        return this.#list(node, op, end);
      case 'map':
        return this.#builder.map(op, this.#entries(nodeAt(node, 'entries')), end);
      case 'struct':
        return this.#builder.struct(dot, tokens(node, 'ids'), op, this.#fields(nodeAt(node, 'entries')), end);
      default:
        return this.#builder.missing(node.start.start);
    }
  }

  #list(node: ParseTreeNode, op: Token, end: number): Expr {
    const elements: Expr[] = [];
    const optionals = new Set<number>();
    for (const element of nodes(nodeAt(node, 'elements'), 'e')) {
      if (tokenAt(element, 'opt') !== undefined) optionals.add(elements.length);
      elements.push(this.visit(nodeAt(element, 'e')));
    }
    return this.#builder.list(op, elements, optionals, end);
  }

  #entries(node: ParseTreeNode | undefined): MapEntry[] {
    const keys = nodes(node, 'keys');
    const values = nodes(node, 'values');
    const entries: MapEntry[] = [];
    for (const [index, colon] of tokens(node, 'cols').entries()) {
      const key = keys[index];
      const value = values[index];
      if (key === undefined || value === undefined) return [];
      const keyExpr = this.visit(nodeAt(key, 'e'));
      const optional = tokenAt(key, 'opt') !== undefined;
      entries.push(this.#builder.entry(colon, keyExpr, this.visit(value), optional));
    }
    return entries;
  }

  #fields(node: ParseTreeNode | undefined): StructField[] {
    const colons = tokens(node, 'cols');
    const values = nodes(node, 'values');
    const fields: StructField[] = [];
    for (const [index, field] of nodes(node, 'fields').entries()) {
      const colon = colons[index];
      const value = values[index];
      if (colon === undefined || value === undefined) return [];
      const name = nodeAt(field, 'id');
      const id = tokenAt(name, 'id');
      if (name?.label === undefined || id === undefined) {
        this.#builder.error(node?.start.start ?? colon.start, 'unsupported ident kind');
        continue;
      }
      fields.push(this.#builder.field(colon, id, this.visit(value), tokenAt(field, 'opt') !== undefined));
    }
    return fields;
  }

  #literal(node: ParseTreeNode): Expr {
    const tok = tokenAt(node, 'tok');
    if (tok === undefined || tok.type < T.TRUE || tok.type > T.BYTES) return this.#builder.missing(node.start.start);
    return this.#builder.literal(tok, tokenAt(node, 'sign'));
  }
}

/**
 * Descends from `tree` through nodes with only one part. Returns the first node that is an operation or a primary
 * expression.
 */
function unnest(tree: ParseTreeNode | undefined): ParseTreeNode | undefined {
  let node = tree;
  while (node !== undefined) {
    switch (node.rule) {
      case 'start':
        node = nodeAt(node, 'e');
        break;
      case 'expr':
        if (tokenAt(node, 'op') !== undefined) return node;
        node = nodeAt(node, 'e');
        break;
      case 'or':
      case 'and':
        if (tokenAt(node, 'ops') !== undefined) return node;
        node = nodeAt(node, 'terms');
        break;
      case 'relation':
      case 'calc':
        if (node.label !== undefined) return node;
        node = nodeAt(node, 'e');
        break;
      case 'unary':
        if (node.label !== 'member') return node;
        node = nodeAt(node, 'e');
        break;
      case 'member':
        if (node.label !== undefined) return node;
        node = nodeAt(node, 'e');
        break;
      case 'primary':
        if (node.label !== 'nested' && node.label !== 'constant') return node;
        node = nodeAt(node, 'e');
        break;
      default:
        return node;
    }
  }
  return undefined;
}
