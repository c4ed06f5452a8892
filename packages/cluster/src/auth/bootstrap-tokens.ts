import { type KubeObject, equalSecrets } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import type { UserInfo } from '../cluster-options.ts';
import type { ObjectLookup } from '../types/lookup.ts';

/** The type of the Secrets in `kube-system` that contain bootstrap tokens. */
export const BOOTSTRAP_TOKEN_TYPE = 'bootstrap.kubernetes.io/token';

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const BOOTSTRAPPERS = 'system:bootstrappers';

/** Returns a value of a Secret as a string, or `''` if it is absent. */
const dataOf = (secret: KubeObject, key: string): string =>
  Buffer.from(textAt(secret, 'data', key), 'base64').toString('utf8');

/**
 * Returns the expiration of a bootstrap token in milliseconds since the epoch, or `undefined` if it has none. A token
 * whose expiration is not a valid time counts as expired (`-Infinity`).
 */
export function bootstrapTokenEnd(secret: KubeObject): number | undefined {
  const text = dataOf(secret, 'expiration');
  if (text === '') return undefined;
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)$/.test(text);
  const time = isTime ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
}

/**
 * Returns the user of a bootstrap token (`id.secret`). The Secret `bootstrap-token-ID` in `kube-system` must allow
 * authentication at `now` (milliseconds since the epoch). Returns `undefined` for any other token.
 */
export function bootstrapUser(store: ObjectLookup, token: string, now: number): UserInfo | undefined {
  const [, id = '', key = ''] = TOKEN.exec(token) ?? [];
  if (id === '') return undefined;
  const secret = store.collection('', 'secrets').get(`kube-system/bootstrap-token-${id}`)?.object;
  if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return undefined;
  if (secret['type'] !== BOOTSTRAP_TOKEN_TYPE) return undefined;
  if (!equalSecrets(key, dataOf(secret, 'token-secret')) || dataOf(secret, 'token-id') !== id) return undefined;
  const end = bootstrapTokenEnd(secret);
  if (end !== undefined && end <= now) return undefined;
  if (dataOf(secret, 'usage-bootstrap-authentication') !== 'true') return undefined;
  const groups = groupsOf(dataOf(secret, 'auth-extra-groups'));
  return groups === undefined ? undefined : { name: `system:bootstrap:${id}`, groups };
}

/** Returns the groups of a token, sorted, or `undefined` when one of them is not a bootstrapper group. */
function groupsOf(extra: string): string[] | undefined {
  const more = extra === '' ? [] : extra.split(',');
  if (more.some((group) => !EXTRA_GROUP.test(group))) return undefined;
  return [...new Set([BOOTSTRAPPERS, ...more])].toSorted();
}
