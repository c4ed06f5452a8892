import { COMPOSITION, DEFINITION, INSTANCE, OBJECTS } from './base.ts';
import type { Mistake } from './mistake.ts';

const command = (
  title: string,
  words: readonly string[],
  exit: number,
  place: RegExp,
  reason: RegExp,
  remedy: RegExp,
  more: Partial<Mistake> = {},
): Mistake => ({ title, command: words, exit, place, reason, remedy, files: { 'shop.yaml': DEFINITION }, ...more });

/** A kubeconfig with one context. */
const config = (server: string, cluster: string, user: string, name = 'u'): Readonly<Record<string, string>> => ({
  kubeconfig: `apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: '${server}'${cluster}}}]
users: [{name: ${name}, user: {${user}}}]
`,
});

const install = (
  title: string,
  files: Readonly<Record<string, string>>,
  place: RegExp,
  reason: RegExp,
  remedy: RegExp,
  more: Partial<Mistake> = {},
): Mistake => command(title, ['install', '--kubeconfig', 'kubeconfig'], 1, place, reason, remedy, { files, ...more });

const NOWHERE = 'https://127.0.0.1:1';

const WEBHOOK = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: deny}
webhooks:
- name: deny.acme.test
  sideEffects: None
  admissionReviewVersions: [v1]
  clientConfig: {service: {name: hooks, namespace: ops}}
  rules: [{apiGroups: [batch], apiVersions: [v1], operations: [CREATE], resources: [jobs]}]
