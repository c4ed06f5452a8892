import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findClient } from '../../support/clients.ts';
import { type Ended, runCommand, RunningCommand, startCli } from '../../support/command.ts';

const program = findClient('kubectl') ?? '';

describe.skipIf(program === '')('a real kubectl against a running `typekro up`', () => {
  const directory = mkdtempSync(join(tmpdir(), 'typekro-kubectl-'));
  const kubeconfig = join(directory, '.typekro', 'default', 'kubeconfig');
  const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: directory };
  let up: RunningCommand;

  const kubectl = (args: readonly string[], input?: string): Ended =>
    runCommand(program, args, { cwd: directory, env, ...(input === undefined ? {} : { input }) });
  const ok = (args: readonly string[], input?: string): string => {
    const result = kubectl(args, input);
    expect(result, `kubectl ${args.join(' ')}`).toMatchObject({ code: 0 });
    return result.stdout;
  };
  /** The cells of a row, in the same order as the columns. At least two spaces separate two columns. */
  const row = (table: string, name: string): string[] => {
    const line = table.split('\n').find((text) => text.startsWith(name));
    if (line === undefined) throw new Error(`no row ${name} in\n${table}`);
    return line.trim().split(/\s{2,}/);
  };

  beforeAll(async () => {
    up = startCli(['up'], directory);
    await up.until(/export KUBECONFIG=/);
  }, 60_000);

  afterAll(async () => {
    const { code } = await up.interrupt();
    rmSync(directory, { recursive: true, force: true });
    expect(code).toBe(130);
  });

  test('get rgd -o wide shows every column and the topological order', () => {
    const table = ok(['get', 'rgd', '-o', 'wide']);
    expect(table.split('\n')[0]?.trim().split(/\s+/)).toEqual([
      'NAME',
      'APIVERSION',
      'KIND',
      'STATE',
      'READY',
      'TOPOLOGICALORDER',
      'AGE',
    ]);
    expect(row(table, 'my-application').slice(1, 6)).toEqual([
      'v1alpha1',
      'Application',
      'Active',
      'True',
      '["deployment","service","ingress"]',
    ]);
  });

  test('get lists the instances and their children', () => {
    expect(row(ok(['get', 'applications']), 'my-application-instance').slice(1, 3)).toEqual(['ACTIVE', 'True']);
    const children = ok(['get', 'deploy,svc,ingress,pods']);
    expect(children).toMatch(/deployment\.apps\/my-awesome-app\s+3\/3/);
    expect(children).toMatch(/service\/my-awesome-app-service\s+ClusterIP/);
    expect(children).toMatch(/ingress\.networking\.k8s\.io\/my-awesome-app-ingress/);
    expect(children.match(/pod\/my-awesome-app-\S+\s+1\/1\s+Running/g)).toHaveLength(3);
  });

  test('describe shows the status of an instance', () => {
    const text = ok(['describe', 'application', 'my-application-instance']);
    expect(text).toMatch(/Available Replicas:\s+3/);
    expect(text).toMatch(/State:\s+ACTIVE/);
  });

  test('get -w follows an instance from its creation to its deletion', async () => {
    const watch = new RunningCommand(program, ['get', 'webapps', '-w', '--output-watch-events'], {
      cwd: directory,
      env,
    });
    await watch.until(/ADDED\s+hello/);
    const file = join(directory, 'second.yaml');
    writeFileSync(
      file,
      'apiVersion: example.com/v1alpha1\nkind: WebApp\nmetadata:\n  name: second\nspec:\n  name: second\n  replicas: 1\n',
    );
    expect(ok(['apply', '-f', file])).toMatch(/second created/);
    await watch.until(/MODIFIED\s+second\s+ACTIVE\s+True/);
    expect(ok(['get', 'deploy', 'second', '-o', 'jsonpath={.status.readyReplicas}'])).toBe('1');
    expect(ok(['apply', '-f', file])).toMatch(/second unchanged/);
    expect(ok(['delete', '-f', file])).toMatch(/"second" deleted/);
    await watch.until(/DELETED\s+second/);
    watch.process.kill();
    await watch.ended;
    for (const kind of ['webapp/second', 'deploy/second', 'svc/second-svc']) {
      expect(kubectl(['get', kind]).stderr, kind).toMatch(/NotFound/);
    }
    expect(ok(['get', 'pods', '-l', 'app=second', '-o', 'name'])).toBe('');
  });

  test('the controller is shown as a simulated pod, and kubectl logs prints the log of the controller', () => {
    expect(ok(['get', 'deploy', 'kro', '-n', 'kro-system', '-o', 'jsonpath={.status.availableReplicas}'])).toBe('1');
    expect(ok(['get', 'pods', '-n', 'kro-system', '-l', 'typekro.dev/simulated=true', '-o', 'name'])).toMatch(
      /^pod\/kro-[^\n]+\n$/,
    );
    const log = ok(['logs', '-n', 'kro-system', 'deploy/kro']);
    const written = readFileSync(join(directory, '.typekro', 'default', 'log'), 'utf8');
    expect(log.length).toBeGreaterThan(0);
    expect(written.startsWith(log)).toBe(true);
    const [last = ''] = ok(['logs', '-n', 'kro-system', '-l', 'app.kubernetes.io/name=kro', '--tail=1']).split('\n');
    expect(written).toContain(last);
  });

  test('after apply --server-side of another definition, the cluster serves its kind', () => {
    const rgd = readFileSync(new URL('../../fixtures/configmap.rgd.yaml', import.meta.url), 'utf8');
    ok(['apply', '--server-side', '-f', '-'], rgd);
    ok(['wait', '--for=condition=Ready', 'rgd/settings', '--timeout=20s']);
    ok(
      ['apply', '-f', '-'],
      'apiVersion: kro.run/v1alpha1\nkind: Settings\nmetadata: {name: a}\nspec: {colour: blue}\n',
    );
    ok(['wait', '--for=condition=Ready', 'settings/a', '--timeout=20s']);
    expect(ok(['get', 'configmap', 'a-settings', '-o', 'jsonpath={.data.colour}'])).toBe('blue');
    expect(ok(['explain', 'settings.spec'])).toMatch(/colour/);
  });
});
