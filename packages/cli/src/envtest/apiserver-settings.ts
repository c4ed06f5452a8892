import { isIP } from 'node:net';
import type { AuditOptions } from '@typekro/cluster';
import { isLoopbackHost } from '@typekro/kit/core';
import { parseBool } from '@typekro/kit/golang';
import { kubernetesReleaseOf, KUBERNETES_RELEASES } from '@typekro/kit/kubernetes';
import type { KnownFlag } from './envtest-flags.ts';
import { beyondLoopback, narrowedToLoopback, parseFlags, withoutEffectNotice } from './envtest-flags.ts';

export const APISERVER_DESCRIPTION =
  'the API server of TypeKro, for envtest. It keeps its objects in memory and listens on loopback only.';

/** The flags of `kube-apiserver` that have an effect, and the flags that envtest passes. */
export const APISERVER_FLAGS: readonly KnownFlag[] = [
  { name: 'bind-address', summary: 'loopback address to listen on (default 127.0.0.1)' },
  { name: 'secure-port', summary: 'port (default 6443)' },
  { name: 'cert-dir', summary: 'folder of apiserver.crt and apiserver.key; both are made when neither exists' },
  { name: 'tls-cert-file', summary: 'certificate of the server' },
  { name: 'tls-private-key-file', summary: 'key of this certificate' },
  { name: 'client-ca-file', summary: 'authority of client certificates: common name = user, organizations = groups' },
  { name: 'token-auth-file', summary: 'CSV file of bearer tokens: token,user,uid,"group,group"' },
  { name: 'authorization-mode', summary: 'RBAC, AlwaysAllow (default) or Node, or several with commas' },
  { name: 'service-account-issuer', summary: 'issuer of the tokens of service accounts' },
  { name: 'service-account-signing-key-file', summary: 'private key that signs these tokens' },
  { name: 'service-account-key-file', summary: 'public key, or certificate, whose tokens are valid; may be repeated' },
  { name: 'service-cluster-ip-range', summary: 'IPv4 range of Services (default 10.0.0.0/24)' },
  {
    name: 'emulated-version',
    summary: `version of Kubernetes, one of ${KUBERNETES_RELEASES.join(', ')}; by default the first`,
  },
  { name: 'etcd-servers', summary: 'must be on loopback; has no other effect' },
  {
    name: 'advertise-address',
    summary: 'address of the Endpoints of the Service kubernetes, on loopback (default: --bind-address)',
  },
  { name: 'audit-log-path', summary: 'file of the audit log, or - for the standard output; needs --audit-policy-file' },
  { name: 'audit-policy-file', summary: 'audit policy, Policy of audit.k8s.io/v1' },
  { name: 'audit-log-format', summary: 'json' },
  { name: 'audit-log-maxsize', summary: 'megabytes at which the file is renamed (default 100)' },
  { name: 'audit-log-maxbackup', summary: 'number of renamed files that are kept (default 0: all)' },
  { name: 'audit-log-maxage', summary: 'days for which renamed files are kept (default 0: forever)' },
  { name: 'allow-privileged', summary: 'without an effect: privileged containers are allowed', isSwitch: true },
  { name: 'anonymous-auth', summary: 'true; false is refused', isSwitch: true },
  {
    name: 'enable-admission-plugins',
    summary: 'without an effect; docs/envtest.md describes the admission of this server',
  },
  {
    name: 'disable-admission-plugins',
    summary: 'ServiceAccount: pods then need no ServiceAccount; other names have no effect',
  },
  { name: 'feature-gates', summary: 'without an effect' },
  { name: 'runtime-config', summary: 'without an effect' },
  { name: 'v', summary: 'without an effect' },
];

/** The flags whose URLs must be on loopback. The server does not call these URLs. */
const LOOPBACK_URLS = ['etcd-servers'];

/** The audit log that the command line specifies. */
export interface AuditSettings extends Omit<AuditOptions, 'file' | 'onEvent' | 'policy'> {
  readonly file: string;
  readonly policyFile: string;
}

