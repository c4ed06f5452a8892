import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiServer } from '../../support/api-server.ts';
import { clientServers } from '../../support/packed-cluster.ts';
import { findClient } from '../../support/clients.ts';
import { ClientProgram, Transcript } from '../../support/transcript.ts';
import { configMap, deployment, widget, WIDGETS } from './manifests.ts';

const program = findClient('kubectl') ?? '';
const transcript = new Transcript();
const NAMESPACE = 'typekro-e2e-kubectl';

afterAll(() => transcript.print());

describe.skipIf(program === '').each(clientServers())('kubectl on $name', ({ name, isEmbedded, workloads, start }) => {
  let server: ApiServer;
  let kubectl: ClientProgram;
  const ok = (...args: readonly string[]): Promise<string> => kubectl.ok(args);
  const apply = (text: string, ...flags: readonly string[]): Promise<string> =>
    kubectl.ok(['apply', ...flags, '-f', '-'], text);
  const jsonPath = (what: string, path: string): Promise<string> => ok('get', what, '-o', `jsonpath={${path}}`);

  beforeAll(async () => {
    server = await start();
    kubectl = new ClientProgram({ program, name: 'kubectl', server, serverName: name, transcript });
    await ok('create', 'namespace', NAMESPACE);
    await ok('config', 'set-context', '--current', `--namespace=${NAMESPACE}`);
    await apply(WIDGETS);
    await ok('wait', '--for=condition=Established', 'crd/widgets.e2e.typekro.dev', '--timeout=20s');
  }, 90_000);
  afterAll(async () => {
    await kubectl.run(['delete', 'crd/widgets.e2e.typekro.dev', `namespace/${NAMESPACE}`, '--wait=false']);
    await server.close();
  });

  test('version, api-versions, api-resources and explain report the version and the kinds of the API', async () => {
    expect(await ok('version', '-o', 'yaml')).toMatch(/serverVersion:[^]*minor: "36"/);
    expect(await ok('api-versions')).toMatch(/^apps\/v1$[^]*^e2e\.typekro\.dev\/v1$[^]*^v1$/m);
    const resources = await ok('api-resources', '--no-headers', '--sort-by=name');
    expect(resources).toMatch(/^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment$/m);
    expect(resources).toMatch(/^widgets\s+wd\s+e2e\.typekro\.dev\/v1\s+true\s+Widget$/m);
    expect(await ok('api-resources', '--api-group=batch', '--verbs=list,patch', '-o', 'name')).toBe(
      'cronjobs.batch\njobs.batch\n',
    );
    expect(await ok('explain', 'deployment.spec.strategy.rollingUpdate')).toMatch(/maxSurge\s+<IntOrString>/);
    expect(await ok('explain', 'pod.spec.containers', '--recursive')).toMatch(/livenessProbe/);
    if (isEmbedded) {
      const field = /FIELD: replicas <integer>\s+DESCRIPTION:\s+Number of pods. Default 1. 0 is allowed./;
      expect(await ok('explain', 'deployment.spec.replicas')).toMatch(field);
      expect(await ok('explain', 'service')).toMatch(
        /DESCRIPTION:\s+A stable name and address for a changing set of pods\./,
      );
    }
    expect(await ok('explain', 'widget.spec')).toMatch(/colour\s+<string> -required-\n\s+enum: blue, red/);
    // With this flag, kubectl reads OpenAPI v2, which the server sends as protobuf.
    const old = '--output=plaintext-openapiv2';
    expect(await ok('explain', 'deployment.spec.strategy.rollingUpdate', old)).toMatch(/maxSurge\s+<string>/);
    expect(await ok('explain', 'widget.spec', old)).toMatch(/colour\s+<string> -required-/);
  });

  test('create and delete work, and get prints every form of output', async () => {
    expect(await ok('create', 'configmap', 'one', '--from-literal=a=1')).toBe('configmap/one created\n');
    expect((await kubectl.run(['create', 'configmap', 'one'])).stderr).toMatch(/configmaps "one" already exists/);
    await ok('create', 'secret', 'generic', 'two', '--from-literal=password=hidden');
    expect(await ok('get', 'configmap', 'one', '--no-headers')).toMatch(/^one\s+1\s+\S+\n$/);
    expect(await ok('get', 'secret', 'two', '--no-headers')).toMatch(/^two\s+Opaque\s+1\s/);
    expect(await jsonPath('configmap/one', '.data.a')).toBe('1');
    expect(parse(await ok('get', 'configmap', 'one', '-o', 'yaml'))).toMatchObject({
      kind: 'ConfigMap',
      data: { a: '1' },
    });
    expect(JSON.parse(await ok('get', 'configmap,secret', '-o', 'json'))).toMatchObject({ kind: 'List' });
    expect(await ok('get', 'cm/one', 'secret/two', '-o', 'name')).toBe('configmap/one\nsecret/two\n');
    expect(await ok('get', 'cm', '-o', 'custom-columns=N:.metadata.name', '--field-selector=metadata.name=one')).toBe(
      'N\none\n',
    );
    expect(
      await ok('get', 'cm', '-o', 'go-template={{range .items}}{{.metadata.name}} {{end}}', '--sort-by=.metadata.name'),
    ).toMatch(/one /);
    expect(await ok('get', '--raw', '/readyz')).toBe('ok');
    expect((await kubectl.run(['get', 'cm', 'none'])).stderr).toBe(
      'Error from server (NotFound): configmaps "none" not found\n',
    );
    expect((await kubectl.run(['get', 'nonsense'])).stderr).toMatch(
      /the server doesn't have a resource type "nonsense"/,
    );
    expect(await ok('delete', 'cm/one', 'secret/two', '--now')).toMatch(/"one".* deleted[^]*"two".* deleted/);
    expect(await ok('delete', 'cm', 'one', '--ignore-not-found')).toBe('');
  });

  test('client-side apply: an object is created, unchanged or configured, and loses a field that the file no longer contains', async () => {
    expect(await apply(deployment({ image: 'nginx:1.27', replicas: 2 }))).toBe('deployment.apps/web created\n');
    expect(await apply(deployment({ image: 'nginx:1.27', replicas: 2 }))).toBe('deployment.apps/web unchanged\n');
    const changed = deployment({ image: 'nginx:1.28', replicas: 2 });
    const diff = await kubectl.run(['diff', '-f', '-'], changed);
    expect(diff.code).toBe(1);
    expect(diff.stdout).toMatch(/^-\s+- image: nginx:1\.27$/m);
    expect(diff.stdout).toMatch(/^\+\s+- image: nginx:1\.28$/m);
    expect(await apply(changed, '--dry-run=server')).toBe('deployment.apps/web configured (server dry run)\n');
    expect(await apply(changed)).toBe('deployment.apps/web configured\n');
    expect((await kubectl.run(['diff', '-f', '-'], changed)).code).toBe(0);
    expect(await ok('apply', 'view-last-applied', 'deploy/web', '-o', 'yaml')).toMatch(/image: nginx:1\.28/);
    await apply(configMap('kept', { a: '1', b: '2' }));
    await apply(configMap('kept', { a: '1' }));
    expect(await jsonPath('cm/kept', '.data')).toBe('{"a":"1"}');
  });

  test('server-side apply: fields have owners, a conflict names the owners, and force takes the fields over', async () => {
    const map = (value: string) => configMap('owned', { a: value });
    await apply(map('1'), '--server-side', '--field-manager=first');
    const refused = await kubectl.run(['apply', '--server-side', '--field-manager=second', '-f', '-'], map('2'));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/conflict with "first": \.data\.a/);
    await apply(map('2'), '--server-side', '--field-manager=second', '--force-conflicts');
    expect(await ok('get', 'cm', 'owned', '-o', 'yaml', '--show-managed-fields')).toMatch(/manager: second/);
    const difference = await kubectl.run(['diff', '--server-side', '--field-manager=second', '-f', '-'], map('3'));
    expect(difference).toMatchObject({ code: 1, stdout: expect.stringMatching(/^\+ {2}a: "3"$/m) as string });
  });

  test('apply validates against the schema: unknown fields and wrong types are refused', async () => {
    const refused = await kubectl.run(
      ['apply', '-f', '-'],
      deployment({ image: 'a', replicas: 1, extra: 'nonsense: 1' }),
    );
    expect(refused.stderr).toMatch(/unknown field "spec\.nonsense"/);
    const type = await kubectl.run(['apply', '-f', '-'], deployment({ image: 'a', replicas: 'many' }));
    expect(type.stderr).toMatch(/replicas/);
    expect(type.code).toBe(1);
    const warned = await kubectl.run(
      ['apply', '--validate=warn', '--dry-run=server', '-f', '-'],
      deployment({ image: 'nginx:1.28', replicas: 2, extra: 'nonsense: 1' }),
    );
    expect(warned).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/Warning: unknown field "spec\.nonsense"/) as string,
    });
  });

  test('the commands patch (with each of its three types), replace, label, annotate and set change an object', async () => {
    await ok('create', 'configmap', 'p', '--from-literal=a=1', '--from-literal=b=2');
    await ok('patch', 'cm/p', '--type=merge', '-p', '{"data":{"b":null,"c":"3"}}');
    await ok(
      'patch',
      'cm/p',
      '--type=json',
      '-p',
      '[{"op":"test","path":"/data/a","value":"1"},{"op":"remove","path":"/data/a"}]',
    );
    expect(await jsonPath('cm/p', '.data')).toBe('{"c":"3"}');
    const sidecar = '{"spec":{"template":{"spec":{"containers":[{"name":"log","image":"busybox"}]}}}}';
    await ok('patch', 'deploy/web', '-p', sidecar);
    expect(await jsonPath('deploy/web', '.spec.template.spec.containers[*].name')).toBe('log web');
    expect(await kubectl.ok(['replace', '-f', '-'], configMap('p', { d: '4' }))).toBe('configmap/p replaced\n');
    expect(await jsonPath('cm/p', '.data')).toBe('{"d":"4"}');
    expect(await ok('label', 'cm/p', 'tier=back', 'e2e=yes')).toBe('configmap/p labeled\n');
    expect((await kubectl.run(['label', 'cm/p', 'tier=front'])).stderr).toMatch(/already has a value \(back\)/);
    await ok('label', 'cm/p', 'tier=front', '--overwrite');
    expect(await ok('get', 'cm', '-l', 'tier in (front),e2e', '-L', 'tier', '--no-headers')).toMatch(
      /^p\s+1\s+\S+\s+front\n$/,
    );
    await ok('label', 'cm/p', 'tier-');
    expect(await ok('annotate', 'cm', 'p', 'note=hello')).toBe('configmap/p annotated\n');
    expect(await ok('annotate', 'cm', 'p', '--list')).toMatch(/note=hello/);
    expect(await ok('set', 'image', 'deploy/web', 'log=busybox:1.37')).toBe('deployment.apps/web image updated\n');
    await ok('set', 'env', 'deploy/web', 'A=b', '-c', 'web');
    expect(await ok('set', 'env', 'deploy/web', '--list')).toMatch(/A=b/);
    await ok('set', 'resources', 'deploy/web', '--limits=cpu=100m', '-c', 'web');
    expect(await jsonPath('deploy/web', '.metadata.generation')).toBe('6');
  });

  test('scale, autoscale and expose work on a Deployment', async () => {
    expect(await ok('scale', 'deploy/web', '--replicas=3', '--current-replicas=2')).toBe(
      'deployment.apps/web scaled\n',
    );
    expect((await kubectl.run(['scale', 'deploy/web', '--replicas=1', '--current-replicas=2'])).stderr).toMatch(
      /Expected replicas to be 2/i,
    );
    expect(await jsonPath('deploy/web', '.spec.replicas')).toBe('3');
    await ok('autoscale', 'deploy/web', '--min=2', '--max=5', '--cpu=80%').catch(() =>
      // kubectl versions before 1.34 support only the older flag.
      ok('autoscale', 'deploy/web', '--min=2', '--max=5', '--cpu-percent=80'),
    );
    expect(await ok('get', 'hpa', 'web', '--no-headers')).toMatch(/^web\s+Deployment\/web\s.*80%\s+2\s+5\s/);
    await ok('expose', 'deploy/web', '--port=80', '--target-port=8080');
    expect(await ok('get', 'svc', 'web', '--no-headers')).toMatch(
      /^web\s+ClusterIP\s+10\.96\.\d+\.\d+\s+<none>\s+80\/TCP\s/,
    );
    expect(await ok('describe', 'svc', 'web')).toMatch(/Selector:\s+app=web/);
  });

  test('a custom resource has its defaults, columns, rules, status and scale', async () => {
    expect(await apply(widget('w', 'blue'))).toBe('widget.e2e.typekro.dev/w created\n');
    expect(await ok('get', 'wd', 'w', '--no-headers')).toMatch(/^w\s+blue\s+1\s/);
    expect((await kubectl.run(['apply', '-f', '-'], widget('w', 'green'))).stderr).toMatch(
      /Unsupported value: "green"/,
    );
    expect((await kubectl.run(['patch', 'wd/w', '--type=merge', '-p', '{"spec":{"size":9}}'])).stderr).toMatch(
      /blue ones are small/,
    );
    await ok('patch', 'wd/w', '--type=merge', '--subresource=status', '-p', '{"status":{"colour":"blue"}}');
    expect(await jsonPath('wd/w', '.status.colour')).toBe('blue');
    await ok('scale', 'wd/w', '--replicas=2');
    expect(await jsonPath('wd/w', '.spec.size')).toBe('2');
    expect(await ok('get', 'wd', '--field-selector=spec.colour=blue', '-o', 'name')).toBe('widget.e2e.typekro.dev/w\n');
    expect(await ok('describe', 'wd', 'w')).toMatch(/Colour:\s+blue/);
    expect(await ok('wait', 'wd/w', '--for=jsonpath={.status.colour}=blue', '--timeout=5s')).toMatch(/condition met/);
  });

  test('get -w prints every change, and wait --for=delete returns after the deletion', async () => {
    const watch = kubectl.start(['get', 'cm', '-w', '--output-watch-events', '-l', 'watched=yes']);
    await ok('create', 'cm', 'w', '--from-literal=a=1');
    await ok('label', 'cm/w', 'watched=yes');
    await watch.until(/ADDED\s+w\s+1/);
    await ok('patch', 'cm/w', '--type=merge', '-p', '{"data":{"b":"2"}}');
    await watch.until(/MODIFIED\s+w\s+2/);
    const gone = kubectl.ok(['wait', 'cm/w', '--for=delete', '--timeout=20s']);
    await ok('delete', 'cm', 'w');
    await watch.until(/DELETED\s+w/);
    await gone;
    watch.process.kill();
    await watch.ended;
  });

  test('auth can-i, whoami and impersonation follow the roles', async () => {
    await ok('create', 'serviceaccount', 'reader');
    await ok('create', 'role', 'reads', '--verb=get,list', '--resource=configmaps');
    await ok('create', 'rolebinding', 'reads', '--role=reads', `--serviceaccount=${NAMESPACE}:reader`);
    const as = `--as=system:serviceaccount:${NAMESPACE}:reader`;
    expect(await ok('auth', 'can-i', 'list', 'configmaps', as)).toBe('yes\n');
    expect(await kubectl.run(['auth', 'can-i', 'delete', 'configmaps', as])).toMatchObject({ code: 1, stdout: 'no\n' });
    expect(await ok('auth', 'can-i', '--list', as)).toMatch(/^configmaps\s+\[\]\s+\[\]\s+\[get list\]$/m);
    expect((await kubectl.run(['delete', 'cm', 'p', as])).stderr).toMatch(
      /Error from server \(Forbidden\): configmaps "p" is forbidden: User "system:serviceaccount:\S+" cannot delete resource/,
    );
    expect(await ok('auth', 'whoami', as)).toMatch(/Username\s+system:serviceaccount:typekro-e2e-kubectl:reader/);
    expect(await ok('create', 'token', 'reader')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n?$/);
  });

  test('kustomize renders a kustomization, and apply -k and delete -k apply and delete it', async () => {
    const folder = join(server.directory, 'kustomization');
    mkdirSync(folder);
    writeFileSync(join(folder, 'web.yaml'), deployment({ image: 'nginx:1.27', replicas: 1 }));
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      'resources: [web.yaml]\nnamePrefix: k-\nimages: [{name: nginx, newTag: "1.29"}]\nconfigMapGenerator: [{name: settings, literals: [a=b]}]\n',
    );
    expect(await ok('kustomize', 'kustomization')).toMatch(/image: nginx:1\.29/);
    expect(await ok('apply', '-k', 'kustomization')).toMatch(
      /configmap\/k-settings-\w+ created\ndeployment\.apps\/k-web created/,
    );
    expect(await ok('delete', '-k', 'kustomization')).toMatch(/"k-web".* deleted/);
  });

  test('`kubectl events` and `kubectl describe` show the events of an object', async () => {
    const uid = await jsonPath('cm/p', '.metadata.uid');
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'p.1', namespace: NAMESPACE },
      involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', name: 'p', namespace: NAMESPACE, uid },
      reason: 'Seen',
      message: 'somebody looked',
      type: 'Normal',
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
    };
    await kubectl.ok(['create', '-f', '-'], JSON.stringify(event));
    expect(await ok('events', '--for=configmap/p', '--no-headers')).toMatch(
      /Normal\s+Seen\s+ConfigMap\/p\s+somebody looked/,
    );
    expect(await ok('describe', 'cm', 'p')).toMatch(/Normal\s+Seen\s.*somebody looked/);
    expect(await ok('get', 'events', '--field-selector=reason=Seen', '-o', 'name')).toBe('event/p.1\n');
  });

  test('delete removes objects by selector, or all objects of a kind; an object with a finalizer stays until the finalizer is removed', async () => {
    await ok('create', 'cm', 'x');
    await ok('label', 'cm', 'x', 'gone=yes');
    expect(await ok('delete', 'cm', '-l', 'gone=yes')).toMatch(/"x".* deleted/);
    await ok('create', 'secret', 'generic', 's');
    expect(await ok('delete', 'secret', '--all')).toMatch(/"s".* deleted/);
    await ok('patch', 'wd/w', '--type=merge', '-p', '{"metadata":{"finalizers":["e2e.typekro.dev/hold"]}}');
    await ok('delete', 'wd', 'w', '--wait=false');
    expect(await jsonPath('wd/w', '.metadata.deletionTimestamp')).toMatch(/^\d{4}-/);
    await ok('patch', 'wd/w', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
    expect((await kubectl.run(['get', 'wd/w'])).stderr).toMatch(/NotFound/);
  });

  describe.skipIf(!workloads)('with controllers of workloads', () => {
    test('rollout status, history, undo, restart, pause and resume work on a Deployment', async () => {
      const text = deployment({ name: 'roll', image: 'registry.k8s.io/pause:3.9', replicas: 2 });
      await apply(text);
      expect(await ok('rollout', 'status', 'deploy/roll', '--timeout=60s')).toMatch(/successfully rolled out/);
      await ok('set', 'image', 'deploy/roll', 'web=registry.k8s.io/pause:3.10');
      await ok('rollout', 'status', 'deploy/roll', '--timeout=60s');
      expect(await ok('rollout', 'history', 'deploy/roll')).toMatch(/^1\s+<none>\n2\s+<none>$/m);
      await ok('rollout', 'undo', 'deploy/roll');
      await ok('rollout', 'status', 'deploy/roll', '--timeout=60s');
      expect(await jsonPath('deploy/roll', '.spec.template.spec.containers[0].image')).toBe(
        'registry.k8s.io/pause:3.9',
      );
      await ok('rollout', 'restart', 'deploy/roll');
      await ok('rollout', 'pause', 'deploy/roll');
      await ok('rollout', 'resume', 'deploy/roll');
      await ok('rollout', 'status', 'deploy/roll', '--timeout=60s');
      await ok('wait', 'deploy/roll', '--for=condition=Available', '--timeout=60s');
      expect(await ok('describe', 'deploy', 'roll')).toMatch(/NewReplicaSet:\s+roll-\w+ \(2\/2 replicas created\)/);
    }, 120_000);

    test('exec, attach, port-forward, cp and proxy do not change the pod', async () => {
      await ok('run', 'still', '--image=registry.k8s.io/pause:3.10');
      await ok('wait', '--for=condition=Ready', 'pod/still', '--timeout=60s');
      const uid = await jsonPath('pod/still', '.metadata.uid');
      const proxy = `/api/v1/namespaces/${NAMESPACE}/pods/still:80/proxy/`;
      for (const args of [
        ['exec', 'still', '--', 'true'],
        ['attach', 'still'],
        ['port-forward', 'pod/still', ':80'],
        ['cp', 'still:/none', './none'],
        ['get', '--raw', proxy],
      ]) {
        const { code, stderr } = await kubectl.run(args);
        if (isEmbedded)
          expect
            .soft({ args, code, stderr })
            .toMatchObject({ code: 1, stderr: expect.stringMatching(/simulates containers/) });
      }
      const logs = await kubectl.run(['logs', 'still']);
      expect(logs).toMatchObject({ code: 0 });
      if (isEmbedded) expect(logs.stdout).toMatch(/^the containers of this pod are simulated: /);
      expect(await jsonPath('pod/still', '.metadata.uid')).toBe(uid);
      await ok('delete', 'pod', 'still', '--grace-period=0', '--force');
    });

    test('get, logs, describe and run work on pods, and pods are deleted together with their owner', async () => {
      await ok('wait', 'pods', '-l', 'app=roll', '--for=condition=Ready', '--timeout=60s');
      expect(await ok('get', 'pods', '-l', 'app=roll', '--no-headers')).toMatch(/roll-\S+\s+1\/1\s+Running\s+0\s/);
      expect(await ok('describe', 'pods', '-l', 'app=roll')).toMatch(/Controlled By:\s+ReplicaSet\/roll-/);
      await ok('run', 'alone', '--image=registry.k8s.io/pause:3.10', '--labels=app=alone');
      await ok('wait', 'pod/alone', '--for=condition=Ready', '--timeout=60s');
      await ok('logs', 'alone');
      await ok('logs', 'deploy/roll', '--tail=1', '--timestamps');
      expect((await kubectl.run(['logs', 'alone', '-c', 'none'])).stderr).toMatch(
        /container none is not valid for pod alone/,
      );
      await ok('delete', 'pod', 'alone', '--grace-period=0', '--force');
      await ok('delete', 'deploy', 'roll', '--cascade=foreground');
      await ok('wait', 'pods', '-l', 'app=roll', '--for=delete', '--timeout=60s');
      expect(await ok('get', 'rs,pods', '-l', 'app=roll', '-o', 'name')).toBe('');
    }, 120_000);

    test('a Job is created, and a namespace is deleted with its content', async () => {
      await ok('create', 'job', 'once', '--image=registry.k8s.io/pause:3.10');
      expect(await ok('get', 'job', 'once', '--no-headers')).toMatch(/^once\s/);
      await ok('create', 'namespace', `${NAMESPACE}-2`);
      await ok('create', 'cm', 'inside', '-n', `${NAMESPACE}-2`);
      await ok('delete', 'namespace', `${NAMESPACE}-2`, '--timeout=60s');
      expect((await kubectl.run(['get', 'cm', 'inside', '-n', `${NAMESPACE}-2`])).stderr).toMatch(/NotFound/);
    }, 90_000);
  });
});
