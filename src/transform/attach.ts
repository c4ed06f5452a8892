import { parse } from 'acorn';
import type { AnyNode, Program } from 'acorn';
import { childrenOf, declaredNames, usedNames, usesOuterThis } from './free-names.ts';

/** What is to be transformed. */
export interface ModuleSource {
  readonly code: string;
  /** The author's file, for positions in messages. */
  readonly file: string;
}

/** Name of the helper that is added to a module. */
const HELPER = '__typekroSource';

interface Insertion {
  readonly at: number;
  readonly text: string;
}

/**
 * Leaves the source of functions beside them: of those that are passed to calls, and of those at module
 * level. Lines stay where they are; only columns after a function move. `undefined` when nothing is to do.
 */
export function attachSources({ code, file }: ModuleSource): string | undefined {
  const program = parseModule(code);
  if (program === undefined) return undefined;
  const declared = declaredNames(program);
  const insertions: Insertion[] = [];
  const lines = lineStarts(code);
  const data = (node: AnyNode) => sourceData(node, { code, file, declared, lines });
  const wrap = (node: AnyNode): void => {
    insertions.push({ at: node.start, text: `${HELPER}(` }, { at: node.end, text: `, ${data(node)})` });
  };
  for (const statement of program.body) {
    const inner =
      statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration'
        ? statement.declaration
        : statement;
    if (inner?.type === 'FunctionDeclaration' && inner.id) {
      insertions.push({ at: afterImports(program), text: ` ${HELPER}(${inner.id.name}, ${data(inner)});` });
    }
    if (inner?.type === 'VariableDeclaration') {
      for (const { init } of inner.declarations) if (init && isFunction(init)) wrap(init);
    }
  }
  visitArguments(program, wrap);
  if (insertions.length === 0) return undefined;
  return insert(code, insertions) + helper();
}

function parseModule(code: string): Program | undefined {
  for (const sourceType of ['module', 'script'] as const) {
    try {
      return parse(code, { ecmaVersion: 'latest', sourceType, allowHashBang: true, allowReturnOutsideFunction: true });
    } catch (error) {
      // Not JavaScript of this kind (a script, JSX, another language): others deal with it.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}

const isFunction = (node: AnyNode): boolean =>
  node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression';

/** Functions passed to calls outside other such functions: those inside are part of the outer text. */
function visitArguments(root: AnyNode, found: (node: AnyNode) => void): void {
  const visit = (node: AnyNode): void => {
    const wrapped = new Set<AnyNode>();
    if (node.type === 'CallExpression') {
      for (const argument of node.arguments) {
        if (!isFunction(argument)) continue;
        found(argument);
        wrapped.add(argument);
      }
    }
    for (const child of childrenOf(node)) if (!wrapped.has(child)) visit(child);
  };
  visit(root);
}

interface Context {
  readonly code: string;
  readonly file: string;
  readonly declared: ReadonlySet<string>;
  readonly lines: readonly number[];
}

/** The data of one function, as an expression. */
function sourceData(node: AnyNode, { code, file, declared, lines }: Context): string {
  const own = declaredNames(node);
  const free = [...usedNames(node)].filter((name) => declared.has(name) && !own.has(name));
  const getters = free.map((name) => `get ${name}() { return ${name} }`);
  if (node.type === 'ArrowFunctionExpression' && usesOuterThis(node)) getters.push('__this: () => this');
  let line = 0;
  while (line + 1 < lines.length && (lines[line + 1] as number) <= node.start) line++;
  const column = node.start - (lines[line] as number);
  const src = JSON.stringify(code.slice(node.start, node.end))
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
  return `{ src: ${src}, file: ${JSON.stringify(file)}, line: ${line + 1}, col: ${column + 1}, vars: { ${getters.join(', ')} } }`;
}

function lineStarts(code: string): number[] {
  const starts = [0];
  for (let at = code.indexOf('\n'); at >= 0; at = code.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** Where statements may begin that see every import. */
function afterImports(program: Program): number {
  const last = program.body.findLast((statement) => statement.type === 'ImportDeclaration');
  if (last !== undefined) return last.end;
  const directive = program.body.findLast(
    (statement) =>
      statement.type === 'ExpressionStatement' && 'directive' in statement && statement.directive !== undefined,
  );
  return directive?.end ?? program.body[0]?.start ?? 0;
}

function insert(code: string, insertions: readonly Insertion[]): string {
  // At one place closing texts stand before opening ones.
  const ordered = [...insertions].sort(
    (a, b) => a.at - b.at || Number(b.text.startsWith(',')) - Number(a.text.startsWith(',')),
  );
  let result = '';
  let end = 0;
  for (const { at, text } of ordered) {
    result += code.slice(end, at) + text;
    end = at;
  }
  return result + code.slice(end);
}

function helper(): string {
  return `\nfunction ${HELPER}(f, d) { Object.defineProperty(f, Symbol.for('typekro.source'), { value: d, configurable: true }); return f; }\n`;
}
