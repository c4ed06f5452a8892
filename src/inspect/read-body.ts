import type { IncomingMessage } from 'node:http';
import { InspectFailure } from './failure.ts';

/** The maximum size of the body of a request. */
export const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Reads the body of a request as UTF-8.
 *
 * @throws InspectFailure 413 for a body of more than `MAX_BODY_BYTES`, and 400 for bytes that are not UTF-8. After 413,
 *   the caller must end the connection, because the rest of the body is unread.
 */
export async function readTextBody(request: IncomingMessage): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InspectFailure('the body is not UTF-8', { status: 400, code: 'inspect/bad-request', cause: error });
  }
}

const tooLarge = (): InspectFailure =>
  new InspectFailure(`the body is longer than ${MAX_BODY_BYTES} bytes`, { status: 413, code: 'inspect/body-size' });
