import { BOOTSTRAP_TOKEN_TYPE, bootstrapTokenEnd } from '../auth/bootstrap-tokens.ts';
import type { SimulatedController } from './simulated-controller.ts';
import { concerns, splitKey, targetIn } from './simulated-controller.ts';

const SECRETS = { group: '', plural: 'secrets' } as const;

/** Removes expired bootstrap tokens. */
export const tokenCleaner: SimulatedController = {
  name: 'token-cleaner-controller',
  target: targetIn(SECRETS),

  *keysOf(event) {
    const { object, key } = event.stored;
    if (event.type === 'DELETED' || !concerns(event, SECRETS.group, SECRETS.plural)) return;
    if (object['type'] === BOOTSTRAP_TOKEN_TYPE && object.metadata.namespace === 'kube-system') yield key;
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const secret = client.get(SECRETS, namespace, name);
    const end = secret === undefined ? undefined : bootstrapTokenEnd(secret);
    if (secret === undefined || end === undefined) return undefined;
    if (end > client.now()) return end - client.now();
    client.remove(secret);
    return undefined;
  },
};
