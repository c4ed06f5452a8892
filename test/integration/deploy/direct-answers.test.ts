import { expect, test } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { answer, failure } from '@typekro/testing/test-support/intercept-request';
import { KubeClient } from '@typekro/kube';
import { observerView } from '../../../packages/sdk/src/deploy/direct-answers.ts';

const GROUP = 'metrics.acme.test';
const PARTS = { name: GROUP, versions: [{ groupVersion: `${GROUP}/v1`, version: 'v1' }] };

/**
 * A client of a server whose aggregated API answers only while `isUp` returns true. The server's list of all groups
 * never has the kinds of this API, as in Kubernetes after a failure.
 */
function clientOf(isUp: () => boolean): KubeClient {
  const responses = (path: string) => {
    if (path === '/api' || path === '/apis') {
      const stale = { metadata: { name: GROUP }, versions: [{ version: 'v1', freshness: 'Stale' }] };
      return answer(200, { kind: 'APIGroupDiscoveryList', items: path === '/api' ? [] : [stale] });
    }
    if (path === `/apis/${GROUP}`) return answer(200, { kind: 'APIGroup', ...PARTS });
    if (!isUp()) return failure(503, 'ServiceUnavailable', 'the server is currently unable to handle the request');
    if (path === `/apis/${GROUP}/v1`)
      return answer(200, { kind: 'APIResourceList', resources: [{ name: 'gauges', kind: 'Gauge', namespaced: true }] });
    return answer(200, { kind: 'GaugeList', metadata: { resourceVersion: '1' }, items: [{ metadata: { name: 'g' } }] });
  };
  const transport = {
    request: ({ path }: { path: string }) => Promise.resolve(responses(path)),
    close: () => Promise.resolve(),
  };
  return new KubeClient({ transport, retries: 0, streamLists: false });
}

test('members of a kind whose server does not answer are unknown, and not absent', async () => {
  const clock = new TestClock();
  let isUp = false;
  const { store, view } = observerView(
    clientOf(() => isUp),
    clock,
    new AbortController().signal,
  );
  const target = { applySet: 'set', group: GROUP, kind: 'Gauge', namespaces: ['default'] };
  await view.read({ kind: 'members', target, why: 'prune' });
  expect(store.members(target)).toMatchObject({ state: 'failed', failure: { code: 503 } });
  isUp = true;
  await clock.advance(60_000);
  await view.read({ kind: 'members', target, why: 'prune' });
  expect(store.members(target)).toMatchObject({ state: 'known', objects: [{ object: { metadata: { name: 'g' } } }] });
});
