import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type VirtualWorld, virtualWorld, writesOf } from '@typekro/testing/test-support/virtual-world';
import { type JsonObject, type KubeObject, stringifyJson } from '@typekro/kit/core';
import { runCommandLine } from '../adapter.ts';
import { entriesOf } from '../../test-support/run-command.ts';
import { apply } from '../commands/apply-command.ts';
import { plan } from '../commands/plan-command.ts';
import { snapshot } from '../commands/snapshot-command.ts';
import type { Plan } from '@typekro/controller/inspect';

let world: VirtualWorld;
const cwd = mkdtempSync(join(tmpdir(), 'typekro-plan-'));

const definition = (
  resources: JsonObject[],
  spec: JsonObject = {},
  annotations: Record<string, string> = {},
): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'webapps', annotations },
  spec: {
    schema: {
      apiVersion: 'v1alpha1',
      kind: 'WebApp',
      spec: { image: 'string | default="shop:1"', legacyHost: 'string | default=""', pin: PIN_LINE, ...spec },
    },
    resources,
  },
});

const name = '${schema.metadata.name}';
const deployment = (replicas: number): JsonObject => ({
  id: 'deployment',
  template: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image: '${schema.spec.image}' }] },
      },
    },
  },
});
const service = (ports: number): JsonObject => ({
  id: 'service',
  template: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels: { app: '${deployment.metadata.name}' } },
    spec: { selector: { app: name }, ports: [{ port: ports }] },
  },
});
const job = (command: string): JsonObject => ({
  id: 'migrate',
  includeWhen: ['${schema.metadata.name == "pay"}'],
  template: {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: `${name}-migrate` },
    spec: {
      template: {
        spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'migrate:1', command: [command] }] },
      },
    },
  },
});
const secret = (text: string): JsonObject => ({
  id: 'secret',
  template: {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    stringData: { password: text, fixed: 'one', pin: '${schema.spec.pin}' },
  },
});
/** A field that only Secrets read. */
const PIN_LINE = 'string | default=pin1';
/** A password that is long enough to be masked inside longer strings. */
const PASSWORD = 'correct-horse-battery';
const budget: JsonObject = {
  id: 'pdb',
  template: {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name },
    spec: { minAvailable: 1, selector: { matchLabels: { app: '${deployment.spec.selector.matchLabels.app}' } } },
  },
};
const webapp = (
  namespace: string,
  called: string,
  spec: JsonObject = {},
  annotations: Record<string, string> = {},
): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'WebApp',
  metadata: { name: called, namespace, annotations },
  spec,
});

beforeAll(async () => {
  world = await virtualWorld();
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  for (const each of ['team-a', 'team-b', 'team-c'])
    await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: each } });
  await world.apply(definition([deployment(2), service(80), job('a'), secret(PASSWORD)]));
  await world.advance(2000);
  await world.apply(
    webapp('team-a', 'shop'),
    ...Array.from({ length: 5 }, (_, index) => webapp('team-a', `shop-${index}`)),
    webapp('team-b', 'pay'),
    webapp('team-c', 'old', { legacyHost: 'old.example' }),
    webapp('team-c', 'pinned', {}, { 'typekro.dev/revision': '1' }),
    webapp('team-c', 'still', {}, { 'kro.run/reconcile': 'suspended' }),
  );
  await world.advance(2000);
});

afterAll(async () => {
  await world.close();
});

/** Runs a command line with files. Returns its exit code, its output and its errors. */
function run(line: string, ...objects: KubeObject[]) {
  return runWhole(`${line} FILE --kubeconfig kubeconfig`, ...objects);
}

