import { afterAll, beforeAll, expect, test } from 'vitest';
import { textAt, valueAt } from '@typekro/kit/kubernetes';
import { type World, eventually, realNode } from './world.ts';

// The first pages of the documentation, with containers that run.

let world: World;
beforeAll(async () => {
  world = await realNode();
  const { code, stderr } = await world.run(
    'typekro',
    'bootstrap --name stories --image typekro:1.0.0-alpha.0 --rbac unrestricted',
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
afterAll(async () => {
  await world.run('kubectl', 'delete webapp,application --all');
  await world.run('kubectl', 'delete rgd --all');
  await world.run('kubectl', 'delete deployment --all -n kro-system');
});

const replicasOf = async (name: string): Promise<unknown> =>
  valueAt(
    await world.client.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name }),
    'status',
    'readyReplicas',
  );

test('the web application of the README becomes ready by its real pods', async () => {
  const { code, stderr } = await world.run('typekro', 'apply examples/webapp.ts');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const hello = { apiVersion: 'example.com/v1alpha1', kind: 'WebApp', namespace: 'default', name: 'hello' };
  const found = await eventually(async () => {
    const live = await world.client.get(hello);
    expect(valueAt(live, 'status', 'ready')).toBe(true);
    return live;
  });
  // The address of the Service leads to the program in the pods.
  const response = await eventually(() => fetch(textAt(found, 'status', 'url')));
  expect(await response.text()).toMatch(/^hello from hello-/);
});

test('the controller puts the replicas back, and a patch of the instance changes them', async () => {
  await world.run('kubectl', 'scale deployment hello --replicas 4');
  await eventually(async () => expect(await replicasOf('hello')).toBe(2));
  await eventually(async () =>
    expect((await world.run('kubectl', 'describe webapp hello')).stdout).toContain('spec.replicas'),
  );
  await world.run('kubectl', 'patch webapp hello --type merge -p {"spec":{"replicas":3}}');
  await eventually(async () => expect(await replicasOf('hello')).toBe(3));
});

test('why explains an instance of the YAML example without its image, and another instance runs', async () => {
  const { code, stderr } = await world.run('typekro', 'apply examples/my-application.yaml');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // Nothing serves the registry of the default image, and the definition does not say when the Deployment is ready.
  await eventually(async () =>
    expect((await world.run('typekro', 'why default/my-application-instance')).stdout).toMatch(
      /status\.availableReplicas has no value[^]*ImagePull[^]*correct registry, name and tag/,
    ),
  );
  const application = { apiVersion: 'kro.run/v1alpha1', kind: 'Application', namespace: 'default', name: 'shop' };
  await world.apply(
    '{ apiVersion: kro.run/v1alpha1, kind: Application, metadata: { name: shop, namespace: default }, spec: { name: shop, image: "nginx:1.27" } }',
  );
  await eventually(async () =>
    expect(valueAt(await world.client.get(application), 'status', 'availableReplicas')).toBe(3),
  );
  const deleted = await world.run('kubectl', 'delete application --all --timeout 50s');
  expect(deleted).toMatchObject({ code: 0 });
  const { stdout } = await world.run('kubectl', 'get deployment,service,ingress -o name');
  expect(stdout).not.toMatch(/shop|my-awesome-app/);
});
