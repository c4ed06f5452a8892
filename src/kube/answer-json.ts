import type { JsonValue } from '../core/index.ts';
import { parseJson } from '../core/index.ts';
import { KubeError } from './error.ts';

/**
 * Parses an answer as JSON. A proxy may reply in place of the server, so the answer may be any text.
 *
 * @throws KubeError for a text that is not JSON
 */
export function answerJson(text: string, what: string): JsonValue {
  try {
    return parseJson(text);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    const message = `the server's answer is not JSON: ${thrown.message}`;
    throw new KubeError(message, { status: 200, reason: 'InvalidAnswer', what, cause: thrown });
  }
}
