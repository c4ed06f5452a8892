import { KubeError } from '../../kube/index.ts';
import type { Reading } from './finding.ts';

/** Reads a part. A refusal is the reason why it is unread. */
export async function reading<T>(read: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await read() };
  } catch (thrown) {
    if (!(thrown instanceof KubeError) || ![401, 403, 405].includes(thrown.status)) throw thrown;
    return { unread: thrown.message };
  }
}
