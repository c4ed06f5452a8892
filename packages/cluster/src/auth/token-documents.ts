import type { KeyObject } from 'node:crypto';
import { keyIdOf } from './service-tokens.ts';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import type { UserInfo } from '../cluster-options.ts';

/** The path of the document with the keys that verify tokens. */
export const KEYS_PATH = '/openid/v1/jwks';

const ALGORITHMS: Readonly<Record<string, string>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' };

/** Converts a public key to a JSON web key. */
function webKeyOf(publicKey: KeyObject) {
  const key = publicKey.export({ format: 'jwk' });
  const alg = key.kty === 'RSA' ? 'RS256' : (ALGORITHMS[key.crv ?? ''] ?? '');
  return { use: 'sig', ...key, kid: keyIdOf(publicKey), alg };
}

/** Returns the key set with which other programs verify tokens (RFC 7517). */
export function keySetOf(publicKeys: readonly KeyObject[]) {
  return { keys: publicKeys.map(webKeyOf) };
}

/**
 * Returns the discovery document with which other programs find the keys of an issuer. `serverUrl` is the URL of the
 * server.
 */
export function issuerDocument(issuer: string, serverUrl: string, publicKeys: readonly KeyObject[]) {
  return {
    issuer,
    jwks_uri: `${serverUrl}${KEYS_PATH}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(publicKeys.map((key) => webKeyOf(key).alg))].toSorted(),
  };
}

/** Converts a user to the `UserInfo` of `authentication.k8s.io/v1`. */
export function userJson({ name, uid, groups, extra = {} }: UserInfo): JsonObject {
  const values = Object.entries(extra).map(([key, list]) => [key, [...list] as JsonValue] as const);
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups: [...groups],
    ...(values.length === 0 ? {} : { extra: Object.fromEntries(values) }),
  };
}
