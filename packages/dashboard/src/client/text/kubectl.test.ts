import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import {
  inNewShell,
  instanceEventsCommand,
  getCommand,
  listCommand,
  listKindsCommand,
  logsCommand,
  planCommand,
  revisionCommand,
  whyCommand,
  withInput,
} from './kubectl.ts';

const web = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };

test.each([
  [getCommand(web), 'kubectl get deployment.v1.apps/web -n shop -o yaml'],
  [getCommand({ apiVersion: 'v1', kind: 'Namespace', name: 'shop' }), 'kubectl get namespace/shop -o yaml'],
  [instanceEventsCommand(web), 'typekro events Deployment/web -n shop'],
  [
    logsCommand({ apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web-1' }, 'app'),
    'kubectl logs web-1 -n shop -c app',
  ],
  [listCommand('webapps', 'acme.dev'), 'kubectl get webapps.acme.dev --all-namespaces'],
  [whyCommand(web), 'typekro why Deployment/web -n shop'],
  [whyCommand(web, 'pods'), 'typekro why Deployment/shop/web/pods'],
  [instanceEventsCommand(web, 'pods'), 'typekro events Deployment/shop/web/pods'],
  [instanceEventsCommand({ apiVersion: 'a/v1', kind: 'Zone', name: 'eu' }, 'dns'), 'typekro events Zone/eu/dns'],
  [
    listKindsCommand([
      { apiVersion: 'acme.dev/v1', kind: 'Shop' },
      { apiVersion: 'v1', kind: 'Pod' },
    ]),
    'kubectl get shop.v1.acme.dev,pod --all-namespaces',
  ],
  [revisionCommand('shops-r00012'), 'kubectl get graphrevision.v1alpha1.internal.kro.run/shops-r00012 -o yaml'],
  [planCommand(['a.yaml', 'my b.yaml']), "typekro plan a.yaml 'my b.yaml'"],
])('a command has the expected words: `%s`', (command, expected) => {
  expect(command).toBe(expected);
});

test.each<[string, Parameters<typeof inNewShell>[1], string]>([
  ['kubectl get pods', undefined, 'kubectl get pods'],
  ['kubectl get pods', {}, 'kubectl get pods'],
  [
    'kubectl get pods -n a',
    { kubeconfigs: ['/tmp/my files/kubeconfig'] },
    "kubectl get pods -n a --kubeconfig '/tmp/my files/kubeconfig'",
  ],
  ['typekro why a', { context: "it's $HOME" }, "typekro why a --context 'it'\\''s $HOME'"],
  ['kubectl get pods', { kubeconfigs: ['/a', '/b'], context: 'c' }, 'KUBECONFIG=/a:/b kubectl get pods --context c'],
  [
    'typekro why a',
    { program: ['/usr/bin/node', '/opt/$x/main.js'], kubeconfigs: ['/k'] },
    "/usr/bin/node '/opt/$x/main.js' why a --kubeconfig /k",
  ],
  ['kubectl get typekro', { program: ['/usr/bin/node', '/m.js'] }, 'kubectl get typekro'],
])('in a new shell, `%s` with %j is `%s`', (command, needs, expected) => {
  expect(inNewShell(command, needs)).toBe(expected);
});

test.each(['a: b\n', 'a: b', "a: $HOME `x` 'y'\nEOF\nEOF_\nb: c\n"])(
  'a shell passes the string %j to a command, and only adds a missing newline at the end',
  (text) => {
    const { stdout } = spawnSync('sh', { input: withInput('cat', text), encoding: 'utf8' });
    expect(stdout).toBe(text.endsWith('\n') ? text : `${text}\n`);
  },
);

test('a hostile name stays one word of the shell', () => {
  expect(getCommand({ ...web, name: "x'; rm -rf ~ #" })).toBe(
    `kubectl get 'deployment.v1.apps/x'\\''; rm -rf ~ #' -n shop -o yaml`,
  );
});
