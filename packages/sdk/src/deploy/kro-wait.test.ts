import { expect, test } from 'vitest';
import { scriptedApi } from '@typekro/kube/test-support/scripted-api';
import type { KroContext } from './kro-context.ts';
import { waitForDeletion } from './kro-wait.ts';

const SINCE = '2026-01-01T00:00:00Z';

test.each([
  ['without finalizers', undefined, `it is being deleted (since ${SINCE})`],
  ['with finalizers', ['a/b', 'c/d'], `it is being deleted (since ${SINCE}), and held by a/b, c/d`],
])('the error after the timeout of a deletion describes an object %s', async (_title, finalizers, text) => {
  const leaving = {
    apiVersion: 'acme.test/v1',
    kind: 'Boat',
    metadata: { name: 'b', namespace: 'n', uid: 'u', deletionTimestamp: SINCE, ...(finalizers && { finalizers }) },
  };
  const timeout = AbortSignal.abort(new DOMException('the time is over', 'TimeoutError'));
  const context = { api: scriptedApi(), signal: timeout } as unknown as KroContext;
  await expect(waitForDeletion(context, leaving)).rejects.toMatchObject({ message: `Boat b still exists: ${text}` });
});