`;

/** Mistakes that are mostly outside the files: in names, options, kubeconfigs and ports. */
export const environmentMistakes: readonly Mistake[] = [
  command(
    'a file that does not exist',
    ['validate', 'shpo.yaml'],
    1,
    /shpo\.yaml/,
    /no file/,
    /check the name|did you mean/,
  ),
  command('a file of another type', ['validate', 'a.txt'], 1, /a\.txt/, /not a YAML/, /\.yaml, \.yml/, {
    files: { 'a.txt': 'x' },
  }),
  command('an empty file', ['validate', 'a.yaml'], 1, /a\.yaml/, /no object/, /name files/, {
    files: { 'a.yaml': '\n' },
  }),
  command(
    'a command without a file',
    ['validate'],
    2,
    /file/,
    /missing required argument/,
    /typekro validate --help|FILE|usage/i,
  ),
  command('a command misspelt', ['validat', 'shop.yaml'], 2, /validat/, /unknown command/, /did you mean validate/i),
  command(
    'an option misspelt',
    ['validate', '--stric', 'shop.yaml'],
    2,
    /--stric/,
    /unknown option/,
    /did you mean --strict/i,
  ),
  command('an invalid port', ['up', '--port', '99999', 'shop.yaml'], 2, /--port 99999/, /is not a port/, /1 to 65535/),
  command('an invalid duration', ['up', '--timeout', 'soon', 'shop.yaml'], 2, /timeout/, /soon/, /90s, 2m/),
  command(
    'an invalid cluster name',
    ['up', '--once', '--name', 'My Cluster', 'shop.yaml'],
    1,
    /"My Cluster"/,
    /is not a name/,
    /lower-case letters/,
  ),
  command(
    'a kubeconfig that does not exist',
    ['install', '--kubeconfig', 'nowhere'],
    1,
    /nowhere/,
    /cannot be read: it does not exist/,
    /--kubeconfig|KUBECONFIG|name/,
  ),
  command(
    'a kubeconfig that is not a kubeconfig',
    ['install', '--kubeconfig', 'shop.yaml'],
    1,
    /shop\.yaml/,
    /kubeconfig/,
    /kubeconfig|name/,
  ),
  command(
    'a context that the kubeconfig does not have',
    ['install', '--kubeconfig', 'kubeconfig', '--context', 'prod'],
    1,
    /"prod"/,
    /context/,
    /dev/,
    {
      files: {
        kubeconfig:
          'apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]\ncontexts: [{name: dev, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\ncurrent-context: dev\n',
      },
    },
  ),
  command(
    'a server that does not respond',
    ['install', '--kubeconfig', 'kubeconfig'],
    1,
    /nothing listens at http:\/\/127\.0\.0\.1:1\b/,
    /ECONNREFUSED.*the context "dev" in \S*kubeconfig/,
    /start that cluster/,
    {
      files: {
        kubeconfig:
          'apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]\ncontexts: [{name: dev, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\ncurrent-context: dev\n',
      },
    },
  ),
  command(
    'a CRD file that does not exist',
    ['validate', '--crds', 'crds', 'shop.yaml'],
    1,
    /crds/,
    /no file or folder/,
    /check the name/,
  ),
  command(
    'a CRD file that contains no CRD',
    ['validate', '--crds', 'objects.yaml', 'shop.yaml'],
    3,
    /objects\.yaml/,
    /no CustomResourceDefinition/,
    /name (?:a|the) file/,
    { files: { 'shop.yaml': DEFINITION, 'objects.yaml': OBJECTS } },
  ),
  command(
    'an instance without its definition',
    ['validate', 'first.yaml'],
    3,
    /first\.yaml:2:7/,
    /has no kind "Shop"/,
    /ResourceGraphDefinition.*--crds/,
    { files: { 'first.yaml': INSTANCE } },
  ),
  command('an install without an image', ['bootstrap', '--export', '-'], 2, /controller/, /needs an image/, /--image/),
  command(
    'an invalid RBAC mode',
    ['bootstrap', '--image', 'a', '--rbac', 'all', '--export', '-'],
    2,
    /--rbac/,
    /"all"/,
    /aggregation or unrestricted/,
  ),
  command(
    'an invalid account',
    ['rbac', '--controller', 'typekro', 'shop.yaml'],
    2,
    /--controller/,
    /no ServiceAccount/,
    /namespace\/name/,
  ),
  command(
    'a folder that cannot be written',
    ['gitops', '--out', 'shop.yaml', 'shop.yaml'],
    1,
    /shop\.yaml/,
    /cannot be written/,
    /--out/,
  ),
  command(
    'generate with a file that contains no CRD',
    ['generate', 'shop.yaml'],
    3,
    /shop\.yaml/,
    /no CustomResourceDefinition.*found: ResourceGraphDefinition/,
    /name files/,
  ),
  command(
    'a namespace that does not exist',
    ['up', '--once', 'a.yaml'],
    1,
    /a\.yaml:3:32/,
    /namespaces "nowhere" not found/,
    /put the Namespace "nowhere" into the files/,
    { files: { 'a.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: nowhere}\n' } },
  ),
  command(
    'a webhook that the cluster cannot call',
    ['up', '--once', 'a.yaml'],
    0,
    /a\.yaml:1/,
    /ValidatingWebhookConfiguration deny calls the Service ops\/hooks, and this cluster calls webhooks on this machine only/,
    /try it on a cluster with a real API server/,
    { files: { 'a.yaml': WEBHOOK } },
  ),
  command(
    'generate with a program instead of a file of CRDs',
    ['generate', 'shop.ts'],
    1,
    /shop\.ts/,
    /is a program, and generate reads/,
    /typekro types FILE -o crd/,
    { files: { 'shop.ts': COMPOSITION } },
  ),
  command(
    'a chart without its repository',
    ['generate', 'shop.yaml', '--chart', 'redis'],
    2,
    /--chart/,
    /needs --repository/,
    /--repository https:/,
  ),
  command(
    'a project whose .typekro is a file',
    ['up', '--once', 'shop.yaml'],
    1,
    /\.typekro/,
    /up\/state-directory/,
    /move the file away/,
    { files: { 'shop.yaml': DEFINITION, '.typekro': '' } },
  ),
  command(
    'a composition without the packages that it imports',
    ['validate', 'shop.ts'],
    3,
    /shop\.ts:\d+:\d+/,
    /type/,
    /install/,
    { files: { 'shop.ts': COMPOSITION.replace("'arktype'", "'@acme/types'") } },
  ),
  ...(
    [
      ['below a folder in which no folder can be created', '/proc/typekro', /does not allow a folder there/],
      [
        'several levels below a folder in which no folder can be created',
        '/proc/self/typekro/a',
        /does not allow a folder there/,
      ],
      ['below a file', 'shop.yaml/a', /shop\.yaml is a file, not a folder/],
      ['below a device', '/dev/null', /\/dev\/null is a file, not a folder/],
      ['under a name that is too long', 'a'.repeat(300), /name in the path is too long/],
    ] as const
  ).map(([title, out, reason]) =>
    command(
      `output ${title}`,
      ['gitops', '--out', out, 'shop.yaml'],
      1,
      new RegExp(out.slice(0, 40).replaceAll('/', '\\/')),
      reason,
      /use --out to name a folder that you may write to/,
    ),
  ),
  command('a file name misspelt', ['validate', 'shp.yaml'], 1, /shp\.yaml/, /no file/, /did you mean shop\.yaml\?/),
  command('a pattern without a file', ['validate', '*.yml'], 1, /\*\.yml/, /no file/, /no file in .* fits \*\.yml/),
  command(
    'a pattern in quotes',
    ['validate', 's?op.*'],
    1,
    /s\?op\.\*/,
    /the shell expands patterns/,
    /without quotes.*: shop\.yaml/,
  ),
  {
    title: 'JSON with a comment',
    files: {
      'shop.json': '{\n  ⟦// settings\n  "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}\n}\n',
    },
    reason: /JSON has no comments/,
    remedy: /remove it/,
  },
  command('a URL', ['validate', 'https://example.com/a.yaml'], 1, /example\.com/, /is an address/, /download it/),
  command('empty standard input', ['validate', '-'], 1, /standard input/, /it is empty/, /name files/),
  command('a device instead of a file', ['validate', '/dev/null'], 1, /\/dev\/null/, /not a YAML/, /name \.yaml/),
  command('a binary file', ['validate', 'a.yaml'], 1, /a\.yaml/, /is a binary file/, /name a file of YAML/, {
    files: { 'a.yaml': 'ELF\0\0\0\n' },
  }),
  command(
    'a command of other tools',
    ['template', 'shop.yaml'],
    2,
    /template/,
    /unknown command/,
    /typekro render shop/,
  ),
  command('a file that has only comments', ['validate', 'a.yaml'], 1, /a\.yaml/, /comments only/, /name files/, {
    files: { 'a.yaml': '# nothing\n' },
  }),
  command(
    'an empty file next to other files',
    ['validate', 'a.yaml', 'shop.yaml'],
    0,
    /a\.yaml:1:1/,
    /the file is empty/,
    /do not name it/,
    { files: { 'a.yaml': '', 'shop.yaml': DEFINITION } },
  ),
  command(
    'the option -f',
    ['validate', '-f', 'shop.yaml'],
    2,
    /-f/,
    /unknown option/,
    /write file names directly after the command/,
  ),
  command('an option of another command', ['up', '--watch'], 2, /--watch/, /unknown option/, /typekro up --help/),
  command(
    'a command of kubectl',
    ['describe', 'shop.yaml'],
    2,
    /describe/,
    /unknown command/,
    /kubectl describe shop.yaml/,
  ),
  command('an option without its value', ['up', '--timeout'], 2, /--timeout/, /argument missing/, /typekro up --help/),
  command(
    'a kubeconfig that is not YAML',
    ['install', '--kubeconfig', 'kubeconfig'],
    1,
    /kubeconfig:\d+:\d+ is not YAML/,
    /"\[" is never closed/,
    /add "\]"/,
    { files: { kubeconfig: 'a: [\n' } },
  ),
  command(
    'an optional field without a default that the definition reads and the instance omits',
    ['up', '--once', '--timeout', '10m', 'shop.yaml', 'first.yaml'],
    1,
    /first\.yaml:1/,
    /schema\.spec\.note has no value/,
    /hint: set "note" in the instance.*orValue/,
    {
      files: {
        'shop.yaml': DEFINITION.replace('      name: string\n', '      name: string\n      note: string\n').replace(
          'url: http://${service.metadata.name}',
          'note: ${schema.spec.note}',
        ),
        'first.yaml': INSTANCE,
      },
    },
  ),
  command(
    'a division by zero',
    ['up', '--once', '--timeout', '10m', 'shop.yaml', 'first.yaml'],
    1,
    /first\.yaml:1/,
    /division by zero/,
    /hint: test the divisor first/,
    {
      files: {
        'shop.yaml': DEFINITION.replace(
          'replicas: ${schema.spec.replicas}',
          'replicas: ${10 / (schema.spec.replicas - 3)}',
        ),
        'first.yaml': INSTANCE,
      },
    },
  ),
  command(
    'a reference to an object that does not exist',
    ['up', '--once', '--timeout', '4s', 'shop.yaml', 'first.yaml'],
    1,
    /Shop default\/first/,
    /waits for ConfigMap v1 default\/settings/,
    /hint for settings of Shop first: create it, or pass the file that contains it/,
    {
      files: {
        'shop.yaml': DEFINITION.replace(
          '  resources:\n',
          '  resources:\n    - id: settings\n      externalRef:\n        apiVersion: v1\n        kind: ConfigMap\n        metadata:\n          name: settings\n',
        ).replace('url: http://${service.metadata.name}', 'a: ${settings.data.a}'),
        'first.yaml': INSTANCE,
      },
    },
  ),
  command(
    'a value of the instance with which the API server refuses an object',
    ['up', '--once', '--timeout', '10m', 'shop.yaml', 'first.yaml'],
    1,
    /first\.yaml:1/,
    /can never be ACTIVE[^]*70000/,
    /hint: /,
    {
      files: {
        'shop.yaml': DEFINITION.replace('port: 80\n', 'port: ${schema.spec.replicas}\n').replace(
          'replicas: ${schema.spec.replicas}',
          'replicas: 1',
        ),
        'first.yaml': INSTANCE.replace('replicas: 3', 'replicas: 70000'),
      },
    },
  ),
  install(
    'a token file that does not exist',
    config(NOWHERE, '', 'tokenFile: /nowhere/token'),
    /\/nowhere\/token/,
    /cannot be read: it does not exist/,
    /correct users\[\]\.user\.tokenFile/,
  ),
  install(
    'a certificate authority file that does not exist',
    config(NOWHERE, ', certificate-authority: /nowhere/ca.crt', 'token: x'),
    /\/nowhere\/ca\.crt/,
    /"certificate-authority".*cannot be read: it does not exist/,
    /certificate-authority-data/,
  ),
  install(
    'a server without an address',
    config('', '', 'token: x'),
    /context "c"/,
    /no usable cluster/,
    /server: https:\/\/…/,
  ),
  install(
    'a server that is not a URL',
    config('htps://10.0.0.1', '', 'token: x'),
    /context "c"/,
    /is not a URL/,
    /write e\.g\. https:\/\//,
  ),
  install(
    'a user that the kubeconfig does not have',
    config(NOWHERE, '', 'token: x', 'other'),
    /context "c"/,
    /the user "u", which the kubeconfig does not have/,
    /name a user of the kubeconfig \(other\)/,
  ),
  install(
    'a server whose name does not resolve',
    config('https://kube.nowhere.invalid', '', 'token: x'),
    /the context "c" in \S*kubeconfig/,
    /the name kube\.nowhere\.invalid is unknown/,
    /correct "server"/,
  ),
  install(
    'a line of the kubeconfig that is indented too deep',
    { kubeconfig: 'apiVersion: v1\nkind: Config\nclusters:\n- name: a\n   cluster:\n    server: https://a\n' },
    /kubeconfig:5:4 is not YAML/,
    /indented deeper/,
    /same column/,
  ),
  command(
    'a validation against a cluster that does not respond',
    ['validate', '--kubeconfig', 'kubeconfig', 'shop.yaml'],
    1,
    /nothing listens at https:\/\/127\.0\.0\.1:1/,
    /the context "c"/,
    /without --kubeconfig and --context the files are checked without a cluster/,
    { files: { 'shop.yaml': DEFINITION, ...config(NOWHERE, '', 'token: x') } },
  ),
  install(
    'a client certificate that is not PEM',
    config(NOWHERE, '', 'client-certificate-data: YWJj, client-key-data: YWJj'),
    /the user in the kubeconfig/,
    /PEM/,
    /log in again, or replace it/,
  ),
  install(
    'a proxy that does not respond',
    config('https://203.0.113.9:6443', ', proxy-url: "http://127.0.0.1:1"', 'token: x'),
    /the proxy 127\.0\.0\.1:1/,
    /does not let requests through: connect ECONNREFUSED/,
    /NO_PROXY/,
  ),
];
