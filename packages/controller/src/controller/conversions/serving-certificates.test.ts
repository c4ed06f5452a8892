import { expect, test } from 'vitest';
import { certificateEnd, selfSignedCertificate } from '@typekro/kube/certificates';
import { dueCertificates, readSecretData, secretData, trustedCertificates } from './serving-certificates.ts';

const DAY = 24 * 3600 * 1000;
const NOW = Date.parse('2026-01-01T00:00:00Z');
const NAMES = ['conversions.kro-system.svc', 'conversions.kro-system.svc.cluster.local'];
const pair = (days: number, names = NAMES) => selfSignedCertificate(names, NOW - DAY, NOW + days * DAY);
const [fresh, due, soon, other, expired] = [pair(200), pair(59), pair(29), pair(300), pair(-0.5)];
const foreign = pair(200, ['other.kro-system.svc']);

test.each([
  ['nothing', {}, 'new', undefined],
  ['a fresh one', { current: fresh }, fresh, undefined],
  ['one that ends in two months', { current: due }, due, 'new'],
  ['one that ends in two months, with the next one', { current: due, next: other }, due, other],
  ['one that ends in a month, with the next one', { current: soon, next: other }, other, undefined],
  ['one that ends in a month, without the next one', { current: soon }, soon, 'new'],
  ['an expired one', { current: expired }, 'new', undefined],
  ['an expired one, with the next one', { current: expired, next: other }, other, undefined],
  ['an expired next one', { current: fresh, next: expired }, fresh, undefined],
  ['one for another Service', { current: foreign }, 'new', undefined],
  ['one with another key', { current: { cert: fresh.cert, key: other.key } }, 'new', undefined],
  ['garbage', { current: { cert: 'x', key: 'y' } }, 'new', undefined],
])('with %s, the certificates are those that are due', (_what, known, current, next) => {
  const found = dueCertificates(known, NAMES, NOW);
  for (const [wanted, made] of [
    [current, found.current],
    [next, found.next],
  ] as const) {
    if (wanted === 'new') expect(made === undefined ? 0 : certificateEnd(made, NAMES)).toBe(NOW + 365 * DAY);
    else expect(made).toBe(wanted);
  }
});

test('the certificates are in the data of a Secret, and API servers trust both', () => {
  const both = { current: due, next: other };
  expect(readSecretData(secretData(both))).toEqual(both);
  expect(readSecretData({ 'tls.crt': 'YQ==' })).toEqual({});
  expect(trustedCertificates(both)).toBe(due.cert + other.cert);
});
