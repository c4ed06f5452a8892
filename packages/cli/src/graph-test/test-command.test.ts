import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { GIVEN, HEAD, testFolder, withoutDurations } from '../../test-support/graph-test-folder.ts';
import { commandRunner } from '../../test-support/run-command.ts';
import { test as testCommand } from '../commands/test-command.ts';

const { cwd, run, write, remove } = testFolder();
afterAll(remove);

test('crds: [.] loads the CRDs in the folder of the test file', async () => {
  const own = testFolder();
  const schema =
    '{ openAPIV3Schema: { type: object, properties: { spec: { type: object, x-kubernetes-preserve-unknown-fields: true } } } }';
  own.write(
    'widgets.yaml',
    `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: widgets.acme.test }\nspec: { group: acme.test, scope: Namespaced, names: { kind: Widget, plural: widgets, singular: widget }, versions: [{ name: v1, served: true, storage: true, schema: ${schema} }] }\n`,
  );
  own.write(
    'part.yaml',
    'apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata: { name: part }\nspec:\n  schema: { apiVersion: v1, kind: Part, group: acme.test, spec: {} }\n  resources:\n    - { id: widget, template: { apiVersion: acme.test/v1, kind: Widget, metadata: { name: a }, spec: { a: 1 } } }\n',
  );
  own.write(
    'part.test.yaml',
    'schemaVersion: 1\nkind: GraphTest\ncrds: [.]\ntests:\n  - name: "one\\n ✗ two"\n    given: { name: a, spec: {} }\n    expect: { created: [widget] }\n',
  );
  const ran = await own.run('test part.test.yaml');
  expect(ran).toMatchObject({ code: 0, err: '' });
  // A line break in a name makes no second result.
  expect(ran.out).toMatch(/^ ✓ part › one ✗ two /m);
  own.remove();
});

