import type { Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { ClusterClock } from '../cluster-clock.ts';
import type { UserInfo } from '../cluster-options.ts';

/** The values of one attribute of a certificate's subject, as a list. */
const valuesOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** The user that a certificate identifies, and the expiry of the certificate in milliseconds since the epoch. */
interface CertifiedUser {
  readonly user: UserInfo | 'refuse' | undefined;
  readonly end: number;
}

/**
 * Returns a function that reads the user from the client certificate of a connection. The common name is the user's
 * name, and the organizations are the groups. The result is `undefined` for a connection without a certificate, and for
 * a certificate without a common name. It is `refuse` for a certificate that another authority signed, that is not
 * valid now, or that is not a client certificate. A certificate also expires when `clock`, which may be ahead of the
 * machine's clock, reaches the end of its validity.
 */
export function certificateUsers(
  clock: Pick<ClusterClock, 'now'>,
): (socket: Socket) => UserInfo | 'refuse' | undefined {
  const users = new WeakMap<Socket, CertifiedUser>();
  return (socket) => {
    let known = users.get(socket);
    if (known === undefined) users.set(socket, (known = readUser(socket as TLSSocket)));
    return known.end < clock.now() ? 'refuse' : known.user;
  };
}

const withoutEnd = (user: CertifiedUser['user']): CertifiedUser => ({ user, end: Number.POSITIVE_INFINITY });

function readUser(socket: TLSSocket): CertifiedUser {
  // A closed socket has no certificate, and the sockets of Bun's servers do not give it.
  const certificate = (socket.getPeerCertificate?.() as Partial<PeerCertificate> | null | undefined) ?? {};
  const { subject, fingerprint256 = '', valid_to: validTo = '' } = certificate;
  if (subject === undefined) return withoutEnd(undefined);
  const attributes: Readonly<Record<string, string | readonly string[] | undefined>> = { ...subject };
  const name = valuesOf(attributes['CN']).at(-1);
  if (!socket.authorized) return withoutEnd('refuse');
  if (name === undefined || name === '') return withoutEnd(undefined);
  const credential = `X509SHA256=${fingerprint256.replaceAll(':', '').toLowerCase()}`;
  const extra = { 'authentication.kubernetes.io/credential-id': [credential] };
  return { user: { name, groups: valuesOf(attributes['O']), extra }, end: Date.parse(validTo) };
}
