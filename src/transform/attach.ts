import type { FilePosition } from '../core/index.ts';
import { parse } from 'acorn';
import type { Program } from 'acorn';
import { inOrder, insertAll, LineTable, mapEdited } from './edited-text.ts';
import type { Insertion, SourceMapData } from './edited-text.ts';
import { analyseScopes } from '../javascript/index.ts';
import type { InputMap, ScopeAnalysis } from '../javascript/index.ts';
import { isTransformed, sourceData } from './source-data.ts';
import { findTargets } from './targets.ts';
import type { Block, TransformTarget } from './targets.ts';

/** A module to be transformed. */
export interface ModuleSource {
  /** The text of the module as JavaScript. Without `inputMap`, blanks replace the types of the author's text. */
  readonly code: string;
  /** The author's file, for positions in messages. */
  readonly file: string;
  /** The map to the author's text, when another tool wrote `code`. Without a map, `code` has the author's positions. */
  readonly inputMap?: InputMap | undefined;
  /** Does the caller join maps? If so, the resulting map leads to `code`, else to the author's text. */
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
 * Attaches its source to each function that `findTargets` chooses. Lines do not move. The columns after each insertion
 * move, and the map records the moves. The helper function is added at the end. Returns `undefined` when nothing
 * changes: for a module without such functions, a text that is not JavaScript, or a module that was transformed before.
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
      // The text is not JavaScript of this source type. The second round reads a script; other tools transform JSX and
      // other languages.
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
 * The insertions that attach a source to a function. An expression is wrapped in a call that returns it. A declaration
 * is hoisted, so the call for it is a statement at the beginning of its block. A default export without a name gets a
 * name for this call.
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
      // The mark lets bundlers leave out unused functions as before.
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
 * The offset after the directives, where a statement may be inserted. Imports and function declarations are hoisted,
 * and may follow.
 */
function firstStatement(block: Block): number {
  const first = block.body.find(
    (statement) =>
      !(statement.type === 'ExpressionStatement' && 'directive' in statement && statement.directive !== undefined),
  );
  return (first ?? block).start;
}

/**
 * The text of the helper function, which attaches a source. It keeps a source that is already attached, because a
 * function may be passed twice.
 */
function helperText(name: string): string {
  return (
    `\nfunction ${name}(f, d, n) { const { Object: o, Symbol: s } = globalThis, k = s.for('typekro.source'); ` +
    `if (n !== undefined) o.defineProperty(f, 'name', { value: n, configurable: true }); ` +
    `if (o.isExtensible(f) && !o.hasOwn(f, k)) o.defineProperty(f, k, { value: d, configurable: true }); return f; }\n`
  );
}