describe('tests of a definition', () => {
  test('expectations of several steps are met', async () => {
    write(
      'good/shop.test.yaml',
      `${HEAD.replace('shop.yaml', '../shop.yaml')}tests:
  - name: all over time${GIVEN}
    expect:
      children:
        web: { spec.replicas: 2, 'spec.template.spec.containers[0].image': nginx }
        zone: absent
        monitor: absent
      only: [web]
      created: [web]
      written: [web]
      state: IN_PROGRESS
      conditions: { Ready: 'False' }
      nodes:
        web: { state: waiting, reason: web.status.availableReplicas > 0 }
        zone: { state: pending, waitsFor: [web] }
        monitor: skipped
        settings: ready
    steps:
      - name: pods are up
        patch: { web: { status.availableReplicas: 2 } }
        expect:
          children:
            zone: [{ metadata.name: shop-a, data.available: '2' }, { metadata.name: shop-b }]
          created: [web, zone]
          state: ACTIVE
          status: { available: 2 }
          conditions: { Ready: { status: 'True', reason: Ready } }
      - name: another client scales it
        patch: { web: { spec.replicas: 9 } }
        expect: { written: [web], children: { web: { spec.replicas: 2 } } }
      - name: a zone is deleted by another client
        delete: ['zone[1]']
        expect: { children: { zone: [{}, { metadata.name: shop-b }] }, written: [zone] }
      - name: a spec that the schema refuses
        patch: { instance: { spec.replicas: 0 } }
        expect: { refused: should be greater than or equal to 1 }
      - name: the external object changes
        patch: { settings: { data.image: caddy } }
        expect: { children: { web: { 'spec.template.spec.containers[0].image': caddy } } }
      - name: nothing happens for a day, and after a restart
        restart: true
        advance: 24h
        expect: { written: [] }
      - name: a zone less, and metrics
        patch: { instance: { spec.zones: [b], spec.metrics: true } }
        expect: { children: { zone: [{ metadata.name: shop-b }], monitor: present }, deleted: [zone] }
      - delete: [instance]
        expect: { gone: true, deleted: [zone, web] }
`,
    );
    expect(withoutDurations(await run('test good'))).toMatchInlineSnapshot(`
      {
        "code": 0,
        "err": "",
        "out": " ✓ shop › all over time  0 ms
       coverage  good/shop.test.yaml  nodes 4/4, conditions 4/4, branches 0/0  100 %
       1 passed  0.0 s",
      }
    `);
  });

  test('a mismatch is reported with its place, its reason and a command that runs the test again', async () => {
    write(
      'bad/shop.test.yaml',
      `${HEAD.replace('shop.yaml', '../shop.yaml')}tests:
  - name: fields${GIVEN}
    expect:
      children: { web: { spec.replicas: 3, spec.paused: null }, zone: present, monitor: present }
      created: [web, zone]
      state: ACTIVE
      conditions: { Ready: True, GraphResolved: Unknown }
      nodes: { zone: ready }
      events: [{ type: Warning, reason: Nothing }]
  - name: a step${GIVEN}
    expect: { children: { web: present } }
    steps:
      - advance: 90s
        expect: { state: IN_PROGRESS }
      - patch: { zone: { data.a: b } }
  - name: a refused instance
    given: { spec: { replicas: 0, zones: [] } }
  - name: fine${GIVEN}
`,
    );
    const { code, out, err } = withoutDurations(await run('test bad'));
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(out).toMatchInlineSnapshot(`
      " ✗ shop › fields  0 ms
           web.spec.replicas  bad/shop.test.yaml:11:41
           expected  3
           received  2
           because   web waiting: waits until web.status.availableReplicas > 0 is true of Deployment apps/v1 default/shop; "availableReplicas" does not exist yet
           zone  bad/shop.test.yaml:11:71
           expected  present
           received  nothing
           because   zone pending: waits for web (waiting)
           monitor  bad/shop.test.yaml:11:89
           expected  present
           received  nothing
           because   monitor skipped: is left out: schema.spec.metrics is false
           order of creation  bad/shop.test.yaml:12:16
           expected  [web, zone]
           received  [web]
           status.state  bad/shop.test.yaml:13:14
           expected  ACTIVE
           received  IN_PROGRESS
           condition Ready  bad/shop.test.yaml:14:28
           expected  {"status":"True"}
           received  {
                       "status": "False",
                       "reason": "NotReady",
                       "message": "waiting for unresolved resource: apply \\"web\\": node \\"web\\": readyWhen \\"web.status.availableReplicas > 0\\": eval \\"web.status.availableReplicas > 0\\": no such key: availableReplicas (waiting for readiness) (executor: node not ready)"
                     }
           condition GraphResolved  bad/shop.test.yaml:14:49
           expected  {"status":"Unknown"}
           received  {"status":"True","reason":"Resolved","message":"runtime graph created and all resources resolved"}
           node zone  bad/shop.test.yaml:15:22
           expected  {"state":"ready"}
           received  {"state":"pending","reason":"waits for web (waiting)","waitsFor":["web"]}
           events  bad/shop.test.yaml:16:16
           expected  {"type":"Warning","reason":"Nothing"}
           received  [Normal IN_PROGRESS: none -> IN_PROGRESS]
           when      at the start, at t=0s
           waiting   web waiting: waits until web.status.availableReplicas > 0 is true of Deployment apps/v1 default/shop; "availableReplicas" does not exist yet; zone waits for it
           replay    typekro test bad/shop.test.yaml -t 'shop › fields'
       ✗ shop › a step  0 ms
           the step  bad/shop.test.yaml:26:24
           expected  it can be done
           received  there is no object of zone in the cluster yet (zone pending: waits for web (waiting))
           when      after step 2, at t=90s
           waiting   web waiting: waits until web.status.availableReplicas > 0 is true of Deployment apps/v1 default/shop; "availableReplicas" does not exist yet; zone waits for it
           replay    typekro test bad/shop.test.yaml -t 'shop › a step'
       ✗ shop › a refused instance  0 ms
           the step  bad/shop.test.yaml:28:12
           expected  it can be done
           received  Shop.kro.run "shop" is invalid: spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1
           when      at the start, at t=0s
           replay    typekro test bad/shop.test.yaml -t 'shop › a refused instance'
       ✓ shop › fine  0 ms
       coverage  bad/shop.test.yaml  nodes 2/4, conditions 2/4, branches 0/0  50 %
       1 passed, 3 failed  0.0 s"
    `);
    expect(withoutDurations(await run(['test', 'bad', '-t', 'Fine'])).out).toMatchInlineSnapshot(`
      " ✓ shop › fine  0 ms
       coverage  bad/shop.test.yaml  nodes 2/4, conditions 2/4, branches 0/0  50 %
       1 passed, 3 left out  0.0 s"
    `);
    expect(
      JSON.parse(
        (await run(['test', 'bad', '-t', 'a step', '-o', 'json'])).out.replace(
          /"milliseconds": \d+/,
          '"milliseconds": 0',
        ),
      ),
    ).toMatchInlineSnapshot(`
      {
        "failed": 1,
        "files": [
          {
            "coverage": {
              "branches": [],
              "conditions": [
                {
                  "covered": false,
                  "node": "web",
                  "outcome": "true",
                  "what": "readyWhen web.status.availableReplicas > 0",
                },
                {
                  "covered": true,
                  "node": "web",
                  "outcome": "false",
                  "what": "readyWhen web.status.availableReplicas > 0",
                },
                {
                  "covered": false,
                  "node": "monitor",
                  "outcome": "true",
                  "what": "includeWhen schema.spec.metrics",
                },
                {
                  "covered": true,
                  "node": "monitor",
                  "outcome": "false",
                  "what": "includeWhen schema.spec.metrics",
                },
              ],
              "nodes": [
                {
                  "covered": true,
                  "node": "settings",
                  "what": "",
                },
                {
                  "covered": true,
                  "node": "web",
                  "what": "",
                },
                {
                  "covered": false,
                  "node": "zone",
                  "what": "",
                },
                {
                  "covered": false,
                  "node": "monitor",
                  "what": "",
                },
              ],
            },
            "diagnostics": [],
            "file": "bad/shop.test.yaml",
            "skipped": 3,
            "tests": [
              {
                "failure": {
                  "atMs": 90000,
                  "mismatches": [
                    {
                      "expected": "it can be done",
                      "received": "there is no object of zone in the cluster yet (zone pending: waits for web (waiting))",
                      "source": {
                        "column": 24,
                        "file": "bad/shop.test.yaml",
                        "line": 26,
                      },
                      "subject": "the step",
                    },
                  ],
                  "step": 1,
                  "waiting": [
                    "web waiting: waits until web.status.availableReplicas > 0 is true of Deployment apps/v1 default/shop; "availableReplicas" does not exist yet; zone waits for it",
                  ],
                },
                "fullName": "shop › a step",
                "line": 17,
                "milliseconds": 0,
                "name": "a step",
                "status": "failed",
              },
            ],
          },
        ],
        "passed": 0,
        "schemaVersion": 1,
        "skipped": 3,
      }
    `);
  });
});