async function runWhole(line: string, ...objects: KubeObject[]): Promise<{ code: number; out: string; err: string }> {
  writeFileSync(join(cwd, 'app.yaml'), objects.map((object) => stringifyJson(object as never)).join('\n---\n'));
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCommandLine(
    entriesOf([plan, apply, snapshot]),
    '0',
    line.replace('FILE', 'app.yaml').split(' '),
    {
      cwd,
      env: {},
      print: (text) => void out.push(text),
      printError: (text) => void err.push(text),
      readInput: () => Promise.resolve(''),
      signal: new AbortController().signal,
    },
  );
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const next = () =>
  definition([deployment(3), service(80), job('b'), secret('two'), budget], { replicas: 'integer | default=3' });

test('prints the plan of a changed definition', async () => {
  const { code, out, err } = await run('plan', next());
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(stableOutput(out)).toMatchInlineSnapshot(`
    "Definition  ~ webapps  (WebApp)  revision 1 → 2  app.yaml:1
      schema  + spec.replicas  integer | default=3  compatible
      nodes   ~ deployment  (Deployment)
                  spec.replicas  2 → 3
              ~ migrate  (Job)
                  spec.template.spec.containers[0].command[0]  "a" → "b"
              ~ secret  (Secret)
                  stringData.password  (secret)
              + pdb  (PodDisruptionBudget)

    Instances 10   changed 8 · deferred 2
      team-a/shop    ~ Deployment shop  (deployment)  spec.replicas  2 → 3
                     ~ Secret shop  (secret)  data.password  (secret)
                     + PodDisruptionBudget shop  (pdb)
                     order: deployment, secret → pdb
                     … and 6 instances like it
      team-b/pay     ~ Deployment pay  (deployment)  spec.replicas  2 → 3
                     -/+ Job pay-migrate  (migrate)  a field cannot change: delete + create
                         spec.template.spec.containers[0].command  ["a"] → ["b"]  (immutable)
                     ~ Secret pay  (secret)  data.password  (secret)
                     + PodDisruptionBudget pay  (pdb)
                     order: deployment, migrate, secret → pdb
      team-c/pinned  = deferred: it is pinned to revision 1
      team-c/still   = deferred: it is suspended

    Plan: 8 to create, 17 to change, 1 to replace, 0 to prune, 2 deferred.
      Replace: typekro apply deletes an object of an instance once the new revision is served, and the controller creates it again.
      Checked by dry runs of the API server: 26 writes. 8 values of Secrets hidden.
      From cluster typekro (v1.36.0+typekro), read at NOW.
      Decided by the rules of kro 0.10 (no Deployment of a controller was found)."
  `);
});

test('every instance is listed with --all', async () => {
  const { out } = await run('plan --all', next());
  for (const each of ['shop-1', 'shop-2', 'shop-3', 'shop-4']) expect(out).toContain(`team-a/${each} `);
  expect(out).not.toContain('like it');
});

test('without dry runs, the rules of Kubernetes find the same changes', async () => {
  const [asked, computed] = [await run('plan -o json', next()), await run('plan --dry-run none -o json', next())];
  const plain = (text: string) =>
    (JSON.parse(text.replaceAll('"checked": "server"', '"checked": "rules"')) as Plan).instances;
  expect(plain(computed.out)).toEqual(plain(asked.out));
  expect((JSON.parse(computed.out) as Plan).summary.checked).toEqual({ server: 0, rules: 26, none: 0 });
});

test.each([
  ['plan', 3],
  ['plan --exit-code', 1],
  ['plan --nothing', 2],
  ['plan --nothing --exit-code', 1],
  ['plan -o nothing --exit-code', 1],
])('%s ends with %i for errors', async (line, code) => {
  const broken = { id: 'web', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${nothing.x}' } } };
  expect((await run(line, definition([broken]))).code).toBe(code);
});

test('a definition that equals the one in the cluster changes nothing', async () => {
  const same = definition([deployment(2), service(80), job('a'), secret(PASSWORD)]);
  const { code, out } = await run('plan --exit-code', same);
  expect(stableOutput(out)).toMatchInlineSnapshot(`
    "Definition  = webapps  (WebApp)  revision 1, unchanged  app.yaml:1

    Instances 10   unchanged 9 · deferred 1
      team-c/still  = deferred: it is suspended

    Plan: 0 to create, 0 to change, 0 to prune, 1 deferred.
      No write to check.
      From cluster typekro (v1.36.0+typekro), read at NOW.
      Decided by the rules of kro 0.10 (no Deployment of a controller was found)."
  `);
  expect(code).toBe(0);
});

test('a breaking change names the instances that set the field, and nothing happens', async () => {
  const { spec, ...rest } = definition([deployment(2), service(80), job('a'), secret(PASSWORD)]);
  const schema = { ...(spec?.['schema'] as JsonObject), spec: { image: 'string | default="shop:1"', pin: PIN_LINE } };
  const { code, out } = await run('plan --exit-code', { ...rest, spec: { ...spec, schema } });
  expect(stableOutput(out)).toMatchInlineSnapshot(`
    "Definition  ~ webapps  (WebApp)  revision 1 → 2  app.yaml:1
      schema  - spec.legacyHost  string | default=""  BREAKING: 1 instance sets it (team-c/old)
      refused ! cannot update CRD webapps.kro.run: breaking changes detected: Property legacyHost was removed (field spec.legacyHost; to allow it, set the annotation kro.run/allow-breaking-changes: "true" on the definition)

    Instances 10   deferred 10
      team-a/shop    = deferred: the definition webapps would be refused, and revision 1 stays in force
                     … and 7 instances like it
      team-c/pinned  = deferred: it is pinned to revision 1
      team-c/still   = deferred: it is suspended

    Plan: 0 to create, 0 to change, 0 to prune, 10 deferred, definition webapps refused.
      No write to check.
      From cluster typekro (v1.36.0+typekro), read at NOW.
      Decided by the rules of kro 0.10 (no Deployment of a controller was found)."
  `);
  expect(code).toBe(3);
});

test('an allowed breaking change lists dropped values and refused instances', async () => {
  const { spec, ...rest } = definition(
    [deployment(2), service(80), job('a'), secret(PASSWORD)],
    {},
    { 'kro.run/allow-breaking-changes': 'true' },
  );
  const schema = {
    ...(spec?.['schema'] as JsonObject),
    spec: { image: 'string | default="x" maxLength=3', pin: PIN_LINE },
  };
  const { code, out, err } = await run('plan --exit-code', { ...rest, spec: { ...spec, schema } });
  expect(err).toBe('');
  expect(stableOutput(out)).toMatchInlineSnapshot(`
    "Definition  ~ webapps  (WebApp)  revision 1 → 2  app.yaml:1
      schema  ~ spec.image  MaxLength constraint 3 was added  BREAKING: 10 instances set it (team-a/shop, team-a/shop-0, team-a/shop-1, …)
              - spec.legacyHost  string | default=""  BREAKING: 1 instance sets it (team-c/old)
              ~ spec.image  Default value was changed from "shop:1" to "x"  compatible
      other   ~ annotations["kro.run/allow-breaking-changes"]  + "true"

    Instances 10   deferred 2 · blocked 8
      team-a/shop    ! blocked: the API server refuses the instance: spec.image: Too long: may not be more than 3 bytes
                         try: correct the fields in the instance, or the schema
                     … and 6 instances like it
      team-c/old     ! blocked: the API server refuses the instance: spec.image: Too long: may not be more than 3 bytes
                         try: correct the fields in the instance, or the schema
                     ~ the instance loses fields that the schema no longer has
                         spec.legacyHost  - "old.example"
      team-c/pinned  = deferred: it is pinned to revision 1
      team-c/still   = deferred: it is suspended

    Plan: 0 to create, 1 to change, 0 to prune, 2 deferred, 8 blocked.
      Checked by dry runs of the API server: 1 write.
      From cluster typekro (v1.36.0+typekro), read at NOW.
      Decided by the rules of kro 0.10 (no Deployment of a controller was found)."
  `);
  expect(code).toBe(3);
});

test('a canary updates some instances first', async () => {
  const canary = { name: 'webapps', annotations: { 'typekro.dev/canary': '2' } };
  expect((await run('plan', { ...next(), metadata: canary })).out).toMatch(
    /canary {2}2 instances of 10 first \([^,()]+, [^,()]+\), the others when these are ready/,
  );
  const { out } = await run('plan -o json', { ...next(), metadata: canary });
  const phases = (JSON.parse(out) as Plan).instances.map(({ rollout = 'none' }) => rollout).sort();
  expect(phases).toEqual([
    ...Array.from({ length: 2 }, () => 'first'),
    ...Array.from({ length: 6 }, () => 'later'),
    'none',
    'none',
  ]);
});

test('prints the plan of a changed instance and of a new instance', async () => {
  const { code, out } = await run(
    'plan --exit-code',
    webapp('team-a', 'shop', { image: 'shop:2' }),
    webapp('team-a', 'fresh', { image: 'shop:2' }),
  );
  expect(stableOutput(out)).toMatchInlineSnapshot(`
    "Instances 2   changed 2
      team-a/fresh  + the instance
                    + Deployment fresh  (deployment)
                    + Secret fresh  (secret)
                    + Service fresh  (service)
                    order: deployment, secret → service
      team-a/shop   ~ the instance
                        spec.image  "shop:1" → "shop:2"
                    ~ Deployment shop  (deployment)  spec.template.spec.containers[0].image  "shop:1" → "shop:2"

    Plan: 4 to create, 2 to change, 0 to prune.
      Checked by dry runs of the API server: 6 writes.
      From cluster typekro (v1.36.0+typekro), read at NOW.
      Decided by the rules of kro 0.10 (no Deployment of a controller was found)."
  `);
  expect(code).toBe(2);
});

test('prints the plan of a deletion, with the order of the objects', async () => {
  const { out } = await run('plan --delete', webapp('team-b', 'pay'));
  expect(stableOutput(out)).toMatchInlineSnapshot(`
    "Instances 1   deleted 1
      team-b/pay  - the instance
                  - Service pay  (service)
                  - Deployment pay  (deployment)
                  - Job pay-migrate  (migrate)
                  - Secret pay  (secret)
                  order: service → deployment, migrate, secret

    Plan: 5 to delete.
      Without a check: 5 deletions.
      From cluster typekro (v1.36.0+typekro), read at NOW.
      Decided by the rules of kro 0.10 (no Deployment of a controller was found)."
  `);
});

test('prints the plan for the deletion of a definition', async () => {
  const { out } = await run('plan --delete', next());
  expect(stableOutput(out)).toMatchInlineSnapshot(`
    "Definition  - webapps  (WebApp)  revision 1  app.yaml:1
      note    10 instances of WebApp stay with their objects, and no controller manages them any longer
              a controller that may delete CRDs (--allow-crd-deletion) deletes the instances and their objects, too

    Plan: 1 to delete.
      Without a check: 1 deletion.
      From cluster typekro (v1.36.0+typekro), read at NOW.
      Decided by the rules of kro 0.10 (no Deployment of a controller was found)."
  `);
});

test('the notes of a deletion do not count the instances that the files delete', async () => {
  const { out } = await run('plan --delete', next(), webapp('team-b', 'pay'));
  expect(out).toContain('note    9 instances of WebApp stay');
});

test('prints the plan of plain objects', async () => {
  const { out } = await run('plan', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'one', namespace: 'team-a' },
    data: { a: 'b' },
  });
  expect(stableOutput(out)).toMatchInlineSnapshot(`
    "Objects
      + ConfigMap team-a/one

    Plan: 1 to create, 0 to change, 0 to prune.
      Checked by dry runs of the API server: 1 write.
      From cluster typekro (v1.36.0+typekro), read at NOW.
      Decided by the rules of kro 0.10 (no Deployment of a controller was found)."
  `);
});

