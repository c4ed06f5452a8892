import type { JsonValue } from '@typekro/kit/core';
import { parseJson } from '@typekro/kit/core';
import { KubeError } from '../error.ts';

/**
 * Parses the body of a response as JSON. The body may be any text, because a proxy may respond instead of the server.
 *
 * @throws KubeError for a text that is not JSON
 */
export function answerJson(text: string, what: string): JsonValue {
  try {
    return parseJson(text);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    const message = `the server's response is not JSON: ${thrown.message}`;
    throw new KubeError(message, { status: 200, reason: 'InvalidAnswer', what, cause: thrown });
  }
}
