import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commands } from '../../packages/cli/src/commands/index.ts';
import { startRegistry, type TestRegistry } from '@typekro/oci/test-support/test-registry';
import { type Ended, RunningCommand } from '../support/command.ts';
import { makePackedProject } from '../support/packed-package.ts';

/**
 * The folder of the installed package. The tests run each command as a user does: in a separate process, with only the
 * package's dependencies, against a cluster of `up`.
 */
let directory: string;
let cluster: RunningCommand;
let registry: TestRegistry;

const DEFINITION = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: shops
spec:
  schema:
    apiVersion: v1alpha1
    kind: Shop
    spec:
      text: string | default="open"
      replicas: integer | default=1
    status:
      said: \${settings.data.text}
  resources:
    - id: settings
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: \${schema.metadata.name}-settings
        data:
          text: \${schema.spec.text}
    - id: web
      readyWhen:
        - \${web.status.readyReplicas == web.spec.replicas}
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: \${schema.metadata.name}
        spec:
          replicas: \${schema.spec.replicas}
          selector:
            matchLabels:
              app: shop
          template:
            metadata:
              labels:
                app: shop
            spec:
              containers:
                - name: web
                  image: nginx
                  env:
                    - name: TEXT
                      value: \${settings.data.text}
`;

const INSTANCE = `apiVersion: kro.run/v1alpha1
kind: Shop
metadata:
  name: corner
  namespace: default
spec:
  text: open
`;

const TEST = `schemaVersion: 1
kind: GraphTest
definition: shop.yaml
tests:
  - name: the shop waits for its pods
    given:
      name: corner
    expect:
      children:
        settings: { data.text: open }
      state: IN_PROGRESS
    steps:
      - patch:
          web: { status.readyReplicas: 1 }
        expect:
          state: ACTIVE
`;

const CONFIG = `apiVersion: v1
kind: ConfigMap
metadata:
  name: plain
data:
  a: b
