import { describe, expect, test } from 'vitest';
import { type ApiServerSettings, APISERVER_FLAGS, apiServerSettings, readTokens } from './apiserver-settings.ts';
import { etcdSettings } from './etcd-settings.ts';
import { helpText, parseFlags } from './envtest-flags.ts';

test.each([
  ['--v=4', { v: ['4'] }, []],
  ['--v 4 -v=5', { v: ['4', '5'] }, []],
  ['--allow-privileged --v=1', { 'allow-privileged': ['true'], v: ['1'] }, []],
  ['--allow-privileged=false', { 'allow-privileged': ['false'] }, []],
  ['--v', { v: ['true'] }, []],
  ['--audit-log-path - --v 4', { 'audit-log-path': ['-'], v: ['4'] }, []],
  ['--cert-dir=a=b', { 'cert-dir': ['a=b'] }, []],
  ['--cert-dir= --', { 'cert-dir': [''] }, []],
  ['--audit-log-batch - --audit-log-wait 3 --v=1', { v: ['1'] }, ['--audit-log-batch', '-', '--audit-log-wait']],
  ['word --constructor=1 --__proto__', {}, ['word', '--constructor', '--__proto__']],
])('the line %j has the flags %j and the unknown words %j', (line, values, unknown) => {
  const parsed = parseFlags(line.split(' '), APISERVER_FLAGS);
  expect([Object.fromEntries(parsed.values), parsed.unknown]).toEqual([values, unknown]);
});

test('help has each flag at the beginning of a line, and omits insecure-port, which envtest would pass if help listed it', () => {
  const help = helpText('kube-apiserver', 'serves', APISERVER_FLAGS);
  expect(help).toMatch(/^\s*--bind-address\b/m);
  expect(help).not.toMatch(/^\s*--insecure-port\b/m);
});

/** The command line that envtest of controller-runtime 0.24 passes by default. */
const ENVTEST = [
  '--allow-privileged=true',
  '--authorization-mode=RBAC',
  '--bind-address=127.0.0.1',
  '--cert-dir=/tmp/k8s_test_framework_1',
  '--client-ca-file=/tmp/k8s_test_framework_1/client-cert-auth-ca.crt',
  '--disable-admission-plugins=ServiceAccount',
  '--etcd-servers=http://127.0.0.1:40001',
  '--secure-port=40003',
  '--service-account-issuer=https://127.0.0.1:40003/',
  '--service-account-key-file=/tmp/k8s_test_framework_1/sa-signer.crt',
  '--service-account-signing-key-file=/tmp/k8s_test_framework_1/sa-signer.key',
  '--service-cluster-ip-range=10.0.0.0/24',
];

test('all flags of envtest are accepted without a notice', () => {
  expect(apiServerSettings(ENVTEST)).toEqual({
    host: '127.0.0.1',
    port: 40_003,
    kubernetesVersion: undefined,
    advertisedIp: '127.0.0.1',
    certDir: '/tmp/k8s_test_framework_1',
    certFile: undefined,
    keyFile: undefined,
    clientCaFile: '/tmp/k8s_test_framework_1/client-cert-auth-ca.crt',
    tokenFile: undefined,
    authorization: 'RBAC',
    serviceAccountAdmission: false,
    issuer: 'https://127.0.0.1:40003/',
    signingKeyFile: '/tmp/k8s_test_framework_1/sa-signer.key',
    verificationKeyFiles: ['/tmp/k8s_test_framework_1/sa-signer.crt'],
    serviceCidr: '10.0.0.0/24',
    audit: undefined,
    notices: [],
    refusals: [],
  } satisfies ApiServerSettings);
});

test.each([
  [[], undefined],
  [['--emulated-version=1.35'], '1.35'],
  [['--emulated-version=v1.34'], '1.34'],
  [['--emulated-version=other=2.0,kube=1.35'], '1.35'],
  [['--emulated-version=1.34', '--emulated-version=1.35'], '1.35'],
])('the version of Kubernetes for %j is %s', (words, kubernetesVersion) => {
  expect(apiServerSettings(words)).toMatchObject({ kubernetesVersion, refusals: [] });
});

test.each(['1.33', '1.35.1', 'kube=2', 'x'])('--emulated-version=%s is refused', (version) => {
  const { refusals } = apiServerSettings([`--emulated-version=${version}`]);
  expect(refusals).toEqual([
    expect.stringMatching(/^--emulated-version=.* is not supported; use 1\.36, 1\.35, 1\.34$/),
  ]);
});

