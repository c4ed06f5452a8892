import { fileURLToPath } from 'node:url';
import { attachSources } from './attach.ts';
import { type Stripped, cannotStripTypes, isTypeScript, stripTypes, inputMapOf } from './strip-types.ts';
import { errorCode } from '@typekro/kit/core';

/** The folder of TypeKro's own code. */
const OWN_FOLDER = new URL(import.meta.url.endsWith('.ts') ? '../../..' : '..', import.meta.url).href;

/** Is this a file of the author? False for files of packages and of TypeKro itself, which are not transformed. */
export function isAuthorsFile(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/') && !url.startsWith(OWN_FOLDER);
}

/** The result of a loader hook. */
export interface Loaded {
  readonly format?: string | null | undefined;
  readonly source?: string | ArrayBuffer | ArrayBufferView | null | undefined;
  readonly shortCircuit?: boolean | undefined;
}

/**
 * Node's formats for JavaScript and TypeScript. Node passes no format for CommonJS files of packages without a `type`.
 */
const FORMATS = new Set(['module', 'commonjs', 'module-typescript', 'commonjs-typescript', undefined, null]);

/** Attaches the sources to the functions of a loaded module. The host runs the result. */
export function transformLoaded<L extends Loaded>(url: string, loaded: L): L {
  const { format, source } = loaded;
  if (!isAuthorsFile(url) || !FORMATS.has(format)) return loaded;
  const file = fileURLToPath(url);
  if (!/\.[cm]?[jt]s$/.test(file) && !format) return loaded;
  // An imported CommonJS file has no source yet. Node reads the source when it requires the file, and then calls the
  // hook again.
  if (source === null || source === undefined) return loaded;
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : source;
  const text = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
  const isTyped = format?.endsWith('-typescript') === true;
  const stripped =
    isTyped || (!format && isTypeScript(file))
      ? stripTypes(text, file, rewritesTypes())
      : { code: text, inputMap: inputMapOf(text, file) };
  const result = stripped && transformText(stripped, file);
  if (result === undefined) return loaded;
  return { ...loaded, source: result, ...(isTyped ? { format: format.replace('-typescript', '') } : {}) };
}

/**
 * Does this process rewrite TypeScript syntax such as enums? If not, the transform does not rewrite such syntax either,
 * and Node reports it.
 */
const rewritesTypes = (): boolean => Reflect.get(process.features, 'typescript') === 'transform';

/** JavaScript with attached sources and a source map to the author's text; `undefined` if nothing changes. */
function transformText({ code, inputMap }: Stripped, file: string): string | undefined {
  const result = attachSources({ code, file, inputMap });
  return result && `${result.code}${inlineMap(result.map)}`;
}

/** Formats a source map as a comment for the end of a module. */
export function inlineMap(map: object): string {
  return `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}\n`;
}

/**
 * Replaces the error of a host that cannot load TypeScript by an error with a remedy. Returns any other error
 * unchanged.
 */
export function explainLoadError(url: string, error: unknown): unknown {
  const isUnknown = errorCode(error) === 'ERR_UNKNOWN_FILE_EXTENSION';
  if (!isUnknown || !url.startsWith('file:') || !isTypeScript(new URL(url).pathname)) return error;
  return cannotStripTypes(fileURLToPath(url), error);
}

/** Transforms CommonJS code before the host compiles it. */
export function transformCommonJs(text: string, file: string): string {
  const isOwn = !/[\\/]node_modules[\\/]/.test(file) && !file.startsWith(fileURLToPath(OWN_FOLDER));
  return isOwn ? (transformText({ code: text, inputMap: inputMapOf(text, file) }, file) ?? text) : text;
}
