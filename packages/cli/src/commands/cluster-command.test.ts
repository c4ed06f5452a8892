import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CommandRun } from '../../test-support/run-command.ts';
import { useNamedClusters } from '../../test-support/named-clusters.ts';

const clusters = useNamedClusters();

const plain = (text: string): string =>
  text
    .replaceAll(clusters.home, 'HOME')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replaceAll(/ready in \d+ ms/g, 'ready in N ms')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(String(process.pid), 'PID')
    .replaceAll(/\b\d+s\b/g, 'AGE')
    .replaceAll(/token: .*/g, 'token: TOKEN')
    .replaceAll(/(objects +|"objects": |(?:in memory|kept) {3,})\d+/g, '$1N')
    .replaceAll(/LS0t[\w+/=]+/g, 'CERTIFICATE');

async function run(line: string, stdin?: string): Promise<CommandRun> {
  const { code, out, err } = await clusters.run(line, stdin);
  return { code, out: plain(out), err: plain(err) };
}

const objectsOf = async (name: string): Promise<unknown> =>
  (JSON.parse((await clusters.run(`cluster status ${name} -o json`)).out) as { cluster: { objects: unknown } }).cluster
    .objects;

const BOATS = `apiVersion: acme.test/v1
kind: Boat
metadata: {name: b, namespace: docks}
spec: {size: 1}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: docks}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.acme.test}
spec:
  group: acme.test
  scope: Namespaced
  names: {kind: Boat, plural: boats}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: docks}
`;

test('cluster start, status, list and stop print the state of a cluster, and a second start changes nothing', async () => {
  expect(await run('cluster start')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "default is running at https://127.0.0.1:PORT, Kubernetes 1.36, ready in N ms
    use it  export KUBECONFIG=HOME/state/typekro/clusters/default/kubeconfig
    end it  typekro cluster stop",
    }
  `);
  expect(await run('cluster start default --port 0')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "default is running already at https://127.0.0.1:PORT
    use it  export KUBECONFIG=HOME/state/typekro/clusters/default/kubeconfig
    end it  typekro cluster stop",
    }
  `);
  expect(await run('cluster start other --data')).toMatchObject({ code: 0, err: '' });
  expect(await run('cluster status other')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "other is running
      address     https://127.0.0.1:PORT
      process     PID
      Kubernetes  1.36
      age         AGE
      objects     N
      data        kept on the disk
      kubeconfig  HOME/state/typekro/clusters/other/kubeconfig
      log         HOME/state/typekro/clusters/other/log",
    }
  `);
  expect((await run('cluster list')).out).toMatchInlineSnapshot(`
    "NAME      STATE     ADDRESS                   AGE   DATA        OBJECTS
    default   running   https://127.0.0.1:PORT   AGE    in memory   N
    other     running   https://127.0.0.1:PORT   AGE    kept        N"
  `);
  expect(await run('cluster stop')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "default has ended; nothing is left of it",
    }
  `);
  expect((await run('cluster stop other')).out).toMatchInlineSnapshot(
    `"other has ended; its objects are kept: typekro cluster start other continues with them, typekro cluster stop other --delete deletes them"`,
  );
  expect(await run('cluster status other')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "",
      "out": "other is stopped
      data  kept on the disk
      log   HOME/state/typekro/clusters/other/log

      start it again: typekro cluster start other",
    }
  `);
  expect((await run('cluster stop other --delete')).out).toMatchInlineSnapshot(
    `"other was not running; nothing is left of it"`,
  );
  expect((await run('cluster list -o json')).out).toMatchInlineSnapshot(`
    "{
      "schemaVersion": 1,
      "clusters": []
    }"
  `);
});

test('cluster start refuses wrong options for the audit log, and another audit log for a running cluster', async () => {
  const policy = join(clusters.home, 'policy.yaml');
  const head = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';
  writeFileSync(policy, `${head}rules: [{level: Metadat}]\n`);
  expect(await run('cluster start dev --audit-log audit.log --audit-policy policy.yaml')).toMatchInlineSnapshot(`
    {
      "code": 3,
      "err": "policy.yaml:3:17: error: "level" cannot be "Metadat" [cluster/audit-policy]
      3 | rules: [{level: Metadat}]
        |                 ^
      at rules[0].level
      hint: did you mean Metadata?
    ",
      "out": "",
    }
  `);
  expect(await run('cluster start dev --audit-policy policy.yaml')).toMatchInlineSnapshot(`
    {
      "code": 2,
      "err": "error: --audit-policy needs an audit log [cli/usage]
      hint: add --audit-log FILE",
      "out": "",
    }
  `);
  expect(await run('cluster start dev --audit-log -')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--audit-log audit.log') as string,
  });
  expect(await run('cluster start dev --audit-log missing/audit.log')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/the folder HOME\/missing does not exist[^]*mkdir -p/) as string,
  });
  const rules = 'rules: [{level: Metadata, verb: [get], verbs: [patch], resources: [{resources: [namespaces]}]}]';
  writeFileSync(policy, `${head}${rules}\n`);
  expect(await run('cluster start dev --run-processes --audit-log audit.log --audit-policy policy.yaml')).toMatchObject(
    { code: 0, err: expect.stringContaining('policy.yaml:3:27: warning: there is no field "verb" here') as string },
  );
  writeFileSync(join(clusters.home, 'boats.yaml'), 'apiVersion: v1\nkind: Namespace\nmetadata: {name: docks}\n');
  expect(await run('cluster load dev boats.yaml')).toMatchObject({ code: 0 });
  const { out: shown } = await run('cluster status dev');
  expect(shown).toContain('  audit log   HOME/audit.log');
  expect(shown).toContain('  processes   of pods, in HOME');
  expect(await run('cluster start dev --audit-log other.log')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: the cluster "dev" is running with another audit log, or without one [cluster/other-settings]
      hint: stop it first: typekro cluster stop dev",
      "out": "",
    }
  `);
  expect(await run('cluster start dev --audit-log none')).toMatchObject({ code: 1 });
  expect(await run('cluster stop dev')).toMatchObject({ code: 0 });
  const lines = readFileSync(join(clusters.home, 'audit.log'), 'utf8').trimEnd().split('\n');
  expect(lines.every((line) => line.includes('"level":"Metadata"'))).toBe(true);
});

