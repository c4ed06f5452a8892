import type { Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { UserInfo } from '../options.ts';

/** The values of one attribute of a certificate's subject. */
const valuesOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/**
 * Reads the users of client certificates, one for each connection: the common name, in the groups of the organizations.
 * The result is `undefined` for a connection without a certificate, and `refuse` for a certificate that is not of the
 * authority, is not valid now, is for another purpose than clients, or has no common name.
 */
export function certificateUsers(): (socket: Socket) => UserInfo | 'refuse' | undefined {
  const users = new WeakMap<Socket, { readonly user: UserInfo | 'refuse' | undefined }>();
  return (socket) => {
    let known = users.get(socket);
    if (known === undefined) users.set(socket, (known = { user: readUser(socket as TLSSocket) }));
    return known.user;
  };
}

function readUser(socket: TLSSocket): UserInfo | 'refuse' | undefined {
  // A socket that is closed already has no certificate.
  const { subject } = (socket.getPeerCertificate() as Partial<PeerCertificate> | null) ?? {};
  if (subject === undefined) return undefined;
  const attributes: Readonly<Record<string, string | readonly string[] | undefined>> = { ...subject };
  const name = valuesOf(attributes['CN']).at(-1);
  if (!socket.authorized || name === undefined || name === '') return 'refuse';
  return { name, groups: valuesOf(attributes['O']) };
}
