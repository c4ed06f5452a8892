import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type {
  ClusterFacts,
  Conversion,
  ConversionTrust,
  Webhook,
  WebhookRule,
  WebhookTarget,
  WrittenKind,
} from '../cluster-facts.ts';
import { writtenKinds } from '../read-facts.ts';
import { checkConversions } from './check-conversions.ts';
import { readConversionTrust } from '../read-conversion-trust.ts';
import { selfSignedCertificate } from '@typekro/kube/certificates';
import type { KubernetesApi } from '@typekro/kube';
import { checkWebhooks } from './check-webhooks.ts';

type Facts = Pick<ClusterFacts, 'definitions' | 'instances' | 'writtenKinds' | 'webhooks' | 'conversions'>;

const ALL = ['*'];
const URL: WebhookTarget = { url: 'https://policy.example.com' };
const serviceWith = (ready: number, exists = true): WebhookTarget => ({
  service: { namespace: 'policy', name: 'webhook' },
  state: { value: { exists, ready } },
});

const webhook = (more: Partial<Webhook> = {}): Webhook => ({
  configuration: 'ValidatingWebhookConfiguration policy',
  name: 'check.acme.test',
  blocks: true,
  rules: [{ groups: ALL, resources: ALL, operations: ALL }],
  target: serviceWith(0),
  ...more,
});

const conversion = (target: WebhookTarget, storedVersions: readonly string[] = ['v1']): Conversion => ({
  crd: 'boats.acme.test',
  version: 'v1',
  storedVersions,
  servedVersions: ['v1', 'v2'],
  lists: new Map(),
  target,
});

const trust = (more: Partial<ConversionTrust>): ConversionTrust => ({
  until: Infinity,
  secret: 'kro-system/tls',
  isServedTrusted: { value: true },
  ...more,
});

const child = (resource: string, definition: string, group = ''): WrittenKind => ({
  group,
  version: 'v1',
  resource,
  writesStatus: false,
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  definition,
});

const KINDS: readonly WrittenKind[] = [
  ...writtenKinds([], []),
  { ...child('webapps', 'webapps', 'acme.test'), writesStatus: true, operations: ['UPDATE'] },
  child('configmaps', 'webapps'),
];

const facts = (more: Partial<Facts>): ClusterFacts =>
  ({
    definitions: { value: [] },
    instances: new Map(),
    writtenKinds: KINDS,
    webhooks: { value: [] },
    conversions: { value: [] },
    server: { now: 5 },
    ...more,
  }) as Facts as ClusterFacts;

/** An instance with a condition whose message comes from the API server. */
const withMessage = (message: string): KubeObject => ({
  apiVersion: 'acme.test/v1',
  kind: 'WebApp',
  metadata: { name: 'shop', namespace: 'team' },
  status: { conditions: [{ type: 'ResourcesReady', status: 'False', message }] },
});

const failed = (message: string): Pick<Facts, 'instances'> => ({
  instances: new Map([['webapps', { value: [withMessage(message)] }]]),
});

test.each<[string, Partial<Webhook>, string, string | undefined]>([
  ['no ready endpoint', {}, '', 'error the webhook check.acme.test has no ready endpoint: Service policy/webhook'],
  ['a failure policy other than Fail', { blocks: false }, '', undefined],
  ['a ready endpoint', { target: serviceWith(1) }, '', undefined],
  [
    'no Service',
    { target: serviceWith(0, false) },
    '',
    'error the webhook check.acme.test calls Service policy/webhook, which does not exist',
  ],
  [
    'a ready endpoint, and a failed call',
    { target: serviceWith(1) },
    'failed calling webhook "check.acme.test": unknown authority',
    'warning the webhook check.acme.test did not respond, although Service policy/webhook has ready endpoints: failed calling webhook "check.acme.test": unknown authority',
  ],
  [
    'a ready endpoint, and a failed call of another webhook',
    { target: serviceWith(1) },
    'failed calling webhook "other": refused',
    undefined,
  ],
  [
    'an address',
    { target: URL },
    '',
    'info the webhook check.acme.test is called at https://policy.example.com, which only the API server can check',
  ],
  [
    'an address, and a failed call',
    { target: URL },
    'failed calling webhook "check.acme.test": EOF',
    'error the webhook check.acme.test does not respond at https://policy.example.com: failed calling webhook "check.acme.test": EOF',
  ],
  ['an address, and a failure policy other than Fail', { target: URL, blocks: false }, '', undefined],
])('a webhook with %s is reported as expected, or not at all', (_title, more, message, expected) => {
  const { findings } = checkWebhooks(facts({ webhooks: { value: [webhook(more)] }, ...failed(message) }));
  expect(findings.map(({ severity, what }) => `${severity} ${what}`)).toEqual(expected === undefined ? [] : [expected]);
  for (const finding of findings) {
    expect(finding.where).toBe('ValidatingWebhookConfiguration policy');
    expect(finding.why).toMatch(/^failurePolicy is Fail, so without a response the API server refuses writes of /);
    expect(finding.remedy === undefined).toBe(finding.severity === 'info');
  }
});

