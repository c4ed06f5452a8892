import type { Proof } from './authenticator.ts';
import { createAuthenticator } from './authenticator.ts';
import { systemClock } from './clock.ts';
import { isUnknownAuthority } from './connection-failures.ts';
import { endedCluster, isEnded, refusedByEmbedded } from './ended-cluster.ts';
import { openProxied, proxyFromEnvironment } from './proxy.ts';
import type { TlsIdentity } from './renewed-connections.ts';
import { RenewedConnections } from './renewed-connections.ts';
import type { TlsOptions } from './sockets.ts';
import { openSockets } from './sockets.ts';
import { impersonationHeaders } from './impersonation.ts';
import type { Clock, Transport, TransportRequest, TransportResponse, KubeConfig } from './types.ts';
import { unreachable } from './unreachable.ts';
import { whileWanted } from './while-wanted.ts';

/** A transport over sockets that are kept alive between requests, directly or through the configured proxy. */
export async function createTransport(config: KubeConfig, clock: Clock = systemClock): Promise<Transport> {
  const { origin, pathname } = new URL(config.server);
  const prefix = pathname === '/' ? '' : pathname.replace(/\/$/, '');
  const authenticator = createAuthenticator(config, clock);
  const acting = impersonationHeaders(config.credentials.impersonate);
  const proxy = config.proxyUrl ?? proxyFromEnvironment(origin, process.env);
  const connections = new RenewedConnections(async (identity) => {
    const tls = tlsOptions(config, identity);
    return proxy === undefined ? openSockets(origin, tls) : openProxied(origin, proxy, tls);
  });
  // Fixed credentials resolve at once, so `whileWanted` would only cost time.
  const prove = ({ signal }: TransportRequest) =>
    authenticator.renews ? whileWanted(authenticator.prove(), signal) : authenticator.prove();
  const renew = (refused: Proof, request: TransportRequest) => {
    authenticator.reject(refused);
    return prove(request);
  };
  const send = async (request: TransportRequest, proof: Proof): Promise<TransportResponse> => {
    const { authorization } = proof;
    const headers = { ...acting, ...request.headers, ...(authorization === undefined ? {} : { authorization }) };
    const opened = await connections.with(proof);
    return opened.send({ ...request, path: prefix + request.path, headers });
  };
  /**
   * Sends a request, and sends it again with a renewed authority if no known authority has signed the server's
   * certificate.
   */
  const sendVerified = async (request: TransportRequest, proof: Proof) => {
    try {
      return { proof, response: await send(request, proof) };
    } catch (thrown) {
      const isRenewable = config.certificateAuthorityFile !== undefined && isUnknownAuthority(thrown);
      const renewed = isRenewable ? await renew(proof, request) : proof;
      if (renewed.authority === proof.authority) throw unreachable(thrown, config);
      const response = await send(request, renewed).catch((again: unknown) => {
        throw unreachable(again, config);
      });
      return { proof: renewed, response };
    }
  };
  return {
    async request(request) {
      const ended = isEnded(config) ? endedCluster(config, undefined) : undefined;
      if (ended !== undefined) throw ended;
      const { proof, response } = await sendVerified(request, await prove(request));
      if (response.status !== 401) return response;
      const refused = refusedByEmbedded(config);
      if (refused !== undefined) {
        for await (const _ of response.body);
        throw refused;
      }
      if (!authenticator.renews) return response;
      // The token or the certificate may have been rotated: try once more with fresh credentials.
      for await (const _ of response.body);
      return (await sendVerified(request, await renew(proof, request))).response;
    },
    close: () => connections.close(),
  };
}

function tlsOptions(config: KubeConfig, { certificate, authority }: TlsIdentity): TlsOptions {
  return {
    ...(authority === undefined ? {} : { ca: authority }),
    ...certificate,
    ...(config.tlsServerName === undefined ? {} : { servername: config.tlsServerName }),
    rejectUnauthorized: !config.insecureSkipTlsVerify,
  };
}
