/** An empty cluster for a controller, with a client that creates definitions and instances. */
import type { KubeObject } from '../../dist/core/index.js';
import { KubeClient, loadKubeConfig } from '../../dist/kube/index.js';
import { Server } from './controller-run.ts';
import { typeOf } from './loads.ts';
import { each, follow } from './watching.ts';

const DEFINITION = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' };

/** An empty cluster with a client. `counted` is the user agent whose requests the cluster counts. */
export class LoadedCluster implements AsyncDisposable {
  readonly server: Server;
  readonly client: KubeClient;

  private constructor(server: Server, client: KubeClient) {
    this.server = server;
    this.client = client;
  }

  static async start(counted?: string): Promise<LoadedCluster> {
    const server = await Server.start(counted);
    const config = await loadKubeConfig({ path: server.path });
    return new LoadedCluster(server, new KubeClient({ config, userAgent: 'load' }));
  }

  /** Creates the first definitions of the cluster, and waits until they are Active. */
  async define(definitions: readonly KubeObject[]): Promise<void> {
    await using active = follow(this.client, DEFINITION, ({ status }) => status?.['state'] === 'Active');
    await each(definitions.length, async (index) => {
      const definition = definitions[index];
      if (definition !== undefined) await this.client.create(definition);
    });
    await active.count(definitions.length);
  }

  /** Creates `count` instances of each kind, and waits until all are ACTIVE. */
  async create(kinds: readonly string[], count: number): Promise<void> {
    const watches = kinds.map((kind) =>
      follow(this.client, typeOf(kind), ({ status }) => status?.['state'] === 'ACTIVE'),
    );
    await each(count * kinds.length, async (index) => {
      const kind = kinds[index % kinds.length] ?? '';
      const name = `${kind.toLowerCase()}-${Math.floor(index / kinds.length)}`;
      await this.client.create({ ...typeOf(kind), metadata: { name, namespace: 'default' }, spec: { text: 'a' } });
    });
    for (const watched of watches) {
      await watched.count(count);
      await watched[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.server.stop();
  }
}