test('cluster: -o json prints the data for another program', async () => {
  expect((await run('cluster start dev -o json')).out).toMatchInlineSnapshot(`
    "{
      "schemaVersion": 1,
      "started": true,
      "cluster": {
        "name": "dev",
        "state": "running",
        "url": "https://127.0.0.1:PORT",
        "kubernetesVersion": "1.36",
        "startedAt": "TIME",
        "pid": PID,
        "data": false,
        "objects": N,
        "kubeconfig": "HOME/state/typekro/clusters/dev/kubeconfig",
        "log": "HOME/state/typekro/clusters/dev/log"
      }
    }"
  `);
  expect((await run('cluster stop --all -o yaml')).out).toMatchInlineSnapshot(`
    "schemaVersion: 1
    clusters:
      - name: dev
        before: running
        kept: false"
  `);
});

test('a cluster with data keeps its objects, its kubeconfig and its port after a stop', async () => {
  await run('cluster start dev --data');
  const before = readFileSync(join(clusters.folderOf('dev'), 'kubeconfig'), 'utf8');
  expect((await run('cluster load dev -', BOATS)).code).toBe(0);
  const objects = await objectsOf('dev');
  await run('cluster stop dev');
  expect(readFileSync(join(clusters.folderOf('dev'), 'kubeconfig'), 'utf8')).toContain(
    'server: https://this-cluster-has-ended-.start-it-again-with.typekro-cluster-start-dev.invalid',
  );
  await run('cluster start dev');
  expect(readFileSync(join(clusters.folderOf('dev'), 'kubeconfig'), 'utf8')).toBe(before);
  expect(await objectsOf('dev')).toBe(objects);
  await run('cluster start dev2');
  expect(await run('cluster start dev2 --data')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: the cluster "dev2" is running without --data [cluster/other-settings]
      hint: stop it first: typekro cluster stop dev2",
      "out": "",
    }
  `);
});

test('cluster load: namespaces and definitions come first, and each refusal is named', async () => {
  await run('cluster start dev');
  mkdirSync(join(clusters.home, 'app'));
  writeFileSync(join(clusters.home, 'app', 'boats.yaml'), BOATS);
  expect(await run('cluster load dev app')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "created Namespace docks
    created CustomResourceDefinition boats.acme.test
    created Boat docks/b
    created ConfigMap docks/c
    4 objects applied, 0 refused",
    }
  `);
  const more = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"d","namespace":"nowhere"}}';
  expect(await run('cluster load dev app/boats.yaml -', more)).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "",
      "out": "configured Namespace docks
    unchanged CustomResourceDefinition boats.acme.test
    unchanged Boat docks/b
    unchanged ConfigMap docks/c
    refused ConfigMap nowhere/d: namespaces "nowhere" not found
    4 objects applied, 1 refused",
    }
  `);
  expect(await run('cluster load dev -', '- a')).toMatchInlineSnapshot(`
    {
      "code": 3,
      "err": "standard input:1:1: error: the document is not a Kubernetes object: it is a list [input/not-an-object]
      hint: divide its items by lines of "---", or put them into a List: {apiVersion: v1, kind: List, items: […]}
    ",
      "out": "",
    }
  `);
  const { out } = await run('cluster load dev app -o json');
  expect(JSON.parse(out)).toMatchObject({ schemaVersion: 1, cluster: 'dev', objects: { length: 4 } });
});

test('cluster snapshot, reset and restore change the whole content, and restore accepts the snapshot of another cluster', async () => {
  await run('cluster start dev');
  await run('cluster load dev -', BOATS);
  const objects = await objectsOf('dev');
  expect((await run('cluster snapshot dev s.jsonl')).out.replace(/\d+/, 'N')).toMatchInlineSnapshot(
    `"s.jsonl: N objects of dev, with the values of Secrets"`,
  );
  if (process.platform !== 'win32') expect(statSync(join(clusters.home, 's.jsonl')).mode & 0o777).toBe(0o600);
  expect((await run('cluster reset dev')).out.replace(/\d+/, 'N')).toMatchInlineSnapshot(
    `"dev has only the N objects of a new cluster"`,
  );
  expect(await objectsOf('dev')).not.toBe(objects);
  expect((await run('cluster restore dev s.jsonl')).out.replace(/: \d+/, ': N')).toMatchInlineSnapshot(
    `"dev has the objects of s.jsonl (dev, TIME): N objects"`,
  );
  expect(await objectsOf('dev')).toBe(objects);
  await run('cluster start copy');
  await run('cluster restore copy s.jsonl');
  expect(await objectsOf('copy')).toBe(objects);
  const text = readFileSync(join(clusters.home, 's.jsonl'), 'utf8');
  writeFileSync(join(clusters.home, 's.jsonl'), text.replace('"size":1', '"size":2'));
  expect(await run('cluster restore copy s.jsonl')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: s.jsonl is damaged: it was cut or changed after it was written [cluster/snapshot-unreadable]
      hint: take it again, or use a copy",
      "out": "",
    }
  `);
  expect(await run('cluster snapshot dev missing/s.jsonl')).toMatchObject({ code: 1 });
});