test('the example of the package passes', async () => {
  const inPackage = commandRunner([testCommand], new URL('../../../../', import.meta.url).pathname);
  expect(withoutDurations(await inPackage('test examples/my-application.test.yaml'))).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": " ✓ my-application › the deployment comes before the service, and no ingress unless it is asked for  0 ms
     ✓ my-application › an ingress is made when the spec asks for it, and goes when it is switched off  0 ms
     ✓ my-application › a change of another client is put back  0 ms
     coverage  examples/my-application.test.yaml  nodes 3/3, conditions 2/2, branches 0/0  100 %
     3 passed  0.0 s",
    }
  `);
});

test('the example of docs/testing.md passes', async () => {
  const root = new URL('../../../../', import.meta.url).pathname;
  const [, example = ''] = /^```yaml\n(.*?)^```$/ms.exec(readFileSync(join(root, 'docs/testing.md'), 'utf8')) ?? [];
  write('page/my-application.yaml', readFileSync(join(root, 'examples/my-application.yaml'), 'utf8'));
  write('page/page.test.yaml', example);
  expect((await run('test page')).out).toMatch(/^ 1 passed /m);
});

test('the example of docs/testing.md with a waiting node passes, and it fails when the node does not wait', async () => {
  const page = readFileSync(new URL('../../../../docs/testing.md', import.meta.url), 'utf8');
  const [, definition = ''] = /^```yaml\n(# edge\.yaml\n.*?)^```$/ms.exec(page) ?? [];
  const [, example = ''] = /^```yaml\n(# edge\.test\.yaml\n.*?)^```$/ms.exec(page) ?? [];
  write('waits/edge.yaml', definition);
  write('waits/edge.test.yaml', example);
  expect((await run('test waits')).out).toMatch(/^ 1 passed /m);
  write('waits/edge.yaml', definition.replace("'${service.metadata.name}'", 'edge'));
  const { code, out } = await run('test waits');
  expect(code).toBe(1);
  expect(out).toMatch(/^ 0 passed, 1 failed /m);
});

