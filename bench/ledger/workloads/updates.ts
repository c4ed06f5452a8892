/** Processor time of 15,000 updates of Deployments with three containers; each update changes one annotation. */
import { createEmbeddedCluster } from '@typekro/cluster';
import { printTime } from './figures.ts';

const PATH = '/apis/apps/v1/namespaces/default/deployments';
const OBJECTS = 100;

const deployment = (index: number, turn: number): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `d${index}`, annotations: { turn: String(turn) } },
    spec: {
      selector: { matchLabels: { app: `d${index}` } },
      template: {
        metadata: { labels: { app: `d${index}` } },
        spec: {
          containers: ['a', 'b', 'c'].map((name) => ({
            name,
            image: 'nginx:1.27',
            env: ['V0', 'V1', 'V2', 'V3'].map((variable) => ({ name: variable, value: 'value' })),
            ports: [{ containerPort: 80 }],
          })),
        },
      },
    },
  });

await using cluster = await createEmbeddedCluster({ controllers: false });
const transport = cluster.transport();

async function send(method: string, path: string, body: string): Promise<void> {
  const answer = await transport.request({ method, path, headers: { 'content-type': 'application/json' }, body });
  for await (const chunk of answer.body) void chunk;
  if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status}`);
}

for (let index = 0; index < OBJECTS; index += 1) await send('POST', PATH, deployment(index, 0));
await printTime(async () => {
  for (let turn = 1; turn <= 15_000; turn += 1) {
    await send('PUT', `${PATH}/d${turn % OBJECTS}`, deployment(turn % OBJECTS, turn));
  }
});
