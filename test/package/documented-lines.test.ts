import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type * as Launch from '../../packages/cli/src/clusters/launch.ts';
import { serveCluster } from '../../packages/cli/src/clusters/serve-cluster.ts';
import { commands } from '../../packages/cli/src/commands/index.ts';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { type Controller, controllerCrds, createController } from '@typekro/controller/controller';
import { KubeClient, waitForObject } from '@typekro/kube';
import { commandLinesOf, USER_PAGES, wordsOfLine } from '../support/documented-lines.ts';
import { type CommandRun, commandRunner } from '@typekro/cli/test-support/run-command';
import { filesOfPage } from '../support/walked-page.ts';

/** The named clusters run in this process. `test/e2e/named-clusters.test.ts` starts real processes. */
vi.mock('../../packages/cli/src/clusters/launch.ts', async (original) => ({
  ...(await original<typeof Launch>()),
  async launchCluster({ folder, settings }: Launch.LaunchRequest, env: NodeJS.ProcessEnv) {
    const served = await serveCluster({ env, folder, settings, onStop: () => void served.close() });
    namedClusters.push(served);
  },
}));

const namedClusters: { close(): Promise<void> }[] = [];

/**
 * The repository. The tests run the command lines of its README and docs in a folder with the files that the lines
 * name, against an embedded cluster.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The lines that this test does not run, each with the reason. A line in this map that is on no page fails the test.
 */
const NOT_RUN: Readonly<Record<string, string>> = {
  'test app.test.yaml': 'test/package/readme.test.ts runs it beside app.ts; here it would be the test of app.yaml',
  up: 'it serves until it is stopped: commands.test.ts starts it',
  'up app.ts': 'it serves until it is stopped: readme.test.ts starts it',
  'up --keep': 'it serves until it is stopped: test/e2e/start.test.ts starts it',
  'up --once': 'it starts a cluster of its own: readme.test.ts runs it',
  'up --once app.ts': 'it starts a cluster of its own: readme.test.ts runs it',
  'up --once store.rgd.yaml store.yaml company.yaml':
    'it starts a cluster of its own: definitions-page.test.ts runs it',
  'dev app.ts': 'it serves until it is stopped: test/e2e/dev.test.ts starts it',
  'dev --run-processes app.ts operator.yaml':
    'it serves until it is stopped: test/e2e/clients/kubectl-processes.test.ts starts local processes',
  'dev app.yaml': 'it serves until it is stopped: test/e2e/dev.test.ts starts it',
  controller: 'it serves until it is stopped: test/e2e/controller.test.ts starts it',
  'migrate shop --to kro': 'it needs a direct deployment: packages/cli/src/commands/migrate-command.test.ts runs it',
  'migrate shop --to kro --dry-run':
    'it needs a direct deployment: packages/cli/src/commands/migrate-command.test.ts runs it',
  'push oci://HOST/REPOSITORY:1.2.0 app.yaml': 'it needs a registry: walked-pages.test.ts pushes to one',
  'install oci://…': 'it needs a registry: walked-pages.test.ts installs from one',
  'upgrade oci://…': 'it needs a registry: walked-pages.test.ts upgrades from one',
  'uninstall NAME': 'it needs an installed package: walked-pages.test.ts uninstalls one',
  mcp: 'it serves until it is stopped: test/e2e/mcp.test.ts starts it',
  dashboard: 'it serves until it is stopped: packages/cli/src/commands/long-running.test.ts starts it',
  'up --stand-in cert-manager':
    'it serves until it is stopped: packages/cli/src/commands/stand-ins.test.ts starts stand-ins',
  'up --stand-in cert-manager --stand-in cnpg app.ts instance.yaml':
    'it serves until it is stopped: packages/cli/src/commands/stand-ins.test.ts starts stand-ins',
  'cluster start --stand-in external-secrets':
    'a running cluster is given no other stand-ins: packages/cli/src/commands/stand-ins.test.ts starts one',
  'cluster start dev --audit-log audit.log --audit-policy policy.yaml':
    'a running cluster gets no audit log: packages/cli/src/commands/cluster-command.test.ts starts one',
  'cluster start --kubernetes 1.35':
    'a running cluster keeps its version: packages/cli/src/commands/cluster-problems.test.ts starts one',
  lsp: 'it serves until it is stopped: test/e2e/editor/features.test.ts starts it',
};

