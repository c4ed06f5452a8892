import type { KubeObject } from '@typekro/kit/core';
import { cryptoLibrary } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import type { StandInView } from '../../../stand-in.ts';
import {
  basicConstraints,
  distinguishedName,
  extendedKeyUsage,
  keyUsage,
  signCertificate,
  subjectAlternatives,
} from '../../../codec/x509.ts';
import { clusterLabels } from './names.ts';

/** The validity of the certificates of a cluster: 90 days. */
const VALIDITY_MS = 90 * 24 * 3600 * 1000;
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';

/**
 * The missing Secrets of a cluster: the application's credentials, the superuser's credentials if the spec requests
 * them, and the certificates. Existing credentials keep their values. All certificates are created together, and only
 * when the Secret of the authority is missing.
 */
export function clusterSecrets(cluster: KubeObject, view: StandInView): KubeObject[] {
  const { name = '', namespace = '' } = cluster.metadata;
  const isMissing = (secret: string) =>
    view.get({ apiVersion: 'v1', kind: 'Secret', namespace, name: secret }) === undefined;
  const { database, owner, isOwnSecret } = application(cluster);
  return [
    ...(isOwnSecret || !isMissing(`${name}-app`) ? [] : [credentials(cluster, `${name}-app`, owner, database)]),
    ...(cluster.spec?.['enableSuperuserAccess'] === true && isMissing(`${name}-superuser`)
      ? [credentials(cluster, `${name}-superuser`, 'postgres', '*')]
      : []),
    ...(isMissing(`${name}-ca`) ? certificates(cluster, view.now) : []),
  ];
}

/** The name and the owner of the application's database, and whether the user provides the credentials. */
function application({ spec }: KubeObject): {
  readonly database: string;
  readonly owner: string;
  readonly isOwnSecret: boolean;
} {
  const of = (...path: string[]) =>
    textAt(spec, 'bootstrap', 'initdb', ...path) ||
    textAt(spec, 'bootstrap', 'recovery', ...path) ||
    textAt(spec, 'bootstrap', 'pg_basebackup', ...path);
  const database = of('database') || 'app';
  return { database, owner: of('owner') || database, isOwnSecret: of('secret', 'name') !== '' };
}

function credentials(cluster: KubeObject, secretName: string, username: string, dbname: string): KubeObject {
  const { name = '', namespace = '' } = cluster.metadata;
  const password = cryptoLibrary().randomBytes(48).toString('base64url');
  const host = `${name}-rw`;
  const full = `${host}.${namespace}.svc.cluster.local`;
  const login = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
  const database = dbname === '*' ? '%2A' : dbname;
  const query = `password=${encodeURIComponent(password)}&user=${encodeURIComponent(username)}`;
  const values = {
    username,
    user: username,
    password,
    dbname,
    host,
    port: '5432',
    pgpass: `${host}:5432:${dbname}:${username}:${password}\n`,
    uri: `postgresql://${login}@${host}.${namespace}:5432/${database}`,
    'fqdn-uri': `postgresql://${login}@${full}:5432/${database}`,
    'jdbc-uri': `jdbc:postgresql://${host}.${namespace}:5432/${database}?${query}`,
    'fqdn-jdbc-uri': `jdbc:postgresql://${full}:5432/${database}?${query}`,
  };
  const labels = {
    ...clusterLabels(cluster),
    'cnpg.io/reload': 'true',
    'cnpg.io/userType': dbname === '*' ? 'superuser' : 'app',
  };
  return secret(secretName, 'kubernetes.io/basic-auth', labels, values);
}

/** The Secrets with a cluster's authority, its server certificate, and the client certificate of its replicas. */
function certificates(cluster: KubeObject, now: number): KubeObject[] {
  const { name = '', namespace = '' } = cluster.metadata;
  const { generateKeyPairSync } = cryptoLibrary();
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = distinguishedName(name, [namespace]);
  const validity = { notBefore: now, notAfter: now + VALIDITY_MS, issuer, signingKey: authority.privateKey };
  const ca = signCertificate({
    ...validity,
    subject: issuer,
    publicKey: authority.publicKey,
    extensions: [basicConstraints(true), keyUsage([5])],
  });
  const labels = clusterLabels(cluster);
  const pem = (key: typeof authority.privateKey) => key.export({ type: 'sec1', format: 'pem' }).toString();
  const leaf = (secretName: string, commonName: string, purpose: string, names: readonly string[]): KubeObject => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cert = signCertificate({
      ...validity,
      subject: distinguishedName(commonName),
      publicKey: pair.publicKey,
      extensions: [
        keyUsage([0, 2, 4]),
        extendedKeyUsage([purpose]),
        ...(names.length === 0 ? [] : [subjectAlternatives({ dns: names })]),
      ],
    });
    return secret(secretName, 'kubernetes.io/tls', labels, { 'tls.crt': cert, 'tls.key': pem(pair.privateKey) });
  };
  const names = ['rw', 'r', 'ro'].flatMap((suffix) => [
    `${name}-${suffix}`,
    `${name}-${suffix}.${namespace}`,
    `${name}-${suffix}.${namespace}.svc`,
    `${name}-${suffix}.${namespace}.svc.cluster.local`,
  ]);
  return [
    secret(`${name}-ca`, 'Opaque', labels, { 'ca.crt': ca, 'ca.key': pem(authority.privateKey) }),
    leaf(`${name}-server`, `${name}-rw`, SERVER, names),
    leaf(`${name}-replication`, 'streaming_replica', CLIENT, []),
  ];
}

function secret(
  name: string,
  type: string,
  labels: Record<string, string>,
  values: Readonly<Record<string, string>>,
): KubeObject {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, labels }, type, data };
}
