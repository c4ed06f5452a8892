import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Diagnostic, JsonValue, KubeObject, SourcePosition } from '@typekro/kit/core';
import { errorDiagnostic, isJsonObject, pathOfFileUrl, TypeKroError } from '@typekro/kit/core';
import { Path, scanExpressions } from '@typekro/engine/graph';
import { createModuleReader } from '../dev/module-reader.ts';
import type { LoadedModule } from '../inputs/module-loader.ts';
import { placedInCall } from '../inputs/place-in-call.ts';
import { textOf } from '../inputs/source-text.ts';
import { checkModuleObjects } from './check-document.ts';
import type { LspSettings } from './editor-settings.ts';

/** Matches the paths of files that can hold compositions. */
export const SCRIPT = /\.[cm]?[jt]s$/i;

/** Does the source text import this package? Other modules are not loaded. */
export const importsPackage = (text: string): boolean =>
  /(?:from|import|require\()\s*\(?["']typekro(?:\/[\w-]+)*["']/.test(text);

/** A field of a definition that contains CEL, with the place in the code from which the CEL was traced. */
export interface TracedExpression {
  /** The path of the field in the definition. */
  readonly path: string;
  /** The value of the field, with `${…}`. */
  readonly text: string;
  readonly source: SourcePosition;
}

/** The result of loading a module with compositions. */
export interface TracedModule {
  /** The problems, keyed by file URI. The URI of the module is always a key. */
  readonly problems: ReadonlyMap<string, readonly Diagnostic[]>;
  /** The CEL expressions that were traced from the module's code. */
  readonly expressions: readonly TracedExpression[];
}

/**
 * Loads a module in a separate process and checks its definitions. The process has a time limit and a memory limit. A
 * module that exceeds a limit or exits gets a problem at its first line; a module that throws gets a problem at the
 * line that throws.
 *
 * @param signal kills the process
 */
export async function traceModule(
  uri: string,
  crds: readonly KubeObject[],
  settings: Pick<LspSettings, 'traceTimeoutMs' | 'traceMemoryMiB'>,
  signal: AbortSignal,
): Promise<TracedModule> {
  const path = pathOfFileUrl(uri) ?? '';
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(tooSlow(settings.traceTimeoutMs)), settings.traceTimeoutMs);
  const reader = createModuleReader(() => {}, AbortSignal.any([signal, deadline.signal]), [
    `--max-old-space-size=${settings.traceMemoryMiB}`,
  ]);
  let loaded: LoadedModule;
  try {
    loaded = await reader.load(path, basename(path), dirname(path));
  } catch (error) {
    signal.throwIfAborted();
    const failure = TypeKroError.from(error, { code: 'input/module-failed' });
    const problem = errorDiagnostic(failure, { file: path, line: 1, column: 1 });
    return { problems: new Map([[uri, [problem]]]), expressions: [] };
  } finally {
    clearTimeout(timer);
    reader.close();
  }
  const objects = loaded.objects.map((entry) => ({ ...entry, file: basename(path) }));
  const { diagnostics } = await checkModuleObjects(objects, loaded.diagnostics, crds);
  return {
    problems: byFile(uri, path, diagnostics),
    expressions: loaded.objects.flatMap(({ object, locate }) => expressionsOf(object, path, locate)),
  };
}

function tooSlow(milliseconds: number): TypeKroError {
  return new TypeKroError(`the module was not loaded within ${milliseconds / 1000} s`, {
    code: 'input/module-failed',
    remedy:
      'look for an infinite loop, or for an await at the top level of the module; the setting traceTimeoutMs changes the time',
  });
}

/**
 * Groups problems by file URI. A problem without a place, or in a file of another package, is reported in the module.
 */
function byFile(uri: string, path: string, diagnostics: readonly Diagnostic[]): Map<string, Diagnostic[]> {
  const problems = new Map<string, Diagnostic[]>([[uri, []]]);
  for (const each of diagnostics) {
    const named = each.source?.file;
    const file = named === undefined ? path : resolve(dirname(path), named);
    const isForeign = /[/\\]node_modules[/\\]/.test(file);
    const target = file === path || isForeign ? uri : pathToFileURL(file).href;
    const placed = isForeign ? { ...each, source: { line: 1, column: 1 } } : placedInCall(each, textOf(file));
    problems.set(target, [...(problems.get(target) ?? []), placed]);
  }
  return problems;
}

const NO_PROBLEM = { code: '', severity: 'warning', message: '' } as const;

/** The maximum depth of fields that are searched for expressions. */
const MAX_DEPTH = 64;

function expressionsOf(
  object: JsonValue,
  file: string,
  locate: ((path: string) => SourcePosition | undefined) | undefined,
): TracedExpression[] {
  const found: TracedExpression[] = [];
  const code = textOf(file);
  const walk = (value: JsonValue | undefined, path: string, depth: number): void => {
    if (typeof value === 'string' && value.includes('${')) {
      const source = locate?.(path);
      const scanned = scanExpressions(value);
      const hasExpression = scanned.ok && scanned.parts.some(({ kind }) => kind === 'expression');
      const isOwn = source?.file === undefined || resolve(dirname(file), source.file) === file;
      if (hasExpression && source !== undefined && isOwn) {
        // The recorded place of a field is the call that created the object. The exact place is in an argument of this
        // call.
        const own = { ...source, file };
        const { source: place = own } = placedInCall({ ...NO_PROBLEM, path, source: own }, code);
        found.push({ path, text: value, source: place });
      }
    }
    if (depth === MAX_DEPTH) return;
    if (Array.isArray(value))
      for (const [index, item] of value.entries()) walk(item, Path.append(path, index), depth + 1);
    else if (isJsonObject(value)) {
      for (const [key, member] of Object.entries(value)) walk(member, Path.append(path, key), depth + 1);
    }
  };
  walk(object, '', 0);
  return found;
}

/**
 * Returns the expressions at a position of the code: of those that begin on the same line, at or before the position,
 * the nearest ones.
 */
export function expressionsAt(
  expressions: readonly TracedExpression[],
  line: number,
  column: number,
): readonly TracedExpression[] {
  const onLine = expressions.filter(({ source }) => source.line === line && source.column <= column);
  const nearest = Math.max(...onLine.map(({ source }) => source.column));
  return onLine.filter(({ source }) => source.column === nearest);
}