test('snapshots are written with --update, and compared without it', async () => {
  write(
    'stored/shop.test.yaml',
    `${HEAD.replace('shop.yaml', '../shop.yaml')}tests:
  - name: all${GIVEN}
    expect: { snapshot: true }
    steps:
      - patch: { web: { status.availableReplicas: 2 } }
        expect: { snapshot: true }
`,
  );
  expect((await run('test stored')).code).toBe(1);
  expect((await run('test stored --update')).code).toBe(0);
  const stored = readFileSync(join(cwd, 'stored/shop.test.yaml.snapshot.yaml'), 'utf8');
  const [start = '', step = ''] = stored.split('    step 1:\n');
  const spec = start.slice(start.indexOf('        apiVersion'), start.indexOf('        status: {}'));
  expect(start).toMatchInlineSnapshot(`
    "# Written by typekro test --update.
    schemaVersion: 1
    kind: GraphTestSnapshot
    tests:
      all:
        start:
          web:
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              name: shop
              namespace: default
            spec:
              replicas: 2
              selector:
                matchLabels:
                  app: web
              template:
                metadata:
                  labels:
                    app: web
                spec:
                  containers:
                    - name: web
                      image: nginx
                      resources: {}
                      terminationMessagePath: /dev/termination-log
                      terminationMessagePolicy: File
                      imagePullPolicy: Always
                  dnsPolicy: ClusterFirst
                  restartPolicy: Always
                  schedulerName: default-scheduler
                  terminationGracePeriodSeconds: 30
                  securityContext: {}
              strategy:
                type: RollingUpdate
                rollingUpdate:
                  maxUnavailable: 25%
                  maxSurge: 25%
              revisionHistoryLimit: 10
              progressDeadlineSeconds: 600
            status: {}
    "
  `);
  expect(step.replace(spec, '        # as at the start\n')).toMatchInlineSnapshot(`
    "      web:
            # as at the start
            status:
              replicas: 2
              readyReplicas: 2
              availableReplicas: 2
          zone:
            - apiVersion: v1
              kind: ConfigMap
              metadata:
                name: shop-a
                namespace: default
              data:
                available: "2"
            - apiVersion: v1
              kind: ConfigMap
              metadata:
                name: shop-b
                namespace: default
              data:
                available: "2"
    "
  `);
  expect((await run('test stored')).code).toBe(0);
  write('stored/shop.test.yaml.snapshot.yaml', stored.replace('image: nginx', 'image: caddy'));
  expect(withoutDurations(await run('test stored')).out).toMatchInlineSnapshot(`
    " ✗ shop › all  0 ms
         web.spec.template.spec.containers[0].image  stored/shop.test.yaml:10:25
         expected  caddy
         received  nginx
         when      at the start, at t=0s
         waiting   web waiting: waits until web.status.availableReplicas > 0 is true of Deployment apps/v1 default/shop; "availableReplicas" does not exist yet; zone waits for it
         snapshot  if the difference is wanted: typekro test stored/shop.test.yaml -t 'shop › all' --update
         replay    typekro test stored/shop.test.yaml -t 'shop › all'
     coverage  stored/shop.test.yaml  nodes 2/4, conditions 2/4, branches 0/0  50 %
     0 passed, 1 failed  0.0 s"
  `);
  expect(readdirSync(join(cwd, 'stored'))).toEqual(['shop.test.yaml', 'shop.test.yaml.snapshot.yaml']);
});
