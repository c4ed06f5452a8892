import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AuthorPosition } from './edited-text.ts';
import { errorCode } from '../core/index.ts';

/** Finds the author's position for a line and a column (both from 0) of a text that another tool wrote. */
export type InputMap = (line: number, column: number) => AuthorPosition | undefined;

/**
 * The map that the last `sourceMappingURL` comment of a module names; `undefined` when there is no such comment, or its
 * map cannot be read.
 */
export function inputMapOf(code: string, file: string): InputMap | undefined {
  const url = [...code.matchAll(/^\/\/[#@] ?sourceMappingURL=(\S+)[ \t]*$/gm)].at(-1)?.[1];
  if (url === undefined) return undefined;
  const payload = readPayload(url, file);
  return payload === undefined ? undefined : inputMap(payload, file);
}

/**
 * Makes an `InputMap` of a source map from another tool. `file` is the module; the map's sources are relative to
 * `file`.
 */
export function inputMap(payload: object, file: string): InputMap {
  const map = new SourceMap(payload as SourceMapPayload);
  return (line, column) => {
    const entry = map.findEntry(line, column);
    // `findEntry` may return an entry of an earlier line, which does not describe this position.
    if (!('originalSource' in entry) || entry.originalSource === undefined || entry.generatedLine !== line)
      return undefined;
    const source = entry.originalSource.startsWith('file:')
      ? fileURLToPath(entry.originalSource)
      : entry.originalSource;
    return { file: resolve(dirname(file), source), line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  };
}

/**
 * Reads a source map. Returns `undefined` when the map is missing or invalid.
 */
function readPayload(url: string, file: string): object | undefined {
  const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(url);
  try {
    const text =
      inline === null
        ? readFileSync(url.startsWith('file:') ? fileURLToPath(url) : resolve(dirname(file), url), 'utf8')
        : inline[1] === undefined
          ? decodeURIComponent(inline[2] as string)
          : Buffer.from(inline[2] as string, 'base64').toString('utf8');
    const payload: unknown = JSON.parse(text);
    const isMap = typeof payload === 'object' && payload !== null && 'mappings' in payload && 'sources' in payload;
    return isMap ? payload : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof URIError || errorCode(error) !== undefined) return undefined;
    throw error;
  }
}