test.each<[string, Partial<WebhookRule>, string | undefined]>([
  [
    'everything',
    {},
    'resourcegraphdefinitions.kro.run, graphrevisions.internal.kro.run, customresourcedefinitions.apiextensions.k8s.io, webapps.acme.test, configmaps for the controller itself, ResourceGraphDefinition webapps',
  ],
  ['a kind of children', { groups: [''], resources: ['configmaps'] }, 'configmaps for ResourceGraphDefinition webapps'],
  ['other kinds of the same group', { groups: [''], resources: ['pods', 'secrets'] }, undefined],
  ['another group', { groups: ['apps'], resources: ['configmaps'] }, undefined],
  [
    'the status of instances',
    { groups: ['acme.test'], resources: ['*/status'] },
    'webapps.acme.test for ResourceGraphDefinition webapps',
  ],
  ['the status of children', { groups: [''], resources: ['configmaps/status'] }, undefined],
  ['the scale of children', { resources: ['*/scale'] }, undefined],
  [
    'a kind with its subresources',
    { groups: [''], resources: ['configmaps/*'] },
    'configmaps for ResourceGraphDefinition webapps',
  ],
  ['deletions', { groups: [''], operations: ['DELETE'] }, 'configmaps for ResourceGraphDefinition webapps'],
  ['creations of instances', { groups: ['acme.test'], operations: ['CREATE'] }, undefined],
  ['connections', { operations: ['CONNECT'] }, undefined],
  ['only a version that the controller does not write', { groups: ['acme.test'], versions: ['v2'] }, undefined],
  [
    'only the version that the controller writes',
    { groups: ['acme.test'], versions: ['v1'] },
    'webapps.acme.test for ResourceGraphDefinition webapps',
  ],
  ['definitions', { groups: ['kro.run'] }, 'resourcegraphdefinitions.kro.run for the controller itself'],
])('a webhook for %s is reported with the expected kinds, or not at all', (_title, rule, expected) => {
  const rules = [{ groups: ALL, resources: ALL, operations: ALL, ...rule }];
  const [found] = checkWebhooks(facts({ webhooks: { value: [webhook({ rules })] } })).findings;
  const text = /refuses writes of (.*), except those that the selectors of the webhook exclude$/.exec(
    found?.why ?? '',
  )?.[1];
  expect(text).toBe(expected);
});

test('a finding about many kinds and definitions names five of them', () => {
  const kinds = Array.from({ length: 7 }, (_, index) => child(`boats${index}`, `fleet${index}`));
  const [found] = checkWebhooks(facts({ writtenKinds: kinds, webhooks: { value: [webhook()] } })).findings;
  expect(found?.why).toContain('boats3, boats4, 2 more for ResourceGraphDefinition fleet0, ');
  expect(found?.why).toContain('ResourceGraphDefinition fleet4, 2 more, except');
});

test('for a definition that does not compile, a webhook for the group of its instances is reported', () => {
  const definition: KubeObject = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'boats' },
    spec: { schema: { apiVersion: 'v1', kind: 'Boat', group: 'acme.test' } },
  };
  const rules = [{ groups: ['acme.test'], resources: ['boats'], operations: ALL }];
  const kinds = writtenKinds([definition], []);
  const [found] = checkWebhooks(facts({ writtenKinds: kinds, webhooks: { value: [webhook({ rules })] } })).findings;
  expect(found?.why).toContain('writes of *.acme.test for ResourceGraphDefinition boats');
});

test.each([
  ['with one served version', ['v1'], false],
  ['with several served versions', ['v1', 'v2'], true],
])(
  'of a kind %s, %j: does the finding say that clients of other versions read nothing? %s',
  (_title, servedVersions, isSaid) => {
    const found = { ...conversion(serviceWith(0)), servedVersions };
    const { findings } = checkConversions(facts({ conversions: { value: [found] } }));
    expect(findings.map(({ why }) => why.includes('clients of other versions read nothing'))).toEqual([isSaid]);
  },
);

const FAILURE = 'conversion webhook for acme.test/v2, Kind=Boat failed: EOF';

