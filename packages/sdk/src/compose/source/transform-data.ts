import type { SourcePosition } from '@typekro/kit/core';
import { parseFunction } from './parse-function.ts';
import type { CapturedVariable, FunctionLike, FunctionSource, Provider } from './function-source.ts';

/** The data that the load or build transform attaches to a function. */
export interface TransformData {
  /** The function's text with blanks in place of types, so that offsets equal the offsets in the author's text. */
  readonly src: string;
  readonly file: string;
  /** Position of the first character, from 1. */
  readonly line: number;
  readonly col: number;
  /** For code that another tool generated: offset, line and column of each token whose position is known. */
  readonly at?: readonly number[];
  /** Getters for the free variables of the function; under `this`, a function that returns the outer `this`. */
  readonly vars: Record<string, unknown>;
}

/** The key under which the transform attaches its data. */
export const SOURCE = Symbol.for('typekro.source');

/** Reads the data that the transform attached. */
export const transformProvider: Provider = {
  get(fn: FunctionLike): FunctionSource | undefined {
    const data = (fn as { [SOURCE]?: TransformData })[SOURCE];
    if (data === undefined) return undefined;
    const { node, shift } = parseFunction(data.src);
    return {
      text: data.src,
      node,
      shift,
      lookup: (name) => lookUp(data.vars, name),
      ...(typeof data.vars['this'] === 'function' ? { self: data.vars['this'] as () => unknown } : {}),
      locate: (offset) => position(data, offset - shift),
    };
  },
};

function lookUp(vars: Record<string, unknown>, name: string): CapturedVariable | undefined {
  if (!Object.hasOwn(vars, name)) return undefined;
  try {
    return { value: vars[name] };
  } catch (error) {
    // The error distinguishes two cases: a name that no scope here defines, and a variable without a value yet.
    if (error instanceof ReferenceError)
      return /is not defined/.test(error.message) ? undefined : { uninitialised: true };
    throw error;
  }
}

function position(data: TransformData, offset: number): SourcePosition {
  if (data.at !== undefined) return listedPosition(data, data.at, offset);
  const before = data.src.slice(0, offset).split('\n');
  const column = (before.at(-1) as string).length;
  return {
    file: data.file,
    line: data.line + before.length - 1,
    column: before.length === 1 ? data.col + column : column + 1,
  };
}

/** The last listed position up to an offset. */
function listedPosition({ file, line, col }: TransformData, at: readonly number[], offset: number): SourcePosition {
  let found = { file, line, column: col };
  for (let index = 0; index + 2 < at.length && (at[index] as number) <= offset; index += 3)
    found = { file, line: at[index + 1] as number, column: at[index + 2] as number };
  return found;
}
