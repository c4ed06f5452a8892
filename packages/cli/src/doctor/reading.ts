import { KubeError } from '@typekro/kube';
import type { Reading } from './finding.ts';

/**
 * Reads a part of the facts. When the server responds with an error, the result has the reason. Throws when the server
 * does not respond.
 */
export async function readingOrRefusal<T>(read: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await read() };
  } catch (thrown) {
    if (!(thrown instanceof KubeError) || thrown.status < 400) throw thrown;
    return { unread: thrown.message };
  }
}