test('a reset keeps the CustomResourceDefinitions of stand-ins', async () => {
  await run('cluster start dev --stand-in prometheus-operator');
  expect((await run('cluster reset dev')).code).toBe(0);
  await run('cluster snapshot dev s.jsonl');
  expect(readFileSync(join(clusters.home, 's.jsonl')).includes('"podmonitors.monitoring.coreos.com"')).toBe(true);
});

describe('the context in the kubeconfig of the user', () => {
  const OWN =
    '# mine\napiVersion: v1\nkind: Config\ncurrent-context: prod # keep\nclusters:\n- name: prod\n  cluster: { server: https://x }\ncontexts:\n- name: prod\n  context: { cluster: prod, user: prod }\nusers: []\n';

  test('is added on request, and removed by a stop', async () => {
    mkdirSync(join(clusters.home, '.kube'));
    const file = join(clusters.home, '.kube', 'config');
    writeFileSync(file, OWN);
    expect((await run('cluster start dev --add-context')).out).toMatchInlineSnapshot(`
      "dev is running at https://127.0.0.1:PORT, Kubernetes 1.36, ready in N ms
      use it  kubectl --context typekro-dev get nodes   # typekro-dev in HOME/.kube/config
      end it  typekro cluster stop dev"
    `);
    expect(plain(readFileSync(file, 'utf8'))).toMatchInlineSnapshot(`
      "# mine
      apiVersion: v1
      kind: Config
      current-context: prod # keep
      clusters:
      - name: prod
        cluster: { server: https://x }
      - name: typekro-dev
        cluster:
          server: https://127.0.0.1:PORT
          certificate-authority-data: CERTIFICATE
      contexts:
      - name: prod
        context: { cluster: prod, user: prod }
      - name: typekro-dev
        context:
          cluster: typekro-dev
          user: typekro-dev
      users:
      - name: typekro-dev
        user:
          token: TOKEN
      "
    `);
    expect(await run('cluster kubeconfig dev --use-context -o path')).toMatchInlineSnapshot(`
      {
        "code": 0,
        "err": "typekro-dev is the current context of HOME/.kube/config",
        "out": "HOME/state/typekro/clusters/dev/kubeconfig",
      }
    `);
    expect(readFileSync(file, 'utf8')).toContain('current-context: typekro-dev # keep\n');
    await run('cluster stop dev');
    expect(readFileSync(file, 'utf8')).toBe(OWN);
  });

  test('is added only on request, and a new file has the mode 600', async () => {
    await run('cluster start dev');
    expect(await run('cluster kubeconfig dev --kubeconfig own')).toMatchInlineSnapshot(`
      {
        "code": 2,
        "err": "error: --kubeconfig names the file for a new context, and no option adds a context [cli/usage]
        hint: add --add-context, or --use-context",
        "out": "",
      }
    `);
    expect((await run('cluster start dev --kubeconfig own --add-context')).out).toContain('--kubeconfig HOME/own');
    if (process.platform !== 'win32') expect(statSync(join(clusters.home, 'own')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(clusters.home, 'own'), 'utf8')).not.toContain('current-context');
    expect(plain((await run('cluster kubeconfig dev')).out)).toMatchInlineSnapshot(`
      "apiVersion: v1
      kind: Config
      current-context: typekro
      clusters:
      - name: typekro
        cluster:
          server: https://127.0.0.1:PORT
          certificate-authority-data: CERTIFICATE
      contexts:
      - name: typekro
        context:
          cluster: typekro
          user: typekro
      users:
      - name: typekro
        user:
          token: TOKEN"
    `);
    expect((await run('cluster kubeconfig dev -o env')).out).toMatchInlineSnapshot(
      `"export KUBECONFIG='HOME/state/typekro/clusters/dev/kubeconfig'"`,
    );
  });
});

