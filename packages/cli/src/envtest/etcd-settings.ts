import { isLoopbackHost } from '@typekro/kit/core';
import type { KnownFlag } from './envtest-flags.ts';
import { beyondLoopback, narrowedToLoopback, parseFlags, withoutEffectNotice } from './envtest-flags.ts';

export const ETCD_DESCRIPTION =
  'answers the health check of envtest. It stores nothing: the API server of TypeKro keeps its objects in memory.';

/** The flags of `etcd` that envtest passes. */
export const ETCD_FLAGS: readonly KnownFlag[] = [
  { name: 'listen-client-urls', summary: 'addresses of the health check: http, on loopback' },
  { name: 'advertise-client-urls', summary: 'must be on loopback; has no other effect' },
  { name: 'listen-peer-urls', summary: 'must be on loopback; nothing listens there' },
  { name: 'data-dir', summary: 'stays empty' },
];

/**
 * The settings that the command line of `etcd` specifies: the addresses to listen on, notices about flags, and refused
 * flags.
 */
export interface EtcdSettings {
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly notices: readonly string[];
  readonly refusals: readonly string[];
}

/** Reads the command line of `etcd`. */
export function etcdSettings(words: readonly string[]): EtcdSettings {
  const { values, unknown } = parseFlags(words, ETCD_FLAGS);
  const refusals: string[] = [];
  const urlsOf = (name: string): URL[] =>
    (values.get(name) ?? [])
      .flatMap((value) => value.split(','))
      .flatMap((text) => {
        if (!URL.canParse(text)) {
          refusals.push(`--${name}=${text} is not a URL`);
          return [];
        }
        const url = new URL(text);
        if (!isLoopbackHost(narrowedToLoopback(url.hostname))) refusals.push(beyondLoopback(name, text));
        return [url];
      });
  const [clients] = ['listen-client-urls', 'advertise-client-urls', 'listen-peer-urls'].map(urlsOf);
  for (const url of clients ?? []) {
    if (url.protocol !== 'http:') refusals.push(`--listen-client-urls=${url.href}: only http is served`);
  }
  const addresses = (clients ?? []).map(({ hostname, port }) => ({
    host: narrowedToLoopback(hostname),
    port: Number(port === '' ? 80 : port),
  }));
  const narrowed = (clients ?? []).filter(({ hostname }) => !isLoopbackHost(hostname)).map(({ origin }) => origin);
  const notice = withoutEffectNotice(unknown);
  return {
    addresses: addresses.length === 0 ? [{ host: '127.0.0.1', port: 2379 }] : addresses,
    notices: [
      ...(narrowed.length === 0 || refusals.length > 0
        ? []
        : [`listens on loopback only, not on all addresses as in ${narrowed.join(',')}`]),
      ...(notice === undefined ? [] : [notice]),
    ],
    refusals,
  };
}
