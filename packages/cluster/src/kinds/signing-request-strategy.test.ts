import { type KeyObject, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendJson } from '../../test-support/send-json.ts';
import { type Cluster, type UserInfo, createEmbeddedCluster } from '../index.ts';
import { der } from '@typekro/kube/certificates';
import {
  CLIENT_SIGNER,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  certificateLife,
  signerProblem,
} from './certificate-signers.ts';

describe('signing request strategy', () => {
  const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const SIGNER = 'example.com/signer';

  const IDENTIFIERS = {
    commonName: Buffer.from([0x55, 0x04, 0x03]),
    organization: Buffer.from([0x55, 0x04, 0x0a]),
    ecdsa: Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]),
  };
  const pair = (type: Buffer, text: string) => der(0x31, der(0x30, der(0x06, type), der(0x0c, Buffer.from(text))));

  /**
   * Creates a certificate signing request, as base64-encoded PEM. With `spoil`, the signature is of other bytes. `other`
   * replaces the public key in the request.
   */
  function requestText(organizations: readonly string[] = [], spoil = false, other?: KeyObject): string {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const subject = der(
      0x30,
      ...organizations.map((name) => pair(IDENTIFIERS.organization, name)),
      pair(IDENTIFIERS.commonName, 'me'),
    );
    const key = (other ?? publicKey).export({ type: 'spki', format: 'der' });
    const information = der(0x30, der(0x02, Buffer.from([0])), subject, key, der(0xa0));
    const signature = sign('sha256', spoil ? Buffer.from('other') : information, privateKey);
    const bytes = der(
      0x30,
      information,
      der(0x30, der(0x06, IDENTIFIERS.ecdsa)),
      der(0x03, Buffer.from([0]), signature),
    );
    return pem('CERTIFICATE REQUEST', bytes);
  }

  const pem = (type: string, bytes: Buffer, headers = '') =>
    Buffer.from(`-----BEGIN ${type}-----\n${headers}${bytes.toString('base64')}\n-----END ${type}-----\n`).toString(
      'base64',
    );

  const HEADERS = 'Proc-Type: 4,NONE\nName: a-b\n\n';

  interface Answer {
    readonly message?: string;
    readonly details?: { readonly causes?: readonly { readonly message: string; readonly field: string }[] };
    readonly spec?: Readonly<Record<string, unknown>>;
    readonly status?: { readonly conditions?: readonly object[]; readonly certificate?: string };
    readonly metadata: { readonly managedFields?: readonly object[] };
  }

  let cluster: Cluster;

  async function send(method: string, path: string, body: object, user?: UserInfo, server = cluster) {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const { status: code, body: answer } = await sendJson<Answer>(server, method, path, { body, type, user });
    return { code, answer };
  }

  const signingRequest = (name: string, spec: object = {}) => ({
    metadata: { name },
    spec: { request: requestText(), signerName: SIGNER, usages: ['client auth'], ...spec },
  });
  const change = (name: string, subresource: string, status: object, user?: UserInfo) =>
    send('PATCH', `${REQUESTS}/${name}/${subresource}`, { status }, user);
  const approved = { type: 'Approved', status: 'True', reason: 'Good', message: 'm' };
  const denied = { ...approved, type: 'Denied' };

  beforeAll(async () => {
    cluster = await createEmbeddedCluster({ controllers: false });
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const name = 'approver';
    const apiGroup = 'rbac.authorization.k8s.io';
    const rules = [
      {
        apiGroups: ['certificates.k8s.io'],
        resources: ['certificatesigningrequests', '*/approval', '*/status'],
        verbs: ['*'],
      },
      {
        apiGroups: ['certificates.k8s.io'],
        resources: ['signers'],
        resourceNames: ['example.com/*'],
        verbs: ['approve'],
      },
      { apiGroups: ['certificates.k8s.io'], resources: ['signers'], resourceNames: ['other.com/b'], verbs: ['sign'] },
    ];
    await send('POST', `${rbac}/clusterroles`, { metadata: { name }, rules });
    const roleRef = { apiGroup, kind: 'ClusterRole', name };
    const subjects = [{ apiGroup, kind: 'User', name }];
    await send('POST', `${rbac}/clusterrolebindings`, { metadata: { name }, roleRef, subjects });
  });
  afterAll(() => cluster.close());

  test('the server writes the authenticated user into the spec of a signing request', async () => {
    const user = {
      name: 'approver',
      uid: '7',
      groups: ['g', 'system:authenticated'],
      extra: { 'example.com/k': ['v'] },
    };
    const forged = { username: 'root', uid: '0', groups: ['system:masters'], extra: { a: ['b'] } };
    const { code, answer } = await send('POST', REQUESTS, signingRequest('mine', forged), user);
    expect(code).toBe(201);
    expect(answer.spec).toMatchObject({ username: user.name, uid: '7', groups: user.groups, extra: user.extra });
    const changed = await send('PATCH', `${REQUESTS}/mine`, { spec: forged, metadata: { labels: { a: 'b' } } });
    expect(changed.answer.spec).toEqual(answer.spec);
  });

  test.each([
    [{ request: 'AAAA' }, 'spec.request', 'PEM block type must be CERTIFICATE REQUEST'],
    [
      { request: pem('CERTIFICATE', Buffer.from([0x30, 0])) },
      'spec.request',
      'PEM block type must be CERTIFICATE REQUEST',
    ],
    [
      { request: pem('CERTIFICATE REQUEST', Buffer.from([0x30, 5])) },
      'spec.request',
      'asn1: syntax error: data truncated',
    ],
    [
      { request: pem('CERTIFICATE REQUEST', Buffer.from([0x30, 0x81, 0])) },
      'spec.request',
      'asn1: structure error: superfluous leading zeros in length',
    ],
    [
      { request: pem('CERTIFICATE REQUEST', Buffer.from([0x30, 0x81, 1, 0])) },
      'spec.request',
      'asn1: structure error: non-minimal length',
    ],
    [{ request: requestText([], true) }, 'spec.request', 'x509: ECDSA verification failure'],
    [{ usages: [] }, 'spec.usages', 'Required value'],
    [{ usages: ['client auth', 'tea'] }, 'spec.usages[1]', 'Unsupported value: "tea": supported values: "any"'],
    [{ usages: ['any', 'any'] }, 'spec.usages[1]', 'Duplicate value: "any"'],
    [
      { signerName: 'one' },
      'spec.signerName',
      "must be a fully qualified domain and path of the form 'example.com/signer-name'",
    ],
    [{ signerName: 'one/two' }, 'spec.signerName', 'should be a domain with at least two segments separated by dots'],
    [
      { signerName: 'a.b/C' },
      'spec.signerName',
      'Invalid value: "C": validating label "C": a lowercase RFC 1123 subdomain',
    ],
    [{ signerName: 'kubernetes.io/legacy-unknown' }, 'spec.signerName', 'the legacy signerName is not allowed'],
    [
      { expirationSeconds: 599 },
      'spec.expirationSeconds',
      'may not specify a duration less than 600 seconds (10 minutes)',
    ],
  ])('a request with %j is refused', async (spec, field, message) => {
    const { code, answer } = await send('POST', REQUESTS, signingRequest('bad', spec));
    expect(code).toBe(422);
    expect(answer.details?.causes?.find((cause) => cause.field === field)?.message).toContain(message);
  });

  test('a request in a PEM block with headers, after other text, is accepted', async () => {
    const text = Buffer.from(requestText(), 'base64').toString().replace('\n', `\n${HEADERS}`);
    const request = Buffer.from(`a request\n${text}`).toString('base64');
    expect(await send('POST', REQUESTS, signingRequest('headers', { request }))).toMatchObject({ code: 201 });
  });

  const SPECIFIES = 'x509: signature algorithm specifies an ECDSA public key, but have public key of type ';
  test.each([
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 1024 }), `${SPECIFIES}*rsa.PublicKey`],
    ['ed25519', generateKeyPairSync('ed25519'), `${SPECIFIES}ed25519.PublicKey`],
    ['x25519', generateKeyPairSync('x25519'), 'x509: cannot verify signature: algorithm unimplemented'],
  ])('a request whose algorithm does not match its %s key is refused', async (_, { publicKey }, message) => {
    const request = requestText([], false, publicKey);
    const { code, answer } = await send('POST', REQUESTS, signingRequest('bad', { request }));
    expect(code).toBe(422);
    expect(answer.message).toContain(message);
  });

  test('a PEM block of many spaces without an end line is refused in linear time', async () => {
    const text = `-----BEGIN CERTIFICATE REQUEST-----${' '.repeat(400_000)}`;
    const request = Buffer.from(text).toString('base64');
    const { code, answer } = await send('POST', REQUESTS, signingRequest('blank', { request }));
    expect(code).toBe(422);
    expect(answer.message).toContain('PEM block type must be CERTIFICATE REQUEST');
  });

  test('a client certificate for system:masters is refused', async () => {
    const spec = { request: requestText(['system:masters']), signerName: 'kubernetes.io/kube-apiserver-client' };
    expect(await send('POST', REQUESTS, signingRequest('root', spec))).toMatchObject({
      code: 403,
      answer: {
        message:
          'certificatesigningrequests.certificates.k8s.io "root" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
      },
    });
  });

  test('an update cannot change the request', async () => {
    const spec = { signerName: 'kubernetes.io/kube-apiserver-client' };
    const { answer } = await send('POST', REQUESTS, signingRequest('same', spec));
    for (const request of ['AAAA', requestText(['system:masters'])]) {
      const changed = await send('PUT', `${REQUESTS}/same`, signingRequest('same', { ...spec, request }));
      expect(changed).toMatchObject({ code: 200, answer: { spec: answer.spec } });
    }
  });

  describe('the approval of a request', () => {
    const AT = 'status.conditions';
    test.each([
      ['approved', [approved], 200, undefined],
      ['denied', [denied], 200, undefined],
      [
        'both',
        [approved, denied],
        422,
        `${AT}: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive`,
      ],
      ['twice', [approved, approved], 422, `${AT}[1].type: Duplicate value: "Approved"`],
      [
        'false',
        [{ ...approved, status: 'False' }],
        422,
        `${AT}[0].status: Unsupported value: "False": supported values: "True"`,
      ],
      ['untyped', [{ status: 'True', type: '' }], 422, `${AT}[0].type: Required value`],
      ['unstated', [{ type: 'Other' }], 422, `${AT}[0].status: Required value`],
    ])('is checked: %s', async (name, conditions, code, message) => {
      await send('POST', REQUESTS, signingRequest(name));
      const { code: got, answer } = await change(name, 'approval', { conditions, certificate: 'AAAA' });
      expect(got).toBe(code);
      if (message !== undefined) expect(answer.message).toContain(message);
      else {
        expect(answer.status?.conditions).toMatchObject([
          {
            ...conditions[0],
            lastUpdateTime: expect.any(String) as unknown,
            lastTransitionTime: expect.any(String) as unknown,
          },
        ]);
        expect(answer.status).not.toHaveProperty('certificate');
      }
    });

    test('cannot be removed or reversed, or written through the status', async () => {
      await send('POST', REQUESTS, signingRequest('kept'));
      const early = await change('kept', 'status', { conditions: [approved] });
      expect(early.answer.message).toContain(
        'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
      );
      await change('kept', 'approval', { conditions: [approved] });
      for (const [conditions, message] of [
        [[], 'updates may not remove a condition of type "Approved"'],
        [[denied], 'updates may not remove a condition of type "Approved"'],
        [[approved, denied], 'Approved and Denied conditions are mutually exclusive'],
      ] as const)
        expect(await change('kept', 'approval', { conditions })).toMatchObject({
          code: 422,
          answer: { message: expect.stringContaining(message) as unknown },
        });
      const touched = await change('kept', 'status', { conditions: [{ ...approved, message: 'forged' }] });
      expect(touched.answer.status?.conditions).toMatchObject([{ message: 'm' }]);
    });

    test('requires permissions for the signer', async () => {
      const user = { name: 'approver', groups: ['system:authenticated'] };
      for (const [name, signerName] of [
        ['ours', SIGNER],
        ['a', 'other.com/a'],
        ['b', 'other.com/b'],
      ] as const)
        await send('POST', REQUESTS, signingRequest(name, { signerName }));
      expect((await change('ours', 'approval', { conditions: [approved] }, user)).code).toBe(200);
      expect(await change('a', 'approval', { conditions: [approved] }, user)).toMatchObject({
        code: 403,
        answer: {
          message:
            'certificatesigningrequests.certificates.k8s.io "a" is forbidden: user not permitted to approve requests with signerName "other.com/a"',
        },
      });
      const failed = { conditions: [{ type: 'Failed', status: 'True' }] };
      expect((await change('b', 'status', failed, user)).code).toBe(200);
      expect((await change('a', 'status', failed, user)).answer.message).toContain(
        'user not permitted to sign requests with signerName "other.com/a"',
      );
    });
  });

  test('a cluster with the authorization AlwaysAllow lets every user approve a request', async () => {
    await using free = await createEmbeddedCluster({ controllers: false, authorization: 'AlwaysAllow' });
    const user = { name: 'anyone', groups: [] };
    const [name, status] = ['free', { conditions: [approved] }];
    expect(await send('POST', REQUESTS, signingRequest(name), user, free)).toMatchObject({ code: 201 });
    const path = `${REQUESTS}/${name}/approval`;
    expect(await send('PATCH', path, { status }, user, free)).toMatchObject({ code: 200, answer: { status } });
  });

  test('the certificate must be a valid PEM block of the type CERTIFICATE without headers', async () => {
    await send('POST', REQUESTS, signingRequest('signed'));
    for (const [certificate, message] of [
      [Buffer.from('x').toString('base64'), 'must contain at least one CERTIFICATE PEM block'],
      [requestText(), 'only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"'],
      [pem('CERTIFICATE', Buffer.from([0x30, 0])), 'x509: malformed certificate'],
      [pem('CERTIFICATE', Buffer.from([0x30, 0]), HEADERS), 'no PEM block headers are permitted'],
      [pem('CERTIFICATE', Buffer.alloc(0)), 'found CERTIFICATE PEM block containing 0 certificates'],
    ] as const)
      expect((await change('signed', 'status', { certificate })).answer.message).toContain(message);
  });
});

