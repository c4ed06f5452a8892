import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import type { UserInfo } from '../cluster-options.ts';
import type { ObjectLookup } from '../types/lookup.ts';

/** An object to which a token is bound. */
export interface BoundObject {
  readonly name: string;
  readonly uid?: string;
}

/** The objects to which a token is bound. A token that is bound to a pod also names the pod's node. */
export interface TokenBindings {
  readonly pod?: BoundObject;
  readonly secret?: BoundObject;
  readonly node?: BoundObject;
}

/** The time that a token stays valid after the `deletionTimestamp` of its bound object or account, in milliseconds. */
const DELETION_LEEWAY_MS = 60_000;

/**
 * Does an object with this uid exist? An object that is being deleted counts as gone one minute after its
 * `deletionTimestamp`.
 */
export function isAlive(
  store: ObjectLookup,
  plural: string,
  [key, uid]: readonly [key: string, uid: string],
  now: number,
): boolean {
  const metadata = store.collection('', plural).get(key)?.object.metadata;
  const { deletionTimestamp } = metadata ?? {};
  const isDeleted = deletionTimestamp !== undefined && Date.parse(deletionTimestamp) < now - DELETION_LEEWAY_MS;
  return metadata?.uid === uid && !isDeleted;
}

/**
 * Do the objects to which a token is bound exist? A token that is bound to a pod stays valid when the pod's node is
 * gone.
 */
export function areBindingsAlive(store: ObjectLookup, namespace: string, claims: JsonObject, now: number): boolean {
  const alive = (claim: JsonValue | undefined, plural: string, prefix: string) =>
    !isJsonObject(claim) || isAlive(store, plural, [`${prefix}${textAt(claim, 'name')}`, textAt(claim, 'uid')], now);
  const { pod, secret, node } = claims;
  return (
    alive(secret, 'secrets', `${namespace}/`) &&
    alive(pod, 'pods', `${namespace}/`) &&
    (isJsonObject(pod) || alive(node, 'nodes', ''))
  );
}

/** Returns the extra values of a token's user. `id` is the id of the token, which tokens of other issuers can lack. */
export function extraOfToken({ pod, node }: JsonObject, id: JsonValue | undefined): NonNullable<UserInfo['extra']> {
  const extra: Record<string, string[]> = {};
  const add = (key: string, value: string) => {
    if (value !== '') extra[`authentication.kubernetes.io/${key}`] = [value];
  };
  if (typeof id === 'string') add('credential-id', `JTI=${id}`);
  for (const [kind, claim] of Object.entries({ pod, node })) {
    if (!isJsonObject(claim)) continue;
    add(`${kind}-name`, textAt(claim, 'name'));
    add(`${kind}-uid`, textAt(claim, 'uid'));
  }
  return extra;
}
