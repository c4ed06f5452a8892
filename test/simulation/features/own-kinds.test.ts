import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Cluster } from '@typekro/cluster';
import { createEmbeddedCluster } from '@typekro/cluster';
import { controllerCrds, createController } from '@typekro/controller/controller';
import type { Transport } from '@typekro/kube';
import { KubeClient } from '@typekro/kube';

let cluster: Cluster;
let user: KubeClient;
beforeEach(async () => {
  cluster = await createEmbeddedCluster();
  user = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await user.create(crd);
  await cluster.idle();
});
afterEach(async () => {
  await user.close();
  await cluster.close();
});

it('a controller logs the kind that it may not read, and its start continues when it gets the right', async () => {
  const inner = cluster.transport();
  let isAllowed = false;
  const message = 'graphrevisions.internal.kro.run is forbidden: User "kro" cannot watch resource "graphrevisions"';
  const status = {
    kind: 'Status',
    code: 403,
    reason: 'Forbidden',
    message: `${message} in API group "internal.kro.run"`,
  };
  const transport: Transport = {
    async request(request) {
      if (isAllowed || !request.path.includes('/graphrevisions')) return inner.request(request);
      return { status: 403, headers: {}, body: bytes(JSON.stringify(status)) };
    },
    close: () => inner.close(),
  };
  const log: string[] = [];
  const client = new KubeClient({ transport });
  const controller = createController({
    client,
    logger: { log: (level, text, fields) => log.push(`${level} ${text}: ${String(fields?.['error'])}`) },
  });
  const started = controller.start();
  const rule = '{apiGroups: ["internal.kro.run"], resources: ["graphrevisions"], verbs: ["list", "watch"]}';
  await vi.waitUntil(() => log.length > 0);
  expect(log).toEqual([
    `warn the controller cannot read a kind that it requires: ${status.message} (missing permission; add the rule ${rule})`,
  ]);
  await vi.waitUntil(() => controller.waitsFor === 'graphrevisions.internal.kro.run cannot be read');
  isAllowed = true;
  await started;
  expect([controller.ready, controller.waitsFor]).toEqual([true, undefined]);
  expect(log.at(-1)).toContain('info the controller can read this kind again');
  await controller.stop();
  await client.close();
});

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}