test.each([
  [[], '127.0.0.1'],
  [['--bind-address=localhost'], '127.0.0.1'],
  [['--bind-address=[::1]'], '::1'],
  [['--bind-address=127.0.0.1', '--advertise-address=127.0.0.2'], '127.0.0.2'],
])('for the flags %j, the Endpoints of the server have the address %s', (words, advertisedIp) => {
  expect(apiServerSettings(words)).toMatchObject({ advertisedIp, refusals: [] });
});

test('an audit log needs a file and a policy', () => {
  const words = ['--audit-log-path=-', '--audit-policy-file=p.yaml', '--audit-log-maxbackup=3'];
  expect(apiServerSettings([...words, '--audit-log-format=json', '--audit-log-maxsize=1'])).toMatchObject({
    audit: { file: '-', policyFile: 'p.yaml', maxSizeMb: 1, maxBackups: 3, maxAgeDays: 0 },
    notices: [],
    refusals: [],
  });
  expect(apiServerSettings(['--audit-log-path=a.log'])).toMatchObject({
    audit: undefined,
    notices: ['no audit policy file is given, so the audit log has no events'],
  });
});

const beyond = (flag: string) =>
  `--${flag} asks for an address that other machines can reach; this program listens on loopback only`;

describe('refusals of kube-apiserver', () => {
  test.each([
    ['--audit-log-format=text', '--audit-log-format=text is not supported; use json'],
    ['--audit-log-maxage=-1', '--audit-log-maxage=-1 is not a whole number of at least 0'],
    ['--bind-address=0.0.0.0', beyond('bind-address=0.0.0.0')],
    ['--bind-address=::', beyond('bind-address=::')],
    ['--bind-address=127.0.0.1.example.com', beyond('bind-address=127.0.0.1.example.com')],
    ['--advertise-address=10.1.2.3', beyond('advertise-address=10.1.2.3')],
    ['--etcd-servers=http://127.0.0.1:1,http://etcd:2379', beyond('etcd-servers=http://etcd:2379')],
    ['--secure-port=0', '--secure-port=0 is not a port from 1 to 65535'],
    ['--secure-port=x', '--secure-port=x is not a port from 1 to 65535'],
    ['--authorization-mode=RBAC,Webhook', '--authorization-mode=Webhook is not supported; use RBAC or AlwaysAllow'],
    [
      '--anonymous-auth=false',
      '--anonymous-auth=false is not supported; with --authorization-mode=RBAC, anonymous users have no rights',
    ],
    [
      '--anonymous-auth=False',
      '--anonymous-auth=false is not supported; with --authorization-mode=RBAC, anonymous users have no rights',
    ],
    ['--tls-cert-file=a.crt', '--tls-cert-file and --tls-private-key-file must be given together'],
    ['--tls-private-key-file=a.key', '--tls-cert-file and --tls-private-key-file must be given together'],
    [
      '--service-cluster-ip-range=fd00::/108',
      '--service-cluster-ip-range=fd00::/108 is not an IPv4 range such as 10.0.0.0/24',
    ],
    [
      '--service-cluster-ip-range=10.0.0.300/24',
      '--service-cluster-ip-range=10.0.0.300/24 is not an IPv4 range such as 10.0.0.0/24',
    ],
  ])('%s', (flag, refusal) => {
    expect(apiServerSettings([flag]).refusals).toEqual([refusal]);
  });
});

test.each([
  [[], 'AlwaysAllow'],
  [['--authorization-mode=Node,RBAC'], 'RBAC'],
  [['--authorization-mode=RBAC', '--authorization-mode=AlwaysAllow'], 'AlwaysAllow'],
])('the authorization of %j is %s', (words, authorization) => {
  expect(apiServerSettings(words)).toMatchObject({ authorization, refusals: [] });
});

/** The command line that `kube-api-test` 7.6 of the Java client fabric8 passes. */
const FABRIC8 =
  '--cert-dir /t --secure-port 40003 --etcd-servers http://0.0.0.0:40001 --authorization-mode RBAC --service-account-issuer https://localhost --service-account-signing-key-file /t/apiserver.key --service-account-signing-key-file /t/apiserver.key --service-account-key-file /t/apiserver.key --service-account-issuer /t/apiserver.crt --disable-admission-plugins ServiceAccount --client-ca-file /t/client.crt --service-cluster-ip-range 10.0.0.0/24 --allow-privileged';

