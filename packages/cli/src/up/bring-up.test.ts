import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, beforeEach, expect, test, vi } from 'vitest';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import { CommandInProcess } from '../../test-support/command-in-process.ts';
import { up } from '../commands/up-command.ts';
import { parseManifest } from '../inputs/read-manifest.ts';
import { showChanges } from './bring-up.ts';
import { Progress } from './progress.ts';
import { withoutEffect } from './without-effect.ts';

describe('bring up', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'typekro-bring-up-'));
  });

  /** Runs `up --once` with this YAML, and returns its errors. */
  async function errorsOf(text: string): Promise<readonly string[]> {
    writeFileSync(join(cwd, 'a.yaml'), text);
    const entry = { name: 'up', summary: '', load: () => Promise.resolve(up) };
    const running = new CommandInProcess([entry], cwd, 'up --once a.yaml');
    expect(await running.code).toBe(1);
    return running.output.split('\n').filter((line) => line.startsWith('error: '));
  }

  const definition = (scope: string) => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: app}
spec:
  schema: {apiVersion: v1, kind: App, group: acme.test, scope: ${scope}, spec: {name: string}}
  resources:
    - id: map
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.spec.name}"${
        scope === 'Cluster' ? ', namespace: default' : ''
      }}}
`;

  const instance = (metadata: string, name: string) =>
    `---\n{apiVersion: acme.test/v1, kind: App, metadata: {${metadata}}, spec: {name: ${name}}}\n`;

  test('a refused instance is reported at its own place, even if another namespace has an instance with the same name', async () => {
    const text = `${definition('Namespaced')}---\n{apiVersion: v1, kind: Namespace, metadata: {name: other}}\n${instance(
      'name: one',
      'good',
    )}${instance('name: one, namespace: other', 'Bad')}`;
    expect(await errorsOf(text)).toEqual(['error: a.yaml:14: App other/one can never be ACTIVE as it is:']);
  });

  test('the error for a refused instance of a cluster-scoped kind names no namespace', async () => {
    const text = `${definition('Cluster')}${instance('name: one', 'Bad')}`;
    expect(await errorsOf(text)).toEqual(['error: a.yaml:10: App one can never be ACTIVE as it is:']);
  });

  /** Shows instances whose state is `state.now`. The result counts their reports and the updates of the view. */
  function showing(instances: number, state: { now: string }) {
    let listener = () => {};
    const counts = { reports: 0, shown: 0 };
    const summary = (name: string) => ({
      ref: `v1/App/default/${name}`,
      kind: 'App',
      name,
      namespace: 'default',
      state: state.now,
    });
    const reports = {
      instances: () => Array.from({ length: instances }, (_, index) => summary(`a${index}`)),
      definitions: () => [],
      report: () => {
        counts.reports += 1;
        return { ...summary('a'), nodes: [], conditions: [] };
      },
      subscribe: (each: () => void) => {
        listener = each;
        return () => {};
      },
    };
    const session = { api: {}, controller: { reports } } as unknown as Parameters<typeof showChanges>[0];
    const view = { update: () => void (counts.shown += 1) } as unknown as Parameters<typeof showChanges>[1];
    const stop = showChanges(session, view, new Progress([], reports as never), false);
    return { counts, stop, event: () => listener() };
  }

  test('the events of many instances are shown together', () => {
    vi.useFakeTimers();
    try {
      const { counts, stop, event } = showing(21, { now: 'ACTIVE' });
      event(); // The number of instances is not known before the first view.
      const { shown } = counts;
      for (let index = 0; index < 1000; index += 1) event();
      expect(counts.shown).toBe(shown);
      vi.advanceTimersByTime(60_000);
      expect(counts.shown).toBe(shown + 1);
      stop();
    } finally {
      vi.useRealTimers();
    }
  });

  test('while all instances are ACTIVE, nothing is read and shown until the next event', () => {
    vi.useFakeTimers();
    try {
      const state = { now: 'IN_PROGRESS' };
      const { counts, stop, event } = showing(1, state);
      vi.advanceTimersByTime(1000);
      const working = counts.shown;
      expect(working).toBeGreaterThan(2);
      state.now = 'ACTIVE';
      event();
      const { reports: before } = counts;
      vi.advanceTimersByTime(60_000);
      expect(counts).toEqual({ reports: before, shown: working + 1 });
      state.now = 'ERROR';
      event();
      vi.advanceTimersByTime(1000);
      expect(counts.shown).toBeGreaterThan(working + 3);
      stop();
    } finally {
      vi.useRealTimers();
    }
  });
});

const webhook = (client: string, kind = 'ValidatingWebhookConfiguration'): string =>
  `{apiVersion: admissionregistration.k8s.io/v1, kind: ${kind}, metadata: {name: deny}, webhooks: [{name: a.b.c, clientConfig: {${client}}}]}`;
const SERVICE = 'service: {name: hooks, namespace: ops}';
const PROCESS =
  '{apiVersion: v1, kind: Pod, metadata: {name: a, annotations: {typekro.dev/run: process}}, spec: {containers: [{name: a, image: a}]}}';

const CASES: readonly (readonly [title: string, objects: readonly string[], warning?: RegExp])[] = [
  [
    'at a Service',
    [webhook(SERVICE)],
    /^warning: a\.yaml:1: ValidatingWebhookConfiguration deny calls the Service ops\/hooks, /,
  ],
  ['at a Service, while a pod is a local process', [webhook(SERVICE), PROCESS]],
  ['on another host', [webhook('url: "https://hooks.acme.test/a"', 'MutatingWebhookConfiguration')], /https:\/\/hooks/],
  [
    'on another host, while a pod is a local process',
    [webhook('url: "https://hooks.acme.test/a"'), PROCESS],
    /https:\/\/hooks/,
  ],
  ['on this host', [webhook('url: "https://127.0.0.1:8443/a"')]],
  [
    'a configuration without a webhook',
    ['{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: a}}'],
  ],
  [
    'a policy instead of a webhook',
    ['{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: a}, spec: {}}'],
  ],
];

test.each(CASES.map(([title, objects, warning]) => ({ title, objects, warning })))(
  'a warning names exactly the webhooks that the cluster cannot call: $title',
  ({ objects, warning }) => {
    const inputs = parseManifest(objects.join('\n---\n'), 'a.yaml').objects.map((each) => ({
      ...each,
      file: 'a.yaml',
    }));
    const found = withoutEffect(inputs, []);
    if (warning === undefined) expect(found).toEqual([]);
    else expect(found).toMatchObject([expect.stringMatching(warning)]);
  },
);

test('a warning names the resource of a webhook in a definition, unless an expression computes the server', () => {
  const graph = (namespace: string) =>
    graphOf(`