test.skipIf(process.platform === 'win32')('only the user can read the files of a cluster', async () => {
  await run('cluster start dev --data');
  for (const [path, mode] of [
    ['..', 0o700],
    ['.', 0o700],
    ['kubeconfig', 0o600],
    ['cluster.json', 0o600],
    ['settings.json', 0o600],
    ['credentials.json', 0o600],
    ['lock', 0o600],
    ['state/state.jsonl', 0o600],
  ] as const) {
    expect([path, statSync(join(clusters.folderOf('dev'), path)).mode & 0o777]).toEqual([path, mode]);
  }
});

test.skipIf(process.platform === 'win32')('a folder that is a symbolic link is refused', async () => {
  mkdirSync(join(clusters.home, 'elsewhere'));
  mkdirSync(clusters.folderOf('.'), { recursive: true });
  symlinkSync(join(clusters.home, 'elsewhere'), clusters.folderOf('dev'));
  expect(await run('cluster start dev')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: HOME/state/typekro/clusters/dev is a symbolic link, not a folder [cluster/folder]
      hint: move it away",
      "out": "",
    }
  `);
  rmSync(clusters.folderOf('dev'));
  mkdirSync(clusters.folderOf('dev'));
  symlinkSync(join(clusters.home, 'elsewhere'), join(clusters.folderOf('dev'), 'state'));
  expect((await run('cluster start dev --data')).err).toContain('is a symbolic link');
});

test('a crashed cluster shows the end of its log, and starts again or is removed', async () => {
  mkdirSync(clusters.folderOf('dev'), { recursive: true });
  writeFileSync(join(clusters.folderOf('dev'), 'lock'), '999999999 1 x');
  writeFileSync(join(clusters.folderOf('dev'), 'log'), `${'old\n'.repeat(20)}out of memory\n`);
  expect(await run('cluster status dev')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "",
      "out": "dev is not running: its process has ended without being stopped
      data  in memory only
      log   HOME/state/typekro/clusters/dev/log

    the end of its log:
      old
      old
      old
      old
      old
      old
      old
      old
      old
      out of memory

    start it again (its objects are gone): typekro cluster start dev
    remove it: typekro cluster stop dev",
    }
  `);
  // The last run kept no objects. The option `--data` of the next run does not change this.
  expect((await run('cluster start dev --data')).out).toContain('ended without being stopped; its objects are gone');
  expect((await run('cluster stop dev --delete')).code).toBe(0);
});

test.each([
  ['cluster status nobody', 2],
  ['cluster snapshot nobody s.jsonl', 2],
  ['cluster stop ../x', 2],
  ['cluster begin', 2],
  ['cluster stat', 2],
  ['cluster load dev', 2],
  ['cluster list a', 2],
  ['cluster list --data', 2],
  ['cluster stop a --all', 2],
  ['cluster stop --all', 0],
])('%s ends with %i', async (line, code) => {
  const ended = await run(line);
  expect(ended.code).toBe(code);
  expect(`${ended.out}${ended.err}`).toMatchSnapshot();
});

test('shell completion suggests names of clusters', async () => {
  await run('cluster start dev');
  await run('cluster start other');
  expect((await run('completion candidates -- cluster status ')).out).toBe('dev\nother');
  expect((await run('completion candidates -- cluster load d')).out).toBe('dev');
  expect((await run('completion candidates -- cluster load dev ')).out).toBe(':files');
  expect((await run('completion candidates -- cluster sta')).out).toMatch(/^start\t.*\nstatus\t/);
});
