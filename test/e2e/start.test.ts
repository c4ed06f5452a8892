import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CLI, RunningCommand, startCli } from '../support/command.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

describe('typekro up', () => {
  let directory: string;
  const up = (...args: string[]) => startCli(['up', ...args], directory);
  const write = (name: string, text: string | Uint8Array): string => {
    writeFileSync(join(directory, name), text);
    return name;
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'typekro-up-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  test('--once waits until the examples are ACTIVE, prints their status and leaves no files behind', async () => {
    const { code, stdout, stderr } = await up('--once').ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/WebApp default\/hello +ACTIVE/);
    expect(stdout).toMatch(/Application default\/my-application-instance +ACTIVE/);
    expect(stdout).toMatch(/url: http:\/\/10\.96\.\d+\.\d+/);
    expect(stdout).toMatch(/availableReplicas: 3/);
    expect(stdout).toMatch(/The cluster has ended, and its kubeconfig is no longer usable; without --once it stays up/);
    expect(existsSync(join(directory, '.typekro/default/lock'))).toBe(false);
  });

  test('a second process with the same name exits and names the pid and kubeconfig of the first; another name works', async () => {
    const file = fixture('configmap.rgd.yaml');
    const first = up(file);
    await first.until(/export KUBECONFIG=/);
    const second = await up(file).ended;
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`process ${first.process.pid}`);
    expect(second.stderr).toContain('.typekro/default/kubeconfig');
    expect((await up(file, '--once', '--name', 'other').ended).code).toBe(0);
    expect((await first.interrupt()).code).toBe(130);
  });

  test('--keep continues with the previous cluster, even after kill -9', async () => {
    const uidOfInstance = () => {
      const files = ['state.jsonl', 'log.jsonl'].map((name) => join(directory, '.typekro/default/state', name));
      const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n'));
      const found = lines.filter((line) => line.includes('"plural":"webapps"') && line.includes('"name":"hello"'));
      return /"uid":"([^"]+)"/.exec(found.at(-1) ?? '')?.[1];
    };
    const first = up('--keep');
    await first.until(/export KUBECONFIG=/);
    first.process.kill('SIGKILL');
    await first.ended;
    const uid = uidOfInstance();
    expect(uid).toMatch(/^[0-9a-f-]{36}$/);
    const second = await up('--keep', '--once').ended;
    expect(second.stderr).toBe('');
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/WebApp default\/hello +ACTIVE/);
    expect(uidOfInstance()).toBe(uid);
  });

  test('apply resets a field to its default when the file no longer sets the field, and plan shows this in advance', async () => {
    const definition = readFileSync(fixture('configmap.rgd.yaml'), 'utf8');
    const instance = (spec: string) =>
      `${definition}---\napiVersion: kro.run/v1alpha1\nkind: Settings\nmetadata: {name: a}\nspec: ${spec}\n`;
    const running = up(write('app.yaml', instance('{colour: blue}')));
    await running.until(/export KUBECONFIG=/);
    write('app.yaml', instance('{}'));
    const kubeconfig = ['--kubeconfig', join(directory, '.typekro/default/kubeconfig')];
    const planned = await startCli(['plan', 'app.yaml', ...kubeconfig], directory).ended;
    expect(planned.stdout).toContain('data.colour  "blue" → "red"');
    const applied = await startCli(['apply', 'app.yaml', ...kubeconfig], directory).ended;
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    const again = await startCli(['plan', 'app.yaml', '--exit-code', ...kubeconfig], directory).ended;
    expect(again.code).toBe(0);
    await running.interrupt();
  });

  test('--once --keep: a refused change of the definition is an error even though the previous revision works', async () => {
    const former = readFileSync(fixture('configmap.rgd.yaml'), 'utf8');
    const instance = '---\napiVersion: kro.run/v1alpha1\nkind: Settings\nmetadata: {name: a}\n';
    const changed = former
      .replace('string | default="red"', 'integer | default=1')
      .replace('${schema.spec.colour}', 'x');
    const allowed = changed.replace(
      'name: settings',
      'name: settings\n  annotations: {kro.run/allow-breaking-changes: "true"}',
    );
    const file = write('a.yaml', former + instance);
    expect((await up('--once', '--keep', file).ended).code).toBe(0);
    write('a.yaml', changed + instance);
    const refused = await up('--once', '--keep', file).ended;
    expect(refused.stderr).toMatch(/refuses the definition settings:.*spec\.colour.*allow-breaking-changes/);
    expect(refused.stdout).not.toContain('state: ACTIVE');
    expect(refused.code).toBe(1);
    // The annotation does not change the generation. The command must not report the earlier refusal for the changed
    // object.
    write('a.yaml', allowed + instance);
    const { code, stdout, stderr } = await up('--once', '--keep', file).ended;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/revision 2\nstatus:\n +state: ACTIVE/);
    expect(code).toBe(0);
  });

  test('without an instance, a hint says how to add an instance', async () => {
    const { stdout } = await up('--once', fixture('configmap.rgd.yaml')).ended;
    expect(stdout).toMatch(
      /no instance is among them\.\n {2}hint: add an object with apiVersion: kro\.run\/v1alpha1 and kind: Settings/,
    );
  });

  test('SIGTERM ends the command with exit code 143 and a last line about the kubeconfig', async () => {
    const running = up(fixture('configmap.rgd.yaml'));
    await running.until(/export KUBECONFIG=/);
    running.process.kill('SIGTERM');
    const { code, stdout } = await running.ended;
    expect(code).toBe(143);
    expect(stdout).toMatch(/The cluster has ended, .*unset KUBECONFIG/);
  });

  test.skipIf(!existsSync('/dev/full'))('a command fails if its output cannot be written', async () => {
    const words = ['-c', `"$0" "$1" rbac "$2" > /dev/full`, process.execPath, CLI, fixture('configmap.rgd.yaml')];
    const { code, stderr } = await new RunningCommand('sh', words, { cwd: directory }).ended;
    expect(stderr).toMatch(/error: the output cannot be written: ENOSPC/);
    expect(code).toBe(1);
  });

  test('the output of a module is not part of the printed document', async () => {
    const definition = JSON.stringify(parse(readFileSync(fixture('configmap.rgd.yaml'), 'utf8')));
    const file = write('a.mjs', `console.log('hello from the module');\nexport const a = ${definition};\n`);
    const { code, stdout, stderr } = await startCli(['rbac', file], directory).ended;
    expect(stderr).toContain('hello from the module');
    expect(stdout).toMatch(/^apiVersion: /);
    expect(code).toBe(0);
  });

  test('Ctrl-C during the start exits with 130 and releases the name', async () => {
    const first = up();
    await first.until(/https:\/\/127\.0\.0\.1/);
    expect((await first.interrupt()).code).toBe(130);
    expect(existsSync(join(directory, '.typekro/default/lock'))).toBe(false);
  });

  test('takes over the lock after kill -9, and exits cleanly when its output is closed', async () => {
    const file = fixture('configmap.rgd.yaml');
    const lock = join(directory, '.typekro/default/lock');
    const killed = up(file);
    await killed.until(/export KUBECONFIG=/);
    killed.process.kill('SIGKILL');
    await killed.ended;
    // The lock now has the pid of a running process, as if the system had assigned the pid again.
    writeFileSync(lock, readFileSync(lock, 'utf8').replace(/^\d+/, String(process.pid)));
    const next = up(file);
    // The test closes the output at once. A process that has already written all its output would not notice the closed
    // output.
    next.process.stdout?.destroy();
    await next.ended;
    expect(existsSync(lock)).toBe(false);
  });

  test('a namespace may come after the objects that need it, and the items of a List are applied', async () => {
    const item = (kind: string, metadata: string) =>
      `    - apiVersion: v1\n      kind: ${kind}\n      metadata: ${metadata}\n`;
    const items = item('ConfigMap', '{name: a, namespace: late}') + item('Namespace', '{name: late}');
    const file = write('a.yaml', `apiVersion: v1\nkind: List\nitems:\n${items.replaceAll(/^ {2}/gm, '')}`);
    const { code, stdout, stderr } = await up('--once', file).ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('Applied 2 objects');
  });

  const graph = `apiVersion: kro.run/v1alpha1
kind: Graph
metadata: {name: g}
spec:
  nodes:
    - {id: naming, def: {prefix: red}}
    - {id: config, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${naming.prefix}-config"}}}
`;
  const RIGHTS = `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: maps, namespace: default}
rules: [{apiGroups: [""], resources: [configmaps], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: maps, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: maps}
subjects: [{kind: ServiceAccount, name: default, namespace: default}]
`;

  test('--once waits until a Graph is Ready, which requires that its service account has rights', async () => {
    const file = write('g.yaml', graph);
    const { code, stdout, stderr } = await up('--once', file, write('rights.yaml', RIGHTS)).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Graph default/g  ACTIVE');
    expect(stdout).toContain('name: red-config');
    const refused = await up('--once', '--timeout', '3s', file).ended;
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('for system:serviceaccount:default:default in namespace default');
  });

  test('with a time limit of 0, the command ends before the first object is applied', async () => {
    const { code, stderr } = await up('--once', '--timeout', '0', fixture('configmap.rgd.yaml')).ended;
    expect(stderr).toMatch(/not everything is ACTIVE after 0 s/);
    expect(code).toBe(1);
  });

  test('a project whose .typekro is not a directory is refused', async () => {
    write('.typekro', '');
    const { code, stderr } = await up('--once', fixture('configmap.rgd.yaml')).ended;
    expect(stderr).toMatch(
      /up\/state-directory[\s\S]*a file has the name of this folder, or of \.typekro: move the file away/,
    );
    expect(code).toBe(1);
  });

  test('the error names a port that is in use', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    const { code, stderr } = await up('--once', '--port', String(port)).ended;
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`port ${port} is in use`);
  });

  test.each([
    ['a file that does not exist', 'nothing.yaml', undefined, 1, /there is no file nothing\.yaml/],
    ['a file of an unknown type', 'a.txt', 'x', 1, /a\.txt is not a YAML/],
    ['broken YAML', 'a.yaml', 'kind: A\nspec:\n  a: 1\n   b: 2\n', 3, /a\.yaml:\d+:\d+: error: .*\n.*\n.*\^/],
    [
      'a document that is not an object',
      'a.yaml',
      'kind: A\n',
      3,
      /a\.yaml:1:1: error: the document is not a Kubernetes object/,
    ],
    ['a module that throws', 'a.ts', "throw new Error('it broke');\n", 3, /a\.ts:1:\d+: error: .*it broke/],
    ['a folder without a file', '.', undefined, 1, /in the folder \./],
    ['a file with nothing but comments', 'a.yaml', '# nothing\n---\n', 1, /there is no object in a\.yaml/],
    [
      'a file with bytes that are not UTF-8',
      'a.yaml',
      Buffer.from([0x61, 0x3a, 0xe9]),
      1,
      /a\.yaml:1:3 cannot be read: it is not UTF-8 text/,
    ],
    [
      'an object without a name',
      'a.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: ""}\n',
      3,
      /a\.yaml:3:1: error: the document/,
    ],
    [
      'an object of a kind that is not served',
      'a.yaml',
      'apiVersion: v1\nkind: Configmap\nmetadata: {name: a}\n',
      3,
      /a\.yaml:2:7: error: v1 has no kind "Configmap"[\s\S]*did you mean "ConfigMap"\?/,
    ],
    [
      'an object that occurs twice in the files',
      'a.yaml',
      'apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n',
      3,
      /a\.yaml:7:18: error: Namespace v1 a is in the files twice; the first is a\.yaml:1/,
    ],
    [
      'an object in a namespace that does not exist',
      'a.yaml',
      '---\napiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: nowhere}\n',
      1,
      /a\.yaml:4:32: namespaces "nowhere" not found/,
    ],
    [
      'a composition that throws when it is printed',
      'a.mjs',
      "export const app = { toDefinition() { throw new Error('it broke'); } };\n",
      3,
      /a\.mjs:1:45: error: .*it broke/,
    ],
    [
      'an exported object that is not JSON',
      'a.mjs',
      "export const a = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } };\na.spec = a;\n",
      3,
      /a\.mjs:1:1: error: .*the exported Pod "a" is not JSON/,
    ],
    ['a module without exports', 'a.ts', 'export const a = 1;\n', 3, /a\.ts exports no composition/],
  ])('%s gets a clear error and no stack trace', async (_what, name, text, exitCode, pattern) => {
    if (text !== undefined) write(name, text);
    const { code, stderr } = await up('--once', name).ended;
    expect(stderr).toMatch(pattern);
    expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
    expect(code).toBe(exitCode);
  });

  const definition = (resources: string, status = ''): string =>
    `apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata:\n  name: broken\nspec:\n  schema:\n    apiVersion: v1alpha1\n    kind: Broken\n    spec:\n      name: string\n      count: integer\n${status}  resources:\n${resources}`;
  const configMap = (id: string, value: string): string =>
    `    - id: ${id}\n      template:\n        apiVersion: v1\n        kind: ConfigMap\n        metadata:\n          name: ${id}\n        data:\n          value: ${value}\n`;

  test.each([
    ['the broken YAML of the documentation', undefined, /broken\.rgd\.yaml:\d+:\d+: error/],
    [
      'an unknown field, with the nearest name',
      definition(configMap('a', '${schema.spec.nmae}')),
      /broken\.yaml:20:\d+: error: .*nmae[\s\S]*\^[\s\S]*name/,
    ],
    ['a type error', definition(configMap('a', '${schema.spec.count}')), /broken\.yaml:20:\d+: error/],
    [
      'an undefined kind',
      definition(configMap('a', 'x').replace('kind: ConfigMap', 'kind: Configmapp')),
      /broken\.yaml:16:\d+: error: .*Configmapp/,
    ],
    [
      'a cycle',
      definition(configMap('a', '${b.data.value}') + configMap('b', '${a.data.value}')),
      /broken\.yaml:\d+:\d+: error: .*a → b → a/,
    ],
  ])('prints a message about %s', async (_what, text, pattern) => {
    const file =
      text === undefined ? fixture('seeds/seed-18-my-application.broken.rgd.yaml') : write('broken.yaml', text);
    const { code, stderr } = await up('--once', file).ended;
    expect(stderr).toMatch(pattern);
    expect(code).toBe(3);
  });
});