test('errors of files are reported like in validate', async () => {
  const { code, out, err } = await run('plan', definition([{ ...service(80), id: 'Service' }]));
  expect({ code, out }).toEqual({ code: 3, out: '' });
  expect(err).toContain('Service');
});

test('a snapshot gives the same plan without the cluster, and holds no value of a Secret', async () => {
  const taken = await runWhole('snapshot prod.json --kubeconfig kubeconfig');
  expect(taken).toMatchObject({ code: 0, err: '' });
  const text = readFileSync(join(cwd, 'prod.json'), 'utf8');
  for (const each of ['pin1', PASSWORD, Buffer.from(PASSWORD).toString('base64')]) expect(text).not.toContain(each);
  const offline = await runWhole('plan FILE --snapshot prod.json -o json', next());
  const live = await run('plan -o json', next());
  const plain = (out: string) =>
    (JSON.parse(out.replaceAll('"checked": "server"', '"checked": "rules"')) as Plan).instances;
  expect(plain(offline.out)).toEqual(plain(live.out));
  expect((JSON.parse(offline.out) as Plan).source).toMatchObject({ kind: 'snapshot', name: 'prod.json' });
});

test('a Secret whose values have equal hashes is not a change', async () => {
  const same = definition([deployment(2), service(80), job('a'), secret(PASSWORD)]);
  const { code, out } = await runWhole('plan FILE --snapshot prod.json --exit-code', same);
  expect(out).toContain('revision 1, unchanged');
  expect(code).toBe(0);
});

