import { tsPlugin } from '@sveltejs/acorn-typescript';
import { Parser } from 'acorn';
import { type Diagnostic, type SourcePosition, LineIndex } from '@typekro/kit/core';
import { syntaxErrorOf } from '@typekro/sdk/javascript';

/** A node of the tree, with the members that only TypeScript has. */
interface TypedNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly name?: string;
  readonly optional?: boolean;
  readonly definite?: boolean;
  readonly declare?: boolean;
  readonly importKind?: string;
  readonly exportKind?: string;
  readonly expression?: TypedNode | boolean;
  readonly id?: TypedNode;
  readonly returnType?: TypedNode;
  readonly typeAnnotation?: TypedNode;
}

/** The result of `eraseTypes`. */
export type ErasedTypes =
  | { readonly text: string }
  /** The text is not TypeScript, or has syntax that TypeScript compiles to code. */
  | { readonly diagnostics: readonly Diagnostic[] };

/** Syntax that TypeScript compiles to code, by the type of its node, with the remedy. */
const MORE_THAN_TYPES: ReadonlyMap<string, string> = new Map([
  ['TSEnumDeclaration', 'an enum compiles to code: write an object with "as const"'],
  ['TSModuleDeclaration', 'a namespace compiles to code: write an object'],
  ['TSParameterProperty', 'a parameter property compiles to code: write plain functions'],
  ['TSImportEqualsDeclaration', 'write import … from'],
  ['TSExportAssignment', 'write export default'],
  ['Decorator', 'a decorator compiles to code: call the function'],
]);

const TYPES_ONLY: ReadonlySet<string> = new Set([
  'TSTypeAnnotation',
  'TSTypeParameterDeclaration',
  'TSTypeParameterInstantiation',
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
  'TSDeclareFunction',
]);

/**
 * The JavaScript of a module in TypeScript. Spaces replace the types, so that all other text keeps its position. There
 * are two exceptions: a `)` may move to the end of a multi-line result type, and a `;` may replace the last character
 * of a type. A parameter `this` and TypeScript's additions to classes (`implements`, modifiers such as `readonly`,
 * index signatures) are not erased. The parser or the tracer refuses a module that has them.
 */
export function eraseTypes(text: string, file: string): ErasedTypes {
  const lines = new LineIndex(text, file);
  let program: TypedNode;
  try {
    const options = { ecmaVersion: 'latest', sourceType: 'module', locations: true } as const;
    program = Parser.extend(tsPlugin()).parse(text, options);
  } catch (error) {
    const { message, offset } = syntaxErrorOf(error);
    return { diagnostics: [problem(message, lines.position(offset))] };
  }
  const eraser = new Eraser(text);
  const diagnostics: Diagnostic[] = [];
  visit(program, (node) => {
    const hint = MORE_THAN_TYPES.get(node.type);
    if (hint === undefined || node.declare === true) return eraser.erase(node);
    diagnostics.push({ ...problem('this syntax cannot be interpreted', lines.position(node.start)), hint });
    return false;
  });
  return diagnostics.length === 0 ? { text: eraser.text } : { diagnostics };
}

class Eraser {
  readonly #units: string[];
  /** Nodes that are already replaced by spaces. */
  readonly #erased = new Set<TypedNode>();

  constructor(text: string) {
    this.#units = text.split('');
  }

  get text(): string {
    return this.#units.join('');
  }

  /** Replaces a node's own types by spaces. Returns false when the whole node is erased. */
  erase(node: TypedNode): boolean {
    if (this.#erased.has(node)) return false;
    if (TYPES_ONLY.has(node.type) || node.declare === true || isTypeOnly(node)) {
      this.#blank(node.start, node.end);
      if (node.type === 'ImportSpecifier' || node.type === 'ExportSpecifier') this.#blankComma(node.end);
      return false;
    }
    const { expression } = node;
    if (isAssertion(node) && typeof expression === 'object') {
      // TypeScript ends a statement after a type when the next line begins with a bracket or a template. JavaScript
      // would continue the expression. An operator continues the expression in both languages.
      const isAtLineEnd = /^[^\S\n]*\n\s*[([`]/.test(this.#units.slice(node.end).join(''));
      this.#blank(expression.end, node.end, ')');
      if (isAtLineEnd && node.type !== 'TSNonNullExpression') this.#units[node.end - 1] = ';';
    }
    if (node.type === 'TSTypeAssertion' && typeof expression === 'object')
      this.#blank(node.start, expression.start, '(');
    if (node.optional === true && node.type === 'Identifier') this.#blankMark(node, '?');
    if (node.definite === true && node.id !== undefined) this.#blankMark(node.id, '!');
    if (node.type === 'ArrowFunctionExpression') this.#joinArrow(node.returnType);
    return true;
  }

  /**
   * Replaces a range by spaces, except for line breaks. `kept` is a bracket that may belong to the inner expression:
   * leading `)` or trailing `(` of the range are not replaced.
   */
  #blank(start: number, end: number, kept = ''): void {
    // The parser's range of an expression does not include the brackets around the expression.
    let from = start;
    if (kept === ')') while (/[\s)]/.test(this.#units[from] ?? '') && from < end) from += 1;
    let to = end;
    if (kept === '(') while (/[\s(]/.test(this.#units[to - 1] ?? '') && to > from) to -= 1;
    for (let at = from; at < to; at += 1) if (!/[\r\n]/.test(this.#units[at] ?? '')) this.#units[at] = ' ';
  }

  #blankComma(from: number): void {
    let at = from;
    while (/\s/.test(this.#units[at] ?? '')) at += 1;
    if (this.#units[at] === ',') this.#units[at] = ' ';
  }

  #blankMark(node: TypedNode, mark: string): void {
    const from = node.start + (node.name ?? '').length;
    for (let at = from; at < (node.typeAnnotation?.start ?? node.end); at += 1) {
      if (this.#units[at] === mark) this.#units[at] = ' ';
    }
  }

  /** Moves the bracket before a result type to the end of the type: no line may end between the bracket and `=>`. */
  #joinArrow(result: TypedNode | undefined): void {
    if (result === undefined || !this.#units.slice(result.start, result.end).includes('\n')) return;
    const bracket = this.#units.lastIndexOf(')', result.start);
    this.#erased.add(result);
    this.#blank(result.start, result.end);
    this.#units[bracket] = ' ';
    this.#units[result.end - 1] = ')';
  }
}

const isTypeOnly = ({ importKind, exportKind }: TypedNode): boolean => importKind === 'type' || exportKind === 'type';

const isAssertion = ({ type }: TypedNode): boolean =>
  type === 'TSAsExpression' || type === 'TSSatisfiesExpression' || type === 'TSNonNullExpression';

/** Visits a node and, when the visitor returns true, the nodes in it, in the order of its members. */
function visit(node: TypedNode, visitor: (node: TypedNode) => boolean): void {
  if (!visitor(node)) return;
  for (const value of Object.values(node) as unknown[]) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) if (isNode(child)) visit(child, visitor);
  }
}

const isNode = (value: unknown): value is TypedNode =>
  typeof value === 'object' && value !== null && typeof (value as { readonly type?: unknown }).type === 'string';

function problem(message: string, source: SourcePosition): Diagnostic {
  return { code: 'playground/syntax', severity: 'error', message, source };
}