/** Placeholders for names that the reader chooses, each with the name that this test uses. */
const PLACEHOLDERS: readonly (readonly [RegExp, string])[] = [
  [/FILE…/g, 'app.yaml'],
  [/\bdefinitions\.yaml/g, 'app.yaml'],
  [/~\/\.kube\/config/g, 'kubeconfig'],
  // The shell expands the pattern.
  [/definitions\/\*\.yaml/g, 'definitions/app.yaml'],
  [/\[DURATION\]/g, '1m'],
  [/^((?:npx )?typekro cluster \S+) \[NAME\]/g, '$1'],
  [/^((?:npx )?typekro cluster \S+) NAME/g, '$1 dev'],
  [/^((?:npx )?typekro cluster \S+ dev) FILE$/g, '$1 objects.jsonl'],
  [/\bIMAGE\b|…\/typekro:1\.0/g, 'registry.example.com/typekro:1.0'],
  [/ …$/g, ''],
  // Each of the lives under faults starts a controller, which takes a fifth of a second.
  [/--faults 200/g, '--faults 5'],
];

/** The lines with an exit code other than 0, each with the code that the page describes. */
const CODES: Readonly<Record<string, number>> = {
  // The check reports changes: at level 0.10, the controller changes labels of the objects.
  'upgrade --check': 2,
  // The named cluster does not serve kro's kinds, and the page describes that the objects are refused.
  'cluster load dev app.yaml': 1,
  // The mistakes of docs/definitions.md.
  'validate misspelt.rgd.yaml': 3,
  'validate boolean.rgd.yaml': 3,
  'validate readiness.rgd.yaml': 3,
};

const DEFINITION = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: webapps
spec:
  schema:
    apiVersion: v1alpha1
    kind: WebShop
    spec:
      replicas: integer | default=1
      text: string | default="open"
  resources:
    - id: deployment
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: \${schema.metadata.name}
        spec:
          replicas: \${schema.spec.replicas}
          selector:
            matchLabels:
              app: \${schema.metadata.name}
          template:
            metadata:
              labels:
                app: \${schema.metadata.name}
            spec:
              containers:
                - name: web
                  image: nginx
    - id: settings
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: \${schema.metadata.name}-settings
        data:
          text: \${schema.spec.text}
`;

const INSTANCE = `apiVersion: kro.run/v1alpha1
kind: WebShop
metadata:
  name: shop
  namespace: team-a
spec:
  text: open
`;

/** An instance of the composition of the README. */
const OTHER = `apiVersion: example.com/v1alpha1
kind: WebApp
metadata:
  name: other
  namespace: default
spec:
  name: other
  replicas: 1
`;

const TEST = `schemaVersion: 1
kind: GraphTest
definition: app.yaml
tests:
  - name: the shop has its settings
    given:
      name: corner
    expect:
      children:
        settings: { data.text: open }