test('all flags of kube-api-test of fabric8 are accepted without a notice', () => {
  expect(apiServerSettings(FABRIC8.split(' '))).toMatchObject({
    host: '127.0.0.1',
    port: 40_003,
    certDir: '/t',
    clientCaFile: '/t/client.crt',
    authorization: 'RBAC',
    serviceAccountAdmission: false,
    issuer: 'https://localhost',
    signingKeyFile: '/t/apiserver.key',
    verificationKeyFiles: ['/t/apiserver.key'],
    notices: [],
    refusals: [],
  });
});

test('a flag with an empty path has the same effect as no flag', () => {
  const names = [
    'cert-dir',
    'tls-cert-file',
    'tls-private-key-file',
    'client-ca-file',
    'token-auth-file',
    'service-account-key-file',
    'service-account-signing-key-file',
  ];
  const given = apiServerSettings(names.map((name) => `--${name}=`));
  expect(given).toEqual(apiServerSettings([]));
});

test('a notice names flags without an effect', () => {
  const words = [
    '--feature-gates=A=true,B=false',
    '--enable-admission-plugins=AlwaysPullImages',
    '--disable-admission-plugins=ServiceAccount,LimitRanger',
    '--allow-privileged=false',
    '--audit-webhook-config-file=/tmp/audit',
    '--bind-address=localhost',
    '--v=4',
  ];
  expect(apiServerSettings([]).serviceAccountAdmission).toBe(true);
  expect(apiServerSettings(words)).toMatchObject({
    serviceAccountAdmission: false,
    refusals: [],
    notices: [
      'without an effect: --disable-admission-plugins=LimitRanger --enable-admission-plugins=AlwaysPullImages --feature-gates=A=true,B=false --allow-privileged=false',
      'unknown, without an effect: --audit-webhook-config-file',
    ],
  });
});

test('each line of a token file has a token, its user, its uid and its groups', () => {
  const text = 'a,admin,1,"system:masters,dev"\n\n# comment\nb,ben,2\r\nc,cy,,one\n';
  expect(readTokens(text)).toEqual({
    a: { name: 'admin', uid: '1', groups: ['system:masters', 'dev'] },
    b: { name: 'ben', uid: '2', groups: [] },
    c: { name: 'cy', uid: '', groups: ['one'] },
  });
  expect(() => readTokens('a,admin,1\nsecret')).toThrow('line 2 of the token file is not token,user,uid');
});

test.each([
  [
    ['--listen-client-urls=http://127.0.0.1:1,http://[::1]:2', '--data-dir=/tmp/x', '--unsafe-no-fsync=true'],
    {
      addresses: [
        { host: '127.0.0.1', port: 1 },
        { host: '::1', port: 2 },
      ],
      notices: ['unknown, without an effect: --unsafe-no-fsync'],
      refusals: [],
    },
  ],
  [[], { addresses: [{ host: '127.0.0.1', port: 2379 }], notices: [], refusals: [] }],
  [
    [
      '--listen-client-urls=http://0.0.0.0:1,http://[::]:2',
      '--advertise-client-urls=http://0.0.0.0:1',
      '--listen-peer-urls=http://localhost:3',
    ],
    {
      addresses: [
        { host: '127.0.0.1', port: 1 },
        { host: '::1', port: 2 },
      ],
      notices: ['listens on loopback only, not on all addresses as in http://0.0.0.0:1,http://[::]:2'],
      refusals: [],
    },
  ],
  [
    ['--listen-client-urls=http://10.1.2.4:1', '--listen-peer-urls=http://10.1.2.3:2', '--advertise-client-urls=x'],
    {
      refusals: [
        beyond('listen-client-urls=http://10.1.2.4:1'),
        '--advertise-client-urls=x is not a URL',
        beyond('listen-peer-urls=http://10.1.2.3:2'),
      ],
    },
  ],
  [
    ['--listen-client-urls=https://127.0.0.1:1'],
    { refusals: ['--listen-client-urls=https://127.0.0.1:1/: only http is served'] },
  ],
])('the settings of etcd for %j contain %j', (words, expected) => {
  expect(etcdSettings(words)).toMatchObject(expected);
});
