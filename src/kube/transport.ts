import { createAuthenticator } from './authenticator.ts';
import type { Authenticator } from './authenticator.ts';
import { systemClock } from './clock.ts';
import type { KubeConfig } from './kubeconfig.ts';
import { openProxied, proxyFromEnvironment } from './proxy.ts';
import type { TlsOptions } from './sockets.ts';
import { openSockets } from './sockets.ts';
import type { Clock, Transport } from './types.ts';

/** A transport over sockets, kept alive between requests; through a proxy where one is named. */
export async function createTransport(config: KubeConfig, clock: Clock = systemClock): Promise<Transport> {
  const { origin, pathname } = new URL(config.server);
  const prefix = pathname === '/' ? '' : pathname.replace(/\/$/, '');
  const authenticator = createAuthenticator(config, clock);
  const tls = await tlsOptions(config, authenticator);
  const proxy = config.proxyUrl ?? proxyFromEnvironment(origin, process.env);
  const connections = proxy === undefined ? openSockets(origin, tls) : await openProxied(origin, proxy, tls);
  return {
    async request(request) {
      const path = prefix + request.path;
      const send = async () => {
        const authorization = await authenticator.authorization();
        const headers = authorization === undefined ? request.headers : { ...request.headers, authorization };
        return connections.send({ ...request, path, ...(headers === undefined ? {} : { headers }) });
      };
      const response = await send();
      if (
        response.status !== 401 ||
        (config.credentials.tokenFile === undefined && config.credentials.exec === undefined)
      )
        return response;
      // The token may just have been rotated; one more try with a fresh one.
      for await (const _ of response.body);
      authenticator.reject();
      return send();
    },
    close: () => connections.close(),
  };
}

async function tlsOptions(config: KubeConfig, authenticator: Authenticator): Promise<TlsOptions> {
  const certificate = await authenticator.certificate();
  return {
    ...(config.certificateAuthority === undefined ? {} : { ca: config.certificateAuthority }),
    ...certificate,
    ...(config.tlsServerName === undefined ? {} : { servername: config.tlsServerName }),
    rejectUnauthorized: !config.insecureSkipTlsVerify,
  };
}
