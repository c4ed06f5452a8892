import type { IncomingMessage } from 'node:http';
import { readLimitedBody, releaseBody } from '@typekro/kit/core';
import { InspectFailure } from './inspect-failure.ts';

/** The maximum size of the body of a request. */
export const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Reads the body of a request as UTF-8.
 *
 * @throws InspectFailure 413 for a body of more than `MAX_BODY_BYTES`; 400 for invalid UTF-8, and for a connection that
 * ended before the body was complete.
 */
export async function readTextBody(request: IncomingMessage): Promise<string> {
  const body = await readLimitedBody(request, MAX_BODY_BYTES);
  releaseBody(request);
  if (body === 'too-large')
    throw new InspectFailure(`the body is longer than ${MAX_BODY_BYTES} bytes`, {
      status: 413,
      code: 'inspect/body-size',
    });
  if (body === 'crowded')
    throw new InspectFailure('too many requests are sent at once; try again', {
      status: 429,
      code: 'inspect/bad-request',
    });
  if (body === 'broken')
    throw new InspectFailure('the connection ended before the body was complete', {
      status: 400,
      code: 'inspect/bad-request',
    });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InspectFailure('the body is not UTF-8', { status: 400, code: 'inspect/bad-request', cause: error });
  }
}