test('an instance whose masked values have equal hashes is not a change', async () => {
  const { code, out } = await runWhole('plan FILE --snapshot prod.json --exit-code', webapp('team-a', 'shop'));
  expect({ code, out: stableOutput(out) }).toMatchObject({ code: 0, out: expect.stringContaining('unchanged 1') });
});

test.each(['markdown', 'sarif', 'junit'])('-o %s', async (form) => {
  const { spec, ...rest } = definition([deployment(2), service(80), job('a'), secret(PASSWORD)]);
  const schema = { ...(spec?.['schema'] as JsonObject), spec: { image: 'string | default="shop:1"', pin: PIN_LINE } };
  const { out } = await run(`plan -o ${form}`, { ...rest, spec: { ...spec, schema } });
  expect(stableOutput(out)).toMatchSnapshot();
});

test('--github prints annotations for GitHub, and writes a comment into the file', async () => {
  const { out } = await runWhole('plan FILE --snapshot prod.json --github comment.md', next());
  expect(out).toMatchInlineSnapshot(`
    "::warning file=app.yaml,line=1,title=typekro plan%3A replace::migrate: Job: a field cannot change, so the object must be deleted and created again (WebApp team-b/pay)
    8 to create, 17 to change, 1 to replace, 0 to prune, 2 deferred."
  `);
  expect(readFileSync(join(cwd, 'comment.md'), 'utf8')).toContain('<!-- typekro plan -->');
});

