import { cryptoLibrary } from '@typekro/kit/core';
import { formatTime } from '@typekro/kit/kubernetes';
import type { StandInView } from '../../stand-in.ts';
import {
  basicConstraints,
  distinguishedName,
  extendedKeyUsage,
  keyUsage,
  signCertificate,
  subjectAlternatives,
} from '@typekro/kube/certificates';
import { parseSchedule } from '../jobs/cron-schedule.ts';
import type { StandInFunction } from './data-stand-in.ts';

/** The validity of the certificates of a cluster: 90 days. */
const VALIDITY_MS = 90 * 24 * 3600 * 1000;
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';

/** The functions of the stand-in `cnpg`. */
export const CNPG_FUNCTIONS: Record<string, StandInFunction> = {
  password: (_view) => cryptoLibrary().randomBytes(48).toString('base64url'),
  urlEncode: (_view, text: string) => encodeURIComponent(text),
  certificates,
  timesAfter,
};

/** The Secrets with a cluster's authority, its server certificate, and the client certificate of its replicas. */
function certificates({ now }: StandInView, name: string, namespace: string) {
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
  const pem = (key: typeof authority.privateKey) => key.export({ type: 'sec1', format: 'pem' }).toString();
  const leaf = (secretName: string, commonName: string, purpose: string, names: readonly string[]) => {
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
    return {
      name: secretName,
      type: 'kubernetes.io/tls',
      values: { 'tls.crt': cert, 'tls.key': pem(pair.privateKey) },
    };
  };
  const names = ['rw', 'r', 'ro'].flatMap((suffix) =>
    ['', `.${namespace}`, `.${namespace}.svc`, `.${namespace}.svc.cluster.local`].map(
      (zone) => `${name}-${suffix}${zone}`,
    ),
  );
  return [
    { name: `${name}-ca`, type: 'Opaque', values: { 'ca.crt': ca, 'ca.key': pem(authority.privateKey) } },
    leaf(`${name}-server`, `${name}-rw`, SERVER, names),
    leaf(`${name}-replication`, 'streaming_replica', CLIENT, []),
  ];
}

/**
 * The first time of a schedule after `from`, or no time. A schedule has six fields, or is one of the `@` forms. The first
 * of the six fields sets the seconds; if it is not a number, the seconds are 0. The result is null for a schedule that
 * cannot be parsed.
 */
function timesAfter(_view: StandInView, text: string, from: string) {
  const seconds = /^\s*(\d+)\s/.exec(text)?.[1] ?? '0';
  const schedule = parseSchedule(text.startsWith('@') ? text : text.trim().split(/\s+/).slice(1).join(' '));
  if (schedule === undefined) return null;
  const next = schedule.next(Date.parse(from) - Number(seconds) * 1000);
  return next === undefined ? [] : [formatTime(next + Number(seconds) * 1000)];
}
