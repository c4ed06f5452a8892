import type {
  AnonymousFunctionDeclaration,
  AnyNode,
  ArrowFunctionExpression,
  FunctionDeclaration,
  FunctionExpression,
  Statement,
} from 'acorn';

/** A syntax error that acorn reports. */
export interface JavaScriptSyntaxError {
  readonly message: string;
  /** The offset of the error in the text, in UTF-16 units. */
  readonly offset: number;
}

/** A string as a JavaScript literal in double quotes. The literal also has no line separator of Unicode. */
export const quoteJs = (text: string): string => JSON.stringify(text).replace(/[\u2028\u2029]/g, escaped);

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A function of any kind. */
export type FunctionSyntax =
  | ArrowFunctionExpression
  | FunctionExpression
  | FunctionDeclaration
  | AnonymousFunctionDeclaration;

/** The names that a pattern binds. */
export function boundNames(pattern: AnyNode): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'AssignmentPattern':
      return boundNames(pattern.left);
    case 'RestElement':
      return boundNames(pattern.argument);
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element === null ? [] : boundNames(element)));
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === 'RestElement' ? property : property.value),
      );
    default:
      return [];
  }
}

/** The child nodes of a syntax node. */
export function childrenOf(node: AnyNode): AnyNode[] {
  const children: AnyNode[] = [];
  for (const value of Object.values(node) as unknown[]) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(item)) children.push(item);
    }
  }
  return children;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** Is the node a function expression, an arrow function or a function declaration? */
export function isFunction(node: AnyNode): node is FunctionSyntax {
  return (
    node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration'
  );
}

/** Visits a node and its descendants. Without `deep`, skips the nodes inside of functions. */
export function visitNodes(node: AnyNode, visit: (node: AnyNode) => void, deep: boolean): void {
  visit(node);
  if (!deep && isFunction(node)) return;
  for (const child of childrenOf(node)) visitNodes(child, visit, deep);
}

/** The names that a function body declares with `var`. */
export function varNames(body: readonly Statement[]): string[] {
  const names: string[] = [];
  for (const statement of body) {
    visitNodes(
      statement,
      (node) => {
        if (node.type !== 'VariableDeclaration' || node.kind !== 'var') return;
        for (const { id } of node.declarations) names.push(...boundNames(id));
      },
      false,
    );
  }
  return names;
}

/** The names that a node itself assigns. Assignments in its child nodes do not count. */
export function assignedBy(node: AnyNode): readonly string[] {
  switch (node.type) {
    case 'AssignmentExpression':
      return boundNames(node.left);
    case 'UpdateExpression':
      return node.argument.type === 'Identifier' ? [node.argument.name] : [];
    case 'ForOfStatement':
    case 'ForInStatement':
      if (node.left.type !== 'VariableDeclaration') return boundNames(node.left);
      return node.left.kind === 'var' ? node.left.declarations.flatMap(({ id }) => boundNames(id)) : [];
    case 'VariableDeclaration':
      if (node.kind !== 'var') return [];
      return node.declarations.flatMap(({ id, init }) => (init ? boundNames(id) : []));
    default:
      return [];
  }
}

/**
 * The names that a body assigns (`x = …`, `x += …`, `x++`, `for (x of …)`, `var x = …`), including those that nested
 * functions in the body assign.
 */
export function assignedNames(body: AnyNode): Set<string> {
  const names = new Set<string>();
  visitNodes(
    body,
    (node) => {
      for (const name of assignedBy(node)) names.add(name);
    },
    true,
  );
  return names;
}

/**
 * A string as a JavaScript literal in code that an author reads. The literal has the kind of quotes that needs fewer
 * escapes, and single quotes if there is no difference.
 */
export function quoteForAuthor(text: string): string {
  const inside = quoteJs(text).slice(1, -1);
  const single = inside.split("'").length;
  const double = inside.split('\\"').length;
  if (single > double) return `"${inside}"`;
  return `'${inside.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** Converts a syntax error of acorn, and removes the position from the end of its message. Rethrows any other error. */
export function syntaxErrorOf(thrown: unknown): JavaScriptSyntaxError {
  if (!(thrown instanceof SyntaxError)) throw thrown;
  const { pos: offset = 0 } = thrown as SyntaxError & { readonly pos?: number };
  return { message: thrown.message.replace(/ \(\d+:\d+\)$/, ''), offset };
}
