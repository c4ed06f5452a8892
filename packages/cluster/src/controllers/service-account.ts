import { jsonEquals } from '@typekro/kit/core';
import { ROOT_CA } from '../kinds/pods/service-account-admission.ts';
import { type SimulatedController, concerns, targetIn } from './simulated-controller.ts';
import { SERVICE_ACCOUNT_CONTROLLER } from './enabled-controllers.ts';

const NAMESPACES = { group: '', plural: 'namespaces' } as const;
const SERVICE_ACCOUNTS = { group: '', plural: 'serviceaccounts' } as const;
const CONFIG_MAPS = { group: '', plural: 'configmaps' } as const;

const DESCRIPTION = 'kubernetes.io/description';
const DESCRIPTION_TEXT =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/**
 * Creates the `default` ServiceAccount and the ConfigMap with the cluster's certificate authority in every namespace.
 * Restores both after a client has deleted them, and the ConfigMap also after a client has changed it.
 */
export function serviceAccountController(certificateAuthority: () => string): SimulatedController {
  return {
    name: SERVICE_ACCOUNT_CONTROLLER,
    target: targetIn(NAMESPACES),

    *keysOf(event) {
      if (concerns(event, '', 'namespaces') && event.type !== 'DELETED') yield event.stored.key;
      else if (event.type === 'ADDED') return;
      else if (concerns(event, '', 'configmaps') && event.stored.key.endsWith(`/${ROOT_CA}`))
        yield event.stored.object.metadata.namespace ?? '';
      else if (
        event.type === 'DELETED' &&
        concerns(event, '', 'serviceaccounts') &&
        event.stored.key.endsWith('/default')
      )
        yield event.stored.object.metadata.namespace ?? '';
    },

    reconcile(namespace, client) {
      const found = client.get(NAMESPACES, '', namespace);
      if (found === undefined || found.metadata.deletionTimestamp !== undefined) return;
      if (client.get(SERVICE_ACCOUNTS, namespace, 'default') === undefined) {
        client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } });
      }
      const data = { 'ca.crt': certificateAuthority() };
      const known = client.get(CONFIG_MAPS, namespace, ROOT_CA);
      if (known !== undefined) {
        const { annotations = {} } = known.metadata;
        if (jsonEquals(known['data'], data) && (annotations[DESCRIPTION] ?? '') !== '') return;
        const metadata = { ...known.metadata, annotations: { ...annotations, [DESCRIPTION]: DESCRIPTION_TEXT } };
        client.update({ ...known, metadata, data });
      } else {
        client.create({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: ROOT_CA, namespace, annotations: { [DESCRIPTION]: DESCRIPTION_TEXT } },
          data,
        });
      }
    },
  };
}
