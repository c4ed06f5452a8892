import { existsSync, realpathSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { type Diagnostic, type SourcePosition, pathOfFileUrl } from '@typekro/kit/core';
import { isOutside } from '../file-paths.ts';
import { configProblem } from '../checks/config-problem.ts';
import { importProblem, missingExport } from './import-problem.ts';
import { javaScriptProblem } from './javascript-problem.ts';
import { UnfinishedModule } from './loading.ts';
import { positionAt, textOf } from './source-text.ts';
import { firstLine, missingNameHint, placeOfThrown, thrownProblem } from './thrown-problem.ts';

/** A module of the user: its path, and the directory to which its name in messages is relative. */
interface ModuleFile {
  readonly path: string;
  readonly cwd: string;
}

/**
 * Converts an error from loading a module or from the output of its compositions to problems with positions in the
 * user's code. The error can be a refused composition, a syntax error, an unresolved import, or the author's own error.
 */
export async function moduleProblems(error: unknown, file: ModuleFile): Promise<readonly Diagnostic[]> {
  const refused = refusedComposition(error);
  if (refused !== undefined) {
    const placed = await Promise.all(refused.map((each) => withImport(withPlace(each, error, file.path), file.path)));
    return placed.map((each) => shown(each, file.cwd));
  }
  const found =
    unfinishedProblem(error, file) ??
    configProblem(error, file.path) ??
    syntaxProblem(error, file) ??
    (await importProblem(error, file.path)) ??
    (await thrownProblem(error, file.path));
  return [shown(found, file.cwd)];
}

/**
 * Returns the problem of an await that never settles. The stack of the error contains no frame of the module, so the
 * position is derived from the text. It is the last `await` that begins an unindented line, or that follows `=` or
 * `export default` on such a line. If there is none, it is the beginning of the module.
 */
function unfinishedProblem(error: unknown, { path }: ModuleFile): Diagnostic | undefined {
  if (!(error instanceof UnfinishedModule)) return undefined;
  const text = textOf(path);
  const awaits = [...text.matchAll(/^(?:export default |(?:export )?(?:const|let|var) [^\n]*?= )?(await)\b/gm)];
  const at = awaits.at(-1);
  const source =
    at === undefined ? { file: path, line: 1, column: 1 } : positionAt(path, text, at.index + at[0].length - 5);
  return {
    code: 'input/module-unfinished',
    severity: 'error',
    message: error.message,
    hint: 'end the operation that it waits for, or set a time limit: AbortSignal.timeout(…), Promise.race',
    source,
  };
}

/** Adds the position of the user's call to a refusal without a position, such as the refusal of an instance's spec. */
function withPlace(diagnostic: Diagnostic, error: unknown, path: string): Diagnostic {
  return diagnostic.source === undefined ? { ...diagnostic, source: placeOfThrown(error, path) } : diagnostic;
}

/** Adds a hint about an import to the problem of an undeclared name, because usually the import is missing. */
async function withImport(diagnostic: Diagnostic, path: string): Promise<Diagnostic> {
  const name =
    diagnostic.code === 'trace/unknown-name' ? /^(\w+) is not declared/.exec(diagnostic.message)?.[1] : undefined;
  if (name === undefined) return diagnostic;
  return { ...diagnostic, hint: await missingNameHint(name, diagnostic.source?.file ?? path) };
}

/** Returns the diagnostics of a refused composition. The error may come from another copy of this package. */
function refusedComposition(error: unknown): readonly Diagnostic[] | undefined {
  if (!(error instanceof Error) || !('diagnostics' in error) || !Array.isArray(error.diagnostics)) return undefined;
  const diagnostics = error.diagnostics.filter((each: unknown): each is Diagnostic => {
    return typeof each === 'object' && each !== null && typeof (each as Diagnostic).message === 'string';
  });
  return diagnostics.some(({ severity }) => severity === 'error') ? diagnostics : undefined;
}

/** Returns the diagnostic with its position in the form for messages. */
function shown(diagnostic: Diagnostic, cwd: string): Diagnostic {
  const { source } = diagnostic;
  return source === undefined ? diagnostic : { ...diagnostic, source: displayPlace(source, cwd) };
}

/** Returns a position and the call that leads to it, with file names relative to the working directory. */
export function displayPlace({ file, calledFrom, ...place }: SourcePosition, cwd: string): SourcePosition {
  return {
    ...place,
    ...(file === undefined ? {} : { file: displayName(file, cwd) }),
    ...(calledFrom === undefined ? {} : { calledFrom: displayPlace(calledFrom, cwd) }),
  };
}

/** Returns the path relative to the working directory, or the absolute path for a file outside of this directory. */
export function displayName(path: string, cwd: string): string {
  const plain = pathOfFileUrl(path) ?? path;
  for (const root of [cwd, realPath(cwd)]) {
    const name = relative(root, plain);
    if (!isOutside(name)) return name;
  }
  return plain;
}

function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

const CORRECT_SYNTAX = 'correct the syntax here, or close what was opened on the lines before';
/**
 * The beginning of the messages of esbuild, which tsx uses. It distinguishes them from messages of other programs that
 * list errors in the same form.
 */
const TRANSFORM_FAILED = /^(?:Transform|Build) failed with \d+ error/;
const TYPES = 'a JavaScript file contains types of TypeScript';

/**
 * Returns the problem of a syntax error. esbuild, which tsx uses, lists syntax errors in the message. Node prints the
 * position before the stack.
 */
function syntaxProblem(error: unknown, { path }: ModuleFile): Diagnostic | undefined {
  const text = error instanceof Error ? error.message : '';
  const transformed = TRANSFORM_FAILED.test(text) ? /^(.+?):(\d+):(\d+): (?:ERROR|error): (.*)$/m.exec(text) : null;
  const report = (message: string, source: SourcePosition, hint = CORRECT_SYNTAX): Diagnostic => ({
    code: 'input/module-syntax',
    severity: 'error',
    message: `this is not valid TypeScript or JavaScript: ${message}`,
    hint,
    source,
  });
  if (transformed !== null) {
    const [, named = path, line = '1', column = '0', message = ''] = transformed;
    const file = transformedFile(named, path);
    const hint = message.startsWith('Top-level await')
      ? `add "type": "module" to package.json, or name the file ${basename(file).replace(/[.]c?ts$/, '.mts')}`
      : CORRECT_SYNTAX;
    return report(message, { file, line: Number(line), column: Number(column) + 1 }, hint);
  }
  if (!(error instanceof SyntaxError) || missingExport(text) !== undefined) return undefined;
  // Code that runs can also throw a SyntaxError: `BigInt('x')`, `JSON.parse('{')`. Node's loader throws the error of a
  // module that it cannot parse, so the first frame with a position is in the loader.
  const thrownAt = /^\s+at .*?((?:node:|file:|\/|[A-Za-z]:\\).*):\d+:\d+\)?$/m.exec(error.stack ?? '')?.[1];
  if (thrownAt !== undefined && !/^node:internal\/modules\/|\/node_modules\/(?:tsx|esbuild)\//.test(thrownAt))
    return undefined;
  const parsed = javaScriptProblem(path);
  if (parsed !== undefined) {
    const { message, source, isTyped } = parsed;
    return isTyped
      ? { ...report('', source), message: TYPES, hint: `name the file ${basename(path).replace(/js$/, 'ts')}` }
      : report(message, source);
  }
  const [, file = path, line = '1'] = /^(?!\w*Error\b)(.+):(\d+)\n/.exec(error.stack ?? '') ?? [];
  const caret = /\n([ \t]*)\^/.exec(error.stack ?? '')?.[1]?.length ?? 0;
  return report(firstLine(text), { file, line: Number(line), column: caret + 1 });
}

/**
 * Returns the file of a syntax error in a message of esbuild. tsx passes the extension `.ts` to esbuild for `.mts` and
 * `.cts` files.
 */
function transformedFile(named: string, path: string): string {
  if (named === path.replace(/\.[cm]ts$/, '.ts')) return path;
  const candidates = [named, named.replace(/\.ts$/, '.mts'), named.replace(/\.ts$/, '.cts')];
  return candidates.find((each) => existsSync(each)) ?? named;
}
