import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FilePosition } from '../core/index.ts';
import { errorCode } from '../core/index.ts';

/** Maps a line and a column (both from 0) of a generated file to the position in the author's file. */
export type InputMap = (line: number, column: number) => FilePosition | undefined;

/**
 * Makes an `InputMap` from a source map. Source paths in the map are relative to its `sourceRoot`, which is relative to
 * the folder of the module `file`. A source without a name is the module itself.
 */
export function inputMap(payload: object, file: string): InputMap {
  const map = new SourceMap(payload as SourceMapPayload);
  const folder = resolve(dirname(file), rootOf(payload));
  return (line, column) => {
    const entry = map.findEntry(line, column);
    // `findEntry` may return an entry of an earlier line, which does not describe this position.
    if (!('originalSource' in entry) || entry.originalSource === undefined || entry.generatedLine !== line)
      return undefined;
    // A source without a name is null in the map, but the declared type does not include null.
    const named = (entry.originalSource as string | null) ?? '';
    const source = named === '' ? file : resolve(folder, pathOfUrl(named));
    return { file: source, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  };
}

/**
 * Reads the source map at a URL. A `data:` URL contains the map itself. `undefined` when the map is missing, invalid,
 * or divided into sections.
 */
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
 * is a URL that is not a file URL.
 */
function rootOf(payload: object): string {
  const root: unknown = 'sourceRoot' in payload ? payload.sourceRoot : undefined;
  if (typeof root !== 'string' || (/^\w{2,}:/.test(root) && !root.startsWith('file:'))) return '';
  return pathOfUrl(root);
}

const scriptMaps = new Map<string, InputMap | undefined>();

/**
 * Maps a line and a column (both from 0) of a running script to the position in the author's file. If no map describes
 * the position, returns the position in the script.
 */
export function mapPosition(url: string, sourceMapUrl: string, line: number, column: number): FilePosition {
  const file = pathOfUrl(url);
  // The key contains the script, because sources of a `data:` map are also relative to the script.
  const key = `${file}\n${sourceMapUrl}`;
  if (!scriptMaps.has(key)) scriptMaps.set(key, sourceMapUrl === '' ? undefined : readInputMap(sourceMapUrl, file));
  return scriptMaps.get(key)?.(line, column) ?? { file, line: line + 1, column: column + 1 };
}

/** Decodes the path of a relative URL. A string with an invalid escape is a path already. */
function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch (error) {
    if (error instanceof URIError) return url;
    throw error;
  }
}

const pathOfUrl = (url: string): string => (url.startsWith('file:') ? fileURLToPath(url) : url);
