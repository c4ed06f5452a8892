import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { JsonValue, KubeObject } from '../../core/index.ts';
import { parseJson, stringifyJson, TypeKroError } from '../../core/index.ts';
import { asKubeObject } from './read-manifest.ts';

/** Something exported that can print its definition: a composition, also one of another copy of this package. */
interface DefinitionExport {
  toDefinition(options: { readonly target: 'typekro' }): JsonValue;
}

function isDefinitionExport(value: unknown): value is DefinitionExport {
  const isObject = typeof value === 'function' || (typeof value === 'object' && value !== null);
  return isObject && 'toDefinition' in value && typeof value.toDefinition === 'function';
}

/**
 * The definitions of the compositions that a module exports, then its plain objects, each in the order of
 * the exports.
 *
 * @throws TypeKroError `input/module-failed` when the module or one of its compositions throws,
 * `input/no-exports` when there is nothing to take.
 */
export async function loadModule(path: string, file: string): Promise<KubeObject[]> {
  const module = await guarded(path, file, () => importModule(path));
  const found = await guarded(path, file, () => exportedObjects(module));
  if (found.length === 0) {
    throw new TypeKroError(`${file} exports no composition and no Kubernetes object`, {
      code: 'input/no-exports',
      remedy: 'export the composition: `export const app = kubernetesComposition(…)`',
    });
  }
  return found;
}

function exportedObjects(module: Record<string, unknown>): KubeObject[] {
  const exports = Object.values(module).flatMap((value): unknown[] => (Array.isArray(value) ? value : [value]));
  const definitions = [...new Set(exports.filter(isDefinitionExport))].map((composition) =>
    composition.toDefinition({ target: 'typekro' }),
  );
  const values = exports.filter((value) => !isDefinitionExport(value));
  return [...definitions, ...(values as JsonValue[])]
    .map(asKubeObject)
    .filter((object) => object !== undefined)
    .map(plainObject);
}

/** What is sent is JSON; an object that cannot be is refused here, where the file's name is known. */
function plainObject(object: KubeObject): KubeObject {
  try {
    return parseJson(stringifyJson(object as unknown as JsonValue)) as KubeObject;
  } catch (error) {
    const { kind, metadata } = object;
    const reason = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    throw new Error(`the exported ${kind} "${metadata.name ?? ''}" is no JSON: ${reason}`, { cause: error });
  }
}

/** Imports a module of the user's. Node strips types itself from 22.18; below, tsx does. */
async function importModule(path: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(path).href;
  if (!extname(path).includes('ts') || stripsTypes()) {
    return (await import(url)) as Record<string, unknown>;
  }
  const { tsImport } = await import('tsx/esm/api');
  return (await tsImport(url, url)) as Record<string, unknown>;
}

/** Does this Node run TypeScript files by itself? */
function stripsTypes(): boolean {
  return typeof Reflect.get(process.features, 'typescript') === 'string';
}

/** Whatever the user's code throws is a problem of the user's file. */
async function guarded<Result>(path: string, file: string, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TypeKroError(`${file} cannot be loaded: ${message}${placeOf(error, path)}`, {
      code: 'input/module-failed',
      cause: error,
      remedy: 'correct the file and try again',
    });
  }
}

/** Where in the file an error was thrown, for errors that do not say so themselves. */
function placeOf(error: unknown, path: string): string {
  if (!(error instanceof Error) || error instanceof TypeKroError) return '';
  const frame = (error.stack ?? '').split('\n').find((line) => line.includes(path));
  const place = frame === undefined ? null : /:(\d+):(\d+)\)?$/.exec(frame);
  return place === null ? '' : ` (line ${place[1]}, column ${place[2]})`;
}
