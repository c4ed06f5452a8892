import { createAuthenticator } from './authenticator.ts';
import type { ClientCertificate } from './authenticator.ts';
import { systemClock } from './clock.ts';
import { endedCluster, isEnded } from './ended-cluster.ts';
import { openProxied, proxyFromEnvironment } from './proxy.ts';
import { RenewedConnections } from './renewed-connections.ts';
import type { TlsOptions } from './sockets.ts';
import { openSockets } from './sockets.ts';
import { impersonationHeaders } from './impersonation.ts';
import type { Clock, Transport, KubeConfig } from './types.ts';
import { unreachable } from './unreachable.ts';
import { whileWanted } from './while-wanted.ts';

/** A transport over sockets that are kept alive between requests, directly or through the configured proxy. */
export async function createTransport(config: KubeConfig, clock: Clock = systemClock): Promise<Transport> {
  const { origin, pathname } = new URL(config.server);
  const prefix = pathname === '/' ? '' : pathname.replace(/\/$/, '');
  const authenticator = createAuthenticator(config, clock);
  const acting = impersonationHeaders(config.credentials.impersonate);
  const proxy = config.proxyUrl ?? proxyFromEnvironment(origin, process.env);
  const connections = new RenewedConnections(async (certificate) => {
    const tls = tlsOptions(config, certificate);
    return proxy === undefined ? openSockets(origin, tls) : openProxied(origin, proxy, tls);
  });
  /** The credentials of a request. */
  const prove = async () => {
    const certificate = await authenticator.certificate();
    return { certificate, authorization: await authenticator.authorization() };
  };
  return {
    async request(request) {
      const ended = isEnded(config) ? endedCluster(config, undefined) : undefined;
      if (ended !== undefined) throw ended;
      const path = prefix + request.path;
      const send = async () => {
        // Fixed credentials resolve at once, so `whileWanted` would only cost time.
        const proof = await (authenticator.renews ? whileWanted(prove(), request.signal) : prove());
        const { certificate, authorization } = proof;
        const headers = { ...acting, ...request.headers, ...(authorization === undefined ? {} : { authorization }) };
        const opened = await connections.with(certificate);
        const response = await opened.send({ ...request, path, headers }).catch((thrown: unknown) => {
          throw unreachable(thrown, config);
        });
        return { proof, response };
      };
      const { proof, response } = await send();
      if (response.status !== 401) return response;
      const isOfAnother = endedCluster(config, '401');
      if (isOfAnother !== undefined) {
        for await (const _ of response.body);
        throw isOfAnother;
      }
      if (!authenticator.renews) return response;
      // The token may have been rotated: try once more with fresh credentials.
      for await (const _ of response.body);
      authenticator.reject(proof);
      return (await send()).response;
    },
    close: () => connections.close(),
  };
}

function tlsOptions(config: KubeConfig, certificate: ClientCertificate | undefined): TlsOptions {
  return {
    ...(config.certificateAuthority === undefined ? {} : { ca: config.certificateAuthority }),
    ...certificate,
    ...(config.tlsServerName === undefined ? {} : { servername: config.tlsServerName }),
    rejectUnauthorized: !config.insecureSkipTlsVerify,
  };
}
