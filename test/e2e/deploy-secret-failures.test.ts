import { type } from 'arktype';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DeployEvent, kubernetesComposition } from '@typekro/sdk';
import { Secret } from '../../packages/sdk/src/factories/simple/index.ts';
import type { Transport } from '@typekro/kube';
import { type DeployServer, startDeployServer } from '../support/deploy-server.ts';

let cluster: DeployServer;
beforeEach(async () => {
  cluster = await startDeployServer();
}, 90_000);
afterEach(() => cluster.close());

const VALUE = 'hunter two!';

const app = kubernetesComposition(
  {
    name: 'keyed',
    apiVersion: 'example.com/v1alpha1',
    kind: 'Keyed',
    spec: type({ name: 'string', password: 'string' }),
    status: type({}),
  },
  (s) => {
    Secret({ id: 'login', name: `${s.name}-login`, stringData: { key: s.password } });
    return {};
  },
);

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}

/** A transport to a server that refuses the Secret, with a message that quotes the Secret's value. */
function refusing(inner: Transport): Transport {
  const message = `Secret "a-login" is invalid: data[key]: Invalid value: "${VALUE}": too short`;
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Invalid', message, code: 422 };
  return {
    request: (request) =>
      request.method === 'PATCH' && request.path.includes('/secrets/a-login')
        ? Promise.resolve({
            status: 422,
            headers: { 'content-type': 'application/json' },
            body: bytes(JSON.stringify(status)),
          })
        : inner.request(request),
    close: () => inner.close(),
  };
}

test('when the server refuses a Secret, neither the error nor the events of a direct deploy contain its value', async () => {
  const events: DeployEvent[] = [];
  const factory = app.factory('direct', {
    namespace: 'default',
    transport: refusing(cluster.transport),
    timeout: 20_000,
    progressCallback: (event) => events.push(event),
  });
  const error = await factory.deploy({ name: 'a', password: VALUE }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error('the deploy must fail');
  const texts = [error.message, JSON.stringify(error), ...events.map((event) => JSON.stringify(event))].join('\n');
  expect(error.message).toContain('Secret "a-login" is invalid: data[key]: Invalid value: "(secret)": too short');
  expect(texts).not.toContain(VALUE);
});
