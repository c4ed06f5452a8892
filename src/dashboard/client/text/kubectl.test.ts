import { expect, test } from 'vitest';
import { eventsCommand, getCommand, listCommand, logsCommand, whyCommand } from './kubectl.ts';

const web = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };

test.each([
  [getCommand(web), 'kubectl get deployment.v1.apps/web -n shop -o yaml'],
  [getCommand({ apiVersion: 'v1', kind: 'Namespace', name: 'shop' }), 'kubectl get namespace/shop -o yaml'],
  [eventsCommand(web), 'kubectl events --for deployment.v1.apps/web -n shop'],
  [
    logsCommand({ apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web-1' }, 'app'),
    'kubectl logs web-1 -n shop -c app',
  ],
  [listCommand('webapps', 'acme.dev'), 'kubectl get webapps.acme.dev --all-namespaces'],
  [whyCommand(web), 'kubectl typekro why Deployment/web -n shop'],
])('the command `%s`', (command, expected) => {
  expect(command).toBe(expected);
});

test('a hostile name stays one word of the shell', () => {
  expect(getCommand({ ...web, name: "x'; rm -rf ~ #" })).toBe(
    `kubectl get 'deployment.v1.apps/x'\\''; rm -rf ~ #' -n shop -o yaml`,
  );
});