`;

const FILES: Readonly<Record<string, string>> = {
  ...filesOfPage(readFileSync(join(ROOT, 'docs/definitions.md'), 'utf8')),
  'app.yaml': DEFINITION,
  'app.rgd.yaml': DEFINITION,
  'my.yaml': DEFINITION,
  'my-definition.yaml': DEFINITION,
  'shop.yaml': INSTANCE,
  'default.yaml': INSTANCE.replace('team-a', 'default'),
  'instance.yaml': OTHER,
  'prod.yaml': 'text: closed\n',
  'cache.test.yaml': TEST,
  'graphs/app.test.yaml': TEST,
  'graphs/app.yaml': DEFINITION,
  'definitions/app.yaml': DEFINITION,
  'faults.yaml': 'fault: {kind: conflict}\nmatch: {user: nobody}\n',
};

const cwd = mkdtempSync(join(tmpdir(), 'typekro-lines-'));
let cluster: Cluster;
let client: KubeClient;
let controller: Controller;
let run: (line: string | readonly string[]) => Promise<CommandRun>;
/** The name of the saved plan. */
let saved = '';

beforeAll(async () => {
  for (const name of ['graphs', 'definitions']) mkdirSync(join(cwd, name));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(cwd, name), text);
  for (const name of readdirSync(join(ROOT, 'examples'))) {
    if (name.startsWith('my-application')) cpSync(join(ROOT, 'examples', name), join(cwd, name));
  }
  cpSync(join(ROOT, 'examples'), join(cwd, 'examples'), { recursive: true });
  cpSync(join(ROOT, 'data/crds'), join(cwd, 'crds'), { recursive: true });
  const [, app = ''] =
    /^```ts\n\/\/ app\.ts\n([\s\S]*?)^```$/m.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];
  for (const name of ['app.ts', 'my.ts']) writeFileSync(join(cwd, name), app);
  writeFileSync(join(cwd, 'package.json'), '{"type":"module"}');
  mkdirSync(join(cwd, 'node_modules'));
  symlinkSync(ROOT, join(cwd, 'node_modules/typekro'), 'dir');
  cluster = await createEmbeddedCluster({});
  const { kubeconfig } = await cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  client = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await client.create(crd);
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } });
  controller = createController({ client });
  await controller.start();
  run = commandRunner(commands, cwd, {
    KUBECONFIG: join(cwd, 'kubeconfig'),
    NO_COLOR: '1',
    XDG_STATE_HOME: join(cwd, 'state'),
  });
  await prepare();
  expect(await run('apply app.ts')).toMatchObject({ code: 0 });
  expect(await run('snapshot prod.json')).toMatchObject({ code: 0 });
}, 180_000);

afterAll(async () => {
  await Promise.all(namedClusters.map((each) => each.close()));
  await controller.stop();
  await client.close();
  await cluster.close();
});

/** Has a command line written to the cluster since the last call of `prepare`? */
let isChanged = false;

/** Restores the definition and the instance that the lines use. Earlier lines may have changed them. */
async function prepare(): Promise<void> {
  const state = await run('apply app.yaml shop.yaml default.yaml');
  expect(`${state.code} ${state.err}`).toBe('0 ');
  const ref = { apiVersion: 'kro.run/v1alpha1', kind: 'WebShop', namespace: 'team-a', name: 'shop' };
  await waitForObject(client, ref, AbortSignal.timeout(20_000), (found) =>
    found?.status?.['state'] === 'ACTIVE' ? true : undefined,
  );
}

/** The distinct command lines of all pages, with names in place of their placeholders. */
const lines = [
  ...new Set(
    USER_PAGES.flatMap((page) => commandLinesOf(readFileSync(join(ROOT, page), 'utf8'))).map((line) => {
      const text = PLACEHOLDERS.reduce((whole, [pattern, name]) => whole.replaceAll(pattern, name), line);
      return wordsOfLine(text).join(' ');
    }),
  ),
].toSorted((a, b) => rankOf(a) - rankOf(b));

/** The rank by which lines are sorted. Lines that end the instance, the controller or a named cluster come last. */
function rankOf(line: string): number {
  return /^(?:hand-back|cluster stop)\b/.test(line) ? 2 : /^(?:delete|rollback|bootstrap|install)\b/.test(line) ? 1 : 0;
}

/** Does the line only name a command or an option, without its values, as a sentence does? */
async function isName(words: readonly string[]): Promise<boolean> {
  if (words[0] === '<command>' || words[0] === '--help') return true;
  const entry = commands.find(({ name }) => name === words[0]);
  const command = await entry?.load();
  const needs = (command?.positionals.length ?? 0) > 0;
  const option = command?.options.find(({ name }) => `--${name}` === words.at(-1));
  return (words.length === 1 && (needs || command?.passThrough === true)) || option?.value !== undefined;
}

describe('each command line of the pages runs', () => {
  test.each(lines)('typekro %s', { timeout: 90_000 }, async (line) => {
    if (Object.hasOwn(NOT_RUN, line)) return;
    const words = line.split(' ');
    if (await isName(words)) return;
    if (isChanged) await prepare();
    isChanged = commands.some(({ name, writes }) => name === words[0] && writes === true);
    const named = words.map((word) => (word === 'plan-….json' ? saved : word));
    if (words.includes('plan-….json')) {
      writeFileSync(join(cwd, 'next.yaml'), DEFINITION.replace('default="open"', 'default="now"'));
      saved = /typekro apply (\S+)/.exec((await run('plan next.yaml --save')).err)?.[1] ?? '';
      named.splice(named.indexOf(''), 1, saved);
    }
    const { code, out, err } = await run(named);
    const report = `typekro ${named.join(' ')}\n${out}\n${err}\nended with `;
    expect(`${report}${code}`).toBe(`${report}${Object.hasOwn(CODES, line) ? CODES[line] : 0}`);
    expect(err).not.toMatch(/internal error/);
  });

  test('the lists of exceptions contain only lines of the pages', () => {
    expect(Object.keys(NOT_RUN).filter((line) => !lines.includes(line))).toEqual([]);
    expect(Object.keys(CODES).filter((line) => !lines.includes(line))).toEqual([]);
  });
});
