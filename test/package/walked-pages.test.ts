import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { commands } from '../../packages/cli/src/commands/index.ts';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import type { KubeObject } from '@typekro/kit/core';
import { statusCondition, textAt } from '@typekro/kit/kubernetes';
import { type Controller, controllerCrds, createController, LocalConversions } from '@typekro/controller/controller';
import { KubeClient } from '@typekro/kube';
import { startRegistry, type TestRegistry } from '@typekro/oci/test-support/test-registry';
import { RunningCommand } from '../support/command.ts';
import { type CommandRun, commandRunner } from '@typekro/cli/test-support/run-command';
import { stepsOfPage, typekroWords, withGaps } from '../support/walked-page.ts';

/*
 * Follows pages block by block: writes their files, runs their commands, and compares the output with the page. Each
 * series of pages has its own folder and its own cluster.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The series of pages, keyed by name. Each page continues the page before it. */
const STORIES: Readonly<Record<string, readonly string[]>> = {
  concepts: ['definitions-and-instances', 'order-and-readiness', 'modes', 'changes', 'deletion'].map(
    (name) => `docs/concepts/${name}.md`,
  ),
  ...Object.fromEntries(
    ['docs/guides', 'docs/migration'].flatMap((folder) =>
      readdirSync(join(ROOT, folder)).map((name) => [`${folder}/${name}`, [`${folder}/${name}`]]),
    ),
  ),
};

/**
 * The folders in which every page must be part of a series. `test/e2e/start-pages.test.ts` tests the pages of
 * docs/start.
 */
const FOLDERS = ['docs/concepts', 'docs/guides', 'docs/migration'];

/**
 * Commands that change nothing. The test repeats such a command until its output is that of the page, because the
 * controller may need time.
 */
const READS = new Set(['events', 'tree', 'status', 'why', 'revisions', 'diff', 'plan', 'graph']);

/** The registry of the pages. */
const REGISTRY = 'registry.example.com';

const readPage = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

test('every page of the folders is part of a series', () => {
  const pages = FOLDERS.flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`));
  expect(Object.values(STORIES).flat().toSorted()).toEqual(pages.toSorted());
});

test.each([
  ...Object.values(STORIES).flat(),
  ...readdirSync(join(ROOT, 'docs/start')).map((name) => `docs/start/${name}`),
])('a test checks every block of %s, and the page has the section What can go wrong', (page) => {
  const text = readPage(page);
  expect(text).toMatch(/^## What can go wrong$/m);
  const kinds = [...text.matchAll(/^```(.*)$/gm)].map(([, kind = '']) => kind);
  expect(kinds.filter((kind) => !KINDS.has(kind) && !Object.hasOwn(EXAMPLES, kind))).toEqual([]);
  // Four spaces at the beginning of a line also make a block in Markdown. A page has no such block, because it would
  // have no language and no file name.
  expect(text.replaceAll(/^```[^\n]*\n[\s\S]*?^```$/gm, '')).not.toMatch(/^ {4}\S/m);
});
const KINDS = new Set(['', 'yaml', 'ts', 'console']);

/**
 * Maps a language to the files of `examples/` from which the code of the pages in this language comes.
 * `test/e2e/clients/languages.test.ts` runs these files.
 */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  python: ['cluster-python/conftest.py', 'cluster-python/test_greetings.py'],
  java: ['envtest-java/src/test/java/com/example/greetings/GreetingControllerTest.java'],
  rust: ['cluster-rust/tests/greetings.rs'],
};

test('the code in other languages is the code of the examples', () => {
  const missing: string[] = [];
  for (const page of Object.values(STORIES).flat()) {
    for (const [, kind = '', block = ''] of readPage(page).matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)) {
      const files = Object.hasOwn(EXAMPLES, kind) ? (EXAMPLES[kind] ?? []) : undefined;
      if (files === undefined) continue;
      const code = new Set(
        files.flatMap((file) =>
          readPage(`examples/${file}`)
            .split('\n')
            .map((line) => line.trim()),
        ),
      );
      missing.push(...block.split('\n').filter((line) => !code.has(line.trim())));
    }
  }
  expect(missing).toEqual([]);
});

/**
 * Returns whether the pages have a step. Pages about other languages have none, because their blocks are parts of the
 * examples.
 */
const hasSteps = (pages: readonly string[]) => pages.some((page) => stepsOfPage(readPage(page), new Map()).length > 0);
const WALKED = Object.entries(STORIES).filter(([, pages]) => hasSteps(pages));

