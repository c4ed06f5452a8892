import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Diagnostic, JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject, TypeKroError } from '../../core/index.ts';
import type { DefinitionDocument } from '../../graph/index.ts';
import { parseDefinitions } from '../../graph/index.ts';

/** One object that the user wants in the cluster, and where it came from. */
export interface InputObject {
  readonly object: KubeObject;
  /** File as the user named it. */
  readonly file: string;
  /** The YAML document with positions; absent for objects that TypeScript made. */
  readonly document?: DefinitionDocument;
}

/** Everything read from the user's files. */
export interface Inputs {
  readonly objects: readonly InputObject[];
  /** Problems of the files themselves: YAML that does not parse, documents that are no objects. */
  readonly diagnostics: readonly Diagnostic[];
  /** Text of each YAML file by name, for excerpts. */
  readonly texts: ReadonlyMap<string, string>;
}

const SCRIPTS = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);
const MANIFESTS = new Set(['.yaml', '.yml', '.json']);

/**
 * Reads YAML and JSON files and the exports of TypeScript and JavaScript files.
 *
 * @throws TypeKroError `input/not-found`, `input/unknown-type`, and `input/module-failed` for a module that throws
 * while it is loaded (a composition that is refused, among others).
 */
export async function loadInputs(files: readonly string[], cwd: string): Promise<Inputs> {
  const objects: InputObject[] = [];
  const diagnostics: Diagnostic[] = [];
  const texts = new Map<string, string>();
  for (const name of files) {
    const path = resolve(cwd, name);
    const file = relative(cwd, path).startsWith('..') ? path : relative(cwd, path);
    const type = extname(path).toLowerCase();
    if (!SCRIPTS.has(type) && !MANIFESTS.has(type)) {
      throw new TypeKroError(`${file} is neither YAML or JSON nor TypeScript or JavaScript`, {
        code: 'input/unknown-type',
        remedy: 'name .yaml, .yml, .json, .ts or .js files',
      });
    }
    if (!existsSync(path)) {
      throw new TypeKroError(`there is no file ${file}`, {
        code: 'input/not-found',
        remedy: `check the name; it was looked for as ${path}`,
      });
    }
    if (SCRIPTS.has(type)) {
      for (const object of await exportedObjects(path, file)) objects.push({ object, file });
      continue;
    }
    const text = await readFile(path, 'utf8');
    texts.set(file, text);
    const parsed = parseDefinitions(text, file);
    diagnostics.push(...parsed.diagnostics);
    for (const document of parsed.documents) {
      const object = asKubeObject(document.value);
      if (object !== undefined) objects.push({ object, file, document });
      else if (document.value !== null) diagnostics.push(notAnObject(document));
    }
  }
  return { objects, diagnostics, texts };
}

function notAnObject(document: DefinitionDocument): Diagnostic {
  return {
    code: 'input/not-an-object',
    severity: 'error',
    message: 'the document is no Kubernetes object: apiVersion, kind and metadata.name are needed',
    source: document.position([]),
  };
}

/** The value as a Kubernetes object, if it has apiVersion, kind and a name. */
function asKubeObject(value: JsonValue | undefined): KubeObject | undefined {
  if (!isJsonObject(value) || !isJsonObject(value['metadata'])) return undefined;
  const { apiVersion, kind } = value;
  const named = typeof value['metadata']['name'] === 'string';
  return typeof apiVersion === 'string' && typeof kind === 'string' && named ? (value as KubeObject) : undefined;
}

/** Something exported that can print its definition: a composition, also one of another copy of this package. */
interface DefinitionExport {
  toDefinition(options: { readonly target: 'typekro' }): JsonValue;
}

function isDefinitionExport(value: unknown): value is DefinitionExport {
  const isObject = typeof value === 'function' || (typeof value === 'object' && value !== null);
  return isObject && 'toDefinition' in value && typeof value.toDefinition === 'function';
}

/** Definitions first, then the plain objects, each in the order of the module's exports. */
async function exportedObjects(path: string, file: string): Promise<KubeObject[]> {
  const exports = Object.values(await importModule(path, file)).flatMap((value) =>
    Array.isArray(value) ? value : [value],
  );
  const definitions = [...new Set(exports.filter(isDefinitionExport))].map((composition) =>
    composition.toDefinition({ target: 'typekro' }),
  );
  const objects = exports
    .filter((value) => !isDefinitionExport(value))
    .map((value) => asKubeObject(value as JsonValue));
  const found = [...definitions.map(asKubeObject), ...objects].filter((object) => object !== undefined);
  if (found.length === 0) {
    throw new TypeKroError(`${file} exports no composition and no Kubernetes object`, {
      code: 'input/no-exports',
      remedy: 'export the composition: `export const app = kubernetesComposition(…)`',
    });
  }
  return found;
}

/** Imports a module of the user's. Node strips types itself from 22.18; below, tsx does. */
async function importModule(path: string, file: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(path).href;
  try {
    if (!extname(path).includes('ts') || stripsTypes()) {
      return (await import(url)) as Record<string, unknown>;
    }
    const { tsImport } = await import('tsx/esm/api');
    return (await tsImport(url, import.meta.url)) as Record<string, unknown>;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TypeKroError(`${file} cannot be loaded: ${message}${placeOf(error, path)}`, {
      code: 'input/module-failed',
      cause: error,
      remedy: 'correct the file and try again',
    });
  }
}

/** Does this Node run TypeScript files by itself? */
function stripsTypes(): boolean {
  return typeof Reflect.get(process.features, 'typescript') === 'string';
}

/** Where in the file an error was thrown, for errors that do not say so themselves. */
function placeOf(error: unknown, path: string): string {
  if (!(error instanceof Error) || error instanceof TypeKroError) return '';
  const frame = (error.stack ?? '').split('\n').find((line) => line.includes(path));
  const place = frame === undefined ? null : /:(\d+):(\d+)\)?$/.exec(frame);
  return place === null ? '' : ` (line ${place[1]}, column ${place[2]})`;
}
