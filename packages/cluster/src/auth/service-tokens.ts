import type { KeyObject } from 'node:crypto';
import { cryptoLibrary, isJsonObject, TypeKroError } from '@typekro/kit/core';
import type { ClusterOptions, ServiceAccountKeys, UserInfo } from '../cluster-options.ts';
import type { ClusterClock } from '../cluster-clock.ts';
import type { ObjectLookup } from '../types/lookup.ts';
import type { TokenLifetime } from './token-lifetime.ts';
import { type TokenBindings, areBindingsAlive, extraOfToken, isAlive } from './token-bindings.ts';

/** The claims of a token: its account, its audiences, the objects to which it is bound, and its lifetime. */
export interface TokenClaims {
  readonly namespace: string;
  readonly account: string;
  readonly accountUid: string;
  readonly audiences: readonly string[];
  /** The objects that must exist for the token to be valid. */
  readonly bindings?: TokenBindings;
  readonly lifetime: TokenLifetime;
}

/** Adds an annotation to the audit events of a request. */
export type Annotate = (key: string, value: string) => void;

/** The parts of the cluster that the issuer uses. The store contains the accounts. */
export interface TokenContext {
  readonly store: ObjectLookup;
  readonly clock: ClusterClock;
  readonly newUid: () => string;
  readonly options: Pick<ClusterOptions, 'serviceAccountIssuer' | 'serviceAccountKeys'>;
}

/** Issues and verifies tokens of service accounts. */
export interface TokenIssuer {
  readonly issuer: string;
  /** The public keys that verify the tokens. */
  verificationKeys(): readonly KeyObject[];
  /** Issues a token. Returns it with its id. */
  issue(claims: TokenClaims): { readonly token: string; readonly id: string };
  /**
   * Returns the service account and the audiences of a valid token. The caller must check the audiences. Returns
   * `undefined` when the token is invalid, or when its account or a bound object no longer exists. `annotate` records a
   * use of an extended token (`token-lifetime.ts`), which stays valid after its requested lifetime.
   */
  verify(token: string, annotate?: Annotate): TokenOwner | undefined;
}

/** The user of a valid token, and the audiences of the token. */
export interface TokenOwner {
  readonly user: UserInfo;
  readonly audiences: readonly string[];
}

/** The audit annotation for the use of an extended token after its requested lifetime. */
const STALE_TOKEN = 'authentication.k8s.io/stale-token';

const ISSUER = 'https://kubernetes.default.svc';
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An algorithm of JSON web tokens. */
interface Algorithm {
  readonly name: string;
  readonly hash: string;
  /**
   * The size of a signature in bytes. Absent for RSA, whose signatures have the size of the key; Node then checks the
   * size itself.
   */
  readonly signatureBytes?: number;
}

/** The algorithms, keyed by the curve of an EC key. */
const CURVES: Readonly<Record<string, Algorithm>> = {
  prime256v1: { name: 'ES256', hash: 'sha256', signatureBytes: 64 },
  secp384r1: { name: 'ES384', hash: 'sha384', signatureBytes: 96 },
  secp521r1: { name: 'ES512', hash: 'sha512', signatureBytes: 132 },
};

/** Returns the algorithm of a key, or `undefined` for a key that cannot sign tokens. */
function algorithmOf(key: KeyObject): Algorithm | undefined {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RS256', hash: 'sha256' };
  const curve = key.asymmetricKeyDetails?.namedCurve ?? '';
  return Object.hasOwn(CURVES, curve) ? CURVES[curve] : undefined;
}

/** Returns the id of a key in token headers: the digest of its public part. */
export function keyIdOf(publicKey: KeyObject): string {
  const bytes = publicKey.export({ type: 'spki', format: 'der' });
  return cryptoLibrary().createHash('sha256').update(bytes).digest('base64url');
}

interface TokenKeys {
  readonly signing: KeyObject;
  /** The public part of the signing key. The header of a token names the id of this key. */
  readonly signingPublic: KeyObject;
  readonly verification: readonly KeyObject[];
}

/** Reads the keys in the options. Creates a key if there are none. */
function tokenKeys(given: ServiceAccountKeys | undefined): TokenKeys {
  const { createPrivateKey, createPublicKey, generateKeyPairSync } = cryptoLibrary();
  if (given === undefined) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return { signing: privateKey, signingPublic: publicKey, verification: [publicKey] };
  }
  const read = (pem: string, create: (pem: string) => KeyObject): KeyObject => {
    try {
      const key = create(pem);
      if (algorithmOf(key) !== undefined) return key;
    } catch (error) {
      throw TypeKroError.from(error, { code: 'cluster/service-account-key', what: 'read a key of service accounts' });
    }
    throw new TypeKroError('a key of service accounts is neither an RSA key nor an EC key on P-256, P-384 or P-521', {
      code: 'cluster/service-account-key',
    });
  };
  const signing = read(given.signing, createPrivateKey);
  const signingPublic = createPublicKey(signing);
  const verification = given.verification?.map((pem) => read(pem, createPublicKey)) ?? [signingPublic];
  return { signing, signingPublic, verification };
}

