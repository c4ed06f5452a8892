import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FilePosition } from '../core/index.ts';
import { errorCode } from '../core/index.ts';

/** Finds the author's position for a line and a column (both from 0) of a text that another tool wrote. */
export type InputMap = (line: number, column: number) => FilePosition | undefined;

/**
 * Makes an `InputMap` of a source map. The map names its sources relative to its `sourceRoot`, and this folder relative
 * to the folder of `file`, the module. A source without a name is the module itself.
 */
export function inputMap(payload: object, file: string): InputMap {
  const map = new SourceMap(payload as SourceMapPayload);
  const folder = resolve(dirname(file), rootOf(payload));
  return (line, column) => {
    const entry = map.findEntry(line, column);
    // `findEntry` may return an entry of an earlier line, which does not describe this position.
    if (!('originalSource' in entry) || entry.originalSource === undefined || entry.generatedLine !== line)
      return undefined;
    // The declared type lacks the null with which a map marks a source without a name.
    const named = (entry.originalSource as string | null) ?? '';
    const source = named === '' ? file : resolve(folder, pathOfUrl(named));
    return { file: source, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  };
}

/** Reads the source map at a URL, which may contain the map. `undefined` when the map is missing or invalid. */
export function readInputMap(url: string, file: string): InputMap | undefined {
  const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(url);
  try {
    const text =
      inline === null
        ? readFileSync(resolve(dirname(file), url.startsWith('file:') ? fileURLToPath(url) : decoded(url)), 'utf8')
        : inline[1] === undefined
          ? decodeURIComponent(inline[2] as string)
          : Buffer.from(inline[2] as string, 'base64').toString('utf8');
    const payload: unknown = JSON.parse(text);
    return isMap(payload) ? inputMap(payload, file) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof URIError || errorCode(error) !== undefined) return undefined;
    throw error;
  }
}

function isMap(payload: unknown): payload is object {
  if (typeof payload !== 'object' || payload === null || !('mappings' in payload) || !('sources' in payload))
    return false;
  const { mappings, sources } = payload;
  const isName = (source: unknown): boolean => typeof source === 'string' || source === null;
  return typeof mappings === 'string' && Array.isArray(sources) && sources.every(isName);
}

/**
 * The folder to which the source paths of a map are relative, from `sourceRoot`. Empty when `sourceRoot` is absent, or
 * is a URL that names no file.
 */
function rootOf(payload: object): string {
  const root: unknown = 'sourceRoot' in payload ? payload.sourceRoot : undefined;
  if (typeof root !== 'string' || (/^\w{2,}:/.test(root) && !root.startsWith('file:'))) return '';
  return pathOfUrl(root);
}

const scriptMaps = new Map<string, InputMap | undefined>();

/**
 * The author's position for a line and a column (both from 0) of a running script. Without a map that describes the
 * position, the result is the position in the script.
 */
export function mapPosition(url: string, sourceMapUrl: string, line: number, column: number): FilePosition {
  const file = pathOfUrl(url);
  // Sources of a `data:` map are relative to the script, too.
  const key = `${file}\n${sourceMapUrl}`;
  if (!scriptMaps.has(key)) scriptMaps.set(key, sourceMapUrl === '' ? undefined : readInputMap(sourceMapUrl, file));
  return scriptMaps.get(key)?.(line, column) ?? { file, line: line + 1, column: column + 1 };
}

/** The path that a relative URL names. A text with other percent signs is a path already. */
function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch (error) {
    if (error instanceof URIError) return url;
    throw error;
  }
}

const pathOfUrl = (url: string): string => (url.startsWith('file:') ? fileURLToPath(url) : url);
