import type { SimulatedController } from './controller.ts';
import { concerns, targetIn } from './controller.ts';

const NAMESPACES = { group: '', plural: 'namespaces' } as const;
const SERVICE_ACCOUNTS = { group: '', plural: 'serviceaccounts' } as const;
const CONFIG_MAPS = { group: '', plural: 'configmaps' } as const;

/** The name of the ConfigMap with the cluster's certificate authority. Every namespace has this ConfigMap. */
const ROOT_CA = 'kube-root-ca.crt';

/** Gives every namespace its `default` ServiceAccount and the certificate authority of the cluster. */
export function serviceAccountController(certificateAuthority: () => string): SimulatedController {
  return {
    name: 'serviceaccount-controller',
    target: targetIn(NAMESPACES),

    *keysOf(event) {
      if (concerns(event, '', 'namespaces') && event.type !== 'DELETED') yield event.stored.key;
      else if (event.type === 'DELETED' && isOurs(event.stored.key, event.collection.plural)) {
        yield event.stored.object.metadata.namespace ?? '';
      }
    },

    reconcile(namespace, client) {
      const found = client.get(NAMESPACES, '', namespace);
      if (found === undefined || found.metadata.deletionTimestamp !== undefined) return;
      if (client.get(SERVICE_ACCOUNTS, namespace, 'default') === undefined) {
        client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } });
      }
      const data = { 'ca.crt': certificateAuthority() };
      const known = client.get(CONFIG_MAPS, namespace, ROOT_CA);
      if (known !== undefined) client.update({ ...known, data });
      else {
        client.create({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: {
            name: ROOT_CA,
            namespace,
            annotations: {
              'kubernetes.io/description':
                'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
            },
          },
          data,
        });
      }
    },
  };
}

function isOurs(key: string, plural: string): boolean {
  return (
    (plural === 'serviceaccounts' && key.endsWith('/default')) ||
    (plural === 'configmaps' && key.endsWith(`/${ROOT_CA}`))
  );
}
