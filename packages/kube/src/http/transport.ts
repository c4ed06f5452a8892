import { type Proof, createAuthenticator } from '../config/authenticator.ts';
import { systemClock } from '../clock.ts';
import { isUnknownAuthority } from './connection-failures.ts';
import { endedCluster, isEnded, refusedByEmbedded } from '../config/ended-cluster.ts';
import { proxyFromEnvironment, tunnelsThrough } from './proxy.ts';
import { type TlsIdentity, RenewedConnections } from './renewed-connections.ts';
import { renewProof, sendProved } from './send-proved.ts';
import { type TlsOptions, openSockets } from './sockets.ts';
import type { Clock, Transport, TransportRequest, TransportResponse, KubeConfig, Impersonation } from '../kube-api.ts';
import { unreachable } from './unreachable.ts';

/** A transport over sockets that are kept alive between requests, directly or through the configured proxy. */
export async function createTransport(config: KubeConfig, clock: Clock = systemClock): Promise<Transport> {
  const { origin, pathname } = new URL(config.server);
  const prefix = pathname === '/' ? '' : pathname.replace(/\/$/, '');
  const authenticator = createAuthenticator(config, clock);
  const acting = impersonationHeaders(config.credentials.impersonate);
  const proxy = config.proxyUrl ?? proxyFromEnvironment(origin, process.env);
  const openTunnel = proxy === undefined ? undefined : tunnelsThrough(proxy, origin);
  const connections = new RenewedConnections((identity) =>
    openSockets(origin, tlsOptions(config, identity), openTunnel),
  );
  const send = async (request: TransportRequest, proof: Proof): Promise<TransportResponse> => {
    const { authorization } = proof;
    const headers = { ...acting, ...request.headers, ...(authorization === undefined ? {} : { authorization }) };
    const opened = await connections.with(proof);
    return opened.send({ ...request, path: prefix + request.path, headers });
  };
  /**
   * Sends a request. If no known authority has signed the server's certificate, reads the file of the authority again.
   * If the authority has changed, sends the request again.
   */
  const sendVerified = async (request: TransportRequest, proof: Proof) => {
    try {
      return { proof, response: await send(request, proof) };
    } catch (thrown) {
      const isRenewable = config.certificateAuthorityFile !== undefined && isUnknownAuthority(thrown);
      const renewed = isRenewable ? await renewProof(authenticator, proof, request) : proof;
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
      return sendProved(authenticator, request, async (sent, proof) => {
        const proved = await sendVerified(sent, proof);
        const refused = proved.response.status === 401 ? refusedByEmbedded(config) : undefined;
        if (refused === undefined) return proved;
        for await (const _ of proved.response.body);
        throw refused;
      });
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

/** The headers of a request that impersonates a user. */
export function impersonationHeaders(impersonate: Impersonation | undefined): Record<string, string> {
  return impersonate === undefined ? {} : { 'impersonate-user': impersonate.user };
}
