import { assumedSettings } from '@typekro/controller/controller';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { KubeObject } from '@typekro/kit/core';
import {
  type VirtualWorld,
  conditionText,
  mapResource,
  pot,
  potDefinition,
  potRef,
  virtualWorld,
} from '@typekro/testing/test-support/virtual-world';
import { KubeError, readSession } from '@typekro/kube';
import { whyOf } from './evidence.ts';
import { observe } from './observation.ts';
import { withRefusedWrites } from './pending-writes.ts';
import { statusView } from './status-view.ts';
import { treeNodes } from './tree-view.ts';

let world: VirtualWorld;
afterEach(() => world.close());

const NEVER = new AbortController().signal;
const USER = 'system:serviceaccount:default:deployer';
const yaml = (text: string) => parse(text) as KubeObject;
const rights = (verbs: string): KubeObject[] => [
  yaml(`{ apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: { name: deployer, namespace: default },
    rules: [{ apiGroups: [''], resources: [configmaps], verbs: [${verbs}] }] }`),
  yaml(`{ apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: { name: deployer, namespace: default },
    roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer },
    subjects: [{ kind: ServiceAccount, name: deployer, namespace: default }] }`),
];
const external = {
  id: 'src',
  externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'src', namespace: 'default' } },
};
const source = yaml('{ apiVersion: v1, kind: ConfigMap, metadata: { name: src, namespace: default }, data: { v: x } }');
const reads = mapResource('map', { v: '${src.data.v}' });

/** Rows: the verbs of the account, the source, and the node with the verb of the missing right. */
test.each<readonly [verbs: string, objects: readonly KubeObject[], node: string, right: string]>([
  ['create, patch', [], 'src', '"list", "watch"'],
  ['create, patch', [source], 'src', '"list", "watch"'],
  ['get, create, patch', [source], 'src', '"list", "watch"'],
  ['get, list, create, patch', [source], 'src', '"list", "watch"'],
  ['get, list, watch', [source], 'map', '"create", "patch"'],
  ['get, list, watch, create', [source], 'map', '"create", "patch"'],
  ['list, watch, create, patch', [source], '', ''],
])(
  'with the verbs %s of the account, the views name the right that the controller lacks',
  async (verbs, objects, node, right) => {
    for (const options of [{}, { controller: { instanceServiceAccount: 'deployer' } }]) {
      world = await virtualWorld(options);
      await world.apply(...rights(verbs), ...objects);
      const annotations = 'controller' in options ? {} : { 'typekro.dev/service-account': 'default/deployer' };
      await world.apply(potDefinition([external, reads], annotations));
      await world.advance(2000);
      await world.apply(pot('shop'));
      await world.advance(30_000);
      const api = readSession(world.user);
      const settings = { ...assumedSettings('this test'), ...options.controller };
      const seen = await withRefusedWrites(api, await observe(api, 'shop', 'default', NEVER, { settings }), NEVER);
      const { causes } = await whyOf(seen, api, NEVER);
      const open = treeNodes(seen).filter(({ state }) => state === 'failed');
      expect(causes.map(({ node: id }) => id)).toEqual(node === '' ? [] : [node]);
      expect(open.map(({ id }) => id)).toEqual(causes.map(({ node: id }) => id));
      for (const { state, reason, remedy } of causes) {
        expect(reason).toContain(`verbs: [${right}]} for ${USER} in namespace default`);
        expect(remedy).toContain(`give ${USER} the missing right`);
        expect(open[0]).toMatchObject({ state, reason, remedy });
        expect(statusView(seen).open[0]).toMatchObject({ state, reason, remedy });
        const ready = conditionText(await world.user.get(potRef('shop')), 'Ready');
        expect(ready).toContain(`verbs: [${right}]} for ${USER} in namespace default`);
      }
      if (options.controller === undefined) await world.close();
    }
  },
);

test('a user who may not impersonate the account sees that the rights differ', async () => {
  world = await virtualWorld();
  await world.apply(potDefinition([external, reads], { 'typekro.dev/service-account': 'default/deployer' }));
  await world.advance(2000);
  await world.apply(pot('shop'));
  const refused = {
    ...readSession(world.user),
    as: () => ({
      ...readSession(world.user),
      raw: () =>
        Promise.reject(
          new KubeError('users "x" is forbidden: User "dev" cannot impersonate resource "users" in API group ""', {
            status: 403,
            reason: 'Forbidden',
          }),
        ),
    }),
  };
  const seen = await observe(refused, 'shop', 'default', NEVER, { settings: assumedSettings('this test') });
  expect(seen.notes.join()).toContain(`you may not impersonate ${USER}`);
});
