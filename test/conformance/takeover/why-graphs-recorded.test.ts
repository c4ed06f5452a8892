import { afterEach, describe, expect, test } from 'vitest';
import { assumedSettings } from '@typekro/controller/controller';
import { differenceLines, diffReport } from '../../../packages/app/src/instance/diff-report.ts';
import { type InstanceObservation, observe } from '../../../packages/app/src/instance/observation.ts';
import { statusLines, statusView } from '../../../packages/app/src/instance/status-view.ts';
import { treeLines } from '../../../packages/app/src/instance/tree-view.ts';
import { isReached, parseGoal } from '../../../packages/app/src/instance/wait-goal.ts';
import { whyOf } from '../../../packages/app/src/instance/evidence.ts';
import { whyLines } from '../../../packages/app/src/instance/why-view.ts';
import { readSession } from '@typekro/kube';
import { type VirtualWorld, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { RECORDED_NAMESPACE, recordedGraphState, recordedGraphStates, restoreGraphs } from './recorded-graphs.ts';

/** A cluster with Graphs as kro's own controller left them. No controller runs. */
let world: VirtualWorld;
afterEach(() => world.close());

const NEVER = new AbortController().signal;
const AS_RECORDED = { settings: Promise.resolve(assumedSettings('the recording', '0.10')) };

async function at(scenario: string, checkpoint: string, name = 'g') {
  world = await virtualWorld();
  await world.controller.stop();
  await restoreGraphs(world, recordedGraphState(scenario, checkpoint));
  return observe(readSession(world.user), `graph/${name}`, RECORDED_NAMESPACE, NEVER, AS_RECORDED);
}

const why = async (seen: InstanceObservation): Promise<string> =>
  whyLines(seen, await whyOf(seen, readSession(world.user), NEVER), world.clock.now(), false).join('\n');

/** One row per failure: scenario, checkpoint, and the strings that the output contains (the cause and the remedy). */
const CAUSES: readonly (readonly [string, string, readonly string[]])[] = [
  ['graph-account-lost-before-delete', 'blocked', ['blocked by  delete v1/ConfigMap t-x/a', 'give system:serviceaccount:t-x:default the missing right']],
  ['graph-account-named', 'secret forbidden', ['✗ s  failed', 'add the rule {apiGroups: [""], resources: ["secrets"], verbs: ["get"]}', 'give system:serviceaccount:t-x:writer the missing right', 'reports: apply "s": get current state for Secret "t-x/s": secrets "s" is forbidden: User "system:serviceaccount:t-x:writer" cannot']],
  ['graph-account-without-rights', 'forbidden', ['✗ a  failed', '✗ b  failed', 'resources: ["configmaps"], verbs: ["get"]']],
  ['graph-data-pending', 'pending', ['· x  pending: waits for data', 'ConfigMap t-x/src: data has a, and no b', 'waiting    y']],
  ['graph-delete-while-invalid', 'invalid', ['nothing here is named nope', 'at spec.nodes[0].template.metadata.name', '✗ Accepted']],
  ['graph-dynamic-kind-late', 'not served', ['· w  pending: waits for the type x.parts.test/v1, Kind=Widget', 'create the CRD']],
  ['graph-foreach-two-axes', 'collision', ['✗ x  failed: has two items with one identity', 'different names']],
  ['graph-immutable-field', 'refused', ['✗ a  failed', 'the live object differs in data.v', 'kubectl delete configmap a -n t-x', 'waiting    b']],
  ['graph-literal-kind-late', 'not served', ['the kind Widget of "x.parts.test/v1" is not known', 'spec.nodes[0].template.apiVersion']],
  ['graph-missing-namespace', 'missing', ['✗ far  failed', 'kubectl create namespace t-x-late']],
  ['graph-patch-missing-target', 'absent', ['! mark  blocked: waits for ConfigMap v1 t-x/target, into which it writes', 'create the object']],
  ['graph-prune-denied', 'denied', ['blocked by  delete v1/ConfigMap t-x/b', 'give system:serviceaccount:t-x:default the missing right', '✗ b  failed: the API server refuses the deletion of ConfigMap t-x/b']],
  ['graph-readywhen-several', 'def not ready', ['… flag  waiting: waits until flag.ok is true', '"missing" does not exist yet']],
  ['graph-ref-late', 'absent', ['… src  waiting: waits for ConfigMap v1 t-x/region', 'create it', 'waiting    copy']],
  ['graph-subgraph-waits', 'waiting', ['… s/ext  waiting: waits for ConfigMap v1 t-x/late', 'waiting    s/dep, s, reader2']],
  ['graph-two-hard-errors', 'failed', ['✗ p  failed: failed at data.v', '✗ q  failed: failed at data.v']],
];

describe('why', () => {
  test.each(CAUSES)('names the cause and the remedy for the recording %s, %s', async (scenario, checkpoint, parts) => {
    const text = await why(await at(scenario, checkpoint));
    for (const part of parts) expect(text).toContain(part);
  });

  test('says that another Graph writes the object, for the recording graph-two-graphs-one-object, contended', async () => {
    const text = await why(await at('graph-two-graphs-one-object', 'contended', 'g2'));
    expect(text).toContain('! s  blocked: may not write ConfigMap v1 t-x/shared, which another Graph writes');
  });
});

describe('the other views', () => {
  test('the output names nodes of subgraphs by their paths, and patches with their fields', async () => {
    const seen = await at('graph-patch-in-subgraph', 'patched');
    expect(treeLines(seen, world.clock.now(), false).slice(1)).toMatchInlineSnapshot(`
      [
        "├─ ✓ v                          ready: is as wanted and ready",
        "├─ ✓ s/m  ConfigMap t-x/target  ready: is as wanted and ready; writes data.x",
        "└─ ✓ s                          ready: is as wanted and ready",
      ]
    `);
    const status = statusLines(seen, statusView(seen), world.clock.now(), false);
    expect(status.slice(status.indexOf('fields')).map((line) => line.replace(/[0-9a-f]{12}\.[0-9a-f]{12}/, '(node)')))
      .toMatchInlineSnapshot(`
        [
          "fields",
          "  appliedServiceAccount  "system:serviceaccount:t-x:default"",
          "fields in other objects",
          "  s/m ConfigMap t-x/target data.x by kro-graphengine.patch.(node)",
        ]
      `);
  });

  test('the command wait reads the conditions of kro', async () => {
    const { instance } = await at('graph-order-diamond', 'ready');
    expect(isReached(parseGoal('active'), instance)).toBe(true);
    await world.close();
    const { instance: waiting } = await at('graph-ref-late', 'absent');
    expect(isReached(parseGoal('active'), waiting)).toBe(false);
    expect(isReached(parseGoal('condition=Accepted'), waiting)).toBe(true);
  });

  const ready = recordedGraphStates().filter(({ scenario, checkpoint }) => /^(graph-order|graph-foreach-grow|graph-subgraph)/.test(scenario) && checkpoint !== 'waiting');
  test.each(ready.map(({ scenario, checkpoint }) => [scenario, checkpoint] as const))('diff finds no difference: %s, %s', async (scenario, checkpoint) => {
    const seen = await at(scenario, checkpoint);
    expect(differenceLines(diffReport(seen, seen.graph as NonNullable<typeof seen.graph>))).toEqual(['no difference: every object is as the graph wants it']);
  });
});
