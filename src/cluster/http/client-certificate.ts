import type { Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { ClusterClock } from '../clock.ts';
import type { UserInfo } from '../options.ts';

/** The values of one attribute of a certificate's subject. */
const valuesOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** The user of a certificate, and the end of the certificate's validity in milliseconds since the epoch. */
interface CertifiedUser {
  readonly user: UserInfo | 'refuse' | undefined;
  readonly end: number;
}

/**
 * Reads the user of each connection's client certificate: the common name is the user's name, and the organizations are
 * the groups. The result is `undefined` for a connection without a certificate, and for a certificate without a common
 * name. It is `refuse` for a certificate that is of another authority, is not valid now, or is not for clients. `clock`
 * may be ahead of the machine's clock: a certificate also expires when `clock` reaches its end.
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
  // A closed socket has no certificate.
  const certificate = (socket.getPeerCertificate() as Partial<PeerCertificate> | null) ?? {};
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
