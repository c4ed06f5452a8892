import * as nodeModule from 'node:module';
import { errorCode, TypeKroError } from '@typekro/kit/core';
import { type InputMap, readInputMap } from '../javascript/index.ts';

type Strip = (code: string, options: { readonly mode: 'strip' | 'transform'; readonly sourceMap?: boolean }) => string;

/** Does a file name denote TypeScript? False for `.tsx`, because the transform cannot parse JSX. */
export const isTypeScript = (file: string): boolean => /\.[cm]?ts$/.test(file);

const stripper: unknown = Reflect.get(nodeModule, 'stripTypeScriptTypes');

/** Can this host remove types from TypeScript (Node 22.13 and later)? */
export const canStripTypes: boolean = typeof stripper === 'function';

/** JavaScript without types. `inputMap` leads back to the author's text if characters have moved. */
export interface Stripped {
  readonly code: string;
  readonly inputMap: InputMap | undefined;
}

/**
 * Replaces types with blanks; every other character keeps its offset. If `mayRewrite` is true, a module with TypeScript
 * syntax other than types (enums, parameter properties) is rewritten instead. Returns `undefined` for code that Node
 * can neither blank nor rewrite.
 */
export function stripTypes(code: string, file: string, mayRewrite: boolean): Stripped | undefined {
  if (typeof stripper !== 'function') return undefined;
  const strip = stripper as Strip;
  const blanked = attempt(() => strip(code, { mode: 'strip' }));
  if (blanked !== undefined) return { code: blanked, inputMap: undefined };
  const rewritten = mayRewrite ? attempt(() => strip(code, { mode: 'transform', sourceMap: true })) : undefined;
  if (rewritten === undefined) return undefined;
  const inputMap = inputMapOf(rewritten, file);
  // The file is added as the source of the map, because the map does not name its source.
  return {
    code: rewritten,
    inputMap:
      inputMap &&
      ((line, column) => {
        const found = inputMap(line, column);
        return found && { ...found, file };
      }),
  };
}

/**
 * Returns undefined for an error about the syntax, also about syntax that Node does not support. The module's compiler
 * reports such an error.
 */
function attempt(work: () => string): string | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof SyntaxError || String(errorCode(error)).startsWith('ERR_')) return undefined;
    throw error;
  }
}

/** The error for a TypeScript file whose types no loader strips. */
export function cannotStripTypes(file: string, cause?: unknown): TypeKroError {
  const remedy =
    'run with --import tsx before --import typekro/register, or on Node 22.18 or later, or compile to JavaScript first';
  // The message contains the remedy, because a loader may run in a separate thread, from which only the message is
  // reliably passed on.
  const message = `${file} is TypeScript, and Node ${process.versions.node} cannot remove its types; ${remedy}`;
  return new TypeKroError(message, { code: 'transform/types-not-stripped', remedy, cause });
}

/**
 * The source map that the last `sourceMappingURL` comment of a module names; `undefined` if there is no such comment or
 * the map cannot be read.
 */
export function inputMapOf(code: string, file: string): InputMap | undefined {
  const url = [...code.matchAll(/^\/\/[#@] ?sourceMappingURL=(\S+)[ \t]*$/gm)].at(-1)?.[1];
  return url === undefined ? undefined : readInputMap(url, file);
}
