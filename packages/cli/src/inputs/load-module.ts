import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Diagnostic, JsonValue, KubeObject, SourcePosition } from '@typekro/kit/core';
import { hasErrors, isJsonObject, parseJson, placeOfMade, sharePlace, stringifyJson } from '@typekro/kit/core';
import type { LoadedModule } from './module-loader.ts';
import { importTypeScript } from './import-typescript.ts';
import { catchLateFailures } from './late-failures.ts';
import { UnfinishedModule, whileLoading } from './loading.ts';
import { displayPlace, moduleProblems } from './module-problems.ts';
import { asKubeObject, itemsOfList } from './read-manifest.ts';
import { namelessProblem, noExportProblem, promiseProblem, uncalledProblem } from './export-problems.ts';

/** An export that can return its definition: a composition, possibly from another copy of this package. */
interface DefinitionExport {
  toDefinition(options: { readonly target: 'typekro' }): JsonValue;
  /** Maps a path in the definition to the position in the code. Older copies of this package lack this method. */
  locate?(path: string): SourcePosition | undefined;
  readonly diagnostics?: readonly Diagnostic[];
}

function isDefinitionExport(value: unknown): value is DefinitionExport {
  const isObject = typeof value === 'function' || (typeof value === 'object' && value !== null);
  return isObject && 'toDefinition' in value && typeof value.toDefinition === 'function';
}

/**
 * Loads a module. Returns the definitions of its exported compositions, then its plain objects, both in the order of
 * the exports. If the module throws or a composition is refused, the result contains problems instead of objects.
 *
 * @param cwd the directory to which file names are relative
 * @param note prints a note when loading the module takes long
 */
export async function loadModule(
  path: string,
  file: string,
  cwd: string,
  note: (text: string) => void = () => {},
): Promise<LoadedModule> {
  catchLateFailures(path, cwd);
  try {
    const { module, found } = await whileLoading(file, note, async () => {
      const loaded = await importModule(path);
      return { module: loaded, found: exportedObjects(loaded, cwd) };
    });
    const lost = await lostExports(module, path, file, (promise) => whileLoading(file, note, () => promise));
    if (found.objects.length > 0 || hasErrors(lost)) return { ...found, diagnostics: [...found.diagnostics, ...lost] };
    return { objects: [], diagnostics: [noExportProblem(module, path, file)] };
  } catch (error) {
    return { objects: [], diagnostics: await moduleProblems(error, { path, cwd }) };
  }
}

/**
 * Returns problems for exports that would be ignored silently: a promise of an object, a method of a composition that
 * is not called, and an object without a name.
 */
async function lostExports(
  module: Record<string, unknown>,
  path: string,
  file: string,
  wait: (promise: Promise<unknown>) => Promise<unknown>,
): Promise<readonly Diagnostic[]> {
  const compositions = Object.entries(module).filter(([, value]) => isDefinitionExport(value));
  const found: Diagnostic[] = [];
  for (const [name, value] of Object.entries(module)) {
    if (value instanceof Promise) {
      const given = entriesOf(await valueOf(value, wait));
      if (given.some((each) => isDefinitionExport(each) || asKubeObject(each as JsonValue) !== undefined))
        found.push(promiseProblem(name, path, file));
    } else if (entriesOf(value).some(isNameless)) found.push(namelessProblem(name, path, file));
    else if (typeof value === 'function') {
      for (const [owner, composition] of compositions) {
        const method = METHODS.find((each) => Reflect.get(composition as object, each) === value);
        if (method !== undefined) found.push(uncalledProblem(name, `${owner}.${method}`, path, file));
      }
    }
  }
  return found;
}

/** Returns the value of an exported promise, or `undefined` when it is still pending and Node has no more work. */
async function valueOf(
  promise: Promise<unknown>,
  wait: (promise: Promise<unknown>) => Promise<unknown>,
): Promise<unknown> {
  try {
    return await wait(promise);
  } catch (error) {
    if (!(error instanceof UnfinishedModule)) throw error;
    // The pending promise is not reported: the module itself is loaded, so this promise belongs to the author's
    // program.
    return undefined;
  }
}

/** Returns the entries of an exported array or of a Kubernetes `List`. Wraps any other value in an array. */
function entriesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return itemsOfList(value) ?? [value];
}

/** Is the value a Kubernetes object that lacks only a name? */
function isNameless(value: unknown): boolean {
  if (isDefinitionExport(value) || !isJsonObject(value) || asKubeObject(value) !== undefined) return false;
  const { apiVersion, kind, metadata } = value;
  return typeof apiVersion === 'string' && typeof kind === 'string' && isJsonObject(metadata);
}

/** The methods of a composition that return an object. */
const METHODS = ['toInstance', 'toDefinition'] as const;

function exportedObjects(module: Record<string, unknown>, cwd: string): LoadedModule {
  // The same object can be exported several times: by name, as the default export, in a list, or by `module.exports`.
  const exports = [...new Set(Object.values(module).flatMap(entriesOf))];
  const compositions = exports.filter(isDefinitionExport);
  const inUsersFile = (source: SourcePosition | undefined): SourcePosition | undefined =>
    source === undefined ? undefined : displayPlace(source, cwd);
  const definitions = compositions.map((composition) => ({
    value: definitionOf(composition),
    locate: (path: string) => inUsersFile(composition.locate?.(path) ?? placeOfMade(composition)),
  }));
  const values = exports
    .filter((value) => !isDefinitionExport(value))
    .map((value) => {
      const made = inUsersFile(placeOfMade(value));
      return { value: value as JsonValue, ...(made === undefined ? {} : { locate: () => made }) };
    });
  const objects = [...definitions, ...values].flatMap(({ value, ...rest }) => {
    const object = asKubeObject(value);
    return object === undefined ? [] : [{ object: plainObject(object), ...rest }];
  });
  // Leaves out findings with a code `graph/…`, because the later check of the definition reports them.
  const diagnostics = compositions
    .flatMap((composition) => composition.diagnostics ?? [])
    .filter(({ code, severity }) => severity === 'warning' && !code.startsWith('graph/'))
    .map(({ source, ...rest }) => {
      const place = inUsersFile(source);
      return place === undefined ? rest : { ...rest, source: place };
    });
  return { objects, diagnostics };
}

/** Returns the definition of a composition. An error of `toDefinition` is reported at the composition. */
function definitionOf(composition: DefinitionExport): JsonValue {
  try {
    return composition.toDefinition({ target: 'typekro' });
  } catch (error) {
    throw error instanceof Error ? sharePlace(composition, error) : error;
  }
}

/**
 * Converts an object to plain JSON. Throws when the object cannot be converted, so that the error is reported for the
 * exporting module.
 */
function plainObject(object: KubeObject): KubeObject {
  try {
    return parseJson(stringifyJson(object)) as KubeObject;
  } catch (error) {
    const { kind, metadata } = object;
    const reason = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    throw new Error(`the exported ${kind} "${metadata.name ?? ''}" is not JSON: ${reason}`, { cause: error });
  }
}

/** Imports a module of the user. */
async function importModule(path: string): Promise<Record<string, unknown>> {
  if (extname(path).includes('ts')) return importTypeScript(path);
  return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
}
