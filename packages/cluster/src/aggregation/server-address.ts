import { type KubeObject, isLoopbackHost } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { numberAt, objectAt, textAt } from '@typekro/kit/kubernetes';
import { serviceKey } from './gate.ts';
import { type ServiceAddress, LOOPBACK_HOSTS } from '../webhooks/webhook-client.ts';

/** The address of another API server. */
export interface ServerAddress {
  /** The URL without a path. Its host is a loopback address. */
  readonly base: string;
  /** The name for which the certificate must be valid. */
  readonly serverName: string;
}

const NOT_LOOPBACK = `the embedded cluster contacts other API servers only on ${LOOPBACK_HOSTS}`;

/** Returns the port that an APIService names. */
export const servicePort = ({ spec }: KubeObject): number => numberAt(objectAt(spec, 'service'), 'port') ?? 443;

/**
 * Returns the address of the server behind an APIService, or the reason why the cluster does not call this server. The
 * address comes from the option `webhookServices`, or from a pod that runs as a local process. For a Service of type
 * ExternalName with a loopback host, the address consists of the external name and the port.
 */
export function serverAddressOf(
  apiService: KubeObject,
  service: KubeObject,
  serviceAddress: ServiceAddress,
): ServerAddress | string {
  const key = serviceKey(apiService);
  const [namespace = '', name = ''] = key.split('/');
  const serverName = `${name}.${namespace}.svc`;
  const given = serviceAddress(key, servicePort(apiService));
  if (typeof given === 'object') return given.problem;
  if (given !== undefined) {
    const url = URL.canParse(given) ? new URL(given) : undefined;
    if (url?.protocol === 'https:' && isLoopbackHost(url.hostname)) return { base: url.origin, serverName };
    return `the address ${goQuote(given)} of the Service ${goQuote(key)} is not an https URL of a loopback address`;
  }
  const { spec } = service;
  if (textAt(spec, 'type') !== 'ExternalName')
    return `no address is set for the Service ${goQuote(key)}, and it is not of type ExternalName; ${NOT_LOOPBACK}`;
  const host = textAt(spec, 'externalName').replace(/\.$/, '');
  if (!isLoopbackHost(host))
    return `the Service ${goQuote(key)} has the external name ${goQuote(host)}; ${NOT_LOOPBACK}`;
  return { base: new URL(`https://${host}:${servicePort(apiService)}`).origin, serverName };
}
