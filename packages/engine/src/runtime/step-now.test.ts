import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { decide, putInstance, settle } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

const pump = '{apiVersion: parts.test/v1, kind: Pump, metadata: {name: p}, spec: {litres: 2}}';

function edit(cluster: FakeCluster, status: JsonObject) {
  cluster.edit('Pump.parts.test/ns/p', (object) => void (object.status = status));
}

describe('now() in the status', () => {
  const graph = graphOf(`
schema: {status: {seen: "\${p.status.?phase.orValue('none') + string(now())}"}}
resources:
  - id: p
    template: ${pump}
`);

  test('changes only together with another field of the status', () => {
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', {});
    settle(graph, key, cluster);
    edit(cluster, { phase: 'Up' });
    const first = settle(graph, key, cluster, { step: { now: 1000 } });
    expect(first.decision.statusNow).toBe(1000);
    const instance = cluster.get(key) as KubeObject;
    const idle = decide(graph, instance, cluster, { step: { now: 5000, statusNow: 1000 } });
    expect([idle.statusChanged, idle.statusNow]).toEqual([false, 1000]);
    edit(cluster, { phase: 'Down' });
    const moved = decide(graph, instance, cluster, { step: { now: 5000, statusNow: 1000 } });
    expect([moved.statusChanged, moved.statusNow]).toEqual([true, 5000]);
  });
});