`;

function start(words: readonly string[], input?: string): RunningCommand {
  const env = {
    ...process.env,
    KUBECONFIG: join(directory, '.typekro/default/kubeconfig'),
    // The folder for the files of named clusters.
    XDG_STATE_HOME: join(directory, 'state'),
    LOCALAPPDATA: join(directory, 'state'),
    DOCKER_CONFIG: join(directory, 'docker'),
    NO_COLOR: '1',
  };
  const main = 'node_modules/typekro/dist/cli/main.js';
  const options = { cwd: directory, env, ...(input === undefined ? {} : { input }) };
  return new RunningCommand(process.execPath, [main, ...words], options);
}

const typekro = (words: readonly string[], input?: string): Promise<Ended> => start(words, input).ended;

beforeAll(async () => {
  directory = makePackedProject(tmpdir(), 'dependencies');
  writeFileSync(join(directory, 'shop.yaml'), DEFINITION);
  writeFileSync(join(directory, 'corner.yaml'), INSTANCE);
  writeFileSync(join(directory, 'plain.yaml'), CONFIG);
  writeFileSync(join(directory, 'shop.test.yaml'), TEST);
  writeFileSync(join(directory, 'next.yaml'), DEFINITION.replace('default="open"', 'default="closed"'));
  registry = await startRegistry();
  cluster = start(['up', 'shop.yaml', 'corner.yaml']);
  await cluster.until(/Shop default\/corner +ACTIVE/);
}, 120_000);

afterAll(async () => {
  cluster.process.kill('SIGINT');
  expect((await cluster.ended).code).toBe(130);
  rmSync(directory, { recursive: true, force: true });
  await registry.close();
});

/**
 * The words of each command, its exit code, and a pattern of its output. The order matters, because some rows use the
 * results of earlier rows.
 */
const ROWS: readonly (readonly [line: string, code: number, out: RegExp])[] = [
  ['init platform', 0, /^wrote {2}package\.json/],
  ['validate shop.yaml corner.yaml', 0, /shop/],
  ['graph shop.yaml', 0, /settings/],
  ['render shop.yaml --set text=closed', 0, /text: closed/],
  ['explain Deployment.spec.replicas', 0, /integer/],
  ['types shop.yaml -o crd', 0, /kind: CustomResourceDefinition/],
  ['fmt --check shop.yaml', 0, /^no difference in 1 file$/],
  ['lint shop.yaml', 0, /./],
  ['test shop.test.yaml', 0, /1 passed/],
  ['envtest', 0, /typekro.envtest/],
  ['cluster start named --data', 0, /^named is running at https:\/\/127/],
  ['cluster load named plain.yaml', 0, /created ConfigMap default\/plain/],
  ['cluster snapshot named named.jsonl', 0, /objects of named/],
  ['cluster stop named', 0, /its objects are kept/],
  ['cluster stop named --delete', 0, /nothing is left/],
  ['test shop.test.yaml --faults 2 --seed 1', 0, /faults: 2 lives, 0 orphans, 0 stuck, 0 flaps/],
  ['convert plain.yaml --name plain', 0, /kind: ResourceGraphDefinition/],
  ['convert plain.yaml --name plain --to typescript', 0, /export const plain = kubernetesComposition/],
  ['plan next.yaml', 0, /revision 1 → 2/],
  ['plan corner.yaml', 0, /unchanged 1/],
  ['snapshot state.json', 0, /state\.json/],
  ['plan next.yaml --snapshot state.json', 0, /revision 1 → 2/],
  ['apply next.yaml', 0, /shops/],
  ['wait corner --timeout 30s', 0, /./],
  ['revisions shops', 0, /2/],
  ['why corner', 0, /waits for nothing/],
  ['why shops', 0, /nothing is wrong/],
  ['tree corner', 0, /✓ settings/],
  ['graph corner -o svg', 0, /^<svg/],
  ['reconcile corner', 0, /ACTIVE/],
  ['adopt corner.yaml', 0, /no existing object/],
  ['migrate corner --to kro', 0, /belongs to the controller of its definition already/],
  ['diff corner', 0, /^[^~]*$/],
  ['status corner', 0, /said/],
  ['events corner', 0, /./],
  ['logs corner/web', 0, /(?:)/],
  ['suspend corner', 0, /./],
  ['resume corner', 0, /./],
  ['pin corner --revision 1', 0, /./],
  ['rollback shops --to 1', 0, /./],
  ['rbac shop.yaml', 0, /kind: ClusterRole/],
  ['gitops shop.yaml corner.yaml --out deploy', 0, /deploy/],
  ['push oci://HOST/shops:1.0.0 shop.yaml corner.yaml shop.test.yaml --plain-http', 0, /^pushed shops 1\.0\.0/],
  ['push oci://HOST/shops:1.1.0 next.yaml --plain-http', 0, /^pushed shops 1\.1\.0/],
  ['inspect oci://HOST/shops:1.0.0 --plain-http', 0, /provides {2}Shop/],
  ['pull oci://HOST/shops:1.0.0 pulled --plain-http', 0, /into pulled$/],
  ['test pulled/tests', 0, /1 passed/],
  [
    'diff oci://HOST/shops:1.0.0 oci://HOST/shops:1.1.0 --plain-http',
    4,
    /spec\.text .*"open" to "closed" {2}compatible/,
  ],
  [
    'install oci://HOST/shops:1.1.0 --plain-http --dry-run',
    1,
    /ResourceGraphDefinition shops exists, and no package has installed it/,
  ],
  ['upgrade oci://HOST/shops:1.1.0 --plain-http', 1, /no package "shops" is installed/],
  ['inspect', 0, /no package is installed/],
  ['uninstall shops', 1, /no package "shops" is installed/],
  ['upgrade --check --kro-compatibility 0.10', 0, /1 unchanged/],
  ['bootstrap --image a:1 --export -', 0, /kind: Deployment/],
  ['doctor', 0, /✓ server, clock/],
  ['hand-back --dry-run', 3, /typekro\.dev\/revision: 1/],
  ['install --print', 0, /kind: CustomResourceDefinition/],
  ['completion bash', 0, /complete/],
  // `mcp` fails without the MCP package, which is not a dependency of this package.
  ['mcp', 1, /modelcontextprotocol.sdk is not installed/],
  ['controller --help', 0, /--kro-compatibility/],
  ['controller --nonsense', 2, /unknown flag: --nonsense/],
  ['delete corner', 0, /./],
  ['wait corner --for deleted --timeout 30s', 0, /./],
];

test('each command works in a separate process', { timeout: 300_000 }, async () => {
  const seen: string[] = [];
  for (const [line, code, out] of ROWS) {
    const ended = await typekro(line.replaceAll('HOST', registry.host).split(' '));
    const transcript = `typekro ${line}\n${ended.stdout}${ended.stderr}`;
    expect(`${transcript}\nended with ${ended.code}`).toBe(`${transcript}\nended with ${code}`);
    expect(`${ended.stdout}${ended.stderr}`.trim(), transcript).toMatch(out);
    expect(ended.stderr, transcript).not.toMatch(/internal error|^\s+at .*:\d+:\d+\)?$/m);
    seen.push(line.split(' ')[0] ?? '');
  }
  const crd = (await typekro(['types', 'shop.yaml', '-o', 'crd'])).stdout;
  const generated = await typekro(['generate', '-', '--out', 'kinds'], crd);
  expect(`${generated.code} ${generated.stderr}`).toBe('0 ');
  expect(readFileSync(join(directory, 'kinds/kro.run.ts'), 'utf8')).toContain('Shop');
  const controller = start(['controller', '--metrics-bind-address=0', '--health-probe-bind-address=0']);
  await controller.until(/the controller is ready/);
  controller.process.kill('SIGINT');
  expect((await controller.ended).code).toBe(0);
  // A user of `mcp` installs the MCP package, which is an optional peer dependency.
  mkdirSync(join(directory, 'node_modules/@modelcontextprotocol'), { recursive: true });
  const sdk = fileURLToPath(new URL('../../node_modules/@modelcontextprotocol/sdk', import.meta.url));
  symlinkSync(sdk, join(directory, 'node_modules/@modelcontextprotocol/sdk'));
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const mcp = await typekro(['mcp'], `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
  expect(`${mcp.code} ${mcp.stderr}`).toBe('0 ');
  expect(mcp.stdout).toContain('"serverInfo":{"name":"typekro"');
  // An empty input ends the server. test/e2e/editor tests its messages.
  expect((await typekro(['lsp'], '')).code).toBe(0);
  const dashboard = start(['dashboard']);
  await dashboard.until(/^Dashboard of \S+ at http:\/\/127\.0\.0\.1:\d+\/#token=/m);
  dashboard.process.kill('SIGINT');
  expect((await dashboard.ended).code).toBe(130);
  const dev = start(['dev', 'shop.yaml', 'corner.yaml', '--name', 'other']);
  await dev.until(/Shop default\/corner +ACTIVE/);
  dev.process.kill('SIGINT');
  expect((await dev.ended).code).toBe(130);
  // `up` counts as tried, because it runs the cluster of all rows.
  const tried = new Set([...seen, 'generate', 'dashboard', 'dev', 'lsp', 'up']);
  const untried = commands.map(({ name }) => name).filter((name) => !tried.has(name));
  expect(untried).toEqual([]);
});
