import { parse } from 'acorn';
import type { SourcePosition } from '@typekro/kit/core';
import { syntaxErrorOf } from '@typekro/sdk/javascript';
import { positionAt, textOf } from './source-text.ts';

/** A syntax error in a JavaScript file. Node does not report the position of such an error. */
export interface JavaScriptProblem {
  readonly message: string;
  readonly source: SourcePosition;
  /** True when the error is at a TypeScript type. */
  readonly isTyped: boolean;
}

/**
 * Returns the first syntax error in a JavaScript file. Returns `undefined` for other types of files, and for a file
 * without an error.
 */
export function javaScriptProblem(path: string): JavaScriptProblem | undefined {
  if (!/\.[cm]?js$/.test(path)) return undefined;
  const text = textOf(path);
  try {
    parse(text, {
      ecmaVersion: 'latest',
      sourceType: path.endsWith('.cjs') ? 'script' : 'module',
      allowHashBang: true,
      allowReturnOutsideFunction: path.endsWith('.cjs'),
    });
    return undefined;
  } catch (error) {
    const { message, offset } = syntaxErrorOf(error);
    return { message, source: positionAt(path, text, offset), isTyped: isTypeAt(text, offset) };
  }
}

const AFTER_NAME = /[\w$)\]}?]\s*$/;
const DECLARATION = /^(?:export\s+)?(?:declare\s+)?(?:interface|type|enum|namespace|abstract)\s+[A-Za-z_$]/;

/** Is there a type annotation, `as`, or a type declaration at the offset? */
function isTypeAt(text: string, offset: number): boolean {
  const rest = text.slice(offset);
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1).trimStart();
  if (/^:\s*[A-Za-z_$({['"]/.test(rest)) return AFTER_NAME.test(text.slice(0, offset));
  return (
    /^(?:as|satisfies)\s/.test(rest) ||
    /^!\s*[.[;,)]/.test(rest) ||
    DECLARATION.test(line) ||
    /^import type\b/.test(line)
  );
}