test.each<[string, Conversion, string, string | undefined]>([
  [
    'without a ready endpoint, when all objects are stored in the version that the controller reads',
    conversion(serviceWith(0)),
    '',
    'warning its conversion webhook has no ready endpoint: Service policy/webhook',
  ],
  [
    'without a ready endpoint, when objects are stored in another version',
    conversion(serviceWith(0), ['v1', 'v2']),
    '',
    'error its conversion webhook has no ready endpoint: Service policy/webhook',
  ],
  [
    'without a Service',
    conversion(serviceWith(0, false), ['v2']),
    '',
    'error its conversion webhook calls Service policy/webhook, which does not exist',
  ],
  ['with an endpoint', conversion(serviceWith(1), ['v2']), '', undefined],
  [
    'at an address',
    conversion(URL, ['v2']),
    '',
    'info its conversion webhook is called at https://policy.example.com, which only the API server can check',
  ],
  [
    'at an address, after a failed call',
    conversion(URL, ['v2']),
    FAILURE,
    `error its conversion webhook does not respond at https://policy.example.com: ${FAILURE}`,
  ],
  [
    'with an endpoint, after a failed call',
    conversion(serviceWith(1), ['v2']),
    FAILURE,
    `warning its conversion webhook did not respond, although Service policy/webhook has ready endpoints: ${FAILURE}`,
  ],
  ['with a certificate that the API server trusts', { ...conversion(serviceWith(1)), trust: trust({}) }, '', undefined],
  [
    'with an expired certificate, as the reason of a failed call',
    { ...conversion(serviceWith(1)), trust: trust({ until: 1 }) },
    FAILURE,
    'warning the caBundle of its conversion webhook has expired (1970-01-01T00:00:00.001Z)',
  ],
  [
    'without a certificate, when objects are stored in another version',
    { ...conversion(serviceWith(1), ['v2']), trust: trust({ until: 0 }) },
    '',
    'error the caBundle of its conversion webhook has no certificate',
  ],
  [
    'with another certificate than the Secret',
    { ...conversion(serviceWith(1), ['v2']), trust: trust({ isServedTrusted: { value: false } }) },
    '',
    'error the caBundle of its conversion webhook does not have the certificate of the Secret kro-system/tls',
  ],
  [
    'without a Secret',
    { ...conversion(serviceWith(1), ['v2']), trust: trust({ isServedTrusted: { value: undefined } }) },
    '',
    'error the Secret kro-system/tls, which has the certificate of its conversion webhook, does not exist',
  ],
  [
    'with a Secret that cannot be read',
    { ...conversion(serviceWith(1)), trust: trust({ isServedTrusted: { unread: 'forbidden' } }) },
    '',
    undefined,
  ],
  [
    'without an endpoint, which no certificate explains',
    { ...conversion(serviceWith(0), ['v2']), trust: trust({ until: 1 }) },
    '',
    'error its conversion webhook has no ready endpoint: Service policy/webhook',
  ],
])('%s: the finding is as expected, or there is none', (_title, found, message, expected) => {
  const { findings } = checkConversions(facts({ conversions: { value: [found] }, ...failed(message) }));
  expect(findings.map(({ severity, what }) => `${severity} ${what}`)).toEqual(expected === undefined ? [] : [expected]);
  for (const { where, why } of findings) {
    expect(where).toBe('CustomResourceDefinition boats.acme.test');
    expect(why.includes('cannot list the kind in v1')).toBe(found.storedVersions.includes('v2'));
  }
});

test.each<[string, string, { readonly findings: string[]; readonly unread: string[] }]>([
  [
    'an object that cannot be converted',
    'conversion webhook for acme.test/v1, Kind=Boat failed: cannot convert Boat team/shop',
    {
      findings: [
        'error its objects cannot be listed in v2: conversion webhook for acme.test/v1, Kind=Boat failed: cannot convert Boat team/shop',
      ],
      unread: [],
    },
  ],
  [
    'a user who may not list',
    'boats is forbidden',
    { findings: [], unread: ['boats.acme.test in v2: boats is forbidden'] },
  ],
])(
  'a list in a served version that fails because of %s is reported, and nothing is said of a function',
  (_title, unread, expected) => {
    const { target: _function, ...found } = conversion(URL);
    const lists = new Map([
      ['v1', { value: 1 }],
      ['v2', { unread }],
    ]);
    const result = checkConversions(facts({ conversions: { value: [{ ...found, lists }] } }));
    expect({
      findings: result.findings.map(({ severity, what }) => `${severity} ${what}`),
      unread: result.unread,
    }).toEqual(expected);
  },
);

describe('the certificates of a conversion', () => {
  const END = Date.UTC(2030, 0, 1);
  const [one, other] = ['a', 'b'].map((name) => selfSignedCertificate([name], Date.UTC(2026, 0, 1), END).cert);
  const encoded = (...texts: readonly (string | undefined)[]) => Buffer.from(texts.join('')).toString('base64');
  const read = (caBundle: string, secret: KubeObject | undefined) =>
    readConversionTrust(
      { find: () => Promise.resolve(secret) } as unknown as KubernetesApi,
      { clientConfig: { service: { namespace: 'kro-system', name: 'typekro-conversions' }, caBundle } },
      new AbortController().signal,
    );
  const secretOf = (cert: string | undefined): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {},
    data: { 'tls.crt': encoded(cert) },
  });

  test.each<[string, string, KubeObject | undefined, number, boolean | undefined]>([
    ['the certificate of the Secret', encoded(one), secretOf(one), END, true],
    ['it beside another one', encoded(other, one), secretOf(one), END, true],
    ['another certificate', encoded(other), secretOf(one), END, false],
    ['no Secret', encoded(one), undefined, END, undefined],
    ['no certificate in the Secret', encoded(one), secretOf('x'), END, undefined],
    [
      'no certificate',
      encoded('-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----'),
      undefined,
      0,
      undefined,
    ],
  ])('%s is recognised', async (_title, caBundle, secret, until, isTrusted) => {
    expect(await read(caBundle, secret)).toEqual({
      until,
      secret: 'kro-system/typekro-conversions-tls',
      isServedTrusted: { value: isTrusted },
    });
  });
});
