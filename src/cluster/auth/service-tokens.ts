import type { KeyObject } from 'node:crypto';
import { cryptoLibrary, isJsonObject } from '../../core/index.ts';
import type { UserInfo } from '../options.ts';
import type { ClusterClock } from '../clock.ts';
import type { ObjectLookup } from '../types/lookup.ts';

/** The account of a token, and the end of its validity. */
export interface TokenClaims {
  readonly namespace: string;
  readonly account: string;
  readonly accountUid: string;
  readonly audiences: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** What the issuer uses of the cluster: the store has the accounts. */
export interface TokenContext {
  readonly store: ObjectLookup;
  readonly clock: ClusterClock;
  readonly newUid: () => string;
}

/** Makes and checks tokens of service accounts. */
export interface TokenIssuer {
  readonly issuer: string;
  issue(claims: TokenClaims): string;
  /**
   * The service account of a valid token. `undefined` when the token is not valid, or when its account does not exist
   * any more.
   */
  verify(token: string): UserInfo | undefined;
}

const ISSUER = 'https://kubernetes.default.svc';
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Makes an issuer of JSON web tokens. A key of the cluster signs them. The key is made with the first token. */
export function createTokenIssuer(context: TokenContext): TokenIssuer {
  let keys: { publicKey: KeyObject; privateKey: KeyObject } | undefined;
  const pair = () => (keys ??= cryptoLibrary().generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  return {
    issuer: ISSUER,
    issue(claims) {
      const now = Math.floor(context.clock.now() / 1000);
      const payload = {
        aud: claims.audiences,
        exp: Math.floor(claims.expires / 1000),
        iat: now,
        nbf: now,
        iss: ISSUER,
        jti: context.newUid(),
        'kubernetes.io': {
          namespace: claims.namespace,
          serviceaccount: { name: claims.account, uid: claims.accountUid },
        },
        sub: `system:serviceaccount:${claims.namespace}:${claims.account}`,
      };
      const body = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(payload)}`;
      const signature = cryptoLibrary()
        .createSign('sha256')
        .update(body)
        .sign({ key: pair().privateKey, dsaEncoding: 'ieee-p1363' });
      return `${body}.${signature.toString('base64url')}`;
    },
    verify(token) {
      const parts = token.split('.');
      if (keys === undefined || parts.length !== 3) return undefined;
      const [head = '', body = '', signature = ''] = parts;
      const key = { key: keys.publicKey, dsaEncoding: 'ieee-p1363' as const };
      if (
        !cryptoLibrary()
          .createVerify('sha256')
          .update(`${head}.${body}`)
          .verify(key, Buffer.from(signature, 'base64url'))
      )
        return undefined;
      return userOf(context, JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
    },
  };
}

/**
 * The user of a token with a valid signature. The cluster wrote the payload. The function therefore checks only what
 * may have changed since then: the end of the validity, and the account.
 */
function userOf(context: TokenContext, payload: unknown): UserInfo | undefined {
  const claims = isJsonObject(payload) ? payload['kubernetes.io'] : undefined;
  const account = isJsonObject(claims) ? claims['serviceaccount'] : undefined;
  if (!isJsonObject(payload) || !isJsonObject(claims) || !isJsonObject(account)) return undefined;
  const [namespace, name, uid] = [String(claims['namespace']), String(account['name']), String(account['uid'])];
  if (Number(payload['exp']) * 1000 < context.clock.now()) return undefined;
  const stored = context.store.collection('', 'serviceaccounts').get(`${namespace}/${name}`);
  if (stored?.object.metadata.uid !== uid) return undefined;
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    uid,
  };
}
