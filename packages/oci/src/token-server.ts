import { TypeKroError } from '@typekro/kit/core';
import type { Challenge } from './challenge.ts';
import { isAllowedUrl } from './web-client.ts';

/** What a registry asks a client to send: a token of this server, or the password itself. */
export type Proof =
  | { readonly kind: 'basic' }
  | { readonly kind: 'token'; readonly realm: URL; readonly service: string };

/**
 * Chooses the proof for a request that the registry has refused; `undefined` if it accepts none that this client has. A
 * token is preferred, because it is short-lived.
 *
 * The registry names the server of its tokens, which gets the password. A registry that was taken over could name any.
 * So the server must have the host of the registry, or a host below the same domain, such as `auth.docker.io` for
 * `registry-1.docker.io`; another one must be named by the user, unless there is no password. Plain HTTP is only for a
 * server on this machine, of a registry on this machine.
 *
 * @param origin of the registry
 * @param hasPassword has the client something to send?
 * @param trustedHost another host that may get the password
 * @throws TypeKroError `oci/token-server` for a server that must not get the password
 */
export function chooseProof(
  challenges: readonly Challenge[],
  origin: string,
  hasPassword: boolean,
  trustedHost: string | undefined,
): Proof | undefined {
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
  if (bearer === undefined) return challenges.some(({ scheme }) => scheme === 'basic') ? { kind: 'basic' } : undefined;
  const text = bearer.parameters.get('realm') ?? '';
  if (!URL.canParse(text)) throw refused('an address that is no URL', 'tell the operator of the registry');
  const realm = new URL(text);
  const registry = new URL(origin);
  if (!isAllowedUrl(realm, origin)) {
    throw refused(
      `${realm.protocol}//${realm.host}, which would show the credentials`,
      'tell the operator of the registry',
    );
  }
  const isTrusted = !hasPassword || sharesDomain(realm.hostname, registry.hostname) || realm.host === trustedHost;
  if (isTrusted) return { kind: 'token', realm, service: bearer.parameters.get('service') ?? '' };
  throw refused(
    `${realm.host}, which is not below its domain`,
    `if you trust that server, add --token-server ${realm.host}`,
  );
}

/**
 * Is the name that of the registry, of its parent domain, or below the parent domain? A parent has two labels or more,
 * and is not a part of an address. A domain under which anybody can register, such as `co.uk`, counts as a parent:
 * the registry, which could ask for the password itself, is trusted not to name a stranger there.
 */
function sharesDomain(name: string, registry: string): boolean {
  const parent = registry.slice(registry.indexOf('.') + 1);
  const isDomain = /[a-z]/.test(parent) && parent.includes('.');
  return name === registry || (isDomain && (name === parent || name.endsWith(`.${parent}`)));
}

const refused = (server: string, remedy: string): TypeKroError =>
  new TypeKroError(`the registry wants the credentials to be sent to ${server}`, { code: 'oci/token-server', remedy });
