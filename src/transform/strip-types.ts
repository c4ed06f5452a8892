import * as nodeModule from 'node:module';
import { errorCode, TypeKroError } from '../core/index.ts';
import { inputMapOf } from './input-map.ts';
import type { InputMap } from '../javascript/index.ts';

type Strip = (code: string, options: { readonly mode: 'strip' | 'transform'; readonly sourceMap?: boolean }) => string;

/** Is a file TypeScript by its name? A `.tsx` file does not count, because the transform cannot read JSX. */
export const isTypeScript = (file: string): boolean => /\.[cm]?ts$/.test(file);

const stripper: unknown = Reflect.get(nodeModule, 'stripTypeScriptTypes');

/** Can this host remove types from TypeScript (Node 22.13 and later)? */
export const canStripTypes: boolean = typeof stripper === 'function';

/** JavaScript without types. `inputMap` leads back to the author's text where characters moved. */
export interface Stripped {
  readonly code: string;
  readonly inputMap: InputMap | undefined;
}

/**
 * The code with blanks in place of its types, and every other character at its offset. Where `mayRewrite` is true, a
 * module with syntax that is more than types (enums, parameter properties) is rewritten instead. Returns `undefined`
 * for a text that Node can neither blank nor rewrite.
 */
export function stripTypes(code: string, file: string, mayRewrite: boolean): Stripped | undefined {
  if (typeof stripper !== 'function') return undefined;
  const strip = stripper as Strip;
  const blanked = attempt(() => strip(code, { mode: 'strip' }));
  if (blanked !== undefined) return { code: blanked, inputMap: undefined };
  const rewritten = mayRewrite ? attempt(() => strip(code, { mode: 'transform', sourceMap: true })) : undefined;
  if (rewritten === undefined) return undefined;
  const inputMap = inputMapOf(rewritten, file);
  // The map does not name its source, which is this file.
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

/** Returns undefined on a syntax error, which the compiler of the module reports. */
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
  // A loader may run in a thread of its own, from which only the message is sure to arrive.
  const message = `${file} is TypeScript, and Node ${process.versions.node} cannot remove its types; ${remedy}`;
  return new TypeKroError(message, { code: 'transform/types-not-stripped', remedy, cause });
}
