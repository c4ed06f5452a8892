import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PlanWorld } from '../../test-support/plan-world.ts';
import { planWorld } from '../../test-support/plan-world.ts';
import type { KubeObject } from '@typekro/kit/core';

let plans: PlanWorld;
beforeAll(async () => {
  plans = await planWorld();
});
afterAll(() => plans.close());

const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
const graph: KubeObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  metadata: { name: 'g', namespace: 'default' },
  spec: { nodes: [{ id: 'a', template: config }] },
};

function controller(args: string[]): KubeObject {
  const labels = { 'app.kubernetes.io/name': 'typekro' };
  const containers = [{ name: 'kro', image: 'typekro:1', args }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'kro', namespace: 'default', labels },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}

test('plan and apply report a Graph when the controller of the cluster does not serve the kind Graph', async () => {
  const { world, run } = plans;
  const noted =
    'the controller of Deployment default/kro does not serve the kind Graph, and does nothing for Graph default/g: start it with --feature-gates=GraphKind=true';
  await world.apply(controller([]));
  expect((await run('plan FILE', graph)).out).toContain(noted);
  expect((await run('apply FILE', graph)).out).toContain(noted);
  expect((await run('plan --delete FILE', graph)).out).not.toContain('GraphKind');
  await world.apply(controller(['--feature-gates=GraphKind=true']));
  expect((await run('plan FILE', graph)).out).not.toContain('GraphKind');
});
