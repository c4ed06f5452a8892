import { KubeError } from '../../kube/index.ts';
import type { Reading } from './finding.ts';

/** Reads a part of the facts. When the server refuses the read, the result has the reason. */
export async function reading<T>(read: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await read() };
  } catch (thrown) {
    if (!(thrown instanceof KubeError) || ![401, 403, 405].includes(thrown.status)) throw thrown;
    return { unread: thrown.message };
  }
}
