import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { namespace, resourceQuota } from 'typekro/kubernetes';
import { standardLabels } from './labels.ts';

/** A team: a namespace with a quota. The instances are cluster-scoped. */
export const tenant = kubernetesComposition(
  {
    name: 'platform-tenant',
    group: 'platform.example.com',
    kind: 'Tenant',
    scope: 'Cluster',
    additionalPrinterColumns: [{ name: 'Namespace', type: 'string', jsonPath: '.status.namespace' }],
    spec: type({ name: /^[a-z][a-z0-9-]*$/, owner: 'string', cpu: "string = '4'" }),
    status: type({ namespace: 'string' }),
  },
  (spec) => {
    const space = namespace({
      id: 'space',
      metadata: { name: `team-${spec.name}`, labels: standardLabels(spec.name, spec.owner) },
    });
    resourceQuota({
      id: 'quota',
      metadata: { name: 'team', namespace: space.metadata.name },
      spec: { hard: { 'requests.cpu': spec.cpu } },
    });
    return { namespace: space.metadata.name };
  },
);
