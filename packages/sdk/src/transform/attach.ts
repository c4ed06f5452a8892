import type { FilePosition } from '@typekro/kit/core';
import { type Program, parse } from 'acorn';
import { type Insertion, type SourceMapData, inOrder, insertAll, LineTable, mapEdited } from './edited-text.ts';
import { type InputMap, type ScopeAnalysis, analyseScopes } from '../javascript/index.ts';
import { isTransformed, sourceData } from './source-data.ts';
import { type Block, type TransformTarget, findTargets } from './targets.ts';

/** A module to be transformed. */
export interface ModuleSource {
  /**
   * The JavaScript code of the module. Without `inputMap`, the code is the author's text, in which blanks replace
   * types.
   */
  readonly code: string;
  /** The author's file, for positions in messages. */
  readonly file: string;
  /**
   * The source map to the author's text, if another tool wrote `code`. Without a map, `code` has the author's
   * positions.
   */
  readonly inputMap?: InputMap | undefined;
  /** Does the caller chain source maps? If so, the resulting map leads to `code`; if not, to the author's text. */
  readonly mapsAreChained?: boolean | undefined;
  /** Modules other than `typekro` whose functions count as functions of the SDK. */
  readonly packages?: readonly string[] | undefined;
}

/** A transformed module. */
export interface Transformed {
  readonly code: string;
  readonly map: SourceMapData;
}

/**
 * Attaches the source to each function that `findTargets` selects. Line numbers do not change. The columns after an
 * insertion change, and the source map records these changes. A helper function is added at the end. Returns
 * `undefined` if nothing changes: the module has no such functions, is not JavaScript, or was transformed before.
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
  const placeOf = (offset: number): FilePosition => {
    const { line, column } = lines.at(offset);
    return { file, line: line + 1, column: column + 1 };
  };
  const authorOf = (offset: number): FilePosition | undefined => {
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
  return { code: insertAll(code, ordered) + helperText(helper), map: { version: 3, sources, names: [], mappings } };
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
      // The code is not valid for this source type. The second round parses a script. If that fails too, other tools
      // must transform the code (JSX and other languages).
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}

/** Can the code be parsed as JavaScript? False for TypeScript and JSX. */
export const isJavaScript = (code: string): boolean => parseModule(code, []) !== undefined;

function freshName(wanted: string, analysis: ScopeAnalysis): string {
  let name = wanted;
  for (let n = 2; analysis.identifiers.has(name); n++) name = `${wanted}${n}`;
  return name;
}

/**
 * The insertions that attach a source to a function. An expression is wrapped in a call that returns the function. A
 * declaration is hoisted, so its call is a statement at the beginning of its block. An anonymous default export is
 * given a name for this call.
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
      // With this annotation, bundlers can still drop unused functions.
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

/**
 * The offset after the directives, at which a statement can be inserted. Imports and function declarations may follow
 * the statement, because they are hoisted.
 */
function firstStatement(block: Block): number {
  const first = block.body.find(
    (statement) =>
      !(statement.type === 'ExpressionStatement' && 'directive' in statement && statement.directive !== undefined),
  );
  return (first ?? block).start;
}

/**
 * The code of the helper function, which attaches a source. The code may pass the same function to the helper twice.
 * The second call does not replace the attached source.
 */
function helperText(name: string): string {
  return (
    `\nfunction ${name}(f, d, n) { const { Object: o, Symbol: s } = globalThis, k = s.for('typekro.source'); ` +
    `if (n !== undefined) o.defineProperty(f, 'name', { value: n, configurable: true }); ` +
    `if (o.isExtensible(f) && !o.hasOwn(f, k)) o.defineProperty(f, k, { value: d, configurable: true }); return f; }\n`
  );
}
