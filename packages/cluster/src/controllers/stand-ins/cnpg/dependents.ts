import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { asObjects, countAt, numberAt, textAt } from '@typekro/kit/kubernetes';
import type { StandInKind } from '../../../stand-in.ts';
import { clusterName, GROUP, isHealthy, referencedCluster } from './names.ts';

const CLUSTER = { group: GROUP, kind: 'Cluster' } as const;

/** Creates a Deployment of PgBouncer and a Service for each Pooler. */
export const poolers: StandInKind = {
  group: GROUP,
  kind: 'Pooler',
  controller: 'cloudnative-pg-pooler',
  follows: [CLUSTER],

  reconcile(pooler, view) {
    const { name = '', namespace = '' } = pooler.metadata;
    const cluster = referencedCluster(pooler, view);
    if (cluster === undefined) return { status: { instances: 0 } };
    if (view.failure !== undefined) {
      const { reason, message } = view.failure;
      return { status: { instances: 0 }, events: [{ type: 'Warning', reason, message }] };
    }
    const deployment = view.get({ apiVersion: 'apps/v1', kind: 'Deployment', name, namespace });
    const isDone = view.completedSteps(1) > 0;
    return {
      owned: [poolerDeployment(pooler), poolerService(pooler)],
      status: {
        instances: isDone ? countAt(deployment?.status, 'replicas') : 0,
        secrets: {
          clientCA: { name: `${clusterName(pooler)}-ca` },
          serverCA: { name: `${clusterName(pooler)}-ca` },
          serverTLS: { name: `${clusterName(pooler)}-server` },
        },
      },
    };
  },
};

const poolerLabels = ({ metadata }: KubeObject): Record<string, string> => ({
  'cnpg.io/poolerName': metadata.name ?? '',
});

function poolerDeployment(pooler: KubeObject): KubeObject {
  const labels = poolerLabels(pooler);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: pooler.metadata.name ?? '', labels },
    spec: {
      replicas: numberAt(pooler.spec, 'instances') ?? 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels: { ...labels, 'cnpg.io/podRole': 'pooler' } },
        spec: {
          containers: [
            {
              name: 'pgbouncer',
              image: 'ghcr.io/cloudnative-pg/pgbouncer',
              ports: [{ name: 'pgbouncer', containerPort: 5432 }],
            },
          ],
        },
      },
    },
  };
}

function poolerService(pooler: KubeObject): KubeObject {
  const labels = poolerLabels(pooler);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: pooler.metadata.name ?? '', labels },
    spec: { selector: labels, ports: [{ name: 'pgbouncer', port: 5432, targetPort: 'pgbouncer' }] },
  };
}

/** Reports a Database as applied when its cluster is healthy. */
export const databases: StandInKind = {
  group: GROUP,
  kind: 'Database',
  controller: 'cloudnative-pg-database',
  finalizer: 'cnpg.io/deleteDatabase',
  follows: [CLUSTER],

  reconcile(database, view) {
    // In CloudNativePG, the manager of the primary instance applies databases. Without a primary, the status of a
    // database does not change.
    if (!isHealthy(referencedCluster(database, view))) return undefined;
    const observedGeneration = database.metadata.generation ?? 1;
    if (view.failure !== undefined) {
      const message = `${view.failure.reason}: ${view.failure.message}`;
      return { status: { applied: false, message, observedGeneration } };
    }
    if (view.completedSteps(1) === 0) return undefined;
    return { status: { applied: true, observedGeneration, ...parts(database) } };
  },
};

/** The status of a database's extensions, schemas and foreign data objects. Each of them is reported as applied. */
function parts({ spec }: KubeObject): JsonObject {
  const found: JsonObject = {};
  for (const member of ['extensions', 'schemas', 'fdws', 'servers']) {
    const entries = asObjects(spec?.[member]).map((entry) => ({ name: textAt(entry, 'name'), applied: true }));
    if (entries.length > 0) found[member] = entries;
  }
  return found;
}
