import type { KubeObject } from '@typekro/kit/core';
import { objectAt } from '@typekro/kit/kubernetes';
import { type SimulatedController, concerns, keyOfObject, splitKey, targetIn } from './simulated-controller.ts';
import { BOOTSTRAP_TOKEN_TYPE, bootstrapTokenEnd } from '../auth/bootstrap-tokens.ts';
import { UnstoredValues } from './unstored-values.ts';
import type { ClusterAccess } from '../auth/cluster-access.ts';
import type { ClusterClock } from '../cluster-clock.ts';

/** The parts of the cluster that the token controller uses in addition to stored objects. */
export interface AccountTokenContext {
  readonly access: Pick<ClusterAccess, 'tokens'>;
  readonly clock: ClusterClock;
  /** The certificate as PEM. Empty until a socket with a certificate is opened. */
  readonly certificateAuthority: string;
}

const SECRETS = { group: '', plural: 'secrets' } as const;
const ACCOUNTS = { group: '', plural: 'serviceaccounts' } as const;
const TYPE = 'kubernetes.io/service-account-token';
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';

/**
 * The validity of tokens in Secrets: 100 years. In Kubernetes, such tokens do not expire, but this token format
 * requires an expiration.
 */
const LIFETIME_MS = 100 * 365 * 86_400_000;

/**
 * Writes tokens into Secrets that request the token of a ServiceAccount. Removes such a Secret when its account does
 * not exist, or when the account's uid differs from the uid in the Secret.
 */
export function tokenController(context: AccountTokenContext): SimulatedController {
  const issued = new UnstoredValues();
  return {
    reset: () => issued.clear(),
    name: 'serviceaccount-token-controller',
    target: targetIn(SECRETS),

    *keysOf(event, client) {
      const { object, key } = event.stored;
      if (concerns(event, '', 'secrets')) {
        if (isToken(object)) yield key;
      } else if (concerns(event, '', 'serviceaccounts') && event.type !== 'MODIFIED') {
        const { name = '', namespace = '' } = object.metadata;
        for (const secret of client.list(SECRETS, namespace)) {
          if (isToken(secret) && secret.metadata.annotations?.[ACCOUNT_NAME] === name) yield keyOfObject(secret);
        }
      }
    },

    reconcile(key, client) {
      const { namespace, name } = splitKey(key);
      const secret = client.get(SECRETS, namespace, name);
      if (secret === undefined || !isToken(secret)) return issued.drop(key);
      const { annotations = {} } = secret.metadata;
      const account = client.get(ACCOUNTS, namespace, annotations[ACCOUNT_NAME] ?? '');
      const uid = annotations[ACCOUNT_UID];
      if (account === undefined || (uid !== undefined && uid !== account.metadata.uid)) return client.remove(secret);
      const data = objectAt(secret, 'data');
      const owner = `${secret.metadata.uid} ${account.metadata.uid}`;
      const token = data['token'] ?? issued.of(key, owner, () => encode(issue(context, account, secret)));
      const filled = { ...data, token, 'ca.crt': encode(context.certificateAuthority), namespace: encode(namespace) };
      const metadata = {
        ...secret.metadata,
        annotations: { ...annotations, [ACCOUNT_UID]: account.metadata.uid ?? '' },
      };
      client.update({ ...secret, metadata, data: filled });
      issued.drop(key);
    },
  };
}

const encode = (text: string): string => Buffer.from(text).toString('base64');

const isToken = (secret: KubeObject): boolean => secret['type'] === TYPE;

/** Issues the token of a Secret. The token is valid only while the Secret exists. */
function issue(context: AccountTokenContext, { metadata }: KubeObject, secret: KubeObject): string {
  const { name = '', uid = '' } = secret.metadata;
  const { token } = context.access.tokens.issue({
    namespace: metadata.namespace ?? '',
    account: metadata.name ?? '',
    accountUid: metadata.uid ?? '',
    audiences: [context.access.tokens.issuer],
    bindings: { secret: { name, uid } },
    lifetime: { expires: context.clock.now() + LIFETIME_MS },
  });
  return token;
}

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
    const secret = client.at(SECRETS, key);
    const end = secret === undefined ? undefined : bootstrapTokenEnd(secret);
    if (secret === undefined || end === undefined) return undefined;
    if (end > client.now()) return end - client.now();
    client.remove(secret);
    return undefined;
  },
};
