import { type AnyNode, type ArrowFunctionExpression, type FunctionExpression, parse } from 'acorn';
import { refuse } from '../refusal/refusal.ts';

/** The syntax of a function as an expression. */
export type FunctionNode = ArrowFunctionExpression | FunctionExpression;

interface Parsed {
  readonly node: FunctionNode;
  /** Offset of the function's text in the parsed text. */
  readonly shift: number;
}

/**
 * A cache of parsed functions, keyed by their text. It helps because helpers are called often, and a module may be
 * loaded several times.
 */
const parsed = new Map<string, Parsed>();
const MAX_CACHED_FUNCTIONS = 1000;

/** Matches text that begins like a function expression or an arrow function; other text is a method. */
const EXPRESSION = /^(?:async\s+)?(?:function\b|\(|[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>)/u;

/** Parses the text of a function. Positions of nodes are offsets into the text plus `shift`. */
export function parseFunction(text: string): Parsed {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  if (/^class\b/.test(text)) refuse('unsupported', 'a class cannot be a composition', 'pass a function');
  const isExpression = EXPRESSION.test(text);
  const result = isExpression ? parseAs(`(${text})`, 1) : parseAs(`({${text}})`, 2);
  if (parsed.size >= MAX_CACHED_FUNCTIONS) parsed.clear();
  parsed.set(text, result);
  return result;
}

function parseAs(source: string, shift: number): Parsed {
  const options = { ecmaVersion: 'latest', allowSuperOutsideMethod: true, checkPrivateFields: false } as const;
  let program;
  try {
    // Scripts may use names that modules reserve, and only modules have `import.meta`.
    const sourceType = /\bimport\s*\.\s*meta\b/.test(source) ? 'module' : 'script';
    program = parse(source, { ...options, sourceType });
  } catch (error) {
    return refuse(
      'syntax',
      `the source of a function cannot be parsed: ${error instanceof Error ? error.message : String(error)}`,
      'if the host keeps TypeScript in the source of functions, run with --import typekro/register',
    );
  }
  const statement = program.body[0];
  const expression = statement?.type === 'ExpressionStatement' ? statement.expression : undefined;
  const node = expression === undefined ? undefined : functionIn(expression);
  if (node === undefined)
    return refuse('unsupported', 'this kind of function cannot be traced', 'pass a function or an arrow function');
  return { node, shift };
}

function functionIn(node: AnyNode): FunctionNode | undefined {
  if (node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression') return node;
  if (node.type !== 'ObjectExpression') return undefined;
  const property = node.properties[0];
  return property?.type === 'Property' ? functionIn(property.value) : undefined;
}
