import { afterAll, beforeAll, expect, test } from 'vitest';
import { assumedSettings } from '@typekro/controller/controller';
import { observe } from '../../../packages/app/src/instance/observation.ts';
import { treeLines } from '../../../packages/app/src/instance/tree-view.ts';
import { whyOf } from '../../../packages/app/src/instance/evidence.ts';
import { whyLines } from '../../../packages/app/src/instance/why-view.ts';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { type KubernetesApi, KubeClient, readSession } from '@typekro/kube';
import { withoutTimes } from '@typekro/app/test-support/without-times';
import { restoreState, stateOfKro } from './state-of-kro.ts';

/*
 * Runs the commands on the state that kro's own controller left, as recorded in `test/fixtures/takeover`. No controller
 * runs.
 */

let cluster: Cluster;
let api: KubernetesApi;
beforeAll(async () => {
  cluster = await createEmbeddedCluster({ workloads: false });
  await restoreState(cluster, stateOfKro());
  api = new KubeClient({ transport: cluster.transport() });
});
afterAll(async () => {
  await cluster.close();
});

const NEVER = new AbortController().signal;
/** The recordings are of kro 0.9. */
const AS_RECORDED = { settings: Promise.resolve(assumedSettings('the recording', '0.9')) };
const NOW = Date.parse('2027-11-01T00:00:00Z');

async function why(text: string): Promise<string[]> {
  const session = readSession(api);
  const seen = await observe(session, text, 'takeover', NEVER, AS_RECORDED);
  return withoutTimes(whyLines(seen, await whyOf(seen, session, NEVER), NOW, false));
}

test('why names the finalizer that delays a deletion', async () => {
  expect(await why('stack/leaving')).toMatchInlineSnapshot(`
    [
      "Stack takeover/leaving   DELETING AGE   being deleted for AGE   revision 1   0 of 2 nodes deleted",
      "note: this report assumes that the controller decides as kro 0.9 does (the recording)",
      "  last change  typekro: ConfigMap takeover/leaving-high, AGE ago",
      "",
      "… high  deleting: waits until ConfigMap v1 takeover/leaving-high is gone (deleted at TIME, held by test/hold)",
      "   do         find out which controller must remove test/hold, and why it does not",
      "   look       kubectl describe configmap leaving-high -n takeover",
      "   waiting    low",
      "",
      "the controller reports: deleting resources",
    ]
  `);
});

test('why says that an instance is suspended', async () => {
  expect(await why('pause/asleep')).toMatchInlineSnapshot(`
    [
      "Pause takeover/asleep   ACTIVE AGE   suspended   revision 1   1 of 1 nodes ready",
      "note: suspended by the annotation kro.run/reconcile: no object is written before typekro resume pause/takeover/asleep",
      "note: this report assumes that the controller decides as kro 0.9 does (the recording)",
      "  last change  typekro: Pause takeover/asleep, AGE ago",
      "",
      "no write is pending, and the instance is suspended",
    ]
  `);
});

test('why names the missing data that a node waits for', async () => {
  expect(await why('pair/waiting')).toMatchInlineSnapshot(`
    [
      "Pair takeover/waiting   IN_PROGRESS AGE   revision 1   0 of 2 nodes ready",
      "note: this report assumes that the controller decides as kro 0.9 does (the recording)",
      "",
      "… first  waiting: waits until first.data.done == "yes" is true of ConfigMap v1 takeover/waiting-first; "done" does not exist yet",
      "   └ because  ConfigMap takeover/waiting-first reports no problem",
      "   do         see what writes "done", and correct readyWhen (first.data.done == "yes") if nothing does",
      "   look       kubectl describe configmap waiting-first -n takeover",
      "   waiting    second",
      "",
      "the controller reports: resource reconciliation failed: apply results contain errors: waiting for node "first": node "first": failed to evaluate readyWhen expression: "first.data.done == \\"yes\\"" (waiting for readiness)",
    ]
  `);
});

test.each(['web/shop', 'web/blog', 'fleet/north', 'fleet/empty'])('%s waits for nothing', async (text) => {
  expect((await why(text)).at(-1)).toBe('the instance waits for nothing: every node is ready');
});

test('tree lists the nodes of an instance', async () => {
  const seen = await observe(readSession(api), 'web/shop', 'takeover', NEVER, AS_RECORDED);
  expect(withoutTimes(treeLines(seen, NOW, false))).toMatchInlineSnapshot(`
    [
      "Web takeover/shop   ACTIVE AGE   revision 1   3 of 3 nodes ready",
      "note: this report assumes that the controller decides as kro 0.9 does (the recording)",
      "├─ ✓ deployment  Deployment takeover/shop          ready: is as wanted and ready",
      "├─ ✓ service     Service takeover/shop             ready: is as wanted and ready",
      "└─ ✓ settings    ConfigMap takeover/shop-settings  ready: is as wanted and ready",
    ]
  `);
});
