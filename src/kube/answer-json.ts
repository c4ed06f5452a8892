import type { JsonValue } from '../core/index.ts';
import { parseJson } from '../core/index.ts';
import { KubeError } from './error.ts';

/** Reads an answer that is to be JSON. What stands between us and the server may answer in its place, with anything. */
export function answerJson(text: string, what: string): JsonValue {
  try {
    return parseJson(text);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    const message = `the server's answer is no JSON: ${thrown.message}`;
    throw new KubeError(message, { status: 200, reason: 'InvalidAnswer', what, cause: thrown });
  }
}
