import { firstDefined } from '@typekro/kit/core';
import type { AnyNode } from 'acorn';
import type { FilePosition } from '@typekro/kit/core';
import { type Captures, type FunctionSyntax, childrenOf, quoteJs } from '../javascript/index.ts';

interface Context {
  readonly code: string;
  readonly file: string;
  /** The start offsets of the module's tokens. */
  readonly tokens: readonly number[];
  /** Did another tool write the code? If so, the data lists the author's positions of tokens. */
  readonly isRewritten: boolean;
  readonly authorOf: (offset: number) => FilePosition | undefined;
}

/**
 * The source code of an expression that evaluates to the data of one function: the function's source, its position, and
 * readers of the captured variables. `vars` has a getter per variable, and a function per private name. It also has a
 * function `this` for the `this` of the enclosing code, and the value of `arguments`. A getter reads the current value,
 * and throws if the original code would throw. In rewritten code, `at` lists each token with a known author's position:
 * its offset in the function, and the author's line and column.
 */
export function sourceData(node: FunctionSyntax, { bindings, usesThis }: Captures, context: Context): string {
  const readers = [...bindings].map(({ name }) => reader(name));
  if (usesThis) readers.push('this: () => this');
  const { file, line, column } = context.authorOf(node.start) ?? firstKnown(node, context);
  const at = context.isRewritten ? `, at: [${positions(node, context).join()}]` : '';
  const src = quoteJs(context.code.slice(node.start, node.end));
  return `{ src: ${src}, file: ${quoteJs(file)}, line: ${line}, col: ${column}${at}, vars: { ${readers.join(', ')} } }`;
}

function reader(name: string): string {
  if (name.startsWith('#')) return `'${name}': (o) => o.${name}`;
  // `arguments` is read eagerly, because a getter has its own `arguments`.
  return name === 'arguments' ? 'arguments: arguments' : `get ${name}() { return ${name}; }`;
}

function tokensOf(node: FunctionSyntax, tokens: readonly number[]): readonly number[] {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle] as number) < node.start) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < tokens.length && (tokens[end] as number) < node.end) end++;
  return tokens.slice(low, end);
}

function positions(node: FunctionSyntax, { tokens, authorOf }: Context): number[] {
  return tokensOf(node, tokens).flatMap((offset) => {
    const author = authorOf(offset);
    return author === undefined ? [] : [offset - node.start, author.line, author.column];
  });
}

function firstKnown(node: FunctionSyntax, { file, tokens, authorOf }: Context): FilePosition {
  return firstDefined(tokensOf(node, tokens), authorOf) ?? { file, line: 1, column: 1 };
}

/**
 * Does a program, possibly a bundle, contain data that this transform wrote? The data is recognised by its keys, which
 * minifiers keep.
 */
export function isTransformed(node: AnyNode): boolean {
  if (node.type === 'ObjectExpression') {
    const keys = node.properties.map((property) =>
      property.type === 'Property' && property.key.type === 'Identifier' ? property.key.name : '',
    );
    if (['src', 'file', 'line', 'col'].every((key, index) => keys[index] === key) && keys.at(-1) === 'vars')
      return true;
  }
  return childrenOf(node).some(isTransformed);
}