const NONE = { dns: 0, email: 0, ip: 0, uri: 0 };
const node = (more: object = {}, counts: object = {}) => ({
  commonName: 'system:node:a',
  organizations: ['system:nodes'],
  ...more,
  counts: { ...NONE, ...counts },
});
const CLIENT = ['digital signature', 'key encipherment', 'client auth'];
const SERVER = ['digital signature', 'key encipherment', 'server auth'];
const NO_NODES = 'subject organization is not system:nodes';
const NO_NODE = 'subject common name does not begin with system:node:';

test.each([
  [CLIENT_SIGNER, node(), ['client auth'], undefined],
  [CLIENT_SIGNER, node({ organizations: [] }), CLIENT, undefined],
  [CLIENT_SIGNER, node(), ['digital signature'], 'missing required usage for client certificate: client auth'],
  [CLIENT_SIGNER, node(), [...CLIENT, 'server auth'], 'invalid usage for client certificate: server auth'],
  [KUBELET_CLIENT_SIGNER, node(), CLIENT, undefined],
  [KUBELET_CLIENT_SIGNER, node(), ['client auth', 'digital signature'], undefined],
  [KUBELET_CLIENT_SIGNER, node({ organizations: ['system:nodes', 'b'] }), CLIENT, NO_NODES],
  [KUBELET_CLIENT_SIGNER, node({}, { dns: 1 }), CLIENT, 'DNS subjectAltNames are not allowed'],
  [KUBELET_CLIENT_SIGNER, node({}, { email: 1 }), CLIENT, 'Email subjectAltNames are not allowed'],
  [KUBELET_CLIENT_SIGNER, node({}, { ip: 1 }), CLIENT, 'IP subjectAltNames are not allowed'],
  [KUBELET_CLIENT_SIGNER, node({}, { uri: 1 }), CLIENT, 'URI subjectAltNames are not allowed'],
  [KUBELET_CLIENT_SIGNER, node({ commonName: 'a' }), CLIENT, NO_NODE],
  [
    KUBELET_CLIENT_SIGNER,
    node(),
    ['client auth'],
    'usages did not match [client auth digital signature key encipherment]',
  ],
  [KUBELET_SERVING_SIGNER, node({}, { dns: 1 }), SERVER, undefined],
  [KUBELET_SERVING_SIGNER, node({}, { ip: 1 }), ['server auth', 'digital signature'], undefined],
  [KUBELET_SERVING_SIGNER, node({ organizations: [] }, { ip: 1 }), SERVER, NO_NODES],
  [KUBELET_SERVING_SIGNER, node(), SERVER, 'DNS or IP subjectAltName is required'],
  [KUBELET_SERVING_SIGNER, node({}, { dns: 1, email: 1 }), SERVER, 'Email subjectAltNames are not allowed'],
  [KUBELET_SERVING_SIGNER, node({}, { dns: 1, uri: 1 }), SERVER, 'URI subjectAltNames are not allowed'],
  [
    KUBELET_SERVING_SIGNER,
    node({}, { dns: 1 }),
    CLIENT,
    'usages did not match [digital signature key encipherment server auth]',
  ],
  [KUBELET_SERVING_SIGNER, node({ commonName: 'a' }, { dns: 1 }), SERVER, NO_NODE],
])('%s has the expected problem for the request %j with the usages %j', (signer, request, usages, problem) => {
  expect(signerProblem(signer, request, usages)).toEqual(problem === undefined ? undefined : { problem });
});

test('an unknown signer name has the problem `unknown`', () => {
  expect(signerProblem('example.com/own', node(), CLIENT)).toBe('unknown');
});

const YEAR_SECONDS = 31_536_000;

test.each([
  [undefined, YEAR_SECONDS - 300],
  [YEAR_SECONDS + 1, YEAR_SECONDS - 300],
  [28_800, 28_500],
  [28_799, 28_799],
  [600, 600],
])('a certificate that is requested for %j seconds expires after %j seconds', (requested, seconds) => {
  expect(certificateLife(1_000_000, requested)).toEqual({ notBefore: 700_000, notAfter: 1_000_000 + seconds * 1000 });
});
