import { type SourceMapPayload, SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';
import { type FilePosition, errorCode, pathOfFileUrl, percentDecoded, readRegularFile } from '@typekro/kit/core';

/** Maps a line and a column (both from 0) of a generated file to the position in the author's file. */
export type InputMap = (line: number, column: number) => FilePosition | undefined;

/**
 * Makes an `InputMap` from a source map. Source paths in the map are relative to its `sourceRoot`, which is relative to
 * the folder of the map. A source without a name is the module `file` itself. A source that is not a file of this
 * machine has no positions.
 *
 * @param mapFile the file of the map. Default: `file`, for a map that the module itself contains
 */
export function inputMap(payload: object, file: string, mapFile: string = file): InputMap {
  const map = new SourceMap(payload as SourceMapPayload);
  const folder = resolved(dirname(mapFile), rootOf(payload)) ?? dirname(mapFile);
  return (line, column) => {
    const entry = map.findEntry(line, column);
    // `findEntry` may return an entry of an earlier line, which does not describe this position.
    if (!('originalSource' in entry) || entry.originalSource === undefined || entry.generatedLine !== line)
      return undefined;
    // A source without a name is null in the map, but the declared type does not include null.
    const named = (entry.originalSource as string | null) ?? '';
    const source = named === '' ? file : resolved(folder, named);
    return source === undefined
      ? undefined
      : { file: source, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  };
}

/**
 * Reads the source map at a URL. A `data:` URL contains the map itself. `undefined` when the map is missing, invalid,
 * or divided into sections.
 */
export function readInputMap(url: string, file: string): InputMap | undefined {
  const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(url);
  try {
    const mapFile =
      inline === null ? resolved(dirname(file), url.startsWith('file:') ? url : percentDecoded(url)) : file;
    if (mapFile === undefined) return undefined;
    const text =
      inline === null
        ? readRegularFile(mapFile).toString()
        : inline[1] === undefined
          ? decodeURIComponent(inline[2] as string)
          : Buffer.from(inline[2] as string, 'base64').toString('utf8');
    const payload: unknown = JSON.parse(text);
    return isMap(payload) ? inputMap(payload, file, mapFile) : undefined;
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

/** The `sourceRoot` of a map. Empty when it is absent, or is a URL that is not a file URL. */
function rootOf(payload: object): string {
  const root: unknown = 'sourceRoot' in payload ? payload.sourceRoot : undefined;
  if (typeof root !== 'string' || (/^\w{2,}:/.test(root) && !root.startsWith('file:'))) return '';
  return root;
}

const scriptMaps = new Map<string, InputMap | undefined>();

/**
 * Maps a line and a column (both from 0) of a running script to the position in the author's file. If no map describes
 * the position, returns the position in the script.
 */
export function mapPosition(url: string, sourceMapUrl: string, line: number, column: number): FilePosition {
  const file = pathOfFileUrl(url) ?? url;
  // The key contains the script, because sources of a `data:` map are also relative to the script.
  const key = `${file}\n${sourceMapUrl}`;
  if (!scriptMaps.has(key)) scriptMaps.set(key, sourceMapUrl === '' ? undefined : readInputMap(sourceMapUrl, file));
  return scriptMaps.get(key)?.(line, column) ?? { file, line: line + 1, column: column + 1 };
}

/**
 * The path that a `file:` URL, or a path relative to `folder`, denotes. `undefined` for a URL of a file that is not on
 * this machine.
 */
function resolved(folder: string, name: string): string | undefined {
  const path = name.startsWith('file:') ? pathOfFileUrl(name) : name;
  return path === undefined ? undefined : resolve(folder, path);
}