describe.each(WALKED)('%s', (_name, pages) => {
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-walk-'));
  const conversions = new LocalConversions();
  let cluster: Cluster;
  let client: KubeClient;
  let controller: Controller;
  let registry: TestRegistry;
  let run: (line: string) => Promise<CommandRun>;
  const files = new Map<string, string>();
  const steps = pages.flatMap((page) => stepsOfPage(readPage(page), files).map((step) => ({ page, step })));

  beforeAll(async () => {
    mkdirSync(join(cwd, 'node_modules'));
    symlinkSync(ROOT, join(cwd, 'node_modules/typekro'), 'dir');
    for (const name of ['arktype', '@ark', 'arkregex'])
      symlinkSync(join(ROOT, 'node_modules', name), join(cwd, 'node_modules', name), 'dir');
    writeFileSync(join(cwd, 'package.json'), '{"type":"module"}');
    cluster = await createEmbeddedCluster({ webhookServices: conversions.services });
    const { kubeconfig } = await cluster.listen({ port: 0 });
    writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
    client = new KubeClient({ transport: cluster.transport() });
    for (const crd of controllerCrds()) await client.create(crd);
    conversions.connect(client);
    controller = createController({ client, conversions: conversions.address, features: { versions: true } });
    await controller.start();
    registry = await startRegistry();
    registry.isSeparate = true;
    run = withRegistry(
      commandRunner(commands, cwd, {
        KUBECONFIG: join(cwd, 'kubeconfig'),
        NO_COLOR: '1',
        XDG_STATE_HOME: join(cwd, 'state'),
        DOCKER_CONFIG: join(cwd, 'docker'),
      }),
    );
  }, 60_000);

  afterAll(async () => {
    await controller.stop();
    await client.close();
    await cluster.close();
    await registry.close();
  });

  /** Runs the commands of a page with a registry of the test in place of that of the page. */
  const withRegistry = (direct: typeof run) => async (line: string) => {
    const [documented, own] = [`oci://${REGISTRY}`, `oci://${registry.host}`];
    if (!line.includes(documented)) return direct(line);
    const { code, out, err } = await direct(`${line.replaceAll(documented, own)} --plain-http`);
    return { code, out: out.replaceAll(registry.host, REGISTRY), err: err.replaceAll(registry.host, REGISTRY) };
  };

  const titled = steps.map(
    ({ page, step }, index) => [page, step.kind === 'file' ? step.name : step.line, index, step] as const,
  );
  test.each(titled)('%s: %s (block %i)', { timeout: 60_000 }, async (_page, _title, _index, step) => {
    if (step.kind === 'file') {
      mkdirSync(dirname(join(cwd, step.name)), { recursive: true });
      writeFileSync(join(cwd, step.name), step.text);
      return;
    }
    const { line, output } = step;
    const [typed = '', target] = line.split(' > ');
    const words = typekroWords(typed);
    const print = words === undefined ? () => runOther(typed) : async () => printed(await run(words));
    if (target !== undefined && words !== undefined) {
      const { code, out, err } = await run(words);
      expect(`${code} ${err}`).toBe('0 ');
      writeFileSync(join(cwd, target), `${out}\n`);
    } else if (READS.has(words?.split(' ')[0] ?? '')) {
      await expect.poll(async () => withGaps(await print(), output), { timeout: 20_000 }).toBe(output);
    } else expect(withGaps(await print(), output)).toBe(output);
  });

  /** Runs or emulates a command line of another program. */
  async function runOther(line: string): Promise<string> {
    // These programs are not run. The next block on the page has the manifests that they print.
    if (/^(?:helm (?:template|get manifest)|kubectl kustomize) /.test(line)) return '';
    if (line.startsWith('helm install shop ')) return install('shop');
    if (/^(?:sed -i|cat|openssl) /.test(line)) {
      const ended = await new RunningCommand('bash', ['-c', line], { cwd }).ended;
      return printed({ out: ended.stdout, err: ended.stderr });
    }
    const scaled = /^kubectl scale deployment (\S+) --replicas (\d+)$/.exec(line);
    if (scaled !== null) {
      const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: scaled[1] ?? '' };
      await client.patch(
        ref,
        { spec: { replicas: Number(scaled[2]) } },
        { type: 'merge', fieldManager: 'kubectl-scale' },
      );
      return '';
    }
    const [, plural = '', version, group, object = ''] =
      /^kubectl get (\w+)\.(v\w+)\.(\S+) (\S+) -o jsonpath=\{\.spec\}$/.exec(line) ?? [];
    if (version !== undefined) return JSON.stringify(await specOf(`${plural}.${group}`, version, object));
    const [, definition, condition] = /^kubectl wait rgd\/(\S+) --for=condition=(\S+)$/.exec(line) ?? [];
    if (definition !== undefined && condition !== undefined) {
      const ref = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: definition };
      const read = async () => statusCondition(await client.get(ref), condition)?.status;
      await expect.poll(read, { timeout: 40_000 }).toBe('True');
      return `resourcegraphdefinition.kro.run/${definition} condition met`;
    }
    const [, file] = /^node (\S+\.ts)$/.exec(line) ?? [];
    if (file === undefined) throw new Error(`the test does not know the program of: ${line}`);
    // Node before 22.18 does not load TypeScript.
    const tsx = join(ROOT, 'node_modules/tsx/dist/loader.mjs');
    const ended = await new RunningCommand(process.execPath, ['--import', tsx, file], { cwd }).ended;
    return printed({ out: ended.stdout, err: ended.stderr });
  }

  /** The spec of an object in the default namespace, in a version of its kind. */
  async function specOf(name: string, version: string, object: string): Promise<unknown> {
    const crd = await client.get({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name });
    const apiVersion = `${textAt(crd.spec, 'group')}/${version}`;
    const kind = textAt(crd.spec, 'names', 'kind');
    return (await client.get({ apiVersion, kind, namespace: 'default', name: object })).spec;
  }

  /**
   * Creates the objects of `rendered.yaml` with the label, the annotations and the field manager of Helm. `files` has
   * the files of all blocks, so the page may show `rendered.yaml` only after this command.
   */
  async function install(release: string): Promise<string> {
    for (const document of parseAllDocuments(files.get('rendered.yaml') ?? '')) {
      const { metadata, ...rest } = document.toJSON() as KubeObject;
      const annotations = { 'meta.helm.sh/release-name': release, 'meta.helm.sh/release-namespace': 'default' };
      const labels = { 'app.kubernetes.io/managed-by': 'Helm' };
      const object = { ...rest, metadata: { ...metadata, namespace: 'default', annotations, labels } };
      await client.create(object, { fieldManager: 'helm' });
    }
    return '';
  }
});

const printed = ({ out, err }: { readonly out: string; readonly err: string }): string =>
  [out, err]
    .filter((text) => text !== '')
    .join('\n')
    .trimEnd();