test('a saved plan is refused when the cluster has changed, and the error names the object', async () => {
  const saved = await run('plan --save', next());
  const file = /typekro apply (\S+)/.exec(saved.err)?.[1] ?? '';
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'team-a', name: 'shop' };
  await world.user.patch(ref, { metadata: { annotations: { note: 'x' } } });
  const refused = await runWhole(`apply ${file} --kubeconfig kubeconfig`);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('the cluster has changed since the plan: Deployment team-a/shop was changed');
});

test('a saved plan is applied, and the result is as planned', async () => {
  const saved = await run('plan --save -o json', next());
  const file = /typekro apply (\S+)/.exec(saved.err)?.[1] ?? '';
  world.requests.length = 0;
  const applying = runWhole(`apply ${file} --kubeconfig kubeconfig`);
  const ended = await advanceUntil(applying);
  expect(ended).toMatchObject({ code: 0, err: '' });
  await world.advance(120_000);
  expect(ended.out).toMatchInlineSnapshot(`
    "configured ResourceGraphDefinition webapps
    deleted Job team-b/pay-migrate
    The controller carries out the rest: typekro why explains what an instance waits for."
  `);
  const left = JSON.parse((await run('plan -o json', next())).out) as Plan;
  expect(left.summary).toMatchObject({ create: 0, change: 0, replace: 0, prune: 0, delete: 0, refused: 0 });
  const planned = (JSON.parse(saved.out) as Plan).instances.flatMap(({ writes }) => writes);
  const wanted = planned
    .filter(({ action }) => action !== 'labels')
    .map(({ object }) => `${object.kind} ${object.namespace}/${object.name}`);
  expect(new Set(childWrites())).toEqual(new Set(wanted));
});

/** Advances the clock so that the controller works while a command waits for it. */
async function advanceUntil<Result>(work: Promise<Result>): Promise<Result> {
  const ended = { yet: false };
  void work.finally(() => (ended.yet = true));
  while (!ended.yet) await world.advance(500);
  return work;
}

/** The children that the controller wrote. */
function childWrites(): string[] {
  const kinds: Readonly<Record<string, string>> = {
    deployments: 'Deployment',
    jobs: 'Job',
    secrets: 'Secret',
    services: 'Service',
    poddisruptionbudgets: 'PodDisruptionBudget',
  };
  return writesOf(world.requests).flatMap((text) => {
    const match = /namespaces\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(text);
    const kind = kinds[match?.[2] ?? ''];
    return kind === undefined ? [] : [`${kind} ${match?.[1]}/${match?.[3]}`];
  });
}

/** Removes the parts of the output that differ between runs. */
function stableOutput(out: string): string {
  return out.replace(/read at \S+Z\./, 'read at NOW.');
}
