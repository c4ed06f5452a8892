import { type } from 'arktype';
import { expect, test } from 'vitest';
import { kubernetesComposition } from '@typekro/sdk';
import { Deployment, Service } from '../../packages/sdk/src/factories/simple/index.ts';
import { testGraph } from '../../packages/testing/src/entry.ts';

const app = kubernetesComposition(
  {
    name: 'webapp',
    apiVersion: 'example.com/v1alpha1',
    kind: 'WebApp',
    spec: type({ name: 'string', replicas: 'number.integer' }),
    status: type({ ready: 'boolean' }),
  },
  (spec) => {
    const deploy = Deployment({ id: 'deploy', name: spec.name, image: 'nginx:1.27', replicas: spec.replicas });
    Service({ id: 'svc', name: `${spec.name}-svc`, selector: { app: spec.name }, ports: [{ port: 80 }] });
    return { ready: deploy.status.readyReplicas >= spec.replicas };
  },
);

test('testGraph checks the type of the spec of a composition', async () => {
  await testGraph(app, {
    given: { name: 'shop', spec: { name: 'shop', replicas: 2 } },
    expect: { children: { deploy: { 'spec.replicas': 2 }, svc: 'present' } },
    steps: [
      { patch: { deploy: { 'status.readyReplicas': 2 } }, expect: { status: { ready: true } } },
      { patch: { instance: { 'spec.replicas': 3 } }, expect: { written: ['deploy'], status: { ready: false } } },
      { delete: ['instance'], expect: { gone: true } },
    ],
  });
  // @ts-expect-error -- the spec has no field "size"
  await expect(testGraph(app, { given: { spec: { name: 'shop', size: 2 } } })).rejects.toMatchObject({
    code: 'testing/bad-test',
  });
});

test('a wrong expectation causes an error with all differences', async () => {
  await expect(
    testGraph(app, {
      given: { spec: { name: 'shop', replicas: 2 } },
      steps: [{ advance: '1m', expect: { children: { deploy: { 'spec.replicas': 3 }, svc: 'absent' } } }],
    }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(`
    [TypeKroError: webapp is not as expected
         deploy.spec.replicas  steps[0].expect.children.deploy["spec.replicas"]
         expected  3
         received  2
         because   deploy ready: is as wanted and ready
         svc  steps[0].expect.children.svc
         expected  absent
         received  Service/shop-svc
         because   svc ready: is as wanted and ready
         when      after step 1, at t=60s]
  `);
});

test('a definition with errors is refused', async () => {
  const spec = { schema: { apiVersion: 'v1', kind: 'Bad' }, resources: [{ id: 'a' }] };
  const bad = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name: 'bad' }, spec };
  await expect(testGraph(bad, {})).rejects.toMatchObject({ code: 'testing/bad-definition' });
});
