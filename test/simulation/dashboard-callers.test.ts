import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClusterDetails } from '../../packages/cli/src/dashboard/cluster-details.ts';
import { ClusterIndex } from '../../packages/cli/src/dashboard/cluster-index.ts';
import { type ReviewedRight, reviewedApi } from '../../packages/cli/src/dashboard/reviewed-api.ts';
import { assumedSettings } from '@typekro/controller/controller';
import type { JsonObject } from '@typekro/kit/core';
import { type InspectCall, instanceRef } from '@typekro/controller/inspect';
import { systemClock } from '@typekro/kube';
import { mapRef, mapResource, pot, potDefinition, potRef, potsRef } from '@typekro/testing/test-support/virtual-world';
import { type ControllerWorld, controllerWorld } from './controller-world.ts';

const SECRET: JsonObject = {
  id: 'creds',
  template: {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: '${schema.metadata.name}-creds' },
    stringData: { k: 'v' },
  },
};
const EXTERNAL: JsonObject = {
  id: 'ext',
  externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' } },
};
const NODES = [SECRET, mapResource('web', { text: '${schema.spec.text}' })];
const REF = instanceRef(potRef('a'));
const READ_ONLY = 'this server only reads the cluster';

let world: ControllerWorld;
let index: ClusterIndex;
let details: ClusterDetails;
let call: InspectCall;
/** Creates the call of a user whose rights the predicate defines. */
let callOf: (may: (right: ReviewedRight) => boolean) => InspectCall;
beforeEach(async () => {
  world = await controllerWorld();
  await world.apply(potDefinition(NODES));
  await world.until(potsRef, (object) => object?.status?.['state'] === 'Active');
  await world.apply(pot('a'));
  await world.until(potRef('a'), (object) => object?.status?.['state'] === 'ACTIVE');
  index = new ClusterIndex({ api: world.user, clock: systemClock, reports: world.controller.reports });
  await index.start();
  const { signal } = new AbortController();
  callOf = (may) => {
    const api = reviewedApi(world.user, 'jane', (right) => Promise.resolve(may(right)));
    return { viewer: { user: 'jane', api, mayList: () => Promise.resolve(true) }, signal };
  };
  call = callOf(() => true);
  const print = () => {};
  details = new ClusterDetails({
    index,
    clock: systemClock,
    version: '1',
    cluster: 'test',
    source: 'controller',
    actions: [],
    settings: () => Promise.resolve(assumedSettings('this test', '0.10')),
    context: { cwd: '/', env: {}, print, printError: print, readInput: () => Promise.resolve(''), signal },
    namespace: 'default',
  });
});
afterEach(async () => {
  await index.close();
  await world.close();
});

describe('a caller of the dashboard of a controller, for whom the dashboard only reads', () => {
  it('sees writes that no controller has sent: each is pending, and none is refused', async () => {
    await world.controller.stop();
    await world.user.patch(mapRef('a-web'), { data: { text: 'by hand' } });
    await world.user.patch({ ...mapRef('a-creds'), kind: 'Secret' }, { data: { k: 'eA==' } });
    const instance = await details.instance(REF, call);
    expect(instance?.nodes.map(({ id, state }) => [id, state])).toEqual([
      ['creds', 'applying'],
      ['web', 'applying'],
    ]);
    expect((await details.node(REF, 'web', undefined, call))?.node.state).toBe('applying');
    const why = await details.why(REF, undefined, call);
    expect(why?.causes.map(({ node, state, dryRun }) => [node, state, dryRun])).toEqual([
      ['creds', 'applying', `a dry run of the write of Secret default/a-creds was not possible: ${READ_ONLY}`],
      ['web', 'applying', `a dry run of the write of ConfigMap default/a-web was not possible: ${READ_ONLY}`],
    ]);
  });

  it('sees that a suspended instance holds back its writes', async () => {
    await world.user.patch(potRef('a'), { metadata: { annotations: { 'kro.run/reconcile': 'suspended' } } });
    await world.settled();
    await world.user.patch(mapRef('a-web'), { data: { text: 'by hand' } });
    const web = (await details.node(REF, 'web', undefined, call))?.node;
    expect(web).toMatchObject({ state: 'blocked', reason: 'would be written, but the instance is suspended' });
  });

  it('gets a plan whose writes are checked by the validation rules of this program', async () => {
    const before = await world.user.get(mapRef('a-web'));
    const text = JSON.stringify(potDefinition([SECRET, mapResource('web', { text: 'changed' })]));
    const plan = await details.plan([{ name: 'pots.yaml', text }], call);
    expect(plan.definitions).toMatchObject([{ action: 'change', checked: 'rules' }]);
    expect(plan.definitions[0]).not.toHaveProperty('refusal');
    expect(plan.instances).toMatchObject([{ state: 'changed', writes: [{ node: 'web', checked: 'rules' }] }]);
    expect(plan.summary).toMatchObject({ change: 2, refused: 0, checked: { server: 0, rules: 2, none: 0 } });
    expect(plan.limits).toEqual([`no dry run was made: ${READ_ONLY}`]);
    expect(plan.source.controller).toMatchObject({ from: 'this test' });
    expect(await world.user.get(mapRef('a-web'))).toEqual(before);
  });
});