/**
 * Creates an issuer of JSON web tokens. The issuer signs the tokens with the key in the options. If the options have no
 * key, the issuer creates one when a key is first used.
 *
 * @throws TypeKroError `cluster/service-account-key` when a key in the options cannot be used.
 */
export function createTokenIssuer(context: TokenContext): TokenIssuer {
  const { serviceAccountIssuer: issuer = ISSUER, serviceAccountKeys: given } = context.options;
  let keys = given === undefined ? undefined : tokenKeys(given);
  return {
    issuer,
    verificationKeys: () => (keys ??= tokenKeys(undefined)).verification,
    issue(claims) {
      const { signing, signingPublic } = (keys ??= tokenKeys(undefined));
      const { name, hash } = algorithmOf(signing) ?? { name: '', hash: '' };
      const now = Math.floor(context.clock.now() / 1000);
      const id = context.newUid();
      const { warnAfter } = claims.lifetime;
      const payload = {
        aud: claims.audiences,
        exp: Math.floor(claims.lifetime.expires / 1000),
        iat: now,
        nbf: now,
        iss: issuer,
        jti: id,
        'kubernetes.io': {
          namespace: claims.namespace,
          ...claims.bindings,
          serviceaccount: { name: claims.account, uid: claims.accountUid },
          ...(warnAfter === undefined ? {} : { warnafter: Math.floor(warnAfter / 1000) }),
        },
        sub: `system:serviceaccount:${claims.namespace}:${claims.account}`,
      };
      const body = `${encode({ alg: name, kid: keyIdOf(signingPublic), typ: 'JWT' })}.${encode(payload)}`;
      const signature = cryptoLibrary().createSign(hash).update(body).sign({ key: signing, dsaEncoding: 'ieee-p1363' });
      return { token: `${body}.${signature.toString('base64url')}`, id };
    },
    verify(token, annotate) {
      const parts = token.split('.');
      if (keys === undefined || parts.length !== 3) return undefined;
      const [head = '', body = '', signature = ''] = parts;
      const signed = keys.verification.some((key) => {
        const algorithm = algorithmOf(key);
        const header = jsonIn(head);
        if (algorithm === undefined || !isJsonObject(header) || header['alg'] !== algorithm.name) return false;
        const bytes = signatureIn(signature, algorithm);
        if (bytes === undefined) return false;
        return cryptoLibrary()
          .createVerify(algorithm.hash)
          .update(`${head}.${body}`)
          .verify({ key, dsaEncoding: 'ieee-p1363' }, bytes);
      });
      return signed ? ownerOf(context, issuer, jsonIn(body), annotate) : undefined;
    },
  };
}

/**
 * Returns the bytes of a signature. Returns `undefined` for text that is not unpadded base64url, and for a wrong size,
 * because the library throws for an EC signature of a wrong size.
 */
function signatureIn(text: string, { signatureBytes }: Algorithm): Buffer | undefined {
  if (!/^[\w-]+$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === (signatureBytes ?? bytes.length) ? bytes : undefined;
}

/** Returns the JSON value of a part of a token, or `undefined` when the part is not JSON. */
function jsonIn(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Returns the owner of a token with a valid signature. Returns `undefined` when the issuer or the validity period is
 * wrong, or when the account or a bound object no longer exists. The signature alone is not sufficient, because other
 * servers can have the same key.
 */
function ownerOf(
  context: TokenContext,
  issuer: string,
  payload: unknown,
  annotate: Annotate | undefined,
): TokenOwner | undefined {
  const claims = isJsonObject(payload) ? payload['kubernetes.io'] : undefined;
  const account = isJsonObject(claims) ? claims['serviceaccount'] : undefined;
  if (!isJsonObject(payload) || !isJsonObject(claims) || !isJsonObject(account)) return undefined;
  const [namespace, name, uid] = [String(claims['namespace']), String(account['name']), String(account['uid'])];
  if (payload['iss'] !== issuer) return undefined;
  const now = context.clock.now();
  if (!(Number(payload['exp']) * 1000 >= now) || Number(payload['nbf'] ?? 0) * 1000 > now) return undefined;
  const { store } = context;
  if (!isAlive(store, 'serviceaccounts', [`${namespace}/${name}`, uid], now)) return undefined;
  if (!areBindingsAlive(store, namespace, claims, now)) return undefined;
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  const extra = extraOfToken(claims, payload['jti']);
  const user = { name: `system:serviceaccount:${namespace}:${name}`, groups, uid, extra };
  const lateSeconds = Math.floor(now / 1000) - Number(claims['warnafter']);
  if (lateSeconds > 0)
    annotate?.(STALE_TOKEN, `subject: ${user.name}, seconds after warning threshold: ${lateSeconds}`);
  const given = payload['aud'];
  return { user, audiences: (Array.isArray(given) ? given : [given]).filter((each) => typeof each === 'string') };
}
