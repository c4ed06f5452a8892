import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourcePosition } from '../../core/index.ts';
import { errorCode } from '../../core/index.ts';

/** The author's position for a line and column (from 0) of a running script, through its source map if it has one. */
export function mapPosition(url: string, sourceMapUrl: string, line: number, column: number): SourcePosition {
  const file = pathOf(url);
  const map = sourceMapUrl === '' ? undefined : loadMap(sourceMapUrl, file);
  const entry = map?.findEntry(line, column);
  if (entry === undefined || !('originalSource' in entry)) return { file, line: line + 1, column: column + 1 };
  const source = pathOf(entry.originalSource);
  const original = source.startsWith('/') || /^[A-Za-z]:/.test(source) ? source : resolve(dirname(file), source);
  return { file: original, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}

const pathOf = (url: string): string => (url.startsWith('file:') ? fileURLToPath(url) : url);

const maps = new Map<string, SourceMap | undefined>();

function loadMap(url: string, file: string): SourceMap | undefined {
  const key = url.startsWith('data:') ? url : `${file}\n${url}`;
  if (!maps.has(key)) maps.set(key, readMap(url, file));
  return maps.get(key);
}

/**
 * Reads a source map. Returns undefined when the map cannot be read or is invalid.
 */
function readMap(url: string, file: string): SourceMap | undefined {
  try {
    const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(url);
    const text =
      inline === null
        ? readFileSync(resolve(dirname(file), pathOf(url)), 'utf8')
        : inline[1] === undefined
          ? decodeURIComponent(inline[2] as string)
          : Buffer.from(inline[2] as string, 'base64').toString('utf8');
    return new SourceMap(JSON.parse(text) as SourceMapPayload);
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) !== undefined) return undefined;
    throw error;
  }
}
