import type { KubeObject } from '../../core/index.ts';
import { objectAt } from '../../kubernetes/index.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, keyOfObject, splitKey, targetIn } from './controller.ts';
import { jsonOf } from './pods.ts';
import type { ClusterAccess } from '../auth/cluster-access.ts';
import type { ClusterClock } from '../clock.ts';

/** The parts of the cluster that the token controller uses in addition to stored objects. */
export interface AccountTokenContext {
  readonly access: Pick<ClusterAccess, 'tokens'>;
  readonly clock: ClusterClock;
  /** PEM text; empty until a socket with a certificate is opened. */
  readonly certificateAuthority: string;
}

const SECRETS = { group: '', plural: 'secrets' } as const;
const ACCOUNTS = { group: '', plural: 'serviceaccounts' } as const;
const TYPE = 'kubernetes.io/service-account-token';
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';

/** The validity of tokens in Secrets. Such tokens do not expire, but the token format needs a time. */
const LIFETIME_MS = 100 * 365 * 86_400_000;

/**
 * Writes tokens into Secrets that request the token of a ServiceAccount. Removes these Secrets when their account is
 * deleted.
 */
export function tokenController(context: AccountTokenContext): SimulatedController {
  // The issued tokens that are not stored yet. A write that waits for a webhook runs again, and must write the same
  // token.
  const issued = new Map<string, { readonly secretUid: string; readonly accountUid: string; readonly token: string }>();
  const tokenFor = (key: string, secret: KubeObject, account: KubeObject): string => {
    const { uid: secretUid = '' } = secret.metadata;
    const { uid: accountUid = '' } = account.metadata;
    let known = issued.get(key);
    if (known?.secretUid !== secretUid || known.accountUid !== accountUid)
      issued.set(key, (known = { secretUid, accountUid, token: encode(issue(context, account, secret)) }));
    return known.token;
  };
  return {
    name: 'serviceaccount-token-controller',
    target: targetIn(SECRETS),

    *keysOf(event, client) {
      const { object, key } = event.stored;
      if (concerns(event, '', 'secrets')) {
        if (event.type !== 'DELETED' && isToken(object)) yield key;
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
      if (secret === undefined || !isToken(secret)) return void issued.delete(key);
      const { annotations = {} } = secret.metadata;
      const account = client.get(ACCOUNTS, namespace, annotations[ACCOUNT_NAME] ?? '');
      const uid = annotations[ACCOUNT_UID];
      // The account is missing, or has another uid: the Secret has no use.
      if (account === undefined || (uid !== undefined && uid !== account.metadata.uid)) return client.remove(secret);
      const data = objectAt(jsonOf(secret), 'data');
      const token = data['token'] ?? tokenFor(key, secret, account);
      const filled = { ...data, token, 'ca.crt': encode(context.certificateAuthority), namespace: encode(namespace) };
      const metadata = {
        ...secret.metadata,
        annotations: { ...annotations, [ACCOUNT_UID]: account.metadata.uid ?? '' },
      };
      client.update({ ...secret, metadata, data: filled });
      issued.delete(key);
    },
  };
}

const encode = (text: string): string => Buffer.from(text).toString('base64');

const isToken = (secret: KubeObject): boolean => jsonOf(secret)['type'] === TYPE;

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