/** The settings that the command line of `kube-apiserver` specifies. */
export interface ApiServerSettings {
  readonly host: string;
  readonly port: number;
  /** The version of Kubernetes, e.g. `1.35`; `undefined` for the latest. */
  readonly kubernetesVersion: string | undefined;
  /** The IP address of the Endpoints of the Service `kubernetes`. */
  readonly advertisedIp: string;
  readonly certDir: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly clientCaFile: string | undefined;
  readonly tokenFile: string | undefined;
  readonly authorization: 'RBAC' | 'AlwaysAllow';
  /** Does the admission plugin `ServiceAccount` run? */
  readonly serviceAccountAdmission: boolean;
  readonly issuer: string | undefined;
  readonly signingKeyFile: string | undefined;
  readonly verificationKeyFiles: readonly string[];
  readonly serviceCidr: string;
  /** The audit log, and the file of its policy. `undefined` unless the flags name both. */
  readonly audit: AuditSettings | undefined;
  readonly notices: readonly string[];
  readonly refusals: readonly string[];
}

const AUTHORIZATION_MODES = ['RBAC', 'AlwaysAllow', 'Node'];

/** The admission plugin that a flag can disable. The other plugins always run. */
const OPTIONAL_PLUGIN = 'ServiceAccount';

/** Reads the command line of `kube-apiserver`. */
export function apiServerSettings(words: readonly string[]): ApiServerSettings {
  const refusals: string[] = [];
  const notices: string[] = [];
  const { values, unknown } = parseFlags(words, APISERVER_FLAGS);
  const last = (name: string): string | undefined => values.get(name)?.at(-1);
  /** The path in a flag; undefined if it is empty. */
  const path = (name: string): string | undefined => (last(name) === '' ? undefined : last(name));
  const all = (name: string): string[] =>
    (values.get(name) ?? []).flatMap((value) => value.split(',')).filter((value) => value !== '');

  const host = last('bind-address') ?? '127.0.0.1';
  for (const name of ['bind-address', 'advertise-address']) {
    const address = last(name);
    if (address !== undefined && !isLoopbackHost(address)) refusals.push(beyondLoopback(name, address));
  }
  for (const name of LOOPBACK_URLS) {
    for (const url of all(name)) {
      const isLocal = URL.canParse(url) && isLoopbackHost(narrowedToLoopback(new URL(url).hostname));
      if (!isLocal) refusals.push(beyondLoopback(name, url));
    }
  }
  const portText = last('secure-port') ?? '6443';
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65_535) refusals.push(`--secure-port=${portText} is not a port from 1 to 65535`);

  const modes = all('authorization-mode');
  for (const mode of modes.filter((each) => !AUTHORIZATION_MODES.includes(each))) {
    refusals.push(`--authorization-mode=${mode} is not supported; use RBAC or AlwaysAllow`);
  }
  if (parseBool(last('anonymous-auth') ?? 'true') === false) {
    refusals.push(
      '--anonymous-auth=false is not supported; with --authorization-mode=RBAC, anonymous users have no rights',
    );
  }
  const certFile = path('tls-cert-file');
  const keyFile = path('tls-private-key-file');
  if ((certFile === undefined) !== (keyFile === undefined)) {
    refusals.push('--tls-cert-file and --tls-private-key-file must be given together');
  }
  const serviceCidr = all('service-cluster-ip-range')[0] ?? '10.0.0.0/24';
  if (!isIpv4Range(serviceCidr)) {
    refusals.push(`--service-cluster-ip-range=${serviceCidr} is not an IPv4 range such as 10.0.0.0/24`);
  }
  // The flag may contain the versions of other components: `kube=1.35,example.com=2.0`.
  const emulated = all('emulated-version')
    .findLast((entry) => !/^(?!kube=).*=/.test(entry))
    ?.replace(/^kube=/, '');
  const kubernetesVersion = emulated === undefined ? undefined : kubernetesReleaseOf(emulated);
  if (emulated !== undefined && kubernetesVersion === undefined) {
    refusals.push(`--emulated-version=${emulated} is not supported; use ${KUBERNETES_RELEASES.join(', ')}`);
  }
  const auditFile = path('audit-log-path');
  const policyFile = path('audit-policy-file');
  const format = last('audit-log-format') ?? 'json';
  if (format !== 'json') refusals.push(`--audit-log-format=${format} is not supported; use json`);
  const limit = (name: string): number => {
    const text = last(name) ?? '0';
    if (!/^\d{1,9}$/.test(text)) refusals.push(`--${name}=${text} is not a whole number of at least 0`);
    return Number(text);
  };
  const limits = {
    maxSizeMb: limit('audit-log-maxsize'),
    maxBackups: limit('audit-log-maxbackup'),
    maxAgeDays: limit('audit-log-maxage'),
  };
  if (auditFile !== undefined && policyFile === undefined) {
    notices.push('no audit policy file is given, so the audit log has no events');
  }
  const disabled = all('disable-admission-plugins');
  const idle = [
    ...['disable-admission-plugins', 'enable-admission-plugins', 'feature-gates', 'runtime-config']
      .map((name) => [name, all(name).filter((value) => value !== OPTIONAL_PLUGIN)] as const)
      .filter(([, list]) => list.length > 0)
      .map(([name, list]) => `--${name}=${list.join(',')}`),
    ...(parseBool(last('allow-privileged') ?? 'true') === false ? ['--allow-privileged=false'] : []),
  ];
  if (idle.length > 0) notices.push(`without an effect: ${idle.join(' ')}`);
  const notice = withoutEffectNotice(unknown);
  if (notice !== undefined) notices.push(notice);
  return {
    host: withoutBrackets(host),
    port,
    kubernetesVersion,
    advertisedIp: ipOf(withoutBrackets(last('advertise-address') ?? host)),
    certDir: path('cert-dir'),
    certFile,
    keyFile,
    clientCaFile: path('client-ca-file'),
    tokenFile: path('token-auth-file'),
    authorization: modes.length === 0 || modes.includes('AlwaysAllow') ? 'AlwaysAllow' : 'RBAC',
    serviceAccountAdmission: !disabled.includes(OPTIONAL_PLUGIN),
    issuer: values.get('service-account-issuer')?.[0],
    signingKeyFile: path('service-account-signing-key-file'),
    verificationKeyFiles: (values.get('service-account-key-file') ?? []).filter((file) => file !== ''),
    serviceCidr,
    audit: auditFile === undefined || policyFile === undefined ? undefined : { file: auditFile, policyFile, ...limits },
    notices,
    refusals,
  };
}