schema: {spec: {name: string}}
resources:
  - id: hook
    template:
      apiVersion: admissionregistration.k8s.io/v1
      kind: MutatingWebhookConfiguration
      metadata: {name: "\${schema.spec.name}"}
      webhooks:
        - {name: a.b.c, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {service: {name: hooks, namespace: "${namespace}"}}}
`);
  expect(withoutEffect([], [graph('ops')])).toMatchObject([
    expect.stringMatching(/^warning: MutatingWebhookConfiguration "hook" of app calls the Service ops\/hooks, /),
  ]);
  expect(withoutEffect([], [graph('${schema.spec.name}')])).toEqual([]);
});

test('an instance in a former version becomes ACTIVE, and up --keep without files continues with it', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-bring-up-'));
  const text = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: app}
spec:
  schema:
    apiVersion: v1
    kind: App
    group: acme.test
    spec: {name: string}
    versions:
      - name: v1beta1
        spec: {title: string}
        convertTo: {spec.name: "\${self.spec.title}"}
        convertFrom: {spec.title: "\${self.spec.name}"}
  resources:
    - id: map
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.spec.name}"}}
---
{apiVersion: acme.test/v1beta1, kind: App, metadata: {name: one}, spec: {title: converted}}
`;
  writeFileSync(join(cwd, 'a.yaml'), text);
  const entry = { name: 'up', summary: '', load: () => Promise.resolve(up) };
  for (const line of ['up --once --keep a.yaml', 'up --once --keep']) {
    const running = new CommandInProcess([entry], cwd, line);
    expect(await running.code, running.output).toBe(0);
    expect(running.output).toContain('App acme.test/v1 default/one, revision 1\nstatus:\n  state: ACTIVE');
  }
  const next = text.replace('apiVersion: v1\n    kind', 'apiVersion: v2\n    kind');
  writeFileSync(
    join(cwd, 'b.yaml'),
    next.replace('versions:\n', 'versions:\n      - {name: v1, spec: {name: string}}\n'),
  );
  const newer = new CommandInProcess([entry], cwd, 'up --once --keep b.yaml');
  expect(await newer.code, newer.output).toBe(0);
  // The file is older than the cluster again.
  writeFileSync(join(cwd, 'b.yaml'), text);
  const older = new CommandInProcess([entry], cwd, 'up --once --keep');
  expect(await older.code).toBe(1);
  expect(older.output).toContain('note: the files are those of the last run (b.yaml)');
});