describe('a node', () => {
  it.each(['why', 'events'] as const)(
    'that the graph no longer has is found by %s while it is retired, and an unknown node is refused',
    async (part) => {
      await expect(details[part](REF, 'wep', call)).rejects.toMatchObject({
        status: 404,
        code: 'inspect/no-node',
        remedy: 'did you mean web?',
      });
      await world.user.patch(potRef('a'), { metadata: { annotations: { 'kro.run/reconcile': 'suspended' } } });
      await expect.poll(() => index.instance(REF)?.suspended).toBe(true);
      await world.apply(potDefinition([SECRET]));
      await expect
        .poll(async () => (await details.instance(REF, call))?.nodes.find(({ id }) => id === 'web')?.retired)
        .toBe(true);
      expect(await details[part](REF, 'web', call)).toBeDefined();
    },
  );
});

describe('instances that wait', () => {
  const waits = (name: string) => index.instance(instanceRef(potRef(name)))?.waitingFor ?? '';
  beforeEach(async () => {
    await world.apply(pot('b'), pot('c'), potDefinition([EXTERNAL]));
    for (const name of ['a', 'b', 'c']) await expect.poll(() => waits(name)).toContain('shared');
  });

  it('are not compared when the caller may not read them', async () => {
    const found = await details.why(
      REF,
      undefined,
      callOf(({ verb, name }) => verb !== 'get' || name !== 'b'),
    );
    expect(found).toMatchObject({ chains: [{ othersTotal: 1 }], othersWaiting: 2, othersCompared: 1 });
  });

  it('are listed for the details of their definition only during a rollout, and pinned instances are named without a list', async () => {
    const reads: string[] = [];
    const counted = callOf(({ verb, resource }) => reads.push(`${verb} ${resource}`) > 0);
    const revisions = async () => (await details.definition('pots', counted))?.revisions;
    await world.user.patch(potRef('a'), { metadata: { annotations: { 'typekro.dev/revision': '2' } } });
    await expect.poll(() => index.instance(REF)?.pinned).toBe(true);
    expect(await revisions()).toMatchObject([
      { revision: 2, pinned: ['default/a'] },
      { revision: 1, pinned: [] },
    ]);
    expect(reads).not.toContain('list pots');
    const nodes = [EXTERNAL, mapResource('more', { text: 'x' })];
    await world.apply(potDefinition(nodes, { 'typekro.dev/canary': '1' }));
    const rollout = async () => (await details.definition('pots', counted))?.rollout;
    await expect.poll(rollout).toMatchObject({ revision: 3, phase: 'waiting', of: 3 });
    expect(reads).toContain('list pots');
  });
});

describe('an object whose pods the caller may not list', () => {
  it('has no pods, and the reason why they could not be read', async () => {
    const template = { metadata: { labels: { app: 'p' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const spec = { replicas: 0, selector: { matchLabels: { app: 'p' } }, template };
    const web = { id: 'web', template: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec } };
    await world.apply(potDefinition([web]));
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' };
    await world.until(deployment, (object) => object !== undefined);
    const found = await details.object(
      REF,
      deployment,
      callOf(({ resource }) => resource !== 'pods'),
    );
    expect(found).toMatchObject({
      pods: [],
      podsUnread: expect.stringContaining('pods is forbidden: User "jane"') as string,
    });
    expect(await details.object(REF, deployment, call)).not.toHaveProperty('podsUnread');
  });
});