const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** The IP address of a loopback host. The address of a name such as `localhost` is 127.0.0.1. */
const ipOf = (host: string): string => (isIP(host) === 0 ? '127.0.0.1' : host);

/** Is the string an IPv4 range with a prefix from /12 to /30, which Kubernetes requires for Services? */
function isIpv4Range(text: string): boolean {
  const [address = '', bits = ''] = text.split('/');
  const parts = address.split('.');
  return (
    parts.length === 4 &&
    parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255) &&
    /^\d{2}$/.test(bits) &&
    Number(bits) >= 12 &&
    Number(bits) <= 30
  );
}

/**
 * Reads the lines of a token file: `token,user,uid,"group,group"`. For an incomplete line, or a line without a token or
 * user, throws an Error with the number of the line, but not its content.
 */
export function readTokens(
  text: string,
): Readonly<Record<string, { readonly name: string; readonly uid: string; readonly groups: readonly string[] }>> {
  const entries = text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const cells = [...line.matchAll(/(?:^|,)\s*(?:"([^"]*)"|([^,]*))/g)].map(([, quoted, plain]) =>
      (quoted ?? plain ?? '').trim(),
    );
    const [token = '', name = '', uid, groups = ''] = cells;
    if (token === '' || name === '' || uid === undefined) {
      throw new Error(`line ${index + 1} of the token file is not token,user,uid,"group,group"`);
    }
    return [[token, { name, uid, groups: groups.split(',').filter((group) => group !== '') }] as const];
  });
  return Object.fromEntries(entries);
}
