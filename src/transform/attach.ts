import { parse } from 'acorn';
import type { Program } from 'acorn';
import { inOrder, insertAll, LineTable, mapEdited } from './edited-text.ts';
import type { AuthorPosition, Insertion, SourceMapData } from './edited-text.ts';
import type { InputMap } from './input-map.ts';
import { analyseScopes } from '../javascript/index.ts';
import type { ScopeAnalysis } from '../javascript/index.ts';
import { isTransformed, sourceData } from './source-data.ts';
import { findTargets } from './targets.ts';
import type { Block, TransformTarget } from './targets.ts';

/** What is to be transformed. */
export interface ModuleSource {
  /** JavaScript, types blanked out. */
  readonly code: string;
  /** The author's file, for positions in messages. */
  readonly file: string;
  /** Where the code comes from, when another tool wrote it; without one it is the author's own text. */
  readonly inputMap?: InputMap | undefined;
  /** Does the caller join maps, so that the resulting one is to lead to `code` and not to the author's text? */
  readonly mapsAreChained?: boolean | undefined;
  /** Modules whose calls count as calls of the SDK, besides `typekro` itself. */
  readonly packages?: readonly string[] | undefined;
}

/** A transformed module. */
export interface Transformed {
  readonly code: string;
  readonly map: SourceMapData;
}

/**
 * Leaves the source of functions beside them (which: see `findTargets`). Lines stay where they are; columns
 * after a function move, and the map says how. `undefined` when nothing is to do: no such functions, a text
 * that is not JavaScript, or one that was transformed before.
 */
export function attachSources(module: ModuleSource): Transformed | undefined {
  const { code, file, inputMap, packages = [] } = module;
  const tokens: number[] = [];
  const program = parseModule(code, tokens);
  if (program === undefined || (code.includes('typekro.source') && isTransformed(program))) return undefined;
  const analysis = analyseScopes(program);
  const isSdk = (name: string): boolean => isSdkModule(name, packages);
  const targets = findTargets(program, analysis, isSdk, analysis.modules.some(isSdk));
  if (targets.length === 0) return undefined;

  const lines = new LineTable(code);
  const placeOf = (offset: number): AuthorPosition => {
    const { line, column } = lines.at(offset);
    return { file, line: line + 1, column: column + 1 };
  };
  const authorOf = (offset: number): AuthorPosition | undefined => {
    const { line, column } = lines.at(offset);
    return inputMap === undefined ? placeOf(offset) : inputMap(line, column);
  };
  const helper = freshName('__typekroSource', analysis);
  const isRewritten = inputMap !== undefined;
  const ordered = inOrder(
    targets.flatMap((target) => {
      const data = sourceData(target.node, analysis.capturesOf(target.node), {
        code,
        file,
        tokens,
        isRewritten,
        authorOf,
      });
      return insertionsFor(target, helper, data, freshName('__typekroDefault', analysis));
    }),
  );
  const { sources, mappings } = mapEdited(tokens, ordered, lines, module.mapsAreChained === true ? placeOf : authorOf);
  return {
    code: insertAll(code, ordered) + helperText(helper),
    map: { version: 3, sources, names: [], mappings },
  };
}

function isSdkModule(name: string, packages: readonly string[]): boolean {
  return ['typekro', ...packages].some((known) => name === known || name.startsWith(`${known}/`));
}

function parseModule(code: string, tokens: number[]): Program | undefined {
  for (const sourceType of ['module', 'script'] as const) {
    try {
      tokens.length = 0;
      return parse(code, {
        ecmaVersion: 'latest',
        sourceType,
        allowHashBang: true,
        allowReturnOutsideFunction: true,
        onToken: ({ start }) => tokens.push(start),
      });
    } catch (error) {
      // Not JavaScript of this kind (a script, JSX, another language): others deal with it.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}

/** Can the text be read as JavaScript? TypeScript and JSX cannot. */
export const isJavaScript = (code: string): boolean => parseModule(code, []) !== undefined;

function freshName(wanted: string, analysis: ScopeAnalysis): string {
  let name = wanted;
  for (let n = 2; analysis.identifiers.has(name); n++) name = `${wanted}${n}`;
  return name;
}

/**
 * Expressions are wrapped in a call that returns them. Declarations are hoisted, so theirs is a statement at
 * the beginning of their block; a default export without a name gets one for it.
 */
function insertionsFor(
  { node, block, name }: TransformTarget,
  helper: string,
  data: string,
  defaultName: string,
): Insertion[] {
  const named = name === undefined ? '' : `, ${JSON.stringify(name)}`;
  if (block === undefined) {
    return [
      // Marked, so that bundlers may still leave out unused functions.
      { at: node.start, text: `/* @__PURE__ */ ${helper}(`, kind: 'open' },
      { at: node.end, text: `, ${data}${named})`, kind: 'close' },
    ];
  }
  const own = node.id?.name;
  const statement: Insertion = {
    at: firstStatement(block),
    text: `${helper}(${own ?? defaultName}, ${data}${named}); `,
    kind: 'statement',
  };
  return own === undefined
    ? [statement, { at: node.start + 'function'.length, text: ` ${defaultName}`, kind: 'close' }]
    : [statement];
}

/** Where statements may begin: after the directives. Imports and functions are there from the beginning. */
function firstStatement(block: Block): number {
  const first = block.body.find(
    (statement) =>
      !(statement.type === 'ExpressionStatement' && 'directive' in statement && statement.directive !== undefined),
  );
  return (first ?? block).start;
}

/** Sources that are there already stay: a function may be handed over twice. */
function helperText(name: string): string {
  return (
    `\nfunction ${name}(f, d, n) { const { Object: o, Symbol: s } = globalThis, k = s.for('typekro.source'); ` +
    `if (n !== undefined) o.defineProperty(f, 'name', { value: n, configurable: true }); ` +
    `if (o.isExtensible(f) && !o.hasOwn(f, k)) o.defineProperty(f, k, { value: d, configurable: true }); return f; }\n`
  );
}
